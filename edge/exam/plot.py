"""A run's measurements as a figure for print: a panel per quantity over one axis of time, or of frames where the source
tells no times; gaps left open.

Needs matplotlib. Whatever a user's matplotlibrc says, the same run gives the same files.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from string import ascii_lowercase
from typing import Any, Final, Literal

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from edge.exam.series import Quantity, Series
from edge.exam.summary import ReasonTally
from edge.finding import Verdict
from edge.overlay.field import wheel
from edge.overlay.wording import plain
from edge.sink.folder import write_whole
from edge.terms import Terms, plain_unit

Kind = Literal["png", "svg"]
KINDS: Final[tuple[Kind, ...]] = ("png", "svg")

WIDTH: Final = 180 / 25.4 * 72
"""In points, as all lengths here: two columns of a journal."""
LEFT, RIGHT, TOP, BOTTOM = 52.0, 6.0, 18.0, 30.0
PANEL, BETWEEN = 84.0, 14.0
ABREAST: Final = 3
"""Pictures side by side: narrower ones do not show single fibres."""
APART: Final = 4.0
PICTURE_WIDTH: Final = (WIDTH - LEFT - RIGHT - (ABREAST - 1) * APART) / ABREAST
KEY_WIDTH: Final = 7.0
CAPTION: Final = 15.0
"""Of the time under a picture."""
MOST_PANELS: Final = 3
LINE: Final = 9.0
"""Of what is said under the curves."""
MOST_REASONS: Final = 3
SAID_SIGNS: Final = 130
BAR: Final = 0.035
"""Height of the bar under frames that are limited, as a share of a panel."""
BLUE, ORANGE, GREY, PALE, AMBER = "#005aa0", "#d55e00", "#909090", "#f0f0f0", "#e0a000"
"""Told apart with every kind of colour vision, and in print without colours by their lightness and dashes."""
BAND: Final = 0.18
GAP_STEPS: Final = 3.0
"""Times the usual step from frame to frame: what is longer is a gap."""
MOST_DOTS: Final = 1200
FEW: Final = 100
"""Frames: each is seen by itself."""
LEAST_SPAN_DEG: Final = 5.0
LEAST_SPAN_SHARE: Final = 0.1
ROUND: Final = (1.0, 2.0, 5.0, 10.0)

printed = style.context(
    (
        "default",
        {
            "font.family": "sans-serif",
            # The first comes with matplotlib, so that pictures are the same everywhere; the others are for SVG readers.
            "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],
            "font.size": 7,
            "axes.labelsize": 7.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "grid.color": "#e4e4e4",
            "grid.linewidth": 0.5,
            "lines.linewidth": 1.1,
            "lines.markeredgewidth": 0,
            "legend.frameon": False,
            "legend.borderaxespad": 0.2,
            "legend.borderpad": 0,
            "legend.handlelength": 1.8,
            # A long run's line has more points than can be drawn in one go.
            "agg.path.chunksize": 10_000,
            "svg.fonttype": "none",
            "svg.hashsalt": "sonoedge",
        },
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A picture with what was found drawn on it."""

    position: float
    """Along the course: seconds, or the frame's number where there are none."""
    pixels: NDArray[np.uint8]
    """(height, width, 3) BGR."""
    coloured: bool = False
    """Whether its colours are directions (overlay.field.wheel)."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One quantity's course. A row per frame, and one of NaN where frames were not read."""

    quantity: Quantity
    positions: NDArray[np.float64]
    """(n,), along the course."""
    rows: NDArray[np.float64]
    """(n, 4): value, both ends of its interval, what the frame alone said; NaN where it is not known."""
    predicted: NDArray[np.bool_]
    """(n,)"""
    named: Mapping[float, str] = field(default_factory=dict)
    """Name by value; empty: its values are numbers."""


