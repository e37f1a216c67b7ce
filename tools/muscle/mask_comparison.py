"""How a pathway fares on real pictures with hand-drawn aponeuroses and fascicles that it never learnt from.

Pictures are those of the test clusters; the size of the file stands for the scanner, which the set does not name. A
picture of 512 px on its longest side is about 40 to 60 mm wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import LineMark
from edge.frame import Frame
from edge.runtime.contract import Runtime
from edge.task.contract import Task
from edge.task.gate import admitted
from edge.task.muscle.evidence import Grid
from edge.task.muscle.spec import SPEC
from tools.masks import dice
from tools.muscle.dl_track import DlTrackPicture, Fragment, fragments_of

LEAST_WIDTH: Final = 0.3
"""Of the picture's: what is drawn over less is not counted as an aponeurosis that must be found."""
LEAST_FRAGMENTS: Final = 2
"""In a muscle whose direction is compared with them."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskComparison:
    """One picture: what was drawn, and what was read. NaN where nothing was drawn or nothing said."""

    layout: str
    overlap: float
    """Dice of the aponeuroses."""
    distances_px: NDArray[np.float64]
    """(2,) median over the columns from each border of the measured muscle to the middle line of the nearest drawn
    band. NaN: none near."""
    fascicle_deg: float
    """Median of the fragments in the muscle that was measured, by length."""
    read_deg: float
    fragments: NDArray[np.float64]
    """(n, 2) angle of each fragment of the picture, and what the field says along it."""


def compare_masks(drawing: DlTrackPicture, task: Task, runtime: Runtime) -> MaskComparison:
    frame = Frame(drawing.pixels, 0, 0, drawing.name)
    tensor = task.prepare(frame).tensor
    assert tensor is not None
    (output,) = runtime.infer(tensor)
    finding = task.conclude(admitted(frame, SPEC.gate, task), (output,), None).finding
    fragments = fragments_of(drawing.fragments) if drawing.fragments is not None else ()
    lines = {mark.name: mark.points for mark in finding.marks if isinstance(mark, LineMark)}
    fascicle = finding.measurement("fascicle_angle")
    return MaskComparison(
        drawing.layout,
        _overlap(drawing, output, frame),
        _distances(drawing, lines),
        _between(fragments, lines),
        fascicle.value if fascicle else float("nan"),
        _along(fragments, output, frame),
    )


def _overlap(drawing: DlTrackPicture, output: NDArray[np.float32], frame: Frame) -> float:
    """Where both can be compared: nobody drew what lies below the lowest drawn band."""
    if drawing.aponeurosis is None or not drawing.aponeurosis.any():
        return float("nan")
    grid = Grid.of(frame.ultrasound)
    to_grid = np.array([[1, 0, -grid.origin[0]], [0, 1, -grid.origin[1]]]) / grid.cell_px
    inside = np.ascontiguousarray(output[0, 0, grid.rows, grid.columns])
    height, width = drawing.pixels.shape
    logit = cv2.warpAffine(
        inside, to_grid, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    drawn = drawing.aponeurosis > 0
    lowest = height - 1 - drawn[::-1].argmax(axis=0)
    known = drawn.any(axis=0) & (np.arange(height)[:, None] <= lowest + max(4, height // 60))
    return dice(((logit > 0) & known).astype(np.uint8), (drawn & known).astype(np.uint8))


def _distances(drawing: DlTrackPicture, lines: dict[str, NDArray[np.float32]]) -> NDArray[np.float64]:
    found = np.full(2, np.nan)
    if drawing.aponeurosis is None or not lines:
        return found
    bands = _bands(drawing.aponeurosis)
    # The facing edges are what is measured: the lower edge of the upper band, the upper edge of the lower one.
    for place, (name, edge) in enumerate((("superficial aponeurosis", 1), ("deep aponeurosis", 0))):
        x, y = lines[name].T
        off = [np.interp(columns, x, y) - edges[edge] for columns, edges in bands]
        near = [float(np.median(np.abs(each))) for each in off]
        found[place] = min(near, default=np.nan)
    return found


def _bands(mask: NDArray[np.uint8]) -> list[tuple[NDArray[np.intp], tuple[NDArray[np.float64], NDArray[np.float64]]]]:
    """Columns of each drawn band, with the depths of its upper and lower edge."""
    n, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    bands = []
    for k in range(1, n):
        if stats[k, cv2.CC_STAT_WIDTH] < LEAST_WIDTH * mask.shape[1]:
            continue
        inside = labels == k
        columns = np.flatnonzero(inside.any(axis=0))
        upper = inside[:, columns].argmax(axis=0) - 0.5
        lower = mask.shape[0] - 0.5 - inside[::-1, columns].argmax(axis=0)
        bands.append((columns, (upper, lower)))
    return bands


def _between(fragments: Sequence[Fragment], lines: dict[str, NDArray[np.float32]]) -> float:
    if not lines:
        return float("nan")
    top, bottom = (lines[f"{name} aponeurosis"].T for name in ("superficial", "deep"))
    inside = [f for f in fragments if np.interp(f.middle[0], *top) < f.middle[1] < np.interp(f.middle[0], *bottom)]
    if len(inside) < LEAST_FRAGMENTS:
        return float("nan")
    angles = np.array([f.angle_deg for f in inside])
    length = np.array([f.length for f in inside])
    order = np.argsort(angles)
    half = np.cumsum(length[order]) - length[order] / 2
    return float(np.interp(length.sum() / 2, half, angles[order]))


def _along(fragments: Sequence[Fragment], output: NDArray[np.float32], frame: Frame) -> NDArray[np.float64]:
    grid = Grid.of(frame.ultrasound)
    cosine, sine = output[0, 1:3, grid.rows, grid.columns].astype(np.float64)
    rows = []
    for fragment in fragments:
        along = np.linspace(-0.5, 0.5, 9)[:, None] * fragment.length * np.array(fragment.direction)
        x, y = ((np.array(fragment.middle) + along - grid.origin) / grid.cell_px).round().astype(int).T
        x, y = np.clip(x, 0, cosine.shape[1] - 1), np.clip(y, 0, cosine.shape[0] - 1)
        angle = np.degrees(np.arctan2(sine[y, x].mean(), cosine[y, x].mean())) / 2
        rows.append((fragment.angle_deg, float(angle)))
    return np.array(rows).reshape(-1, 2)


def mask_table(found: Sequence[MaskComparison]) -> str:
    """Per scanner and in all."""
    heads = (
        "scanner (file)", "n", "Dice, median", "Dice, mean", "border to drawn edge, median (px)", "borders found",
        "n with fascicles", "fascicle angle: error, bias (deg)", "field along fragments: error, bias (deg)",
    )  # fmt: skip
    groups = {name: [d for d in found if d.layout == name] for name in sorted({d.layout for d in found})}
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *(_row(name, group) for name, group in {**groups, "all": list(found)}.items())])


def _row(name: str, found: Sequence[MaskComparison]) -> str:
    overlap = np.array([d.overlap for d in found])
    overlap = overlap[np.isfinite(overlap)]
    far = np.concatenate([d.distances_px for d in found if np.isfinite(d.overlap)] or [np.empty(0)])
    off = np.array([d.read_deg - d.fascicle_deg for d in found])
    off = off[np.isfinite(off)]
    pairs = np.concatenate([d.fragments for d in found])
    field = (pairs[:, 1] - pairs[:, 0] + 90) % 180 - 90
    cells = [
        str(len(found)),
        f"{np.median(overlap):.3f}" if overlap.size else "-",
        f"{overlap.mean():.3f}" if overlap.size else "-",
        f"{np.nanmedian(far):.1f}" if np.isfinite(far).any() else "-",
        f"{100 * np.mean(far < 10):.0f} %" if far.size else "-",
        str(off.size),
        _error(off),
        _error(field),
    ]
    return f"| {name} | {' | '.join(cells)} |"


def _error(off: NDArray[np.float64]) -> str:
    return f"{np.abs(off).mean():.2f}, {off.mean():+.2f}" if off.size else "-"
