"""Strip chart: how measurements went over the last seconds, one lane each, the present value beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, Measurement, SeriesMark
from edge.overlay.layout import LOWER_RIGHT, Box, Sheet
from edge.overlay.lines import draw_dashes, draw_line
from edge.overlay.palette import GREY, ICE, SKY, WARNING, WHITE
from edge.overlay.text import BOLD, REGULAR, line_height, paste, sprite, text_width
from edge.overlay.wording import fixed
from edge.terms import Terms, decimals_of, plain_unit

SECONDS: Final = 10.0
_LEAST_SPAN_DEG: Final = 10.0
_LEAST_SPAN_SHARE: Final = 0.25
"""Of the value: a lane never shows less, so that noise does not look like movement."""
_GROUND_KEEPS: Final = 0.22
_GROUND_GREY: Final = 14.0
_BAND: Final = 0.4
_PLOT_EM: Final = 11.5
_LANE_EM: Final = 3.2
_PREDICTED: Final = "predicted"


@dataclass(frozen=True, slots=True)
class Lane:
    """Where one course is plotted, and its values at the plot's bottom and top."""

    plot: Box
    bottom: float
    top: float
    end_ns: int

    def points(self, times_ns: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float32]:
        """(n, 2) float32 x, y in pixels of the picture, within the plot."""
        share = 1 - (self.end_ns - times_ns) / (SECONDS * 1e9)
        height = (values - self.bottom) / (self.top - self.bottom)
        x = self.plot.x + np.clip(share, 0, 1) * (self.plot.width - 1)
        y = self.plot.bottom - 1 - np.clip(height, 0, 1) * (self.plot.height - 1)
        return np.stack((x, y), axis=1).astype(np.float32)


def charted(finding: Finding, terms: Terms) -> list[SeriesMark]:
    """The courses that have a lane, from above; none while no frame has followed another yet."""
    marks = [mark for mark in finding.marks if isinstance(mark, SeriesMark)]
    shown = [mark for name in terms.lanes() for mark in marks if terms.measurement(mark.name).name == name]
    return shown if any(mark.joined.any() for mark in shown) else []


def draw_strip_chart(sheet: Sheet, shown: Sequence[SeriesMark], terms: Terms, end_ns: int, old: bool) -> None:
    """Draws the courses `shown`, where there is room.

    `end_ns`: the time at the chart's right end; `old`: that is not the present.
    """
    if not shown:
        return
    em, small = sheet.size, sheet.size - sheet.size // 8
    pad, lane_height = em // 2, round(_LANE_EM * em)
    text_px = max(_head_width(mark, terms, em, small) for mark in shown)
    scale_px = max(text_width(label, small) for mark in shown for label in _labels(span(mark)))
    width = round(text_px + _PLOT_EM * em) + scale_px + 3 * pad
    box = sheet.claim("chart", width, len(shown) * lane_height + line_height(small) + pad, LOWER_RIGHT)
    if box is None:
        return
    ground = box.cut(sheet.picture)
    cv2.convertScaleAbs(ground, ground, _GROUND_KEEPS, _GROUND_GREY)
    for row, mark in enumerate(shown):
        top = box.y + pad + row * lane_height
        plot = Box(box.x + 2 * pad + text_px, top, round(_PLOT_EM * em), lane_height - pad)
        _draw_head(sheet, mark, terms, end_ns, box.x + pad, top)
        _draw_lane(sheet, mark, Lane(plot, *span(mark), end_ns), small)
    _draw_seconds(sheet, plot, small, "then" if old else "now")


