"""A nerve over the last frames: which one is followed, whether most of them show it, and how steady its size is; and
where the pathway without a network saw one, and whether its places agree."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import median
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Measurement
from edge.frame import Frame, PixelSpacing, Region
from edge.task.continuity import Thumbnail, is_frozen, same_scale, similarity, soon_after, thumbnail_of
from edge.task.nerve.candidates import EARLIER_FRAMES, VoteMap
from edge.task.nerve.rim import Rim
from edge.task.nerve.spec import MOST_RIM_EVERY
from edge.task.outliner import Target
from edge.task.scores import SIDE, Outline
from edge.task.tensor import fitted_tensor

FRAMES: Final = 5
"""Whose findings are compared, the present one among them."""
NEAR: Final = 0.8
"""Share of its radius by which a nerve moves from frame to frame at most, and of its area by which it changes."""
FOLLOWED: Final = 3.0
"""How much more a nerve that was followed so far counts than another."""
JUMP: Final = 0.25
"""Share of its radius by which a nerve moves at most where its rim is carried along."""
STEADY_FRAMES: Final = 3
STEADY_SHARE: Final = 0.1
"""Standard deviation of the area, as a share of it, up to which it is steady (Gate of clinical practice: CV 10 %)."""
THUMBNAIL: Final = (64, 64)
"""Both pathways': the network's picture has four times as many pixels a side."""
AREAS: Final = ("cross_sectional_area", "cross_sectional_area_px")
ANOTHER: Final = 0.8
"""Correlation of thumbnails below which a picture shows another place: pictures of different nerves have 0.35 in the
middle and less than 0.77 in 99 of 100 pairs, a moving probe's following pictures more than 0.93."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """The chosen nerve in one frame."""

    centre: tuple[float, float]
    """Pixels of the frame."""
    radius: float
    values: tuple[tuple[str, float], ...]
    """Measurements by name, of this frame alone."""
    rim: Rim
    traced: bool = True
    """False: the rim is an earlier frame's, carried along with the outline."""

    @classmethod
    def of(cls, chosen: Outline, measured: Sequence[Measurement], rim: Rim, *, traced: bool) -> Self:
        return cls(chosen.centre, chosen.radius, tuple((one.name, one.value) for one in measured), rim, traced)

    @property
    def area(self) -> float | None:
        """Inside the rim; None where it is not told."""
        return next((value for name, value in self.values if name in AREAS and value), None)


@dataclass(frozen=True, slots=True, eq=False)
class NerveTrack:
    """What the pathway by the network remembers of the last frames, the newest last."""

    frame_shape: tuple[int, ...]
    exposed_ns: int
    spacing: PixelSpacing | None
    thumbnail: Thumbnail
    sightings: tuple[Sighting | None, ...] = ()
    """None: no nerve was measured. The last FRAMES vote."""
    frozen: bool = False
    targets: tuple[Target, ...] = ()
    """The nerves that were pointed at."""
    agreed: int | None = None
    """Frames ago that a second look confirmed the nerve; None: it did not, or was not asked."""

    @property
    def voting(self) -> tuple[Sighting | None, ...]:
        return self.sightings[-FRAMES:]

    @property
    def seen(self) -> tuple[Sighting, ...]:
        return tuple(one for one in self.voting if one is not None)

    @property
    def last(self) -> Sighting | None:
        return self.seen[-1] if self.seen else None

    def unsteadiness(self, rim_every: int) -> float | None:
        """Standard deviation of the areas inside rims that were traced, as a share of their mean; None of too few."""
        last = (one for one in self.sightings[-FRAMES * rim_every :] if one is not None and one.traced)
        areas = [area for one in last if (area := one.area) is not None]
        if len(areas) < STEADY_FRAMES:
            return None
        # Of a few numbers, every frame: `statistics.pstdev` reckons in fractions and takes fifty times as long.
        mean = sum(areas) / len(areas)
        return sqrt(sum((area - mean) ** 2 for area in areas) / len(areas)) / mean


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


def goes_on(one: Outline | Sighting, last: Sighting) -> bool:
    (x, y), (x0, y0) = one.centre, last.centre
    grown = one.radius / max(last.radius, 1e-6)
    return bool(np.hypot(x - x0, y - y0) < NEAR * last.radius and 1 - NEAR / 2 < grown < 1 + NEAR)


def thumbnail_of_square(frame: Frame, tensor: NDArray[np.uint8] | None) -> Thumbnail:
    """Of a frame and what the network saw of it; None: it saw nothing."""
    square = fitted_tensor(frame.ultrasound.crop(frame.pixels), SIDE) if tensor is None else tensor
    return np.asarray(cv2.resize(square[0, 0], THUMBNAIL, interpolation=cv2.INTER_AREA), np.uint8)


def rim_to_carry(before: NerveTrack | None, thumbnail: Thumbnail, chosen: Outline, rim_every: int) -> Rim | None:
    """The rim of the frame before, where it need not be traced anew under the chosen outline.

    It is traced in one of `rim_every` frames at least, and at once where the picture shows another place, the outline
    jumps, the nerve was not seen in the frame before, or the areas of rims that were traced are not all but steady.
    """
    if rim_every == 1 or before is None or not before.sightings or (last := before.sightings[-1]) is None:
        return None
    due = all(one is not None and not one.traced for one in before.sightings[1 - rim_every :])
    unsteadiness = before.unsteadiness(rim_every)
    if due or unsteadiness is None or unsteadiness > STEADY_SHARE / 2:
        return None
    (x, y), (x0, y0) = chosen.centre, last.centre
    grown = chosen.area_px2 / (np.pi * last.radius**2)
    if np.hypot(x - x0, y - y0) > JUMP * last.radius or not 1 - STEADY_SHARE < grown < 1 + STEADY_SHARE:
        return None
    return last.rim if similarity(thumbnail, before.thumbnail) >= ANOTHER else None


def followed(before: NerveTrack | None, frame: Frame, thumbnail: Thumbnail, sighting: Sighting | None) -> NerveTrack:
    """The track with this frame. sighting: None where no nerve was measured."""
    frozen = is_frozen(thumbnail, before.thumbnail if before else None)
    if before and frozen:
        return replace(before, exposed_ns=frame.exposed_ns, frozen=True)
    earlier = before.sightings if before else ()
    if sighting and before and before.last and not goes_on(sighting, before.last):
        # Another nerve: what was seen of the first one is no vote for it.
        earlier = tuple(None for _ in earlier)
    kept = (*earlier, sighting)[-FRAMES * MOST_RIM_EVERY :]
    return NerveTrack(frame.pixels.shape, frame.exposed_ns, frame.spacing, thumbnail, kept, frozen)


def vote_faults(track: NerveTrack) -> tuple[str, ...]:
    """Why the last frames speak against the nerve that this one shows."""
    if 2 * len(track.seen) > len(track.voting):
        return ()
    return (f"the nerve is seen in {len(track.seen)} of the last {len(track.voting)} frames: hold the probe still",)


def doubts(track: NerveTrack, rim_every: int) -> tuple[str, ...]:
    """What the last frames say against its size."""
    reasons: tuple[str, ...] = ()
    if track.frozen:
        reasons = ("the picture is frozen: no further frame confirms it",)
    varies = track.unsteadiness(rim_every)
    if varies is not None and varies > STEADY_SHARE:
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
