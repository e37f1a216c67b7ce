"""The tables of the shipped network in docs/results.md: `python -m tools.nerve.tables [--precision float]`.

Validation and test pictures, what is easy and what is not, pictures without a nerve, phantoms that no training drew.
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np

from edge.app.opening import open_task
from edge.finding import Verdict
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.runtime.manifest import model_folder
from edge.runtime.opening import open_runtime
from edge.task.nerve.phantom import nerve_picture
from edge.task.nerve.phantom_truth import mask_of
from edge.task.nerve.spec import SPEC
from edge.task.nerve.task import NerveTask
from tools.nerve.evaluation import Read, figures_of, missed, ordered, read_all, scores_of, the_other
from tools.nerve.usgra_seg import split
from tools.single_pictures import VERDICT_HEADS, Measure, measured_by, real_frames, verdict_row

SEED: Final = 7_000_000
PHANTOMS: Final = 60
NO_NERVE: Final = {"muscles (Logiq E9)": "muscle/images/*", "infant hips": "hip_planes/images/*"}
SMALL: Final = 0.028
"""Share of the picture; about half of the largest nerves are smaller."""
BESIDE_PX: Final = 12
"""Between nerve and vessel, in px of the file."""


def figure_rows(parts: dict[str, Sequence[Read]]) -> Iterator[str]:
    """A row a figure, a column a part."""
    columns = [figures_of(reads, "") for reads in parts.values()]
    yield f"| | {' | '.join(parts)} |"
    yield "|---" * (len(parts) + 1) + "|"
    for numbers in zip(*columns, strict=True):
        yield f"| {numbers[0].name.replace('_', ' ')} | {' | '.join(f'{n.value:.2f} {n.unit}' for n in numbers)} |"


def stratum_rows(reads: Sequence[Read]) -> Iterator[str]:
    yield "| pictures | n | nerve | vessel | largest nerve missed |\n|---|---|---|---|---|"
    for name, (yes, no) in STRATA.items():
        halves = [one for one in reads if yes(one)], [one for one in reads if not yes(one)]
        cells = zip(*(_cells(half) for half in halves), strict=True)
        yield f"| {name} / {no} | {' | '.join(' / '.join(pair) for pair in cells)} |"


def _cells(reads: Sequence[Read]) -> tuple[str, ...]:
    dices = [[one.dice(k) for one in reads if one.truth(k).any()] for k in range(2)]
    nerve, vessel = (f"{np.mean(values):.2f}" if values else "-" for values in dices)
    return str(len(reads)), nerve, vessel, f"{100 * missed(reads)[1]:.0f} %"


def _is_large(read: Read) -> bool:
    region = read.drawing.region
    return int(ordered(read)[0].sum()) > SMALL * region.width * region.height


def _is_beside(read: Read) -> bool:
    nerve, vessel = (read.truth(label) for label in range(2))
    return bool(vessel.any() and cv2.distanceTransform(1 - vessel, cv2.DIST_L2, 5)[nerve > 0].min() <= BESIDE_PX)


STRATA: Final = {
    "one nerve": (lambda read: len(ordered(read)) == 1, "several"),
    f"largest nerve over {100 * SMALL:.1f} % of the picture": (_is_large, "under"),
    "nerve beside a vessel": (_is_beside, "apart from any"),
}


def phantom_row(measure: Measure, *, plexus: bool) -> str:
    """Answers, those whose middle lies in a nerve, and their area inside the rim as a share of the true one."""
    answered, shares = 0, []
    for seed in range(SEED, SEED + PHANTOMS):
        made = nerve_picture(np.random.default_rng(seed), plexus=plexus)
        spacing = PixelSpacing(made.mm_per_px, made.mm_per_px, SpacingOrigin.DEPTH)
        finding = measure(Frame(made.pixels, 0, 0, f"seed {seed}", spacing))
        border = next((mark.points for mark in finding.marks if mark.name == "nerve border"), None)
        if finding.verdict is Verdict.REFUSED or border is None:
            continue
        answered += 1
        column, row_ = border.mean(axis=0).astype(int)
        for nerve in made.truth.nerves:
            if mask_of([nerve.outer_mm], made.pixels.shape, made.mm_per_px)[row_, column]:
                area = finding.measurement("cross_sectional_area")
                shares.append(area.value / nerve.area_mm2 if area else np.nan)
                break
    low, half, high = np.nanquantile(shares, (0.1, 0.5, 0.9))
    shown = "a plexus" if plexus else "a limb"
    return (
        f"{PHANTOMS} phantoms of {shown}: {answered} answered, the middle in a nerve in {len(shares)}; "
        f"the area inside the rim reads {half:.2f} of the true one (80 % between {low:.2f} and {high:.2f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--precision", choices=("int8", "float"), default="int8")
    task = open_task(SPEC, asked=the_other())
    assert isinstance(task, NerveTask)
    runtime, _ = open_runtime("onnx", model_folder(SPEC.name), precision=parser.parse_args().precision, threads=1)
    with runtime:
        parts = {name: read_all(task, scores_of(runtime), split(name), name) for name in ("validation", "test")}
        both = sum(parts.values(), ())
        print("\n".join((*figure_rows({**parts, "both": both}), "", *stratum_rows(both), "")))
        print(VERDICT_HEADS)
        measure = measured_by(task, SPEC.gate, runtime)
        for name, pattern in NO_NERVE.items():
            print(verdict_row(name, [measure(frame) for frame in real_frames(pattern, None)]))
        for plexus in (False, True):
            print(phantom_row(measure, plexus=plexus))


if __name__ == "__main__":
    main()
