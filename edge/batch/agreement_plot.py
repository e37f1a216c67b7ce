"""Bland and Altman's plot of one measurement by A and by B, with each device's shift beside it. Needs matplotlib."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from edge.batch.comparison import Paired, Shift
from edge.exam.plot import GREY, ROUND, WIDTH, printed
from edge.terms import Terms, decimals_of, plain_unit

PANEL: Final = 150.0
"""In points, as WIDTH and all lengths here."""
LEFT, RIGHT, TOP, UNDER = 46.0, 6.0, 20.0, 30.0
LINE: Final = 9.5
ABREAST: Final = 3
"""Devices in a row under the plot."""
COLOURS: Final = ("#005aa0", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
"""Told apart with every kind of colour vision; together with the marks also in print without colours."""
MARKS: Final = ("o", "s", "^", "D", "v", "P", "X")
OTHERS: Final = "other devices"
OTHERS_COLOUR: Final = "#b0b0b0"
MOST_SIGNS: Final = 38
"""Of a device's name in the key."""
MANY: Final = 2000
"""Points: an SVG holds them as a picture."""
MORE_DECIMALS: Final = 2
"""Than a measurement is told with: shifts are small."""


@printed
def agreement_plot(paired: Paired, shifts: Sequence[Shift], terms: Terms, names: tuple[str, str]) -> Figure:
    """Differences against means, a point per recording, with shift and limits; beside them the shift of each device.

    shifts: as `shifts_of` gives them. names: of A and B.
    """
    whole, by_device = shifts[0], {one.device: one for one in shifts[1:]}
    shown = _shown(by_device)
    key_rows = ceil((len(shown) + (len(by_device) > len(shown))) / ABREAST)
    under = UNDER + LINE * (key_rows + 3)
    height = TOP + PANEL + under
    figure = Figure((WIDTH / 72, height / 72))
    words, unit = terms.words(paired.quantity.name), plain_unit(paired.quantity.unit)
    figure.set_label(f"{words}: agreement of {names[0]} and {names[1]}")
    room = {"left": LEFT / WIDTH, "right": 1 - RIGHT / WIDTH, "top": 1 - TOP / height, "bottom": under / height}
    grid = {**room, "wspace": 0.02, "width_ratios": (2.6, 1)}
    main, beside = figure.subplots(1, 2, sharey=True, gridspec_kw=grid)
    _draw_points(main, paired, shown)
    _draw_lines(main, whole, decimals_of(whole.unit, terms.measurement(paired.quantity.name)) + MORE_DECIMALS)
    _draw_devices(beside, by_device, shown)
    in_unit = f" ({unit})" if unit else ""
    main.set_xlabel(f"Mean of A and B{in_unit}")
    main.set_ylabel(f"B − A{in_unit}")
    main.set_title(f"{words}, {whole.recordings} recordings", loc="left", fontsize=8, weight="bold")
    beside.set_title("Shift by device (95 % CI)", loc="left", fontsize=7)
    handles, labels = main.get_legend_handles_labels()
    key_top = (under - UNDER - 2) / height
    figure.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(LEFT / WIDTH, key_top), ncols=ABREAST, handlelength=1.0
    )
    figure.text(LEFT / WIDTH, 4 / height, f"A: {names[0]}\nB: {names[1]}", va="bottom")
    return figure


def _shown(by_device: Mapping[str, Shift]) -> dict[str, tuple[str, str]]:
    """Colour and mark of the devices that have most recordings; the others share one."""
    counts = Counter({name: one.recordings for name, one in by_device.items()})
    chosen = sorted(name for name, _ in counts.most_common(len(COLOURS)))
    return {name: (COLOURS[place], MARKS[place]) for place, name in enumerate(chosen)}


def _draw_points(axes: Axes, paired: Paired, shown: Mapping[str, tuple[str, str]]) -> None:
    devices = np.array([device if device in shown else OTHERS for device in paired.devices])
    means, off = (paired.a + paired.b) / 2, paired.differences
    size = 9.0 if len(off) < 200 else 4.0
    for device in (*shown, OTHERS):
        chosen = devices == device
        if chosen.any():
            colour, mark = shown.get(device, (OTHERS_COLOUR, "o"))
            axes.scatter(
                means[chosen],
                off[chosen],
                s=size,
                c=colour,
                marker=mark,
                alpha=0.7,
                linewidths=0,
                rasterized=len(off) > MANY,
                zorder=1.5 if device == OTHERS else 2,
                label=f"{_short(device)} ({np.count_nonzero(chosen)})",
            )
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=ROUND))
    axes.yaxis.set_major_locator(MaxNLocator(8, steps=ROUND))
    axes.margins(0.04, 0.12)


def _draw_lines(axes: Axes, whole: Shift, places: int) -> None:
    """No difference, the shift and the limits, each with its confidence and its value at the right edge."""
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=1)
    for value, name, dashes, half in (
        (whole.shift, "shift", "solid", (whole.shift_high - whole.shift_low) / 2),
        (whole.limit_high, "+1.96 SD", (0, (4, 3)), whole.limit_half),
        (whole.limit_low, "−1.96 SD", (0, (4, 3)), whole.limit_half),
    ):
        if not np.isfinite(value):
            continue
        axes.axhline(value, color="black", linewidth=0.8, linestyle=dashes, zorder=3)
        if np.isfinite(half) and half > 0:
            axes.axhspan(value - half, value + half, color="black", alpha=0.07, linewidth=0, zorder=0)
        told = f"{name} {value:+.{places}f}".replace("-", "−")
        above = value >= whole.shift
        axes.annotate(
            told,
            (1, value),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 2 if above else -2),
            textcoords="offset points",
            ha="right",
            va="bottom" if above else "top",
            fontsize=6.5,
            zorder=4,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "alpha": 0.7, "linewidth": 0},
        )


def _draw_devices(axes: Axes, by_device: Mapping[str, Shift], shown: Mapping[str, tuple[str, str]]) -> None:
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=1)
    for place, (device, (colour, mark)) in enumerate(shown.items()):
        one = by_device[device]
        if np.isfinite(one.shift_low):
            axes.vlines(place, one.shift_low, one.shift_high, color=colour, linewidth=1.2, zorder=2)
        axes.plot(place, one.shift, mark, color=colour, markersize=4, zorder=3)
    axes.set_xticks(())
    axes.set_xlim(-0.6, len(shown) - 0.4)
    axes.tick_params(left=False, labelleft=False)
    axes.spines["left"].set_visible(False)


def _short(name: str) -> str:
    return name if len(name) <= MOST_SIGNS else name[: MOST_SIGNS - 1] + "…"
