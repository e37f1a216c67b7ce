"""How far what is told of phantom hips is from their truth; of any pathway."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from rich.progress import track

from edge.finding import Finding, Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.task.hip.graf import graf_type, severity
from edge.task.hip.phantom import HipPicture, hip_picture
from edge.task.hip.phantom_drawing import draw_hip
from edge.task.hip.spec import REMOVABLE
from tools.single_pictures import Measure

STANDARD: Final = range(940_000, 940_150)
TILTED: Final = range(950_000, 950_030)
TILTS_DEG: Final = (-20, -15, -10, -7, -4, 0, 4, 7, 10, 15, 20)
LACKING: Final = range(960_000, 960_020)
MEASURED: Final = ("alpha", "beta", "head_coverage")
TILT_HEADS: Final = "| tilt (deg) | measured | limited | alpha off by (deg) |\n|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of a phantom's picture."""

    picture: HipPicture
    finding: Finding

    @property
    def kept(self) -> bool:
        return self.finding.verdict is not Verdict.REFUSED

    def truth(self, name: str) -> float:
        """What the standard plane shows of the hip itself; of the plane its own tilt."""
        hip = self.picture.hip
        known = {"alpha": hip.alpha_deg, "beta": hip.beta_deg, "head_coverage": hip.coverage}
        return known.get(name, self.picture.pose.tilt_deg)

    def error(self, name: str) -> float:
        """Of a measurement, in its unit; NaN where there is none."""
        found = self.finding.measurement(name)
        return float("nan") if found is None else found.value - self.truth(name)


def frame_of(picture: HipPicture) -> Frame:
    spacing = PixelSpacing(picture.mm_per_px, picture.mm_per_px, SpacingOrigin.USER)
    return Frame(picture.pixels, 0, 0, "phantom:hip", spacing, Region.whole(picture.pixels))


def standard_planes(seeds: Sequence[int]) -> Iterator[HipPicture]:
    """Of random infants, scanners, sides and pressure, each a little off the middle of the standard plane."""
    for seed in seeds:
        tilt, rotation = np.random.default_rng([seed, 1]).uniform((-3, -4), (3, 4))
        yield hip_picture(np.random.default_rng(seed), tilt_deg=float(tilt), rotation_deg=float(rotation))


def tilted_planes(seeds: Sequence[int], tilt_deg: float) -> Iterator[HipPicture]:
    for seed in seeds:
        yield hip_picture(np.random.default_rng(seed), tilt_deg=tilt_deg)


def lacking_planes(seeds: Sequence[int], structure: str) -> Iterator[HipPicture]:
    for seed in seeds:
        hip = replace(draw_hip(np.random.default_rng(seed)), missing=frozenset((structure,)))
        yield hip_picture(np.random.default_rng(seed + 500), hip=hip)


def outcomes(
    measure: Measure, pictures: Iterator[HipPicture], title: str = "", total: int | None = None
) -> list[Outcome]:
    listed = track(pictures, title, total=total) if title else pictures
    return [Outcome(one, measure(frame_of(one))) for one in listed]


def errors_of(found: Sequence[Outcome], name: str) -> np.ndarray:
    """Of those that are measured."""
    errors = np.array([one.error(name) for one in found if one.kept])
    return errors[np.isfinite(errors)]


def inside_of(found: Sequence[Outcome], name: str) -> float:
    """Share of the intervals that hold the truth."""
    pairs = ((one, one.finding.measurement(name)) for one in found if one.kept)
    return float(np.mean([value.low <= one.truth(name) <= value.high for one, value in pairs if value is not None]))


@dataclass(frozen=True, slots=True)
class Types:
    """How Graf's types agree with the true ones, as shares of the measured hips."""

    same: float
    same_treatment: float
    too_mild: float
    worst_steps: int
    """Most steps of treatment (edge.task.hip.graf.severity) by which one was too mild."""


def types_of(found: Sequence[Outcome]) -> Types:
    same, steps = [], Counter[int]()
    for one in found:
        hip = one.picture.hip
        truth = graf_type(hip.alpha_deg, hip.beta_deg, hip.age_weeks)
        alpha, beta = (one.finding.measurement(name) for name in ("alpha", "beta"))
        if not one.kept or alpha is None:
            continue
        said = graf_type(alpha.value, None if beta is None else beta.value, hip.age_weeks)
        same.append(said == truth)
        steps[severity(said) - severity(truth)] += 1
    count = max(sum(steps.values()), 1)
    too_mild = sum(n for step, n in steps.items() if step < 0)
    return Types(float(np.mean(same)) if same else 0.0, steps[0] / count, too_mild / count, -min(steps, default=0))


def tilt_table(measure: Measure) -> list[str]:
    """Tilted planes refused against standard planes kept, as a curve over the tilt; in Markdown."""
    rows = [TILT_HEADS]
    for tilt in TILTS_DEG:
        found = outcomes(measure, tilted_planes(TILTED, float(tilt)))
        errors = np.abs(errors_of(found, "alpha"))
        error = f"{errors.mean():.1f}" if errors.size else "-"
        rows.append(f"| {tilt:+d} | {_shares(found)} | {error} |")
    return rows


def lacking_table(measure: Measure) -> list[str]:
    """How often a plane is measured in which one structure is not to be seen; in Markdown."""
    rows = ["| without | measured | limited |\n|---|---|---|"]
    for structure in REMOVABLE[1:]:
        found = outcomes(measure, lacking_planes(LACKING, structure))
        rows.append(f"| {structure} | {_shares(found)} |")
    return rows


def _shares(found: Sequence[Outcome]) -> str:
    """Of those that are measured without a doubt about the plane, and of those that are limited by one or decentred."""
    sure = [one.kept and not any("plane" in reason for reason in one.finding.reasons) for one in found]
    kept = [one.kept for one in found]
    return f"{100 * np.mean(sure):.0f} % | {100 * (np.mean(kept) - np.mean(sure)):.0f} %"
