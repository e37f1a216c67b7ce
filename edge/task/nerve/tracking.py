"""A nerve over the last frames: which one is followed, whether most of them show it, and how steady its size is; and
where the pathway without a network saw one, and whether its places agree."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median, pstdev
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Measurement
from edge.frame import Frame, PixelSpacing, Region
from edge.task.continuity import Thumbnail, is_frozen, same_scale, similarity, soon_after, thumbnail_of
from edge.task.nerve.candidates import EARLIER_FRAMES, VoteMap
from edge.task.nerve.outlines import SIDE, Outline
from edge.task.tensor import fitted_tensor

FRAMES: Final = 5
"""Whose findings are compared, the present one among them."""
NEAR: Final = 0.8
"""Share of its radius by which a nerve moves from frame to frame at most, and of its area by which it changes."""
FOLLOWED: Final = 3.0
"""How much more a nerve that was followed so far counts than another."""
STEADY_FRAMES: Final = 3
STEADY_SHARE: Final = 0.1
"""Standard deviation of the area, as a share of it, up to which it is steady (Gate of clinical practice: CV 10 %)."""
THUMBNAIL: Final = (64, 64)
"""Both pathways': the network's picture has four times as many pixels a side."""
AREAS: Final = ("cross_sectional_area", "cross_sectional_area_px")
ANOTHER: Final = 0.8
"""Correlation of thumbnails below which a picture shows another place: pictures of different nerves have 0.35 in the
middle and less than 0.77 in 99 of 100 pairs, a moving probe's following pictures more than 0.93."""


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
    """What the pathway by the network remembers of the last frames, the newest last."""

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
    """The track that this frame continues; None where it stands alone."""
    if memory is None or not soon_after(frame.exposed_ns, memory.exposed_ns):
        return None
    same = memory.frame_shape == frame.pixels.shape and same_scale(memory.spacing, frame.spacing)
    return memory if same else None


def chosen_first(nerves: Sequence[Outline], before: NerveTrack | None) -> tuple[Outline, ...]:
    """The nerve to measure, then the others: large and surely seen, and rather the one that was followed so far."""
    last = before.last if before else None
    return tuple(sorted(nerves, key=lambda one: -_worth(one) * (FOLLOWED if last and goes_on(one, last) else 1)))


def _worth(one: Outline) -> float:
    return one.confidence**2 * float(one.area_px2**0.5)


def goes_on(one: Outline, last: Sighting) -> bool:
    (x, y), (x0, y0) = one.centre, last.centre
    grown = (one.area_px2 / np.pi) ** 0.5 / max(last.radius, 1e-6)
    return bool(np.hypot(x - x0, y - y0) < NEAR * last.radius and 1 - NEAR / 2 < grown < 1 + NEAR)


def followed(
    before: NerveTrack | None,
    frame: Frame,
    tensor: NDArray[np.uint8] | None,
    chosen: Outline | None,
    measurements: Sequence[Measurement],
) -> NerveTrack:
    """The track with this frame. tensor: what the network saw of it. chosen: None where none was measured."""
    square = fitted_tensor(frame.ultrasound.crop(frame.pixels), SIDE) if tensor is None else tensor
    thumbnail = np.asarray(cv2.resize(square[0, 0], THUMBNAIL, interpolation=cv2.INTER_AREA), np.uint8)
    frozen = is_frozen(thumbnail, before.thumbnail if before else None)
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
    areas = [value for one in track.seen for name, value in one.values if name in AREAS and value]
    if len(areas) >= STEADY_FRAMES and (varies := pstdev(areas) / fmean(areas)) > STEADY_SHARE:
        reasons += (f"the area varies by {100 * varies:.0f} % over the last frames: hold the probe still and upright",)
    return reasons


def voted(measurements: Sequence[Measurement], track: NerveTrack) -> tuple[Measurement, ...]:
    """Each measurement's median over the frames that show the nerve, its interval moved along."""
    frames = [dict(one.values) for one in track.seen]
    if len(frames) < 2:
        return tuple(measurements)
    return tuple(
        _moved(one, median([frame[one.name] for frame in frames if one.name in frame] or [one.value]))
        for one in measurements
    )


def _moved(one: Measurement, value: float) -> Measurement:
    shift = value - one.value
    low = max(0.0, one.low + shift) if one.low >= 0 else one.low + shift
    return replace(one, value=value, low=min(low, value), high=max(one.high + shift, value), single=one.value)


@dataclass(frozen=True, slots=True)
class Place:
    """The first candidate of one frame, in pixels of the frame."""

    x: float
    y: float
    half_width: float
    half_height: float
    probability: float
    """Of its most probable window."""

    def near(self, other: "Place") -> bool:
        """Whether the other's middle lies in this one's box."""
        return abs(other.x - self.x) <= self.half_width and abs(other.y - self.y) <= self.half_height


@dataclass(frozen=True, slots=True, eq=False)
class NerveVotes:
    """What the classical pathway remembers of the last frames."""

    region: Region
    exposed_ns: int
    spacing: PixelSpacing | None
    thumbnail: Thumbnail
    maps: tuple[VoteMap, ...] = ()
    """Of the last frames, this one's last."""
    places: tuple[Place | None, ...] = ()
    """None: nothing looked like a nerve. At most FRAMES."""
    frozen: bool = False
    """This frame shows what the one before showed, so it has no vote of its own."""

    @property
    def earlier(self) -> tuple[VoteMap, ...]:
        """What votes beside this frame's own map."""
        return self.maps[:-1] if self.frozen else self.maps

    def agreeing(self, place: Place) -> tuple[Place, ...]:
        """The places of the last frames that are this one."""
        return tuple(one for one in self.places if one is not None and place.near(one))


def votes_before(before: NerveVotes | None, frame: Frame) -> NerveVotes:
    """The votes of the frames that this one continues, before its own; none where it stands alone."""
    alone = NerveVotes(frame.ultrasound, frame.exposed_ns, frame.spacing, thumbnail_of(frame, THUMBNAIL))
    if before is None or not _goes_on(before, alone):
        return alone
    frozen = is_frozen(alone.thumbnail, before.thumbnail)
    return replace(alone, maps=before.maps, places=before.places, frozen=frozen)


def _goes_on(before: NerveVotes, here: NerveVotes) -> bool:
    if before.region != here.region or not soon_after(here.exposed_ns, before.exposed_ns):
        return False
    return same_scale(before.spacing, here.spacing) and similarity(before.thumbnail, here.thumbnail) >= ANOTHER


def with_vote(before: NerveVotes, votes: VoteMap, place: Place | None) -> NerveVotes:
    """With this frame's own votes and place; a frozen picture votes once."""
    if before.frozen and before.maps:
        return before
    maps, places = (*before.maps, votes)[-EARLIER_FRAMES:], (*before.places, place)[-FRAMES:]
    return replace(before, maps=maps, places=places)


def moved_faults(votes: NerveVotes, place: Place) -> tuple[str, ...]:
    """Why the last frames speak against the place that this one proposes."""
    agreeing, all_ = len(votes.agreeing(place)), len(votes.places)
    if 2 * agreeing > all_:
        return ()
    return (f"{agreeing} of the last {all_} frames propose this place: hold the probe still",)
