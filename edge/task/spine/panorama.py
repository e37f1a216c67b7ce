"""The sweep so far as one long picture with levels on it: a midsagittal section of slices, or paramedian pictures."""

from dataclasses import dataclass, replace
from typing import Final

from edge.finding import PanoramaLabel, PanoramaMark
from edge.frame import Frame
from edge.image.stitching import Stitched, with_frame, with_slice
from edge.task.spine.count import Count
from edge.task.spine.following import Track
from edge.task.spine.levels import NEEDLE, SEGMENTS
from edge.task.spine.seen import SpineSeen

SURE: Final = 0.98
"""Chance of a direction by which the count decides where the head is."""
SHOWN_MM: Final = 1.0
"""Of a level, before it is written on."""


@dataclass(frozen=True, slots=True, eq=False)
class Panorama:
    """Grows with the sweep; begins anew where the count does so at a place that is not known."""

    stitched: Stitched | None = None
    at_mm: float = 0.0
    """Way towards the head since it began."""
    levels: tuple[tuple[int, float, float], ...] = ()
    """Place in SEGMENTS, lowest and highest `at_mm` at which it was told."""
    chart: int = 0
    """Of the track, that it shows."""
    upwards: int = 1
    """The way of the track that leads to the head: as it began, until the count knows better."""


def grown(
    before: Panorama | None,
    frame: Frame,
    seen: SpineSeen,
    count: Count,
    track: Track | None,
    head: int,
) -> Panorama | None:
    """With one more frame. head: 1 where the head is to the right of the panorama, -1: to the left. While the count is
    lost it stays as it is: the place may be found again."""
    if count.lost or frame.spacing is None or track is None:
        return before
    if before is None or before.chart != track.chart:
        before = Panorama(chart=track.chart)
    upwards = before.upwards
    up = float(count.belief[0].sum())
    if seen.along is None and count.started and count.low > 0 and not 1 - SURE < up < SURE:
        upwards = track.way if up > SURE else -track.way
    if upwards != before.upwards:
        # What was laid out so far lies the wrong way round.
        before = Panorama(chart=track.chart, upwards=upwards)
    at_mm = upwards * track.at_mm
    weight = 1.0 if seen.clear > 0 else 0.0
    region = frame.ultrasound
    pixels, place = region.crop(frame.pixels), head * at_mm
    if seen.along is None:
        midline_px = region.width / 2 + (seen.midline_mm or 0.0) / frame.spacing.x_mm_per_px
        stitched = with_slice(before.stitched, pixels, frame.spacing, midline_px, place, frame.sequence, weight)
    else:
        stitched = with_frame(before.stitched, pixels, frame.spacing, place, frame.sequence, weight)
    levels = before.levels if count.segment is None else _with(before.levels, count.segment, at_mm)
    return replace(before, stitched=stitched, at_mm=at_mm, levels=levels)


def _with(
    levels: tuple[tuple[int, float, float], ...], segment: int, at_mm: float
) -> tuple[tuple[int, float, float], ...]:
    spans = {number: (low, high) for number, low, high in levels}
    low, high = spans.get(segment, (at_mm, at_mm))
    spans[segment] = min(low, at_mm), max(high, at_mm)
    return tuple((number, *span) for number, span in sorted(spans.items()))


def mark_of(panorama: Panorama | None, head: int) -> PanoramaMark | None:
    """None where nothing is seen yet."""
    if panorama is None or panorama.stitched is None:
        return None
    made, labels = panorama.stitched, []
    for number, low, high in panorama.levels:
        if high - low >= SHOWN_MM:
            ends = sorted((made.column(head * low), made.column(head * high)))
            labels.append(PanoramaLabel(SEGMENTS[number], ends[0], ends[1] + 1, number == NEEDLE))
    here = made.column(head * panorama.at_mm)
    return PanoramaMark("sweep", made.plane, made.mm_per_px, made.sequences, tuple(labels), here)
