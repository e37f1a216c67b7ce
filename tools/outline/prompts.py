"""Prompts as people give them: careless taps, a stroke of several, a box, an earlier outline, a correction. All in the
network's square."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.prompt import SIDE, Points, no_points

SLIP: Final = 0.1
"""Share of the taps that miss the structure by a little."""
SLIP_PX: Final = 4.0
NEAR_PX: Final = 45
"""Points outside lie no farther from the structure: there nobody has to say it."""
Mask = NDArray[np.uint8]
"""(SIDE, SIDE), 0 or 255."""


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """What is said of one structure."""

    inside: Points = field(default_factory=no_points)
    outside: Points = field(default_factory=no_points)
    within: Mask | None = None


def depth_of(mask: Mask) -> NDArray[np.float32]:
    """How far each pixel within lies from the border; 0 outside. The picture's edge is no border."""
    walled = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.distanceTransform(walled, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def tap(mask: Mask, share: float, rng: np.random.Generator) -> Points:
    """(1, 2) a point that lies at least `share` of the largest distance from the border. mask: not empty."""
    depth = depth_of(mask)
    rows, columns = np.nonzero((depth >= share * depth.max()) & (mask > 0))
    chosen = int(rng.integers(len(rows)))
    return np.array([[columns[chosen], rows[chosen]]], np.float64)


def draw_prompt(mask: Mask, others: Mask, rng: np.random.Generator) -> Prompt:
    """Of a structure (mask) among others, as one of many people would point at it."""
    kind = rng.choice(["tap", "points", "box", "followed", "mended"], p=[0.42, 0.16, 0.1, 0.2, 0.12])
    one = _slipped(tap(mask, rng.uniform(0.05, 0.9), rng), rng)
    if kind == "tap":
        return Prompt(one)
    if kind == "points":
        more = [tap(mask, rng.uniform(0, 0.8), rng) for _ in range(int(rng.integers(0, 3)))]
        return Prompt(np.concatenate([one, *more]), _outside(mask, others, int(rng.integers(1, 4)), rng))
    if kind == "box":
        return Prompt(within=_box(mask, rng))
    if kind == "followed":
        # The first point may be remembered beside the outline.
        return Prompt(one if rng.random() < 0.5 else no_points(), within=_before(mask, rng))
    wrong = _wrong(mask, others, rng)
    inside, outside = correction(mask, wrong)
    kept = one if rng.random() < 0.7 else no_points()
    return Prompt(np.concatenate([kept, inside]), outside, wrong if rng.random() < 0.7 else None)


def correction(truth: Mask, said: Mask) -> tuple[Points, Points]:
    """(inside, outside): the one point that a person adds, in the middle of the largest piece that is wrong; none where
    nothing is."""
    missing, extra = cv2.bitwise_and(truth, cv2.bitwise_not(said)), cv2.bitwise_and(said, cv2.bitwise_not(truth))
    deepest = [cv2.minMaxLoc(cv2.distanceTransform(one, cv2.DIST_L2, 5))[1::2] for one in (missing, extra)]
    (lacks, inside), (spills, outside) = deepest
    if max(lacks, spills) < 1:
        return no_points(), no_points()
    point = np.array([inside if lacks >= spills else outside], np.float64)
    return (point, no_points()) if lacks >= spills else (no_points(), point)


def _slipped(points: Points, rng: np.random.Generator) -> Points:
    return points + rng.normal(0, SLIP_PX, points.shape) if rng.random() < SLIP else points


def _outside(mask: Mask, others: Mask, count: int, rng: np.random.Generator) -> Points:
    """Points beside the structure, half of them on another one where there is one near."""
    away = cv2.distanceTransform(cv2.bitwise_not(mask), cv2.DIST_L2, 5)
    near = (away > 2) & (away < NEAR_PX)
    places = []
    for _ in range(count):
        choice = near & (others > 0) if rng.random() < 0.5 else near
        rows, columns = np.nonzero(choice if choice.any() else near)
        if len(rows):
            chosen = int(rng.integers(len(rows)))
            places.append((columns[chosen], rows[chosen]))
    return np.array(places, np.float64) if places else no_points()


def _box(mask: Mask, rng: np.random.Generator) -> Mask:
    x, y, width, height = cv2.boundingRect(mask)
    slack = rng.normal(0.04, 0.06, 4) * (width, height, width, height)
    left, top, right, bottom = np.round(np.array([x, y, x + width, y + height]) + slack * (-1, -1, 1, 1)).astype(int)
    box = np.zeros((SIDE, SIDE), np.uint8)
    box[max(0, top) : max(bottom, top + 3), max(0, left) : max(right, left + 3)] = 255
    return box


def _before(mask: Mask, rng: np.random.Generator) -> Mask:
    """The outline of a frame before: shifted, larger or smaller, bent. So much that it says which structure is meant
    and not how large it is: what repeats the last outline a little smaller has lost the structure a second later."""
    _, _, width, height = cv2.boundingRect(mask)
    size = float(np.sqrt(width * height))
    moved = rng.normal(0, 0.06 if rng.random() < 0.6 else 0.2, 2) * size
    grown, turn = np.exp(rng.normal(0, 0.22)), rng.normal(0, 6)
    rows, columns = np.nonzero(mask)
    matrix = cv2.getRotationMatrix2D((float(columns.mean()), float(rows.mean())), turn, grown)
    matrix[:, 2] += moved
    knots = rng.normal(0, rng.uniform(0.01, 0.07) * size, (6, 6, 2)).astype(np.float32)
    bend = cv2.resize(knots, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    back = cv2.invertAffineTransform(matrix)
    grid = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=2).astype(np.float32) + bend
    places = (grid @ back[:, :2].T + back[:, 2]).astype(np.float32)
    seen = cv2.remap(mask, places, None, cv2.INTER_LINEAR)
    return np.asarray(seen > 127, np.uint8) * np.uint8(255)


def _wrong(mask: Mask, others: Mask, rng: np.random.Generator) -> Mask:
    """An outline that needs mending: a part is lacking, or it spills over, or it is another structure's too."""
    kind = rng.integers(3)
    if kind == 0:
        (x, y), reach = tap(mask, 0.0, rng)[0], max(4.0, float(np.sqrt((mask > 0).sum())) * rng.uniform(0.25, 0.6))
        lacking = mask.copy()
        cv2.circle(lacking, (int(x), int(y)), int(reach), 0, -1)
        return _before(lacking, rng) if lacking.any() else lacking
    if kind == 1 or not others.any():
        (x, y), reach = tap(mask, 0.0, rng)[0], max(4.0, float(np.sqrt((mask > 0).sum())) * rng.uniform(0.3, 0.7))
        spilt = mask.copy()
        axes = int(reach * rng.uniform(0.6, 1.6)), int(reach)
        cv2.ellipse(spilt, (int(x), int(y)), axes, rng.uniform(0, 180), 0, 360, 255, -1)
        return spilt
    return cv2.bitwise_or(_before(mask, rng), others)
