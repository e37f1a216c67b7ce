"""Where the chain without a network saw a nerve in the last frames: their votes, and whether they agree."""

from dataclasses import dataclass, replace
from typing import Final

from edge.frame import Frame, PixelSpacing, Region
from edge.task.nerve.tracking import FRAMES, THUMBNAIL
from edge.task.nerve.vote_map import FRAMES as EARLIER_FRAMES
from edge.task.nerve.vote_map import VoteMap
from edge.task.sameness import Thumbnail, alike, same_scale, soon_after, stands_still, thumbnail_of

ANOTHER: Final = 0.8
"""Correlation of thumbnails below which a picture shows another place: pictures of different nerves have 0.35 in the
middle and less than 0.77 in 99 of 100 pairs, a moving probe's following pictures more than 0.93."""


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
    """Carried from frame to frame."""

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
    """What the frames before say of this one, which has not voted yet; nothing where it stands alone."""
    alone = NerveVotes(frame.ultrasound, frame.exposed_ns, frame.spacing, thumbnail_of(frame, THUMBNAIL))
    if before is None or not _goes_on(before, alone):
        return alone
    frozen = stands_still(frame, alone.thumbnail, before.thumbnail)
    return replace(alone, maps=before.maps, places=before.places, frozen=frozen)


def _goes_on(before: NerveVotes, here: NerveVotes) -> bool:
    if before.region != here.region or not soon_after(here.exposed_ns, before.exposed_ns):
        return False
    return same_scale(before.spacing, here.spacing) and alike(before.thumbnail, here.thumbnail) >= ANOTHER


def voted(before: NerveVotes, votes: VoteMap, place: Place | None) -> NerveVotes:
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
