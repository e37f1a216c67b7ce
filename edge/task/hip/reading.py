"""From what the network says of each place to landmarks: lines through the middle of their bands, a circle through the
head's edge, points in the middle of their spots; and what each item of the checklists is worth.

A shape prior stands against what no hip can look like: one ilium that ends at the rim, the roof beginning there, points
near their structures, the head beside the roof. A point that the network does not see, or sees elsewhere, is taken from
the line that ends there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame
from edge.task.hip.bone_map import calm_of, sampled
from edge.task.hip.lines import Floats, GrafLines, Landmarks, lines_of
from edge.task.hip.looked import SeenHip
from edge.task.hip.plane import ITEMS, LEAST, Plane, contrasts, straight_score, tilt_by_bend
from edge.task.hip.seen import CHANNELS, LINES
from edge.task.scores import BLOCK, SIDE

CELLS: Final = SIDE // BLOCK
"""Of the network's output, a side."""
NUMBER: Final = {name: number for number, name in enumerate(CHANNELS)}
PRESENT: Final = 0.35
"""Probability from which on a cell belongs to a structure."""
LEAST_CELLS: Final = {"iliac line": 16, "bony roof": 8, "femoral head": 150}
"""Without so many there is no hip."""
TOP_CELLS: Final = {
    "bony roof": 24,
    "chondro-osseous border": 30,
    "joint capsule": 40,
    "femoral head": 400,
    "labrum": 8,
    "cartilage roof": 20,
    "bony rim": 4,
    "lower limb": 4,
    "synovial fold": 4,
}
"""How many of the likeliest cells an item's score is the mean of."""
MOST_REACH_CELLS: Final = 10.0
"""From the end of a line to the spot that belongs to it; no more than half the line."""
SPOT_CELLS: Final = 5
"""Around the likeliest cell, whose middle is the spot."""
SECOND_SHARE: Final = 0.5
"""Of the largest head's cells: another one as large is another hip."""
CIRCLE_ROUNDS: Final = 4
END_CELLS, SMOOTH_CELLS = 1, 5
ECHO_PX: Final = 6
"""Of the square, above and below the network's line, within which its echo is looked for."""

USUAL_LEAST: Final = dict.fromkeys(ITEMS, 0.5) | {"straight ilium": LEAST["straight ilium"]}
USUAL_LEAST_FIT: Final = 0.5
"""Where the manifest does not say it."""
NOTHING_SEEN: Final = float("-inf")
WEIGHED: Final = ("chondro-osseous border", "synovial fold", "joint capsule", "lower limb")
LEAST_SHARE: Final = 0.03
"""Nearer to 0 or 1 a probability says no more."""

Maps = NDArray[np.float32]
Placed = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the network's output says."""

    hip: SeenHip | None
    fault: str = ""
    """Why there is none."""


NO_HIP: Final = "no hip is seen: no ilium that goes on into the roof of a socket with a head beside it"
TWO_HIPS: Final = "two hips are seen: keep one picture on the screen, or give its region"


def probabilities(output: NDArray[np.float32]) -> Maps:
    """(len(CHANNELS), CELLS, CELLS) from the network's (len(CHANNELS) * BLOCK ** 2, CELLS, CELLS)."""
    logits = output.reshape(len(CHANNELS), BLOCK**2, *output.shape[1:]).mean(axis=1)
    return np.asarray(1 / (1 + cv2.exp(-logits.reshape(-1, output.shape[-1])).reshape(logits.shape)), np.float32)


