"""How a muscle moves in a maximal contraction and in a passive stretch, and where each piece of tissue goes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Samples
from edge.phantom.soft_tissue import HEARTBEAT_US, Belly, Course, SoftTissue, Vessel, at_beams, carried_sheet

PERIOD_US = 8_000_000
"""Of one contraction with the rest around it; a whole number of heartbeats."""
RAMP_S = (1.0, 2.5)
"""When the effort begins to rise, and how long it rises."""
RELEASE_S = (5.5, 1.5)
"""When it begins to fall, and how long it falls."""


def effort_at(t_s: float) -> float:
    """0 at rest to 1; repeats exactly."""
    phase_s = (round(t_s * 1e6) % PERIOD_US) / 1e6
    return _eased((phase_s - RAMP_S[0]) / RAMP_S[1]) - _eased((phase_s - RELEASE_S[0]) / RELEASE_S[1])


def swelling_at(t_s: float) -> float:
    """-1 to 1: how far the vessels are swollen; repeats exactly."""
    return float(np.sin(2 * np.pi * (round(t_s * 1e6) % HEARTBEAT_US) / HEARTBEAT_US))


def _eased(share: float) -> float:
    """From 0 to 1 with the least jerk (Flash and Hogan 1985)."""
    x = min(max(share, 0.0), 1.0)
    return x**3 * (10 - 15 * x + 6 * x * x)


@dataclass(frozen=True, slots=True)
class FullEffort:
    """Where full effort brings each belly."""

    courses: tuple[Course, ...]
    stretches: tuple[float, ...]
    """Along the layer; the belly's height shrinks by as much."""


def draw_full_effort(rng: np.random.Generator, muscle: SoftTissue, kind: str) -> FullEffort:
    """The uppermost belly moves most. Its fascicles shorten by a third or more in a contraction at almost constant
    thickness; a stretch lengthens them by a tenth. kind: one of `spec.MOVEMENTS`."""
    steeper = {"contraction": rng.uniform(1.75, 2.1), "stretch": rng.uniform(0.82, 0.9), "still": 1.0}[kind]
    stretch = {"contraction": rng.uniform(0.96, 1.0), "stretch": rng.uniform(1.02, 1.05), "still": 1.0}[kind]
    bow = {"contraction": rng.normal(0, 0.25), "stretch": rng.normal(0, 0.05), "still": 0.0}[kind]
    parts = [1.0, *(0.25 for _ in muscle.bellies[1:])]
    return FullEffort(
        tuple(
            replace(belly.rest, angle_rad=belly.rest.angle_rad * steeper**part, bow=belly.rest.bow + bow * part)
            for belly, part in zip(muscle.bellies, parts, strict=True)
        ),
        tuple(stretch**part for part in parts),
    )


def moved(muscle: SoftTissue, full: FullEffort, effort: float) -> SoftTissue:
    """The muscle, given at rest, at this effort."""
    bellies = tuple(
        replace(belly, now=_between(belly.rest, course, effort), stretch=stretch**effort)
        for belly, course, stretch in zip(muscle.bellies, full.courses, full.stretches, strict=True)
    )
    sheets = [muscle.sheets[0]]
    for belly, upper, lower in zip(bellies, muscle.sheets, muscle.sheets[1:], strict=False):
        height = lower.top_mm - upper.top_mm - upper.thickness_mm
        top = sheets[-1].top_mm + sheets[-1].thickness_mm + height / belly.stretch
        sheets.append(replace(lower, top_mm=top))
    now = replace(muscle, bellies=bellies, sheets=tuple(sheets))
    return replace(now, vessels=tuple(_carried_vessel(muscle, now, vessel) for vessel in muscle.vessels))


def _between(rest: Course, full: Course, effort: float) -> Course:
    angle, bow, twist = (
        a + effort * (b - a)
        for a, b in ((rest.angle_rad, full.angle_rad), (rest.bow, full.bow), (rest.twist, full.twist))
    )
    return Course(angle, bow, twist)


