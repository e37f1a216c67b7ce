"""The femoral head beside a bony roof, and the labrum over it.

The head is a dark disc: of all circles that may lie in the socket, the one whose rim has the brightest surroundings and
the darkest inside. The labrum is the bright spot between the bony rim and the capsule, close over the head.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.hip.bone_map import Working, sampled
from edge.task.hip.lines import Floats, Line

RADIUS_SHARES: Final = tuple(np.arange(0.115, 0.245, 0.0075))
"""Of the picture's width."""
GAP_SHARES: Final = (0.06, 0.12, 0.18, 0.24, 0.32)
"""Between the roof line and the head, of its radius."""
DEPTH_SHARES: Final = tuple(np.arange(-0.66, 0.49, 0.08))
"""Of the head's middle below the base line, of its radius: 17 to 74 % covered."""
RAYS: Final = 48
FLOOR_DEG, FLOOR_WEIGHT = 50.0, 0.35
"""To either side of straight down, and what a ray counts there."""
INNER, OUTER = 0.9, 1.2
"""Where brightness inside and outside the rim is compared, in radii."""
CORE: Final = (0.3, 0.55, 0.75)
CORE_WEIGHT: Final = 0.5
GAP_WEIGHT: Final = 0.25
OUTSIDE_WEIGHT: Final = 0.5
"""What it costs a circle to reach beyond the picture's caudal edge, for each radius."""
USUAL_BRIGHT: Final = 0.87
"""Of the picture's bright echoes, what a tenth of the picture exceeds."""
LABRUM_BETA_DEG: Final = (22.0, 96.0)
LABRUM_REACH: Final = (0.4, 1.4)
"""From the bony rim, in radii of the head."""
LABRUM_OFF: Final = (0.95, 1.4)
"""From the head's middle, in its radii."""
USUAL_OFF, OFF_SPREAD = 1.03, (0.06, 0.08)
USUAL_REACH, REACH_SPREAD = 0.9, 0.35
USUAL_BETA_DEG, BETA_SPREAD_DEG = 56.0, 45.0
LABRUM_SIGMA: Final = 0.09
"""Size of the labrum, in radii."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The femoral head as a circle."""

    middle: Floats
    radius: float
    score: float
    """By how much its surroundings are brighter, of the picture's usual brightness."""
    rim: Floats
    """(RAYS,) the same on each ray, clockwise from caudal as seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Labrum:
    """Its middle, and by how many grey levels it stands out."""

    at: Floats
    score: float


def find_head(work: Working, base: Line, roof: Line) -> Head:
    """The likeliest circle. base: caudally directed; roof: from the rim to the lower limb."""
    soft, width = work.soft, work.soft.shape[1]
    vertex, normal = crossing(base, roof), np.array((-base.way[1], base.way[0]))
    sine = float(base.way[0] * roof.way[1] - base.way[1] * roof.way[0])
    cosine = float(base.way @ roof.way)
    radius, gap, deep = (
        grid.ravel() for grid in np.meshgrid(np.array(RADIUS_SHARES) * width, GAP_SHARES, DEPTH_SHARES, indexing="ij")
    )
    down = deep * radius
    # As far from the roof line as radius and gap, as deep under the base line as asked.
    across = (radius * (1 + gap) + down * cosine) / max(sine, 0.3)
    middle = vertex + across[:, None] * base.way + down[:, None] * normal
    scale = USUAL_BRIGHT * work.bright
    inside, outside = (_on_circles(soft, middle, share * radius) for share in (INNER, OUTER))
    core = np.mean([_on_circles(soft, middle, share * radius).mean(axis=1) for share in CORE], axis=0)
    rise = np.clip((outside - inside) / scale, -0.4, 0.7)
    score = rise @ _weights() - CORE_WEIGHT * core / scale - GAP_WEIGHT * gap
    score = score - OUTSIDE_WEIGHT * np.maximum((middle[:, 0] + radius - width) / radius, 0)
    best = int(score.argmax())
    return Head(middle[best], float(radius[best]), float(rise[best].mean()), rise[best])


def _weights() -> NDArray[np.float64]:
    """(RAYS,) that add up to 1: what lies under the head is the socket's floor, some way off it."""
    turn = np.arange(RAYS) * (2 * np.pi / RAYS)
    weight = np.where(np.abs(turn - np.pi / 2) < np.radians(FLOOR_DEG), FLOOR_WEIGHT, 1.0)
    return np.asarray(weight / weight.sum(), np.float64)