@printed
def plot(course: Series, terms: Terms, stills: Sequence[Still] = ()) -> Figure:
    """The curves that the task's `terms` choose; with `stills`, above them these pictures with their times."""
    curves = [curve_of(course, index) for index in charted(course, terms)]
    head = TOP + (_strip_height(stills) + BETWEEN if stills else 0.0)
    panels_height = len(curves) * (PANEL + BETWEEN) - BETWEEN
    said = _limits(course)
    figure = Figure((WIDTH / 72, (head + panels_height + BOTTOM + LINE * len(said)) / 72))
    axis = "seconds" if course.timed else "frames"
    figure.set_label(f"{plain(course.task).capitalize()}: measurements against {axis}")
    blocks = [_draw_stills(figure, stills, course.timed)] if stills else []
    if curves:
        room = _room(figure, head, panels_height) | {"hspace": BETWEEN / PANEL}
        panels = list(figure.subplots(len(curves), sharex=True, squeeze=False, gridspec_kw=room)[:, 0])
        _draw_curves(panels, curves, course, terms)
        for axes in panels:
            for still in stills:
                axes.axvline(still.position, color=GREY, linewidth=0.5, linestyle=(0, (4, 4)), zorder=0.5)
        blocks += panels
    for number, line in enumerate(reversed(said)):
        figure.text(LEFT / WIDTH, (4 + LINE * number) / (72 * figure.get_figheight()), line)
    for letter, axes in zip(ascii_lowercase, blocks if len(blocks) > 1 else (), strict=False):
        corner = ("figure points", "axes fraction")
        axes.annotate(letter, (4, 1), xycoords=corner, annotation_clip=False, va="center", size=10, weight="bold")
    return figure


@printed
def file_of(figure: Figure, kind: Kind) -> bytes:
    """The figure as a PNG or an SVG document, in which texts stay texts; its label is the title in the metadata."""
    for axes in figure.axes:
        for picture in axes.images:
            # SVG holds the pictures' own pixels.
            picture.set_interpolation("none" if kind == "svg" else "antialiased")
    said = {"Title": figure.get_label(), **dict.fromkeys(("Date", "Creator") if kind == "svg" else ("Software",))}
    # Noise hardly gets smaller with more effort, and the time grows many times.
    how: dict[str, Any] = {"pil_kwargs": {"compress_level": 1}} if kind == "png" else {}
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=300, metadata=said, **how)
    return content.getvalue()


def save_figure(figure: Figure, folder: Path, stem: str) -> list[str]:
    """Writes it as PNG and as SVG; the names of the files. Raises SinkError."""
    names = []
    for kind in KINDS:
        names.append(f"{stem}.{kind}")
        write_whole(folder / names[-1], file_of(figure, kind))
    return names


def charted(course: Series, terms: Terms) -> tuple[int, ...]:
    """Positions of the quantities that have a panel: the declared curves, or the first three where there are none."""
    declared = [index for name in terms.curves() if (index := course.position(name)) is not None]
    return tuple(declared or range(min(MOST_PANELS, len(course.quantities))))


def curve_of(course: Series, index: int) -> Curve:
    """The course of the quantity at `index`."""
    found = [instant.values[index] for instant in course.instants]
    cells = [(None,) * 4 if one is None else (one.value, one.low, one.high, one.single) for one in found]
    predicted = np.array([instant.predicted[index] for instant in course.instants], bool)
    along = positions(course)
    steps = np.diff(along)
    unread = 1 + np.flatnonzero(steps > GAP_STEPS * (np.median(steps) if steps.size else 0))
    return Curve(
        course.quantities[index],
        np.insert(along, unread, np.nan),
        np.insert(np.array(cells, float), unread, np.nan, axis=0),
        np.insert(predicted, unread, False),
        course.named(index),
    )


