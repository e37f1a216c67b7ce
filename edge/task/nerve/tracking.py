"""A nerve over the last frames: which one is followed, whether most of them show it, and how steady its size is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import numpy as np

from edge.finding import Measurement
from edge.frame import Frame, PixelSpacing
from edge.task.nerve.outlines import Outline
from edge.task.sameness import Thumbnail, same_scale, soon_after, stands_still, thumbnail_of

FRAMES: Final = 5
"""That vote."""
NEAR: Final = 0.8
"""Of its radius that a nerve moves from frame to frame at most, and of its area that it changes by."""
HELD: Final = 3.0
"""How much more a nerve that was followed so far counts than another."""
STEADY_FRAMES: Final = 3
STEADY_SHARE: Final = 0.1
"""Standard deviation of the area, as a share of it, up to which it is steady (Gate of clinical practice: CV 10 %)."""
THUMBNAIL: Final = (64, 64)


@dataclass(frozen=True, slots=True)
class Sighting:
    """The chosen nerve in one frame."""

    centre: tuple[float, float]
    """Pixels of the frame."""
    radius: float
    values: tuple[tuple[str, float], ...]
    """Measurements by name, of this frame alone."""


@dataclass(frozen=True, slots=True, eq=False)
class NerveTrack:
    """The last frames, the newest last."""

    frame_shape: tuple[int, ...]
    exposed_ns: int
    spacing: PixelSpacing | None
    thumbnail: Thumbnail
    sightings: tuple[Sighting | None, ...] = ()
    """None: no nerve was measured. At most FRAMES."""
    frozen: bool = False

    @property
    def seen(self) -> tuple[Sighting, ...]:
        return tuple(one for one in self.sightings if one is not None)

    @property
    def last(self) -> Sighting | None:
        return self.seen[-1] if self.seen else None


def track_before(memory: NerveTrack | None, frame: Frame) -> NerveTrack | None:
    """The track that a frame goes on from; None where it stands alone."""
    if memory is None or not soon_after(frame.exposed_ns, memory.exposed_ns):
        return None
    same = memory.frame_shape == frame.pixels.shape and same_scale(memory.spacing, frame.spacing)
    return memory if same else None


def chosen_first(nerves: Sequence[Outline], before: NerveTrack | None) -> tuple[Outline, ...]:
    """The nerve to measure, then the others: large and surely seen, and rather the one that was followed so far."""
    last = before.last if before else None
    return tuple(sorted(nerves, key=lambda one: -_worth(one) * (HELD if last and goes_on(one, last) else 1)))


def _worth(one: Outline) -> float:
    return one.confidence**2 * float(one.area_px2**0.5)


def goes_on(one: Outline, last: Sighting) -> bool:
    (x, y), (x0, y0) = one.centre, last.centre
    grown = (one.area_px2 / np.pi) ** 0.5 / max(last.radius, 1e-6)
    return bool(np.hypot(x - x0, y - y0) < NEAR * last.radius and 1 - NEAR / 2 < grown < 1 + NEAR)


def followed(
    before: NerveTrack | None, frame: Frame, chosen: Outline | None, measurements: Sequence[Measurement]
) -> NerveTrack:
    """The track with this frame. chosen: None where none was measured."""
    thumbnail = thumbnail_of(frame, THUMBNAIL)
    frozen = stands_still(frame, thumbnail, before.thumbnail if before else None)
    if before and frozen:
        return replace(before, exposed_ns=frame.exposed_ns, frozen=True)
    sighting = None
    if chosen is not None:
        radius = float((chosen.area_px2 / np.pi) ** 0.5)
        sighting = Sighting(chosen.centre, radius, tuple((one.name, one.value) for one in measurements))
    earlier = before.sightings if before else ()
    if sighting and before and before.last and chosen and not goes_on(chosen, before.last):
        # Another nerve: what was seen of the first one is no vote for it.
        earlier = tuple(None for _ in earlier)
    kept = (*earlier, sighting)[-FRAMES:]
    return NerveTrack(frame.pixels.shape, frame.exposed_ns, frame.spacing, thumbnail, kept, frozen)


def vote_faults(track: NerveTrack) -> tuple[str, ...]:
    """Why the last frames speak against the nerve that this one shows."""
    if 2 * len(track.seen) > len(track.sightings):
        return ()
    return (f"the nerve is seen in {len(track.seen)} of the last {len(track.sightings)} frames: hold the probe still",)


def doubts(track: NerveTrack) -> tuple[str, ...]:
    """What the last frames say against its size."""
    reasons: tuple[str, ...] = ()
    if track.frozen:
        reasons = ("the picture is frozen: no further frame confirms it",)
    areas = [dict(one.values).get(name) for one in track.seen for name in AREAS if name in dict(one.values)]
    sizes = np.array([area for area in areas if area], np.float64)
    if sizes.size >= STEADY_FRAMES and sizes.std() > STEADY_SHARE * sizes.mean():
        share = f"{100 * sizes.std() / sizes.mean():.0f} %"
        reasons += (f"the area varies by {share} over the last frames: hold the probe still and upright",)
    return reasons


AREAS: Final = ("cross_sectional_area", "cross_sectional_area_px")


def voted(measurements: Sequence[Measurement], track: NerveTrack) -> tuple[Measurement, ...]:
    """Each measurement's median over the frames that show the nerve, its interval moved along."""
    if len(track.seen) < 2:
        return tuple(measurements)
    values: Mapping[str, list[float]] = {
        one.name: [value for seen in track.seen for name, value in seen.values if name == one.name]
        for one in measurements
    }
    return tuple(_moved(one, median(values[one.name] or [one.value])) for one in measurements)


def _moved(one: Measurement, value: float) -> Measurement:
    shift = value - one.value
    low = max(0.0, one.low + shift) if one.low >= 0 else one.low + shift
    return replace(one, value=value, low=min(low, value), high=max(one.high + shift, value), single=one.value)
