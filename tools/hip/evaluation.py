"""`python -m tools.hip.evaluation [REAL_PLANES [OTHER_PICTURES]]`: what the classical pathway is worth.

On phantoms that nobody looked at while it was made, over the tilt of the plane, and without one structure each; on real
planes with their judgements; on other body parts.

REAL_PLANES: a folder of pictures with `labels.csv` (file, plane), squeezed to squares: no angle is reported on them.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.task.contract import Given
from edge.task.gate import admitted
from edge.task.hip.bone_map import working_of
from edge.task.hip.classical import ClassicalHipTask
from edge.task.hip.graf import graf_type, severity
from edge.task.hip.joint import find_joint
from edge.task.hip.phantom import HipPicture, hip_picture
from edge.task.hip.phantom_drawing import draw_hip
from edge.task.hip.plane import ITEMS, plane_of
from edge.task.hip.spec import REMOVABLE, SPEC, HipOptions

STANDARD: Final = range(940_000, 940_150)
TILTED: Final = range(950_000, 950_030)
TILTS_DEG: Final = (-20, -15, -10, -7, -4, 0, 4, 7, 10, 15, 20)
LACKING: Final = range(960_000, 960_020)
MEASURED: Final = ("alpha", "beta", "head_coverage")
STANDARD_PLANE: Final = "standard"
MOST_OTHERS: Final = 60
LEAST_PX: Final = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of a phantom's picture."""

    picture: HipPicture
    finding: Finding

    def error(self, name: str) -> float:
        """Of a measurement, in its unit; NaN where there is none. Truth is what the plane shows of the hip itself."""
        hip = self.picture.hip
        truth = {"alpha": hip.alpha_deg, "beta": hip.beta_deg, "head_coverage": hip.coverage}[name]
        found = self.finding.measurement(name)
        return float("nan") if found is None else found.value - truth


def measured(picture: HipPicture, age_weeks: float | None = None) -> Outcome:
    """Gate and task, as a run does it."""
    spacing = PixelSpacing(picture.mm_per_px, picture.mm_per_px, SpacingOrigin.USER)
    frame = Frame(picture.pixels, 0, 0, "phantom:hip", spacing, Region.whole(picture.pixels))
    task = ClassicalHipTask(Given(HipOptions(age_weeks=picture.hip.age_weeks if age_weeks is None else age_weeks)))
    return Outcome(picture, task.conclude(admitted(frame, SPEC.gate, task), (), None).finding)


def on_standard_planes() -> Iterator[Outcome]:
    for seed in STANDARD:
        tilt, rotation = np.random.default_rng([seed, 1]).uniform((-3, -4), (3, 4))
        yield measured(hip_picture(np.random.default_rng(seed), tilt_deg=float(tilt), rotation_deg=float(rotation)))


def print_errors(outcomes: list[Outcome]) -> None:
    kept = [one for one in outcomes if one.finding.verdict is not Verdict.REFUSED]
    print(f"standard planes: {len(outcomes)}, measured {len(kept)} ({100 * len(kept) / len(outcomes):.0f} %)")
    for name in MEASURED:
        errors = np.array([one.error(name) for one in kept])
        errors = errors[np.isfinite(errors)]
        inside = [
            found.low <= found.value - one.error(name) <= found.high
            for one in kept
            if (found := one.finding.measurement(name)) is not None
        ]
        print(
            f"{name}: mean absolute {np.abs(errors).mean():.2f}, median {np.median(np.abs(errors)):.2f}, "
            f"bias {errors.mean():+.2f}, 90th percentile {np.quantile(np.abs(errors), 0.9):.1f}, "
            f"in interval {100 * np.mean(inside):.0f} %"
        )
    print_types(kept)


def print_types(kept: list[Outcome]) -> None:
    """Agreement of Graf's types, and by how many steps of what would be done they differ."""
    same, steps = [], Counter[int]()
    for one in kept:
        hip = one.picture.hip
        truth = graf_type(hip.alpha_deg, hip.beta_deg, hip.age_weeks)
        alpha, beta = (one.finding.measurement(name) for name in ("alpha", "beta"))
        if alpha is None:
            continue
        said = graf_type(alpha.value, None if beta is None else beta.value, hip.age_weeks)
        same.append(said == truth)
        steps[severity(said) - severity(truth)] += 1
    print(f"type the same: {100 * np.mean(same):.0f} %; steps of treatment: {dict(sorted(steps.items()))}")
    count = sum(steps.values())
    agreed = sum(n for step, n in steps.items() if step == 0)
    too_mild = sum(n for step, n in steps.items() if step < 0)
    print(f"treatment the same {100 * agreed / count:.0f} %, too mild {100 * too_mild / count:.0f} %")