def _carried_vessel(before: SoftTissue, after: SoftTissue, vessel: Vessel) -> Vessel:
    place = np.array([vessel.x_mm], np.float32), np.array([[vessel.depth_mm]], np.float32)
    x, y = displacement_mm(before, after, *place)[0, 0]
    return replace(vessel, x_mm=vessel.x_mm + float(x), depth_mm=vessel.depth_mm + float(y))


@dataclass(frozen=True, slots=True, eq=False)
class _Slab:
    """A layer of tissue with its own way of being carried."""

    top_mm: NDArray[np.float64]
    bottom_mm: NDArray[np.float64]
    height_mm: float
    """At rest."""
    belly: Belly | None
    carried_mm: float
    """Where there is no belly."""
    stretch: float

    def carried(self, v: Samples) -> Samples:
        return np.full_like(v, self.carried_mm) if self.belly is None else self.belly.carried(v)


def _slabs(muscle: SoftTissue) -> Iterator[_Slab]:
    """From the skin down; without gaps."""
    first = muscle.sheets[0].top_mm
    yield _Slab(np.zeros_like(first), first, float(first.mean()), None, 0.0, 1.0)
    for k, sheet in enumerate(muscle.sheets):
        bottom = sheet.top_mm + sheet.thickness_mm
        carried_mm, stretch = carried_sheet(muscle, k)
        yield _Slab(sheet.top_mm, bottom, sheet.thickness_mm, None, carried_mm, stretch)
        if k < len(muscle.bellies):
            belly = muscle.bellies[k]
            yield _Slab(bottom, muscle.sheets[k + 1].top_mm, belly.height_mm, belly, 0.0, belly.stretch)
        else:
            yield _Slab(bottom, bottom + 400.0, 400.0, None, carried_mm, stretch)


def material_mm(muscle: SoftTissue, x_mm: Samples, depth_mm: Samples) -> Samples:
    """What tissue lies at `x_mm` (beams,) and `depth_mm` (rows, 1): (rows, beams, 2), across and down as it is at rest.

    The same tissue has the same value whatever the movement; the depth is counted along the layers' mean heights.
    """
    found = np.zeros((depth_mm.shape[0], x_mm.shape[0], 2), np.float32)
    above_mm = 0.0
    for slab in _slabs(muscle):
        rows, inside, v = _share(slab, x_mm, depth_mm)
        rest_x = (x_mm - slab.carried(v)) / np.float32(slab.stretch)
        np.copyto(found[rows, :, 0], rest_x, where=inside)
        np.copyto(found[rows, :, 1], np.float32(above_mm) + v * np.float32(slab.height_mm), where=inside)
        above_mm += slab.height_mm
    return found


def displacement_mm(before: SoftTissue, after: SoftTissue, x_mm: Samples, depth_mm: Samples) -> Samples:
    """How far (rows, beams, 2), across and down, the tissue at each place of `before` has gone in `after`.

    Both are the same muscle at two moments."""
    found = np.zeros((depth_mm.shape[0], x_mm.shape[0], 2), np.float32)
    for old, new in zip(_slabs(before), _slabs(after), strict=True):
        rows, inside, v = _share(old, x_mm, depth_mm)
        rest_x = (x_mm - old.carried(v)) / np.float32(old.stretch)
        new_x = rest_x * np.float32(new.stretch) + new.carried(v)
        top, bottom = (at_beams(edge, new_x) for edge in (new.top_mm, new.bottom_mm))
        np.copyto(found[rows, :, 0], new_x - x_mm, where=inside)
        np.copyto(found[rows, :, 1], top + v * (bottom - top) - depth_mm[rows], where=inside)
    return found


def _share(slab: _Slab, x_mm: Samples, depth_mm: Samples) -> tuple[slice, NDArray[np.bool_], Samples]:
    """The rows that a slab touches, where (rows, beams) it is, and how deep in it, 0 to 1."""
    top, bottom = (at_beams(edge, x_mm) for edge in (slab.top_mm, slab.bottom_mm))
    first, last = np.searchsorted(depth_mm[:, 0], [top.min(), bottom.max()])
    depth = depth_mm[first:last]
    v = (depth - top) / np.maximum(bottom - top, np.float32(1e-3))
    return slice(first, last), (v >= 0) & (v < 1), np.clip(v, 0, 1)
