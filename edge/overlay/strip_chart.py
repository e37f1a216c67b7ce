"""Strip chart: how measurements went over the last seconds, one lane each, the present value beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log10
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, SeriesMark
from edge.overlay.layout import LOWER_RIGHT, Box
from edge.overlay.lines import Line, draw_dashes, draw_lines
from edge.overlay.palette import GREY, ICE, SKY, WARNING, WHITE
from edge.overlay.plate import Fill, Ground, Placed
from edge.overlay.sheet import Sheet
from edge.overlay.sprite import paste
from edge.overlay.text import BOLD, line_height, styled, text_width
from edge.overlay.wording import Said, fixed, said
from edge.terms import Terms, plain_unit

SECONDS: Final = 10.0
_LEAST_SPAN_DEG: Final = 10.0
_LEAST_SPAN_SHARE: Final = 0.25
"""Of the value: a lane never shows less, so that noise does not look like movement."""
_GROUND_KEEPS: Final = 0.22
_GROUND_GREY: Final = 14
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
        """Of values (n,) or (m, n): (n, 2) or (m, n, 2) float32 x, y in pixels of the picture, within the plot."""
        points = np.empty((*values.shape, 2), np.float32)
        window_ns, wide, high = round(SECONDS * 1e9), self.plot.width - 1, self.plot.height - 1
        share = np.subtract(times_ns, self.end_ns - window_ns, dtype=np.float64)
        share *= wide / window_ns
        share += self.plot.x
        points[..., 0] = np.minimum(np.maximum(share, self.plot.x, out=share), self.plot.x + wide, out=share)
        lowest = self.plot.bottom - 1
        depth = values * (-high / (self.top - self.bottom))
        depth += lowest + high * self.bottom / (self.top - self.bottom)
        points[..., 1] = np.minimum(np.maximum(depth, lowest - high, out=depth), lowest, out=depth)
        return points


def charted(finding: Finding, terms: Terms) -> list[SeriesMark]:
    """The courses that have a lane, from above; none while no frame has followed another yet."""
    marks = {mark.name.removesuffix("_px"): mark for mark in finding.marks if isinstance(mark, SeriesMark)}
    shown = [marks[name] for name in _lanes(terms) if name in marks] if marks else []
    return shown if any(mark.joined.any() for mark in shown) else []


@lru_cache(maxsize=64)
def _lanes(terms: Terms) -> tuple[str, ...]:
    return terms.lanes()


def draw_strip_chart(sheet: Sheet, shown: Sequence[SeriesMark], terms: Terms, end_ns: int, old: bool) -> None:
    """Draws the courses `shown`, where there is room.

    `end_ns`: the time at the chart's right end; `old`: that is not the present.
    """
    if not shown:
        return
    em, small = sheet.size, sheet.size - sheet.size // 8
    pad, lane_height = em // 2, round(_LANE_EM * em)
    spans = [span(mark) for mark in shown]
    names = [said(terms, mark.name, mark.unit) for mark in shown]
    text_px = max(_head_width(name.words, mark.unit, mark.named, em) for name, mark in zip(names, shown, strict=True))
    labels = [("", "") if mark.named else _labels(ends) for mark, ends in zip(shown, spans, strict=True)]
    scale_px = max(text_width(label, small) for pair in labels for label in pair)
    width = round(text_px + _PLOT_EM * em) + scale_px + 3 * pad
    box = sheet.claim("chart", width, len(shown) * lane_height + line_height(small) + pad, LOWER_RIGHT)
    if box is None:
        return
    plots = [
        Box(2 * pad + text_px, pad + row * lane_height, round(_PLOT_EM * em), lane_height - pad)
        for row in range(len(shown))
    ]
    texts = [
        text
        for mark, name, pair, plot in zip(shown, names, labels, plots, strict=True)
        for text in (*_head(mark, name, end_ns, pad, plot.y, em), *_scale(pair, plot, em))
    ]
    texts += _ends(plots[-1], em, "then" if old else "now")
    ground = Ground(box.width, box.height, _GROUND_KEEPS, _GROUND_GREY, _rules(tuple(plots), em))
    paste(sheet.picture, sheet.memory.plate("chart").drawn(ground, tuple(texts)), box.x, box.y)
    lanes = [
        Lane(Box(box.x + plot.x, box.y + plot.y, plot.width, plot.height), *ends, end_ns)
        for ends, plot in zip(spans, plots, strict=True)
    ]
    _draw_courses(sheet, shown, lanes)


def span(mark: SeriesMark) -> tuple[float, float]:
    """Values at the bottom and the top of a lane: round, around the course and its usual interval, never narrow."""
    columns = np.ascontiguousarray(mark.values.T)
    values = columns[0]
    halves = columns[1:] - values
    least_half, most_half = _medians(halves)
    bottom = float(np.minimum.reduce(values)) + least_half
    top = float(np.maximum.reduce(values)) + most_half
    least = _LEAST_SPAN_DEG if mark.unit == "deg" else _LEAST_SPAN_SHARE * abs(bottom + top) / 2
    if top - bottom < least:
        bottom, top = (bottom + top - least) / 2, (bottom + top + least) / 2
    step = round_step((top - bottom) / 4)
    return floor(bottom / step) * step, ceil(top / step) * step


def _medians(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Of each row, as NumPy's, which takes longer than all else that a lane needs. Changes `values`."""
    upper = values.shape[1] // 2
    lower = (values.shape[1] - 1) // 2
    values.partition(upper, axis=1)
    middle = values[:, upper] if lower == upper else (values[:, :upper].max(axis=1) + values[:, upper]) / 2
    return tuple(middle.tolist())


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, ... that is no less."""
    decade = 10.0 ** floor(log10(max(least, 1e-6)))
    return next(step * decade for step in (1, 2, 5, 10) if step * decade >= least * (1 - 1e-9))


def _labels(ends: tuple[float, float]) -> tuple[str, str]:
    return f"{ends[0]:g}", f"{ends[1]:g}"


def _present(mark: SeriesMark, end_ns: int) -> float | None:
    """The value of the newest frame, where it is known."""
    return float(mark.values[-1, 0]) if mark.times_ns[-1] == end_ns else None


@lru_cache(maxsize=32)
def _head_width(words: str, unit: str, named: str, size: int) -> int:
    small = size - size // 8
    # As wide as any value will be, or the chart would move from frame to frame.
    value = max(text_width(f"-88.8 {plain_unit(unit)}", size, BOLD), text_width(named, size, BOLD))
    return max(text_width(words, small), value + text_width(_PREDICTED, small))


def _head(mark: SeriesMark, name: Said, end_ns: int, x: int, y: int, size: int) -> list[Placed]:
    """What is charted and its present value."""
    small = size - size // 8
    placed = [(styled(name.words, small, GREY), x, y)]
    y += line_height(small)
    known = _present(mark, end_ns)
    if known is None:
        return [*placed, (styled("lost", size, WARNING, BOLD), x, y)]
    text = mark.named or f"{fixed(known, name.decimals)} {plain_unit(mark.unit)}"
    value = styled(text, size, WHITE, BOLD)
    placed.append((value, x, y))
    if mark.predicted[-1]:
        drop = round((line_height(size) - line_height(small)) * 0.75)
        placed.append((styled(_PREDICTED, small, WARNING), x + value.width, y + drop))
    return placed


def _scale(labels: tuple[str, str], plot: Box, size: int) -> list[Placed]:
    """The values at the lane's bottom and top, beside it; of values with names there are none."""
    small = size - size // 8
    places = (plot.bottom - line_height(small), plot.y)
    return [
        (styled(label, small, GREY), plot.right + size // 4, y)
        for label, y in zip(labels, places, strict=True)
        if label
    ]


def _ends(plot: Box, size: int, end: str) -> list[Placed]:
    """Under the last lane: how far back the chart goes."""
    small, y = size - size // 8, plot.bottom + _tick(size) // 2
    first, last = styled(f"-{SECONDS:g} s", small, GREY), styled(end, small, GREY)
    return [(first, plot.x, y), (last, plot.right - last.width, y)]


@lru_cache(maxsize=8)
def _rules(plots: tuple[Box, ...], size: int) -> tuple[Fill, ...]:
    """A line at the lanes' tops and bottoms, and under the last one a tick every two seconds."""
    grey = _GROUND_GREY // 2 + 35
    lines = [
        (Box(plot.x, y, plot.width, 1), _GROUND_KEEPS / 2, (grey, grey, grey))
        for plot in plots
        for y in (plot.y, plot.bottom - 1)
    ]
    last = plots[-1]
    xs = [last.x + round(share * (last.width - 1)) for share in np.arange(0, SECONDS + 1, 2) / SECONDS]
    return *lines, *((Box(x, last.bottom, 1, _tick(size)), 0.0, GREY) for x in xs)


def _tick(size: int) -> int:
    return max(2, size // 4)


def _draw_courses(sheet: Sheet, marks: Sequence[SeriesMark], lanes: Sequence[Lane]) -> None:
    """The intervals as translucent bands, and the values as lines over them."""
    bands: list[NDArray[np.float32]] = []
    measured: list[Line] = []
    predicted: list[Line] = []
    for mark, lane in zip(marks, lanes, strict=True):
        points = lane.points(mark.times_ns, mark.values.T)
        for run in _runs(mark):
            value, low, high = points[:, run]
            bands.append(np.concatenate((high, low[::-1])))
            for part, is_predicted in _parts(value, mark.predicted[run]):
                (predicted if is_predicted else measured).append(part)
    first, last = lanes[0].plot, lanes[-1].plot
    _fill_bands(sheet.picture, bands, Box(first.x, first.y, first.width, last.bottom - first.y))
    width_px = 1 if sheet.size < 20 else 2
    draw_lines(sheet.picture, measured, ICE, width_px)
    draw_dashes(sheet.picture, predicted, WARNING, width_px, 4.0 * width_px)


def _runs(mark: SeriesMark) -> Iterator[slice]:
    """Parts of the course without a gap."""
    starts = [0, *(np.flatnonzero(~mark.joined[1:]) + 1).tolist()]
    for start, end in zip(starts, [*starts[1:], mark.joined.size], strict=True):
        yield slice(start, end)


def _fill_bands(picture: NDArray[np.uint8], bands: Sequence[NDArray[np.float32]], around: Box) -> None:
    """around: all lanes, in which what is not filled stays as it is."""
    target = around.cut(picture)
    tinted = target.copy()
    corners = np.rint(np.concatenate(bands) - np.array((around.x, around.y), np.float32)).astype(np.int32)
    start = 0
    for band in bands:
        cv2.fillPoly(tinted, [corners[start : start + len(band)]], SKY)
        start += len(band)
    cv2.addWeighted(tinted, _BAND, target, 1 - _BAND, 0, target)


def _parts(points: NDArray[np.float32], predicted: NDArray[np.bool_]) -> Iterator[tuple[Line, bool]]:
    """What was measured and what is predicted, in turn; each but the first begins at the last point before it."""
    if len(points) == 1:
        points = np.concatenate((points, points + 1))
    changes = (np.flatnonzero(predicted[1:] != predicted[:-1]) + 1).tolist()
    for start, end in zip([0, *changes], [*changes, len(points)], strict=True):
        yield points[max(0, start - 1) : end], bool(predicted[start])
