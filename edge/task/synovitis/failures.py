"""The two ways in which a finding goes wrong, told as results: where, why, and what to do.

A region is probably under-estimated where its border is weak on a side, where the picture or a shadow cuts it, where
the probe presses. What looks like hypertrophy is probably none where the tendon lies slantwise to the beam, where it
is fluid, where the plane lies beside the midline.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.task.synovitis.grades import Floats
from edge.task.synovitis.judging import FAILURES
from edge.task.synovitis.region import REACH_MM, ring_of
from edge.task.synovitis.seen import JointSeen
from edge.task.synovitis.working import MM_PER_PX, px

CUT_MM: Final = 0.5
"""Nearer to the picture's side the region is cut by it."""
SHADOW_MM: Final = 1.2
"""Of bone that is not seen beside the gap, from which on something throws a shadow."""
GAP_MM: Final = 1.4
"""To either side of the gap's middle, bone need not be seen."""
BAND_MM: Final = 1.0
UNDER: Final = "probably under-estimated"
FALSE: Final = "probably false hypertrophy"


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """One."""

    kind: str
    """weak_boundary, cut, shadow, pressure, tendon, effusion or oblique."""
    sentence: str
    """What is probably wrong, why, and what to do."""
    place: Floats
    """(n, 2) around it, in pixels of the working picture."""


SENTENCES: Final = {
    "weak_boundary": f"{UNDER}: the capsule is hardly seen there; turn the probe until its line is whole",
    "cut": f"{UNDER}: the picture cuts the region; move the probe along the finger",
    "shadow": f"{UNDER}: a shadow hides bone beside the joint; look from another side of it",
    "pressure": f"{UNDER}: the skin is flat, so the probe may press; use more gel and lift it until gel is seen",
    "tendon": f"{FALSE}: the tendon is dark because it lies slantwise; tilt the probe until it is bright",
    "effusion": f"{FALSE}: what is black may be fluid; press to see whether it gives way, and look for flow",
    "oblique": f"{FALSE}: the plane seems to lie beside the midline; slide until both bones and the tendon are bright",
}


def failures_of(seen: JointSeen, probabilities: Floats, cuts: Floats) -> tuple[Failure, ...]:
    """By rule what a picture cuts or a shadow hides, by the judges the rest. probabilities, cuts: of FAILURES.

    What feigns hypertrophy is told only where hypertrophy was seen.
    """
    found = [*_cut(seen), *_shadows(seen)]
    likely = {name for name, p, cut in zip(FAILURES, probabilities, cuts, strict=True) if p >= cut}
    if "weak_boundary" in likely and seen.region.inside.any():
        found.append(_failure("weak_boundary", _weakest_third(seen)))
    if "pressure" in likely:
        found.append(_failure("pressure", _skin_over_joint(seen)))
    if seen.region.inside.any():
        if "effusion" in likely:
            found.append(_failure("effusion", _fluid(seen)))
        if "tendon" in likely:
            found.append(_failure("tendon", _over(seen)))
        elif "oblique" in likely:
            found.append(_failure("oblique", _bones(seen)))
    return tuple(found)


def _failure(kind: str, place: Floats) -> Failure:
    return Failure(kind, SENTENCES[kind], place)


def _cut(seen: JointSeen) -> list[Failure]:
    region, width = seen.region, seen.work.calm.shape[1]
    there = region.columns[region.inside]
    if not there.size:
        return []
    found = []
    for at in (0, width - 1):
        if np.abs(there - at).min() <= px(CUT_MM) and abs(at - seen.joint.gap) < px(REACH_MM):
            near = region.inside & (np.abs(region.columns - at) < px(1.5))
            found.append(_failure("cut", ring_of(region.columns, region.capsule, region.floor, near)))
    return found


def _shadows(seen: JointSeen) -> list[Failure]:
    region, surfaces = seen.region, seen.surfaces
    span = region.inside if region.inside.any() else np.abs(region.columns - seen.joint.gap) < px(4.0)
    columns = region.columns
    hidden = ~surfaces.seen[columns] & (np.abs(columns - seen.joint.gap) > px(GAP_MM)) & _within(span)
    run = _longest_run(hidden)
    if run is None or (run[1] - run[0]) * MM_PER_PX < SHADOW_MM:
        return []
    some = np.zeros(columns.size, bool)
    some[run[0] : run[1]] = True
    bone = surfaces.bone[columns]
    return [_failure("shadow", ring_of(columns, bone - px(BAND_MM), bone + px(0.3), some))]


def _within(span: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Between the first and the last that is true."""
    at = np.flatnonzero(span)
    inside = np.zeros(span.size, bool)
    if at.size:
        inside[at[0] : at[-1] + 1] = True
    return inside


def _longest_run(flags: NDArray[np.bool_]) -> tuple[int, int] | None:
    """First index and the one behind the last."""
    edges = np.flatnonzero(np.diff(np.concatenate(((False,), flags, (False,))).astype(np.int8)))
    if not edges.size:
        return None
    starts, ends = edges[::2], edges[1::2]
    at = int((ends - starts).argmax())
    return int(starts[at]), int(ends[at])


def _weakest_third(seen: JointSeen) -> Floats:
    region = seen.region
    parts = np.array_split(np.flatnonzero(region.inside), 3)
    weakest = min(parts, key=lambda part: float(np.quantile(region.contrast[part], 0.3)) if part.size else 9.0)
    some = np.zeros(region.columns.size, bool)
    some[weakest] = True
    return ring_of(region.columns, region.capsule - px(0.5), region.capsule + px(0.4), some)


def _skin_over_joint(seen: JointSeen) -> Floats:
    columns = seen.region.columns
    skin = seen.surfaces.skin[columns]
    return ring_of(columns, np.maximum(skin - px(0.3), 0), skin + px(0.8), np.ones(columns.size, bool))


def _fluid(seen: JointSeen) -> Floats:
    region = seen.region
    fluid = region.inside & (region.upper - region.capsule > 2)
    if fluid.sum() < px(1.0):
        return region.ring
    return ring_of(region.columns, region.capsule, region.upper, fluid)


def _over(seen: JointSeen) -> Floats:
    region = seen.region
    return ring_of(region.columns, region.capsule - px(BAND_MM), region.capsule, region.inside)


def _bones(seen: JointSeen) -> Floats:
    columns = seen.region.columns
    near = np.abs(columns - seen.joint.gap) < px(5.0)
    bone = seen.surfaces.bone[columns]
    return ring_of(columns, bone - px(0.4), bone + px(0.5), near)
