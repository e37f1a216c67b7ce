"""Measurements against seconds, as a figure: a panel a quantity over one time axis, gaps left open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.exam.figure import INK, PALE, Area, Dots, Figure, Item, Label, Picture, Points, Polyline, Rgb
from edge.exam.series import Quantity, Series
from edge.overlay.field import wheel
from edge.overlay.strip_chart import round_step
from edge.overlay.wording import plain as plain_name
from edge.overlay.wording import plain_unit

WIDTH: Final = 510.0
"""Two columns of a journal: 180 mm."""
PREFERRED: Final = ("fascicle_angle", "pennation_angle", "fascicle_length", "muscle_thickness")
MOST_PANELS: Final = 3
LEFT, RIGHT, TOP, BOTTOM = 52.0, 10.0, 16.0, 30.0
PANEL: Final = 84.0
BETWEEN: Final = 14.0
ABREAST: Final = 3
"""Pictures side by side: narrower ones do not show single fascicles."""
CAPTION: Final = 15.0
"""Of the time under a picture."""
KEY_WIDTH: Final = 7.0
KEY_LABELS: Final = (90, 45, 0, -45, -90)
BLUE: Final[Rgb] = (0, 90, 160)
ORANGE: Final[Rgb] = (213, 94, 0)
BAND: Final = 0.18
GAP_STEPS: Final = 3.0
"""Times the usual step from frame to frame: what is longer is a gap."""
MOST_DOTS: Final = 1200
FEW: Final = 100
"""Frames: each is seen by itself."""
LEAST_SPAN_DEG: Final = 5.0
LEAST_SPAN_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A picture with what was found drawn on it."""

    seconds: float
    pixels: NDArray[np.uint8]
    """(height, width, 3) BGR."""
    coloured: bool = False
    """Whether its colours are directions (overlay.field.wheel)."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One quantity's course; rows without a value are left out."""

    quantity: Quantity
    seconds: NDArray[np.float64]
    values: NDArray[np.float64]
    """(n, 3): the value, and the ends of its interval."""
    singles: NDArray[np.float64]
    """(n,) what each frame alone said; NaN where it said nothing or nothing was followed."""
    predicted: NDArray[np.bool_]
    joined: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Axes:
    """A panel's place and what its edges stand for."""

    x: float
    y: float
    width: float
    height: float
    start: float
    end: float
    bottom: float
    top: float

    def across(self, seconds: float) -> float:
        return self.x + (seconds - self.start) / (self.end - self.start) * self.width

    def points(self, seconds: NDArray[np.float64], values: NDArray[np.float64]) -> Points:
        x = self.x + (seconds - self.start) / (self.end - self.start) * self.width
        y = self.y + (self.top - values) / (self.top - self.bottom) * self.height
        return np.stack((x, np.clip(y, self.y, self.y + self.height)), axis=1)


def plot(series: Series, stills: Sequence[Still] = ()) -> Figure:
    """The curves; with `stills`, above them these pictures with their times: the course at a glance."""
    curves = [curve for index in charted(series) if (curve := curve_of(series, index)).seconds.size]
    strip = list(_strip(stills)) if stills else []
    head = TOP + (_strip_height(stills) + BETWEEN if stills else 0.0)
    height = head + len(curves) * (PANEL + BETWEEN) - BETWEEN + BOTTOM
    start, end = _time_span(series)
    items = list(strip)
    for number, curve in enumerate(curves):
        y = head + number * (PANEL + BETWEEN)
        axes = Axes(LEFT, y, WIDTH - LEFT - RIGHT, PANEL, start, end, *value_span(curve))
        items += _panel(curve, axes, last=number == len(curves) - 1)
        items += [_pointer(axes, still.seconds) for still in stills]
        if len(curves) + bool(stills) > 1:
            items.append(_letter(number + bool(stills), y))
    items += _legend(curves, head)
    return Figure(WIDTH, height, f"{plain_name(series.task)}: measurements against seconds", tuple(items))


def charted(series: Series) -> tuple[int, ...]:
    """Positions of the quantities that have a panel."""
    preferred = [index for name in PREFERRED if (index := series.position(name)) is not None]
    return tuple(preferred or range(min(MOST_PANELS, len(series.quantities))))


