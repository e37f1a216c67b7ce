"""How many pictures the muscle task answers: `python -m tools.muscle.verdicts --pathway deep [--count 30]`.

Real muscles should be answered, all else refused. Real pictures come from ../shared/data, where that is there; a set
of more than --count pictures is thinned evenly, but for the muscles that observers measured (none of those is). What
must be refused is also made here: parts of a phantom muscle, and what is no muscle.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.task.cartilage.phantom import CartilageCine
from edge.task.muscle.phantom import MuscleCine
from edge.task.muscle.spec import SPEC
from tools.single_pictures import VERDICT_HEADS, open_measure, real_frames, verdict_row

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
Picture = NDArray[np.uint8]
SHAPE = 480, 640
GAP_PX = 12
"""Between an aponeurosis and where the picture is cut."""
LIT_SHARE = 0.4


def _belly_rows(cine: MuscleCine) -> tuple[int, int]:
    """The rows between the first muscle's aponeuroses, well inside."""
    truth, mm_per_px = cine.architecture(0.0), cine.picture(0.0).mm_per_px
    top, bottom = truth.superficial_mm.max() / mm_per_px, truth.deep_mm.min() / mm_per_px
    return round(top) + GAP_PX, round(bottom) - GAP_PX


def no_aponeurosis(seed: int) -> Picture:
    """Fascicles from edge to edge."""
    cine = MuscleCine(seed)
    top, bottom = _belly_rows(cine)
    return np.ascontiguousarray(cine.picture(0.0).pixels[top:bottom])


def one_aponeurosis(seed: int) -> Picture:
    """The picture ends within the muscle."""
    cine = MuscleCine(seed)
    return np.ascontiguousarray(cine.picture(0.0).pixels[: _belly_rows(cine)[1]])


def at_the_edge(seed: int) -> Picture:
    """Only a part of the probe has contact, so that the muscle is cut off at the side."""
    pixels = MuscleCine(seed).picture(0.0).pixels.copy()
    start = round(LIT_SHARE * pixels.shape[1])
    pixels[:, start:] = MuscleCine(seed).dark(0.0)[:, start:]
    return pixels


def flipped(seed: int) -> Picture:
    return np.ascontiguousarray(MuscleCine(seed).picture(0.0).pixels[::-1])


def bare_speckle(seed: int) -> Picture:
    """Tissue without any structure."""
    rng = np.random.default_rng(seed)
    across, down = rng.uniform(2, 6), rng.uniform(1, 2.5)
    parts = (cv2.GaussianBlur(rng.normal(size=SHAPE), (0, 0), sigmaX=across, sigmaY=down) for _ in range(2))
    power = np.asarray(sum(part**2 for part in parts))
    return np.asarray(np.clip(120 + 50 * np.log10(power / power.mean() + 1e-4), 0, 255), np.uint8)


def air(seed: int) -> Picture:
    """The probe's own echoes: level lines that fade."""
    rng = np.random.default_rng(seed)
    depth = np.arange(SHAPE[0])
    rows = np.exp(-depth / rng.uniform(60, 160)) * np.cos(depth / rng.uniform(4, 14)) ** 2 * 220
    return np.asarray(np.clip(rows[:, None] + rng.normal(0, 8, SHAPE), 0, 255), np.uint8)


def no_transmit(seed: int) -> Picture:
    return MuscleCine(seed).dark(0.0)


def knee(seed: int) -> Picture:
    return CartilageCine(seed).picture(0.0).pixels


UNMEASURABLE: Mapping[str, Callable[[int], Picture]] = MappingProxyType(
    {
        "no aponeurosis": no_aponeurosis,
        "one aponeurosis": one_aponeurosis,
        "muscle at the edge": at_the_edge,
        "upside down": flipped,
        "nothing but speckle": bare_speckle,
        "air": air,
        "nothing transmitted": no_transmit,
        "phantom knee": knee,
    }
)
"""By what is wrong; each takes a seed."""


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
    for name, make in UNMEASURABLE.items():
        yield name, (Frame(make(seed), 0, 0, f"seed {seed}") for seed in range(count))


def scaleless(finding: Finding) -> Finding:
    """An unknown scale alone makes no picture a doubtful one here."""
    reasons = tuple(reason for reason in finding.reasons if "scale unknown" not in reason)
    measured = finding.verdict is Verdict.LIMITED and not reasons
    return replace(finding, reasons=reasons, verdict=Verdict.MEASURED if measured else finding.verdict)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pathway", choices=[one.name for one in SPEC.pathways], default="deep")
    parser.add_argument("--precision", choices=("int8", "float"))
    parser.add_argument("--count", type=int, default=30, help="pictures of a group (30)")
    parser.add_argument("--list", action="store_true", help="each picture too")
    arguments = parser.parse_args()
    measure = open_measure(SPEC.name, arguments.pathway, precision=arguments.precision)
    print(VERDICT_HEADS)
    for name, frames in groups(arguments.count):
        findings = []
        for frame in frames:
            findings.append(scaleless(measure(frame)))
            if arguments.list:
                print(name, frame.origin, findings[-1].verdict, "; ".join(findings[-1].reasons))
        if findings:
            print(verdict_row(name, findings), flush=True)


if __name__ == "__main__":
    main()