def print_tilts() -> None:
    for tilt in TILTS_DEG:
        found = [measured(hip_picture(np.random.default_rng(seed), tilt_deg=float(tilt))) for seed in TILTED]
        kept = [one for one in found if one.finding.verdict is not Verdict.REFUSED]
        errors = [abs(one.error("alpha")) for one in kept]
        error = f"{np.mean(errors):.1f}" if errors else "-"
        print(f"tilt {tilt:+d}: measured {100 * len(kept) / len(found):.0f} %, alpha off by {error} degrees")


def print_lacking() -> None:
    for structure in REMOVABLE[1:]:
        told = []
        for seed in LACKING:
            hip = replace(draw_hip(np.random.default_rng(seed)), missing=frozenset((structure,)))
            one = measured(hip_picture(np.random.default_rng(seed + 500), hip=hip))
            told.append(one.finding.verdict is Verdict.REFUSED)
        print(f"without {structure}: refused {100 * np.mean(told):.0f} %")


def print_real(folder: Path) -> None:
    """Standard plane or not; no angle, since the pictures are squeezed."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    standard, fits, kept, missing, flagged = [], [], [], [], 0
    for row in rows:
        (path,) = folder.rglob(row["file"])
        pixels = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
        work = working_of(pixels)
        joint = None if work is None else find_joint(work)
        plane = None if joint is None else plane_of(joint)
        standard.append(row["plane"] == STANDARD_PLANE)
        fits.append(0.0 if joint is None else joint.fit)
        kept.append(plane is not None and plane.standard)
        missing.append(() if plane is None else plane.missing)
        flagged += is_measured(pixels) and not kept[-1]
    is_standard, score, accepted = np.array(standard), np.array(fits), np.array(kept)
    print(f"real planes: AUC of the fit {area_under_curve(score, is_standard):.2f}")
    print(f"standard kept {accepted[is_standard].sum()} of {is_standard.sum()}")
    print(f"others let through with a flag: {flagged}")
    for kind in dict.fromkeys(row["plane"] for row in rows):
        chosen = np.array([row["plane"] == kind for row in rows])
        items = Counter(item for row, own in zip(rows, missing, strict=True) if row["plane"] == kind for item in own)
        said = ", ".join(f"{item} {items[item]}" for item in ITEMS if items[item])
        print(f"{kind}: {chosen.sum()} pictures, {accepted[chosen].sum()} taken for standard; missed: {said or 'none'}")


def is_measured(pixels: NDArray[np.uint8]) -> bool:
    """Whether a picture of unknown scale is given any angle."""
    frame, task = Frame(pixels, 0, 0, "stills:", region=Region.whole(pixels)), ClassicalHipTask()
    return task.conclude(admitted(frame, SPEC.gate, task), (), None).finding.verdict is not Verdict.REFUSED


def print_others(folder: Path) -> None:
    """Pictures of other body parts: how many are taken for a hip in its standard plane."""
    for part in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(path for path in part.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".tif"))
        taken = []
        for path in paths[:: max(1, len(paths) // MOST_OTHERS)]:
            pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if pixels is None or min(pixels.shape) < LEAST_PX:
                continue
            taken.append(is_measured(np.asarray(pixels, np.uint8)))
        if taken:
            print(f"{part.name}: {sum(taken)} of {len(taken)} taken for a hip in its standard plane")


def area_under_curve(scores: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive scores higher than a negative; ties count half."""
    high, low = scores[positive][:, None], scores[~positive]
    return float(np.mean((high > low) + 0.5 * (high == low)))


def main(real: str | None = None, *others: str) -> None:
    """real: the folder of real planes. others: folders with a folder of pictures for each other body part."""
    if real is not None:
        print_real(Path(real))
    for folder in others:
        print_others(Path(folder))
    print_errors(list(on_standard_planes()))
    print_tilts()
    print_lacking()


if __name__ == "__main__":
    main(*sys.argv[1:])
