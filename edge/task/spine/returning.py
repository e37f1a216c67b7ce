"""The way along the spine, put right by places that are known again: after a turn that nobody noticed, and a lift."""

from dataclasses import dataclass, replace
from typing import Final

from edge.task.spine.following import WHOLE, Kept, Tile, Track
from edge.task.spine.planes import MM_PER_PX
from edge.task.spine.recalling import Joined, Signature, Spot, in_order, signature_of
from edge.task.spine.travel import Travelled


@dataclass(frozen=True, slots=True)
class View:
    """What differs between a transverse and a paramedian sweep."""

    reach_px: int
    """That a hand may have strayed sideways since it was there; along the plane, that the place may be off."""
    alike: float
    """Least resemblance of a place that is known again."""
    apart_mm: float
    """Of the places that are kept."""


ACROSS: Final = View(20, 0.5, 0.4)
ALONG: Final = View(56, 0.4, 4.0)
LIFTED_S: Final = 0.2
"""Without a picture, after which it is not known where the probe came down."""
OFF_MM: Final = 1.5
"""From where the probe was thought to be, more than which a place that is known again puts it right."""
NEXT_MM: Final = 0.25
"""Path between two frames that both count,"""
WITHIN_MM: Final = 5.0
"""and path in which all do."""
SHOWN_MM: Final = 0.8
"""That places known again must lie apart, until the way along them is believed."""
LEAST: Final = 3
"""Of them."""


def returned(
    before: Track | None, after: Track, travel: Travelled, tile: Tile, contact: float, head: int
) -> tuple[Track, Travelled]:
    """after, travel: of `followed`; the other arguments as there."""
    after = replace(after, path_mm=after.path_mm + travel.mm)
    if before is not None and before.unseen_s >= LIFTED_S:
        after = _elsewhere(after)
    travel = replace(travel, spot=Spot(after.chart, after.at_mm), way=after.way)
    if contact < WHOLE:
        return after, travel
    view = ALONG if head else ACROSS
    signature = signature_of(tile)
    found = after.passed.again(
        signature, tile.shape[1], reach_px=view.reach_px, alike=view.alike, mm_per_px=-head * MM_PER_PX
    )
    if found is None:
        return _laid(after, signature, view), travel
    off = found.chart != after.chart or abs(found.mm - after.at_mm) > OFF_MM
    after = _noted(after, found, off)
    way = in_order([(spot, path) for spot, path, _ in after.again], SHOWN_MM) if len(after.again) >= LEAST else None
    if off:
        return (after, travel) if way is None else _put_right(after, tile, found, way, travel)
    known = way is not None and way == after.way
    return _laid(after, signature, view), replace(travel, known=known)


def _elsewhere(track: Track) -> Track:
    """After a lift: on a chart of its own, until a place is known again."""
    here = Kept(track.reference.tile, 0.0)
    return replace(
        track,
        chart=track.charts,
        charts=track.charts + 1,
        at_mm=0.0,
        pivot_mm=0.0,
        words=0.0,
        reference=here,
        kept=(here,),
        again=(),
    )


def _noted(track: Track, found: Spot, off: bool) -> Track:
    """With one more place that is known again; those before it that tell of another matter are dropped."""
    again = tuple(
        one
        for one in track.again
        if track.path_mm - one[1] <= WITHIN_MM and one[2] == off and one[0].chart == found.chart
    )
    if not again or track.path_mm - again[-1][1] >= NEXT_MM:
        again = (*again, (found, track.path_mm, off))
    return replace(track, again=again)


def _laid(track: Track, signature: Signature, view: View) -> Track:
    """With this place kept, unless its direction is doubted."""
    if track.words < 0:
        return track
    spot = Spot(track.chart, track.at_mm)
    return replace(track, passed=track.passed.with_place(signature, spot, track.path_mm, view.apart_mm))


def _put_right(track: Track, tile: Tile, found: Spot, way: int, travel: Travelled) -> tuple[Track, Travelled]:
    if found.chart == track.chart:
        # It turned unnoticed, and what was kept since then, on half the way between, is wrong.
        wrong_mm = abs(found.mm - track.at_mm) / 2 + 1
        joint = Joined(track.chart, track.chart, 1, 0.0, track.path_mm - wrong_mm)
    else:
        sign = way * track.way
        joint = Joined(track.chart, found.chart, sign, found.mm - sign * track.at_mm)
    here = Kept(tile, found.mm)
    after = replace(
        track,
        reference=here,
        kept=(here,),
        at_mm=found.mm,
        way=way,
        chart=found.chart,
        words=0.0,
        pivot_mm=found.mm,
        passed=track.passed.joined(joint),
        again=(),
    )
    return after, replace(travel, spot=found, way=way, known=True, joined=joint)