def value_span(curve: Curve) -> tuple[float, float]:
    """Values that a panel shows: the course, its intervals unless they grow far, most single frames."""
    value, low, high, single = curve.rows[np.isfinite(curve.rows[:, 0])].T
    low, high = np.fmin(low, value), np.fmax(high, value)
    outer = np.percentile(single[np.isfinite(single)] if np.isfinite(single).any() else value[:1], (1, 99))
    bottom = min(max(low.min(), value.min() - 2 * np.median(value - low)), outer[0])
    top = max(min(high.max(), value.max() + 2 * np.median(high - value)), outer[1])
    least = LEAST_SPAN_DEG if curve.quantity.unit == "deg" else LEAST_SPAN_SHARE * abs(bottom + top) / 2
    wider = max(0.0, (least or 1.0) - (top - bottom)) / 2
    return float(bottom - wider), float(top + wider)


def _limits(course: Series) -> list[str]:
    """Why frames are limited, a line for each of the most frequent reasons."""
    tally = ReasonTally()
    for instant in course.instants:
        if instant.verdict == Verdict.LIMITED:
            tally.add(instant.reasons)
    told = tally.counted()
    lines = [f"Limited, {count} of {len(course.instants)} frames: {reason}" for reason, count in told[:MOST_REASONS]]
    return [line if len(line) <= SAID_SIGNS else line[: SAID_SIGNS - 3] + "..." for line in lines]


def spans_of(verdict: Verdict, course: Series) -> Iterator[tuple[float, float]]:
    """Start and length, along the course, of what lies between the frames that have another verdict."""
    along = positions(course)
    step = float(np.median(np.diff(along))) if len(along) > 1 else 0.0
    having = np.pad([instant.verdict == verdict for instant in course.instants], 1)
    changes = np.flatnonzero(np.diff(having))
    for first, after in changes.reshape(-1, 2).tolist():
        yield along[first] - step, along[after - 1] - along[first] + 2 * step


def positions(course: Series) -> NDArray[np.float64]:
    """(frames,) seconds since the first frame, or the frames' numbers where the source tells no times."""
    is_timed = course.timed
    return np.array([each.seconds if is_timed else each.sequence for each in course.instants], float)


def _draw_curves(panels: Sequence[Axes], curves: Sequence[Curve], course: Series, terms: Terms) -> None:
    along = positions(course)
    first, length = float(along[0]), float(along[-1] - along[0]) or 1.0
    followed = any(np.isfinite(curve.rows[:, 3]).any() for curve in curves)
    shades = (("refused", Verdict.REFUSED, 1.0, PALE), ("limited", Verdict.LIMITED, BAR, AMBER))
    spans = [(*shade, found) for shade in shades if (found := list(spans_of(shade[1], course)))]
    for axes, curve in zip(panels, curves, strict=True):
        _draw_curve(axes, curve, "followed over time" if followed else "measured")
        across = axes.get_xaxis_transform()
        for name, _, height, colour, places in spans:
            axes.broken_barh(places, (0, height), transform=across, color=colour, linewidth=0, zorder=0, label=name)
        unit = plain_unit(curve.quantity.unit)
        axes.set_ylabel(terms.words(curve.quantity.name) + (f" ({unit})" if unit else ""))
        ticks = MaxNLocator(6, steps=ROUND).tick_values(*value_span(curve))
        axes.set_yticks(sorted(curve.named) or ticks, [curve.named[one] for one in sorted(curve.named)] or None)
        axes.set_ylim(ticks[0], ticks[-1])
        axes.grid(axis="y")
    panels[0].figure.align_ylabels(panels)
    panels[-1].set_xlabel("Time (s)" if course.timed else "Frame")
    panels[-1].xaxis.set_major_locator(MaxNLocator(10, steps=ROUND, integer=not course.timed))
    panels[-1].set_xlim(first - 0.006 * length, first + 1.006 * length)
    known = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    handles, labels = list(known.values()), list(known)
    panels[0].legend(handles, labels, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(known))