def read(frame: Frame, square: NDArray[np.uint8], output: NDArray[np.float32], figures: Mapping[str, float]) -> Reading:
    """square: (SIDE, SIDE), the frame's ultrasound region as the network was given it. output: what it made of that.
    figures: of the manifest."""
    maps = probabilities(output)
    roof, head = (_cells(maps[NUMBER[name]], LEAST_CELLS[name]) for name in ("bony roof", "femoral head"))
    if roof is None or head is None:
        return Reading(None, NO_HIP)
    if head.others > SECOND_SHARE:
        return Reading(None, TWO_HIPS)
    mirrored = roof.middle_x > head.middle_x
    if mirrored:
        maps, roof, head = np.ascontiguousarray(maps[:, :, ::-1]), roof.mirrored(), head.mirrored()
        square = np.ascontiguousarray(square[:, ::-1])
    ilium = _cells(_cranial(maps[NUMBER["iliac line"]], head.middle_x), LEAST_CELLS["iliac line"])
    if ilium is None:
        return Reading(None, NO_HIP)
    region, spacing = frame.ultrasound, frame.spacing
    aspect = spacing.x_mm_per_px / spacing.y_mm_per_px if spacing else 1.0
    width = region.width * aspect
    scale = np.array((width, region.height)) / CELLS

    def placed(cells: Floats) -> Floats:
        """From cells to square pixels."""
        return np.asarray((cells + 0.5) * scale - 0.5, np.float64)

    found = _landmarks(maps, ilium, roof, head, placed)
    lines = lines_of(found)
    scores = {name: _top(maps[NUMBER[name]], n) for name, n in TOP_CELLS.items()}
    echo = placed(echo_line(square, _ordered(_along(ilium))))
    scores["straight ilium"] = min(
        straight_score(found.ilium, lines, width),
        straight_score(echo, lines_of(replace(found, ilium=echo)), width),
    )
    plane = _plane(scores, _contrasts(frame, aspect, mirrored, found, width), found, lines, figures)
    borders = [(name, _line_of(maps[NUMBER[name]], placed)) for name in LINES[2:] if name not in plane.missing]
    seen = tuple((name, line) for name, line in borders if line is not None)
    fold = placed(_spot(maps[NUMBER["synovial fold"]]))
    spots = () if "synovial fold" in plane.missing else (("synovial fold", fold),)
    return Reading(SeenHip(found, lines, plane, mirrored, width, (aspect, 1.0), seen, spots))


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The largest piece of a structure."""

    x: Floats
    """(n,)."""
    y: Floats
    weight: Floats
    """(n,) probabilities."""
    others: float
    """Cells of the second largest piece, as a share of this one's."""

    @property
    def middle_x(self) -> float:
        return float(self.x @ self.weight / self.weight.sum())

    @property
    def middle(self) -> Floats:
        """(2,)."""
        total = self.weight.sum()
        return np.array((self.x @ self.weight / total, self.y @ self.weight / total))

    def mirrored(self) -> "Cells":
        return replace(self, x=CELLS - 1 - self.x)


def _cells(plane: Maps, least_cells: int, least: float = PRESENT) -> Cells | None:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((plane > least).view(np.uint8), connectivity=8)
    if count < 2:
        return None
    sizes = stats[1:, cv2.CC_STAT_AREA]
    best = int(sizes.argmax())
    if sizes[best] < least_cells:
        return None
    x, y, width, height = (int(stats[best + 1, k]) for k in range(4))
    rows, columns = np.nonzero(labels[y : y + height, x : x + width] == best + 1)
    others = np.delete(sizes, best)
    share = float(others.max() / sizes[best]) if others.size else 0.0
    weight = plane[rows + y, columns + x].astype(np.float64)
    return Cells((columns + x).astype(np.float64), (rows + y).astype(np.float64), weight, share)


def _cranial(plane: Maps, head_x: float) -> Maps:
    """Without what lies beyond the head's middle: a line of bone there is the shaft's."""
    kept = plane.copy()
    kept[:, round(head_x) :] = 0
    return kept


def _top(plane: Maps, n: int) -> float:
    """Mean of the `n` likeliest cells."""
    flat = plane.ravel()
    return float(np.partition(flat, flat.size - n)[-n:].mean())


def _along(cells: Cells) -> Floats:
    """(n, 2) the middle of a band for each step along its main direction."""
    points = np.stack((cells.x, cells.y), axis=1)
    off = points - cells.middle
    _, axes = np.linalg.eigh((off * cells.weight[:, None]).T @ off)
    way = axes[:, -1]
    step = np.round(off @ way).astype(int)
    step -= step.min()
    total = np.bincount(step, cells.weight)
    kept = total > 0
    line = np.stack([np.bincount(step, cells.weight * points[:, k])[kept] / total[kept] for k in (0, 1)], axis=1)
    # A band is as long as its line and half its own height more at either end.
    line = line[END_CELLS : len(line) - END_CELLS] if len(line) > 4 * END_CELLS else line
    return np.asarray(cv2.blur(line, (1, SMOOTH_CELLS), borderType=cv2.BORDER_REPLICATE), np.float64)


