"""Plots for the page: PNG, wide enough to be read in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

INK, OURS, OTHERS, BARE = "#202124", "#0b6e4f", "#8aa0b4", "#c9ced6"
COLOURS = ("#0b6e4f", "#b3541e", "#3a5a9b", "#7a4f9a", "#6b7280")
Bar = tuple[str, float, float, bool]
"""Name, milliseconds, those of bare inference among them, whether it is ours."""


def bars(panels: Sequence[tuple[str, Sequence[Bar]]]) -> Any:
    """A panel with its bars under the other; the share of bare inference is paler."""
    pyplot = _pyplot()
    heights = [max(len(rows), 1) for _, rows in panels]
    figure, axes = pyplot.subplots(
        len(panels), 1, figsize=(9, 1.2 * len(panels) + 0.27 * sum(heights)), squeeze=False, height_ratios=heights
    )
    for axis, (title, rows) in zip(axes[:, 0], panels, strict=True):
        names, places = [row[0] for row in rows], range(len(rows))
        colours = [OURS if row[3] else OTHERS for row in rows]
        axis.barh(places, [row[1] for row in rows], color=colours)
        axis.barh(places, [min(row[2], row[1]) for row in rows], color=BARE, height=0.35)
        for place, row in zip(places, rows, strict=True):
            axis.text(row[1], place, f" {row[1]:.1f}", va="center", fontsize=8, color=INK)
        axis.set_yticks(list(places), names, fontsize=8)
        axis.invert_yaxis()
        axis.set_title(title, fontsize=10, loc="left")
        axis.set_xlabel("ms a frame; pale: bare inference of the same engine", fontsize=8)
        _plain(axis)
    figure.tight_layout()
    return figure


def lines(panels: Sequence[tuple[str, str, str, Mapping[str, Sequence[tuple[float, float]]]]], columns: int = 2) -> Any:
    """Panels of (title, what is along x, what is along y, points of each line by its name); y begins at 0."""
    pyplot = _pyplot()
    down = -(-len(panels) // columns)
    figure, axes = pyplot.subplots(down, columns, figsize=(4.5 * columns, 2.9 * down), squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.axis("off")
    for axis, (title, along_x, along_y, drawn) in zip(axes.flat, panels, strict=False):
        for colour, (name, points) in zip(COLOURS * len(drawn), drawn.items(), strict=False):
            marker = "o" if len(points) <= 20 else None
            xs, ys = [point[0] for point in points], [point[1] for point in points]
            axis.plot(xs, ys, marker=marker, markersize=4, linewidth=1.4, label=name, color=colour)
        axis.set_ylim(0, 1.1 * max((point[1] for points in drawn.values() for point in points), default=1) or 1)
        axis.set_title(title, fontsize=10, loc="left")
        axis.set_xlabel(along_x, fontsize=8)
        axis.set_ylabel(along_y, fontsize=8)
        if len(drawn) > 1:
            axis.legend(fontsize=7, frameon=False)
        _plain(axis)
    figure.tight_layout()
    return figure


def saved(figure: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    _pyplot().close(figure)
    return path


def _plain(axis: Any) -> None:
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