def _draw_curve(axes: Axes, curve: Curve, label: str) -> None:
    """Whole where it was measured, dashed where it is predicted; what stands alone is a dot with its interval."""
    along, (value, low, high, single) = curve.positions, curve.rows.T
    beside = np.pad(curve.predicted, 1)
    joins = curve.predicted | beside[:-2] | beside[2:]
    for name, colour, dashes, own in (
        (label, BLUE, "solid", np.where(curve.predicted, np.nan, value)),
        ("predicted", ORANGE, (0, (2.6, 1.6)), np.where(joins, value, np.nan)),
    ):
        if np.isfinite(own).any():
            axes.plot(along, own, color=colour, linestyle=dashes, zorder=3, label=name)
            dots = _alone(own)
            axes.plot(along[dots], own[dots], "o", color=colour, markersize=2.6, zorder=3)
    if np.isfinite(high - low).any():
        axes.fill_between(along, low, high, color=BLUE, alpha=BAND, linewidth=0, zorder=1, label="90 % interval")
    alone = _alone(value)
    axes.vlines(along[alone], low[alone], high[alone], color=BLUE, alpha=2 * BAND, linewidth=1.1, zorder=1)
    told = np.flatnonzero(np.isfinite(single))
    if told.size:
        shown = told[:: max(1, told.size // MOST_DOTS)]
        size = 2.6 if np.isfinite(value).sum() <= FEW else 1.4
        axes.plot(along[shown], single[shown], "o", color=GREY, markersize=size, zorder=2, label="single frames")


def _alone(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where a value is known and neither of its neighbours is."""
    known = np.pad(np.isfinite(values), 1)
    alone: NDArray[np.bool_] = known[1:-1] & ~known[:-2] & ~known[2:]
    return alone


def _picture_height(stills: Sequence[Still]) -> float:
    """Of the highest picture as wide as there is room for."""
    return PICTURE_WIDTH * max(float(still.pixels.shape[0] / still.pixels.shape[1]) for still in stills)


def _strip_height(stills: Sequence[Still]) -> float:
    return ceil(len(stills) / ABREAST) * (_picture_height(stills) + CAPTION)


def _draw_stills(figure: Figure, stills: Sequence[Still], timed: bool) -> Axes:
    """The pictures in rows, the time under each, and what their colours mean; the first picture's axes."""
    high = _picture_height(stills)
    room = _room(figure, TOP, _strip_height(stills) - CAPTION)
    room |= {"wspace": APART / PICTURE_WIDTH, "hspace": CAPTION / high}
    grid = figure.add_gridspec(ceil(len(stills) / ABREAST), ABREAST, **room)
    placed = [figure.add_subplot(grid[divmod(number, ABREAST)]) for number in range(len(stills))]
    for axes, still in zip(placed, stills, strict=True):
        axes.imshow(still.pixels[..., ::-1])
        axes.set_axis_off()
        axes.set_anchor("N")
        caption = f"{still.position:.2f} s" if timed else f"Frame {still.position:g}"
        axes.set_title(caption, fontsize="medium", y=0, pad=-10)
    if any(still.coloured for still in stills):
        _draw_key(figure, _room(figure, TOP + 14, max(40.0, high - 28)))
    return placed[0]


def _draw_key(figure: Figure, room: dict[str, float]) -> None:
    """Which colour is which direction, left of the pictures."""
    place = ((LEFT - KEY_WIDTH - 6) / WIDTH, room["bottom"], KEY_WIDTH / WIDTH, room["top"] - room["bottom"])
    axes = figure.add_axes(place)
    colours = wheel()[np.arange(-90, 91) % 180, ::-1].round().astype(np.uint8)
    axes.imshow(colours[:, None], aspect="auto", origin="lower", extent=(0, 1, -90, 90))
    axes.set_xticks(())
    axes.set_yticks((-90, -45, 0, 45, 90))
    axes.yaxis.set_major_formatter("{x:g}°")
    axes.tick_params(left=False, pad=2)
    axes.spines[:].set_visible(False)
    axes.set_ylabel("Direction")


def _room(figure: Figure, y: float, height: float) -> dict[str, float]:
    """Edges, as shares of the figure, of a block between its margins that begins `y` under its top."""
    whole = 72 * figure.get_figheight()
    top = 1 - y / whole
    return {"left": LEFT / WIDTH, "right": 1 - RIGHT / WIDTH, "top": top, "bottom": top - height / whole}