def _line_of(plane: Maps, placed: Placed) -> Floats | None:
    cells = _cells(plane, LEAST_CELLS["bony roof"])
    return None if cells is None else placed(_along(cells))


def _spot(plane: Maps) -> Floats:
    """(2,) the middle of the likeliest spot."""
    row, column = divmod(int(plane.argmax()), plane.shape[1])
    top, left = max(0, row - SPOT_CELLS), max(0, column - SPOT_CELLS)
    part = plane[top : row + SPOT_CELLS + 1, left : column + SPOT_CELLS + 1].astype(np.float64) ** 2
    total = max(float(part.sum()), 1e-12)
    x = part.sum(axis=0) @ np.arange(part.shape[1]) / total + left
    y = part.sum(axis=1) @ np.arange(part.shape[0]) / total + top
    return np.array((x, y))


def _landmarks(maps: Maps, ilium: Cells, roof: Cells, head: Cells, placed: Placed) -> Landmarks:
    bone, socket = _ordered(_along(ilium)), _along(roof)
    ends = np.linalg.norm(socket[[0, -1]] - bone[-1], axis=1)
    socket = socket if ends[0] <= ends[1] else socket[::-1]
    reach = min(MOST_REACH_CELLS, float(np.linalg.norm(socket[-1] - socket[0])) / 2)
    rim = _at_end(maps[NUMBER["bony rim"]], socket[0], reach)
    limb = _at_end(maps[NUMBER["lower limb"]], socket[-1], reach)
    labrum = _cells(maps[NUMBER["labrum"]], 3)
    middle, radius = _circle(head, placed)
    spot = None if labrum is None else placed(labrum.middle)
    return Landmarks(placed(bone), placed(socket), placed(rim), placed(limb), spot, middle, radius)


def _ordered(line: Floats) -> Floats:
    """From its cranial end on."""
    return line if line[0, 0] <= line[-1, 0] else line[::-1]