def span(mark: SeriesMark) -> tuple[float, float]:
    """Values at the bottom and the top of a lane: round, around the course and its usual interval, never narrow."""
    values, low, high = mark.values.T
    bottom = float(values.min() - np.median(values - low))
    top = float(values.max() + np.median(high - values))
    least = _LEAST_SPAN_DEG if mark.unit == "deg" else _LEAST_SPAN_SHARE * abs(bottom + top) / 2
    if top - bottom < least:
        bottom, top = (bottom + top - least) / 2, (bottom + top + least) / 2
    step = round_step((top - bottom) / 4)
    return floor(bottom / step) * step, ceil(top / step) * step


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, ... that is no less."""
    decade = 10.0 ** floor(log10(max(least, 1e-6)))
    return next(step * decade for step in (1, 2, 5, 10) if step * decade >= least * (1 - 1e-9))


def _labels(ends: tuple[float, float]) -> tuple[str, str]:
    return f"{ends[0]:g}", f"{ends[1]:g}"


def _present(mark: SeriesMark, end_ns: int) -> Measurement | None:
    """What is known of the newest frame."""
    if mark.times_ns[-1] != end_ns:
        return None
    value, low, high = mark.values[-1].tolist()
    return Measurement(mark.name, value, mark.unit, low, high)


def _head_width(mark: SeriesMark, terms: Terms, size: int, small: int) -> int:
    # As wide as any value will be, or the chart would move from frame to frame.
    value = text_width(f"-88.8 {plain_unit(mark.unit)}", size, BOLD)
    return max(text_width(terms.words(mark.name), small), value + text_width(_PREDICTED, small))


def _draw_head(sheet: Sheet, mark: SeriesMark, terms: Terms, end_ns: int, x: int, y: int) -> None:
    size, small = sheet.size, sheet.size - sheet.size // 8
    paste(sheet.picture, sprite(terms.words(mark.name), small, GREY, REGULAR), x, y)
    known, y = _present(mark, end_ns), y + line_height(small)
    if known is None:
        paste(sheet.picture, sprite("lost", size, WARNING, BOLD), x, y)
        return
    number = fixed(known.value, decimals_of(known.unit, terms.measurement(mark.name)))
    value = sprite(f"{number} {plain_unit(mark.unit)}", size, WHITE, BOLD)
    paste(sheet.picture, value, x, y)
    if mark.predicted[-1]:
        drop = round((line_height(size) - line_height(small)) * 0.75)
        paste(sheet.picture, sprite(_PREDICTED, small, WARNING), x + value.width, y + drop)


def _draw_lane(sheet: Sheet, mark: SeriesMark, lane: Lane, small: int) -> None:
    plot = lane.plot
    for y in (plot.y, plot.bottom - 1):
        sheet.picture[y, plot.x : plot.right] = sheet.picture[y, plot.x : plot.right] // 2 + 35
    for label, y in zip(_labels((lane.bottom, lane.top)), (plot.bottom - line_height(small), plot.y), strict=True):
        paste(sheet.picture, sprite(label, small, GREY), plot.right + sheet.size // 4, y)
    runs = list(_runs(mark))
    _fill_bands(sheet.picture, mark, lane, runs)
    width_px = 1 if sheet.size < 20 else 2
    for run in runs:
        points = lane.points(mark.times_ns[run], mark.values[run, 0])
        if len(points) == 1:
            points = np.concatenate((points, points + 1))
        _draw_course(sheet.picture, points, mark.predicted[run], width_px)


def _runs(mark: SeriesMark) -> Iterator[slice]:
    """Parts of the course without a gap."""
    starts = np.flatnonzero(~mark.joined | (np.arange(mark.joined.size) == 0))
    for start, end in zip(starts, [*starts[1:], mark.joined.size], strict=True):
        yield slice(int(start), int(end))


def _fill_bands(picture: NDArray[np.uint8], mark: SeriesMark, lane: Lane, runs: Sequence[slice]) -> None:
    """The intervals, translucent."""
    target = lane.plot.cut(picture)
    tinted = target.copy()
    for run in runs:
        low, high = (lane.points(mark.times_ns[run], mark.values[run, end]) for end in (1, 2))
        outline = np.concatenate((high, low[::-1])) - (lane.plot.x, lane.plot.y)
        cv2.fillPoly(tinted, [np.rint(outline).astype(np.int32)], SKY)
    cv2.addWeighted(tinted, _BAND, target, 1 - _BAND, 0, target)


def _draw_course(
    picture: NDArray[np.uint8], points: NDArray[np.float32], predicted: NDArray[np.bool_], width_px: int
) -> None:
    """Solid where it was measured, dashed where it is predicted; each dash begins at the last measured point."""
    changes = np.flatnonzero(np.diff(predicted)) + 1
    for start, end in zip([0, *changes], [*changes, len(points)], strict=True):
        part = points[max(0, start - 1) : end] if end <= len(points) else points[start:]
        if predicted[start]:
            draw_dashes(picture, part, WARNING, width_px, 4.0 * width_px)
        else:
            draw_line(picture, part, ICE, width_px)


def _draw_seconds(sheet: Sheet, plot: Box, small: int, end: str) -> None:
    """Under the last lane: a tick every two seconds, and how far back the chart goes."""
    tick = max(2, sheet.size // 4)
    for share in np.arange(0, SECONDS + 1, 2) / SECONDS:
        x = plot.x + round(share * (plot.width - 1))
        sheet.picture[plot.bottom : plot.bottom + tick, x] = GREY
    for text, x in ((f"-{SECONDS:g} s", plot.x), (end, plot.right - text_width(end, small))):
        paste(sheet.picture, sprite(text, small, GREY), x, plot.bottom + tick // 2)
