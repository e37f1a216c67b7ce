"""How many pictures the muscle task answers: `python -m tools.muscle.verdicts --pathway deep [--count 30]`.

Real muscles should be answered, all else refused. Real pictures come from ../shared/data, where that is there; a set
of more than --count pictures is thinned evenly, but for the muscles that observers measured (none of those is).
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.screen.locator import Locator
from edge.task.muscle.phantom import MuscleCine
from tools.muscle.pathways import PATHWAYS, open_pathway
from tools.muscle.spoilt import SPOILT

DATA: Final = Path(__file__).parents[3] / "shared" / "data"
MUSCLES: Final = {
    "vastus lateralis (set 1)": "muscle/images/set1_*",
    "gastrocnemius (set 2)": "muscle/images/set2_*",
    "muscles of other devices": "muscle_masks/aponeurosis/images/*",
}
OTHERS: Final = {
    "nerves": "nerve/images/*",
    "infant hips": "hip_planes/images/*",
    "real knee": "cartilage/clarius.png",
    "handheld screens": "handheld_screens/*.png",
}
WHOLE: Final = tuple(MUSCLES)[:2]


def real_frames(pattern: str, most: int | None) -> Iterator[Frame]:
    paths = sorted(path for path in DATA.glob(pattern) if path.suffix in (".png", ".jpg"))
    for path in paths[:: max(1, len(paths) // most) if most else 1]:
        pixels = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        yield Locator(None, None).locate(Frame(pixels, 0, 0, path.name))


def upside_down(frame: Frame) -> Frame:
    """The ultrasound alone on its head; a scanner turns nothing else."""
    return Frame(np.ascontiguousarray(frame.ultrasound.crop(frame.pixels)[::-1]), 0, 0, frame.origin)


def phantom_muscles(count: int) -> Iterator[Frame]:
    return (Frame(MuscleCine(seed).picture(0.4 * seed).pixels, 0, 0, f"seed {seed}") for seed in range(count))


def groups(count: int) -> Iterator[tuple[str, Iterator[Frame]]]:
    """Name and pictures; those that should be answered first."""
    for name, pattern in MUSCLES.items():
        yield name, real_frames(pattern, None if name in WHOLE else 2 * count)
    yield "phantom muscles", phantom_muscles(count)
    yield "set 1 upside down", map(upside_down, real_frames(MUSCLES[WHOLE[0]], count))
    yield "set 2 upside down", map(upside_down, real_frames(MUSCLES[WHOLE[1]], count))
    for name, pattern in OTHERS.items():
        yield name, real_frames(pattern, count)
    for name, make in SPOILT.items():
        yield name, (Frame(make(seed), 0, 0, f"seed {seed}") for seed in range(count))


def scaleless(finding: Finding) -> Finding:
    """An unknown scale alone makes no picture a doubtful one here."""
    reasons = tuple(reason for reason in finding.reasons if "scale unknown" not in reason)
    measured = finding.verdict is Verdict.LIMITED and not reasons
    return replace(finding, reasons=reasons, verdict=Verdict.MEASURED if measured else finding.verdict)


def row(name: str, findings: list[Finding]) -> str:
    counts = Counter(finding.verdict for finding in findings)
    shares = " | ".join(f"{100 * counts[verdict] / len(findings):.0f} %" for verdict in Verdict)
    reasons = Counter(finding.reasons[0].split(":")[0] for finding in findings if finding.reasons)
    told = "; ".join(f"{count} {reason}" for reason, count in reasons.most_common(3))
    return f"| {name} | {len(findings)} | {shares} | {told} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pathway", choices=PATHWAYS, default="deep")
    parser.add_argument("--precision", choices=("int8", "float"))
    parser.add_argument("--count", type=int, default=30, help="pictures of a group (30)")
    parser.add_argument("--list", action="store_true", help="each picture too")
    arguments = parser.parse_args()
    conclude = open_pathway(arguments.pathway, arguments.precision)
    print("| pictures | n | measured | limited | refused | main reasons |\n|---|---|---|---|---|---|")
    for name, frames in groups(arguments.count):
        findings = []
        for frame in frames:
            findings.append(scaleless(conclude(frame)))
            if arguments.list:
                print(name, frame.origin, findings[-1].verdict, "; ".join(findings[-1].reasons))
        if findings:
            print(row(name, findings), flush=True)


if __name__ == "__main__":
    main()