def echo_line(square: NDArray[np.uint8], line: Floats) -> Floats:
    """(n, 2) the line in cells, moved to the middle of the bright echo that it runs along: what the picture itself
    says of how straight the bone is, beside what the network makes of it."""
    here = BLOCK * line + (BLOCK - 1) / 2
    offsets = np.arange(-ECHO_PX, ECHO_PX + 1, dtype=np.float32)
    x = np.repeat(here[:, :1].astype(np.float32), offsets.size, axis=1)
    y = (here[:, 1:] + offsets).astype(np.float32)
    rough = cv2.remap(square, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    level = cv2.blur(rough, (1, SMOOTH_CELLS), borderType=cv2.BORDER_REPLICATE).astype(np.float32)
    low, high = level.min(axis=1, keepdims=True), level.max(axis=1, keepdims=True)
    weight = np.maximum(level - (low + high) / 2, 0) + 1e-6
    moved = (weight @ offsets) / weight.sum(axis=1)
    return np.asarray(line + np.stack((np.zeros(len(line)), moved / BLOCK), axis=1), np.float64)


def _at_end(plane: Maps, end: Floats, reach: float) -> Floats:
    """The spot near a line's end, where there is one; else that end."""
    low = np.clip(np.round(end - reach), 0, CELLS - 1).astype(int)
    high = np.clip(np.round(end + reach), 0, CELLS - 1).astype(int) + 1
    part = plane[low[1] : high[1], low[0] : high[0]]
    return _spot(part) + low if part.max() >= PRESENT else end


def _circle(head: Cells, placed: Placed) -> tuple[Floats, float]:
    """Middle and radius of the circle along the head's edge, by least squares (Kasa 1976), re-weighted; where the
    head reaches the picture's side there is no edge."""
    mask = np.zeros((CELLS, CELLS), np.uint8)
    mask[head.y.astype(int), head.x.astype(int)] = 1
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    ring = max(contours, key=len)[:, 0].astype(np.float64)
    # The contour runs through the outermost cells' middles, half a cell inside the edge.
    middle = ring.mean(axis=0)
    outward = ring - middle
    ring = ring + 0.5 * outward / np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    inside = ((ring > 1.0) & (ring < CELLS - 2.0)).all(axis=1)
    points = placed(ring[inside] if inside.sum() >= 12 else ring)
    centre = points.mean(axis=0)
    off = points - centre
    terms = np.concatenate((off, np.ones((len(off), 1))), axis=1)
    weight, solved = np.ones(len(off)), np.zeros(3)
    for _ in range(CIRCLE_ROUNDS):
        solved = np.linalg.lstsq(terms * weight[:, None], (off**2).sum(axis=1) * weight, rcond=None)[0]
        radius = float(np.sqrt(max(solved[2] + (solved[:2] ** 2).sum() / 4, 1e-9)))
        stray = np.abs(np.linalg.norm(off - solved[:2] / 2, axis=1) - radius) / radius
        weight = 1 / (1 + (stray / 0.06) ** 2)
    return centre + solved[:2] / 2, radius


def _contrasts(frame: Frame, aspect: float, mirrored: bool, found: Landmarks, width: float) -> dict[str, float]:
    """What image analysis says of some items, where the network's landmarks are."""
    calm = calm_of(frame.ultrasound.crop(frame.pixels), aspect)
    if calm is None or found.head is None:
        return {}
    calm = np.ascontiguousarray(calm[:, ::-1]) if mirrored else calm
    scale = calm.shape[1] / width
    roof = scale * np.concatenate((found.roof, found.lower_limb[None]))
    bone = np.concatenate((scale * found.ilium, roof))
    bright = max(float(np.median(sampled(calm, bone[None]))), 1.0)
    return contrasts(calm, scale * found.head, scale * found.head_radius, roof, bright)


def _plane(
    scores: dict[str, float],
    contrast: dict[str, float],
    found: Landmarks,
    lines: GrafLines,
    figures: Mapping[str, float],
) -> Plane:
    """An item is missing where neither the network nor image analysis sees it, and in doubt where the network does
    not."""
    least = {item: figures.get(figure_of("least", item), USUAL_LEAST[item]) for item in ITEMS}
    unseen = [item for item in ITEMS if scores[item] < least[item]]
    doubtful = tuple(item for item in unseen if contrast.get(item, NOTHING_SEEN) >= LEAST[item])
    missing = tuple(item for item in unseen if item not in doubtful)
    fit = 1.0
    if "plane_bias" in figures:
        evidence = evidence_of(scores, contrast, found, lines)
        told = figures["plane_bias"] + sum(
            figures[figure_of("plane", name)] * value for name, value in evidence.items()
        )
        fit = float(1 / (1 + np.exp(-told)))
    bent = tilt_by_bend(found.ilium, lines, found.head_radius)
    tilt_deg = None if bent is None else figures.get("tilt_gain", 1.0) * bent
    return Plane(scores, missing, tilt_deg, fit, figures.get("least_fit", USUAL_LEAST_FIT), contrast, doubtful)


def evidence_of(
    scores: Mapping[str, float], contrast: Mapping[str, float], found: Landmarks, lines: GrafLines
) -> dict[str, float]:
    """What the plane as a whole is judged by: how clearly its items are seen, how straight and level the ilium is, and
    how long the roof is for the head."""
    seen = {item: float(np.clip(contrast.get(item, 0.0) / LEAST[item], -1.0, 4.0)) for item in WEIGHED}
    slant = abs(float(np.degrees(np.arctan2(lines.base.way[1], lines.base.way[0]))))
    roof = float(np.linalg.norm(found.lower_limb - found.rim)) / max(found.head_radius, 1e-9)
    return seen | {
        "labrum": _log_odds(scores["labrum"]),
        "slant": min(slant / 10, 2.0),
        "bend": min(abs(lines.bend_deg) / 10, 2.0),
        "rough": min(lines.straightness / 0.03, 2.0),
        "short roof": max(1.0 - roof, 0.0),
    }


def _log_odds(share: float) -> float:
    kept = min(max(share, LEAST_SHARE), 1 - LEAST_SHARE)
    return float(np.log(kept / (1 - kept)))


def figure_of(kind: str, item: str) -> str:
    """Name of a manifest's figure: `least` score of an item that counts as seen, weight of it for the `plane`."""
    return f"{kind}_{item.replace(' ', '_').replace('-', '_')}"