def _on_circles(plane: NDArray[np.float32], middle: Floats, radius: Floats) -> NDArray[np.float32]:
    """(circles, RAYS) values on circles; beyond the picture its border goes on."""
    turn = np.arange(RAYS) * (2 * np.pi / RAYS)
    x = middle[:, :1] + radius[:, None] * np.cos(turn)
    y = middle[:, 1:] + radius[:, None] * np.sin(turn)
    return sampled(plane, np.stack((x, y), axis=-1))


def crossing(one: Line, other: Line) -> Floats:
    """Where two lines cross; between them where they hardly do."""
    cross = float(one.way[0] * other.way[1] - one.way[1] * other.way[0])
    if abs(cross) < 1e-3:
        return np.asarray((one.at + other.at) / 2, np.float64)
    off = other.at - one.at
    return np.asarray(one.at + (off[0] * other.way[1] - off[1] * other.way[0]) / cross * one.way, np.float64)


def find_labrum(work: Working, rim: Floats, base: Line, head: Head) -> Labrum | None:
    """The brightest spot of a labrum's size where it may lie. None: none stands out."""
    sigma = LABRUM_SIGMA * head.radius
    reach = np.linspace(*LABRUM_REACH, 22) * head.radius
    beta = np.radians(np.linspace(*LABRUM_BETA_DEG, 38))
    normal = np.array((-base.way[1], base.way[0]))
    way = np.cos(beta)[:, None] * base.way - np.sin(beta)[:, None] * normal
    places = rim + reach[:, None, None] * way
    off = np.linalg.norm(places - head.middle, axis=-1) / head.radius
    stands_out = _standing_out(work.calm, places, sigma)
    spread = np.where(off < USUAL_OFF, *OFF_SPREAD)
    usual = np.exp(-(((off - USUAL_OFF) / spread) ** 2) / 2)
    usual = usual * np.exp(-(((np.degrees(beta)[None, :] - USUAL_BETA_DEG) / BETA_SPREAD_DEG) ** 2) / 2)
    usual = usual * np.exp(-(((reach / head.radius - USUAL_REACH) / REACH_SPREAD) ** 2) / 2)[:, None]
    allowed = (off >= LABRUM_OFF[0]) & (off <= LABRUM_OFF[1])
    weight = np.where(allowed, usual, 0) * np.maximum(stands_out, 0) / work.bright
    best = np.unravel_index(int(weight.argmax()), weight.shape)
    if weight[best] <= 0:
        return None
    near = weight * (np.linalg.norm(places - places[best], axis=-1) < 2.2 * sigma + 1)
    at = (near[..., None] * places).sum(axis=(0, 1)) / near.sum()
    return Labrum(np.asarray(at, np.float64), float(np.maximum(stands_out, 0)[best]))


def _standing_out(calm: NDArray[np.float32], places: Floats, sigma: float) -> NDArray[np.float32]:
    """(rows, columns) how much a spot of size `sigma` at each place (rows, columns, 2) is brighter than around it."""
    margin = 13 * sigma + 2
    height, width = calm.shape
    low = np.clip(np.floor(places.min(axis=(0, 1)) - margin), 0, (width - 1, height - 1)).astype(int)
    high = np.clip(np.ceil(places.max(axis=(0, 1)) + margin) + 1, low + 1, (width, height)).astype(int)
    part = calm[low[1] : high[1], low[0] : high[0]]
    small = cv2.GaussianBlur(part, (0, 0), max(0.6, sigma))
    large = cv2.GaussianBlur(part, (0, 0), max(1.5, 4 * sigma))
    return sampled(np.asarray(small - large, np.float32), places - low)