def curve_of(series: Series, index: int) -> Curve:
    """The course of the quantity at `index`."""
    known = [(instant, one) for instant in series.instants if (one := instant.values[index]) is not None]
    seconds = np.array([instant.seconds for instant, _ in known])
    values = np.array([(one.value, one.low, one.high) for _, one in known]).reshape(-1, 3)
    singles = np.array([np.nan if one.single is None else one.single for _, one in known])
    predicted = np.array([instant.predicted[index] for instant, _ in known], bool)
    order = {instant.sequence: place for place, instant in enumerate(series.instants)}
    places = np.array([order[instant.sequence] for instant, _ in known])
    joined = np.diff(places, prepend=-1) == 1
    usual = float(np.median(np.diff([instant.seconds for instant in series.instants]))) if known[1:] else 0.0
    joined &= np.diff(seconds, prepend=-np.inf) <= GAP_STEPS * usual
    return Curve(series.quantities[index], seconds, values, singles, predicted, joined)


def value_span(curve: Curve) -> tuple[float, float]:
    """Values at a panel's bottom and top: around the course, its intervals unless they grow far, most single frames."""
    values, low, high = curve.values.T
    singles = curve.singles[np.isfinite(curve.singles)]
    outer = np.percentile(singles, (1, 99)) if singles.size else values[[0, 0]]
    lowest, highest = values.min() - 2 * np.nanmedian(values - low), values.max() + 2 * np.nanmedian(high - values)
    bottom = min(float(np.fmax(lowest, np.fmin.reduce(low))), float(outer[0]))
    top = max(float(np.fmin(highest, np.fmax.reduce(high))), float(outer[1]))
    least = LEAST_SPAN_DEG if curve.quantity.unit == "deg" else LEAST_SPAN_SHARE * abs(bottom + top) / 2
    wider = max(0.0, least - (top - bottom), 1e-6 * abs(top)) / 2
    step = round_step((top - bottom + 2 * wider) / 4)
    return floor((bottom - wider) / step) * step, ceil((top + wider) / step) * step


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from `low` to `high`, at most so many and one."""
    step = round_step((high - low) / most)
    return [step * number for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _time_span(series: Series) -> tuple[float, float]:
    end = series.instants[-1].seconds if series.instants else 0.0
    return 0.0, end or 1.0


def _panel(curve: Curve, axes: Axes, *, last: bool) -> Iterator[Item]:
    yield from _value_axis(curve.quantity, axes)
    yield from _time_axis(axes, labelled=last)
    runs = list(_runs(curve.joined))
    for run in runs:
        low, high = (axes.points(curve.seconds[run], curve.values[run, end]) for end in (1, 2))
        if len(low) > 1:
            yield Area(np.concatenate((high, low[::-1])), BLUE, BAND)
    told = np.isfinite(curve.singles)
    every = max(1, np.count_nonzero(told) // MOST_DOTS)
    radius = 0.7 if len(told) > FEW else 1.3
    yield Dots(axes.points(curve.seconds[told][::every], curve.singles[told][::every]), PALE, radius)
    for run in runs:
        yield from _course(axes.points(curve.seconds[run], curve.values[run, 0]), curve.predicted[run])


def _course(points: Points, predicted: NDArray[np.bool_]) -> Iterator[Item]:
    """Whole where it was measured, dashed where it is predicted; what stands alone is a dot."""
    if len(points) == 1:
        yield Dots(points, ORANGE if predicted[0] else BLUE, 1.2)
        return
    changes = (np.flatnonzero(np.diff(predicted)) + 1).tolist()
    for start, end in zip([0, *changes], [*changes, len(points)], strict=True):
        part = points[max(0, start - 1) : end]
        yield Polyline(part, ORANGE, 1.1, 3.0) if predicted[start] else Polyline(part, BLUE, 1.1)


def _runs(joined: NDArray[np.bool_]) -> Iterator[slice]:
    starts = [0, *(np.flatnonzero(~joined[1:]) + 1).tolist()]
    for start, end in zip(starts, [*starts[1:], len(joined)], strict=True):
        yield slice(start, end)


def _value_axis(quantity: Quantity, axes: Axes) -> Iterator[Item]:
    edge = np.array([[axes.x, axes.y], [axes.x, axes.y + axes.height]])
    for value in ticks(axes.bottom, axes.top, 6):
        ((_, y),) = axes.points(np.array([axes.start]), np.array([value])).tolist()
        if axes.bottom < value < axes.top:
            yield Polyline(np.array([[axes.x, y], [axes.x + axes.width, y]]), (232, 232, 232), 0.5)
        yield Polyline(np.array([[axes.x - 3, y], [axes.x, y]]))
        yield Label(f"{value:g}", axes.x - 5, y + 2.7, 7.5, anchor="end")
    yield Polyline(edge)
    unit = plain_unit(quantity.unit)
    name = f"{plain_name(quantity.name)} ({unit})" if unit else plain_name(quantity.name)
    yield Label(name, 23.0, axes.y + axes.height / 2, 8.0, anchor="middle", turned=True)


def _time_axis(axes: Axes, *, labelled: bool) -> Iterator[Item]:
    y = axes.y + axes.height
    yield Polyline(np.array([[axes.x, y], [axes.x + axes.width, y]]))
    for seconds in ticks(axes.start, axes.end, 10):
        x = axes.across(seconds)
        yield Polyline(np.array([[x, y], [x, y + 3]]))
        if labelled:
            yield Label(f"{seconds:g}", x, y + 11, 7.5, anchor="middle")
    if labelled:
        yield Label("Time (s)", axes.x + axes.width / 2, y + 23, 8.0, anchor="middle")


def _pointer(axes: Axes, seconds: float) -> Item:
    """Where a picture was taken."""
    x = axes.across(seconds)
    return Polyline(np.array([[x, axes.y], [x, axes.y + axes.height]]), PALE, 0.5, 2.0)


def _letter(number: int, y: float) -> Item:
    return Label("abcdef"[number], 4.0, y + 3, 10.0, bold=True)


def _legend(curves: Sequence[Curve], head: float) -> Iterator[Item]:
    """Samples of what is there, from the right, above the first panel."""
    y, x = head - 5.0, WIDTH - RIGHT
    followed = any(np.isfinite(curve.singles).any() for curve in curves)
    for text, shown in (
        ("predicted", any(curve.predicted.any() for curve in curves)),
        ("single frames", followed),
        ("90 % interval", bool(curves)),
        ("followed over time" if followed else "measured", bool(curves)),
    ):
        if not shown:
            continue
        x -= 4.0 * len(text) + 6.0
        yield Label(text, x, y, 7.5)
        yield _sample(text, x - 14.0, y - 2.5)
        x -= 24.0


def _sample(text: str, x: float, y: float) -> Item:
    line = np.array([[x, y], [x + 11.0, y]])
    match text:
        case "predicted":
            return Polyline(line, ORANGE, 1.1, 3.0)
        case "single frames":
            return Dots(line + np.array([[2.0, 0.0], [-2.0, 0.0]]), PALE, 0.9)
        case "90 % interval":
            corners = np.array([[x, y - 3], [x + 11.0, y - 3], [x + 11.0, y + 3], [x, y + 3]])
            return Area(corners, BLUE, BAND)
        case _:
            return Polyline(line, BLUE, 1.1)


def _strip_height(stills: Sequence[Still]) -> float:
    return ceil(len(stills) / ABREAST) * (_still_height(stills) + CAPTION)


def _still_width() -> float:
    return (WIDTH - LEFT - RIGHT - (ABREAST - 1) * 4.0) / ABREAST


def _still_height(stills: Sequence[Still]) -> float:
    """Of the highest picture as wide as there is room for."""
    return _still_width() * max(float(still.pixels.shape[0] / still.pixels.shape[1]) for still in stills)


def _strip(stills: Sequence[Still]) -> Iterator[Item]:
    """The pictures in rows, the time under each, and what their colours mean."""
    width, height = _still_width(), _still_height(stills)
    yield _letter(0, TOP)
    if any(still.coloured for still in stills):
        yield from _key(TOP + 14.0, height - 28.0)
    for number, still in enumerate(stills):
        row, column = divmod(number, ABREAST)
        x, y = LEFT + column * (width + 4.0), TOP + row * (height + CAPTION)
        own = width * float(still.pixels.shape[0] / still.pixels.shape[1])
        yield Picture(still.pixels, x, y, width, own)
        yield Label(f"{still.seconds:.2f} s", x + width / 2, y + height + 9.0, 7.5, INK, "middle")


def _key(y: float, height: float) -> Iterator[Item]:
    """Which colour is which direction, left of the pictures."""
    x = LEFT - KEY_WIDTH - 6.0
    bar = wheel()[np.arange(90, -91, -1) % 180].round().astype(np.uint8)
    yield Picture(bar[:, None], x, y, KEY_WIDTH, height)
    for degrees in KEY_LABELS:
        yield Label(f"{degrees}°", x - 3.0, y + (90 - degrees) / 180 * height + 2.7, 7.5, anchor="end")
    yield Label("Direction", 12.0, y + height / 2, 8.0, anchor="middle", turned=True)
