"""How far the muscle's measurements lie from the phantom's truth: `python -m tools.muscle.phantoms --pathway deep`.

Muscles, scanner settings and probes at random, none of which any training drew; the muscle that was marked is compared
with itself, so that a deeper one which is read instead is no error.
"""

import argparse
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from edge.finding import Finding, Verdict
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.phantom.beams import beam_positions
from edge.phantom.soft_tissue_drawing import draw_soft_tissue
from edge.task.muscle.phantom import muscle_picture, nearest, true_sizes
from edge.task.muscle.phantom_truth import TrueArchitecture, architecture
from edge.task.muscle.spec import SPEC
from tools.single_pictures import open_measure

SEED: Final = 7_000_000
RELATIVE: Final = ("fascicle_length", "straight_fascicle_length", "muscle_thickness")
"""Whose errors are told in percent."""


class PhantomPair(NamedTuple):
    """One measure of one picture."""

    value: float
    truth: float
    inside: bool
    """Whether the interval holds the truth."""


def picture_of(seed: int) -> tuple[Frame, list[TrueArchitecture]]:
    """A picture, and all muscles in it."""
    made, muscle = muscle_picture(np.random.default_rng(seed)), draw_soft_tissue(np.random.default_rng(seed))
    width = made.pixels.shape[1]
    x_mm = beam_positions(width * made.mm_per_px, width)
    frame = Frame(made.pixels, seed, seed, "phantom", PixelSpacing(made.mm_per_px, made.mm_per_px, SpacingOrigin.DEPTH))
    return frame, [architecture(muscle, k, x_mm) for k in range(len(muscle.bellies))]


def pairs_of(finding: Finding, bellies: list[TrueArchitecture]) -> Iterator[tuple[str, PhantomPair]]:
    for name, truth in true_sizes(nearest(finding, bellies)).items():
        found = finding.measurement(name)
        if found is not None and np.isfinite(truth):
            yield name, PhantomPair(found.value, truth, found.low <= truth <= found.high)


def row(name: str, pairs: list[PhantomPair]) -> str:
    value, truth, inside = (np.array(column, float) for column in zip(*pairs, strict=True))
    off = 100 * (value / truth - 1) if name in RELATIVE else value - truth
    figures = f"{np.abs(off).mean():.2f} | {off.mean():+.2f} | {np.median(np.abs(off)):.2f}"
    worst = np.percentile(np.abs(off), 95)
    unit = "%" if name in RELATIVE else "1/m" if "curvature" in name else "deg"
    plain = name.replace("_", " ")
    return f"| {plain} ({unit}) | {len(pairs)} | {figures} | {worst:.2f} | {100 * inside.mean():.0f} % |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pathway", choices=[one.name for one in SPEC.pathways], default="deep")
    parser.add_argument("--precision", choices=("int8", "float"))
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--list", action="store_true", help="each picture too")
    arguments = parser.parse_args()
    measure = open_measure(SPEC.name, arguments.pathway, precision=arguments.precision)
    gathered: dict[str, list[PhantomPair]] = {}
    verdicts: list[Verdict] = []
    for seed in range(SEED, SEED + arguments.count):
        frame, bellies = picture_of(seed)
        finding = measure(frame)
        verdicts.append(finding.verdict)
        found = dict(pairs_of(finding, bellies))
        for name, pair in found.items():
            gathered.setdefault(name, []).append(pair)
        if arguments.list:
            told = ", ".join(f"{name} {pair.value:.1f} ({pair.truth:.1f})" for name, pair in found.items())
            print(seed - SEED, finding.verdict, told, "; ".join(finding.reasons))
    print(", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in Verdict))
    print("| measure | n | mean error | bias | median error | 95 % under | truth in the 90 % interval |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(row(name, pairs) for name, pairs in gathered.items()))


if __name__ == "__main__":
    main()
