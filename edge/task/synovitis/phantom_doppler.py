"""Flow in a finger joint as a scanner's colours show it: spots in the hypertrophy, their blooming, a motion's flash.

What truly flows is known as a mask. Colours come in a few makers' ways: power in one hue that brightens, power with a
direction, velocity in red and blue; in cells that are coarser than the grey picture's.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Samples
from edge.task.synovitis.grades import doppler_grade

CELL_MM: Final = (0.22, 0.16)
"""Of a colour sample, across and down."""
SHOWN: Final = 0.22
"""Power from which on it is coloured, of the strongest."""
CONFLUENT_MM: Final = 1.3
"""Longer spots are confluent."""
Mask = NDArray[np.bool_]

PALETTES: Final = MappingProxyType(
    {
        "amber": ((0, 20, 90), (0, 90, 215), (60, 190, 255), (190, 245, 255)),
        "magenta": ((70, 0, 70), (150, 10, 190), (210, 90, 240), (245, 190, 255)),
        "blue": ((90, 20, 0), (220, 90, 10), (255, 190, 60), (255, 245, 190)),
        "green": ((10, 70, 10), (30, 160, 40), (70, 225, 130), (190, 255, 220)),
        "velocity": ((10, 10, 120), (20, 20, 220), (40, 120, 255), (90, 230, 255)),
    }
)
"""BGR from weak to strong power. `velocity` shows what flows away in blue instead."""
AWAY: Final = ((120, 20, 10), (220, 40, 20), (255, 140, 40), (255, 235, 120))
BOXES: Final = ((235, 235, 235), (0, 220, 255), (90, 230, 90))
"""Colours of the box's frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """What flows in a picture."""

    power: Samples
    """(height, width) of true flow, 0 to 1."""
    mask: Mask
    """(height, width) where blood truly flows, in the hypertrophy or beside it."""
    share: float
    """Of the hypertrophy that flows."""
    single: int
    """Spots in the hypertrophy."""
    confluent: int
    grade: int


def draw_flow(
    rng: np.random.Generator, region: Mask, beside: Mask, mm_per_px: float, grade: int, beside_count: int
) -> Flow:
    """Flow of a Doppler grade in `region` (height, width), as far as there is room, and vessels beside it."""
    power = np.zeros(region.shape, np.float32)
    total = int(region.sum())
    spots, lengths = 0, []
    if total * mm_per_px**2 > 0.6 and grade > 0:
        wanted = {1: 0.0, 2: float(rng.uniform(0.14, 0.42)), 3: float(rng.uniform(0.56, 0.85))}[grade]
        singles = int(rng.integers(1, 4)) if grade == 1 else 400
        while spots < singles and (grade == 1 or float((power[region] > 0.5).mean()) < wanted):
            long = grade > 1 and rng.random() < 0.6
            reach = float(rng.uniform(0.8, 1.8) if long else rng.uniform(0.12, 0.3))
            _vessel(power, region, rng, reach / mm_per_px, float(rng.uniform(0.12, 0.24)) / mm_per_px)
            lengths.append(2 * reach)
            spots += 1
    mask = power > 0.5
    mask &= region
    for _ in range(beside_count):
        _vessel(power, beside, rng, float(rng.uniform(0.3, 1.2)) / mm_per_px, 0.2 / mm_per_px)
    inside = int((mask & region).sum())
    share = inside / total if total else 0.0
    count, _, stats, _ = cv2.connectedComponentsWithStats((mask & region).astype(np.uint8))
    longest = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) * mm_per_px if count > 1 else np.zeros(0)
    confluent = int((longest > CONFLUENT_MM).sum())
    single = count - 1 - confluent
    whole = mask | (power > 0.5)
    return Flow(power, whole, share, single, confluent, doppler_grade(single, confluent, share))


def _vessel(power: Samples, where: Mask, rng: np.random.Generator, reach_px: float, thick_px: float) -> None:
    """Adds a short crooked vessel in place."""
    rows, columns = np.nonzero(where)
    if rows.size == 0:
        return
    at = int(rng.integers(rows.size))
    turn = float(rng.normal(0, 0.5))
    way = np.linspace(-reach_px, reach_px, 7)
    bend = rng.normal(0, 0.12 * reach_px, 7)
    points = np.stack((columns[at] + way * np.cos(turn), rows[at] + way * np.sin(turn) + bend), axis=1)
    drawn = np.zeros(power.shape, np.uint8)
    cv2.polylines(drawn, [np.round(points * 16).astype(np.int32)], False, 255, max(1, round(2 * thick_px)), 8, 4)
    soft = cv2.GaussianBlur(drawn, (0, 0), max(0.6, 0.35 * thick_px)).astype(np.float32) / 255
    np.maximum(power, soft * float(rng.uniform(0.75, 1.0)), out=power)


def flash_of(rng: np.random.Generator, box: Mask, mm_per_px: float) -> Samples:
    """(height, width) power of a motion's flash, over soft tissue everywhere in the box."""
    height, width = box.shape
    coarse = rng.standard_normal((max(2, round(height * mm_per_px / 1.5)), max(2, round(width * mm_per_px / 2.5))))
    field = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(0.55 + 0.35 * field, 0, 1) * box, np.float32)


def coloured(
    grey: NDArray[np.uint8],
    power: Samples,
    box: tuple[int, int, int, int],
    palette: str,
    bloom_mm: float,
    mm_per_px: float,
    frame: int = 0,
) -> NDArray[np.uint8]:
    """(height, width, 3) BGR: the grey picture with colour where the blurred power is strong. box: x, y, width, height;
    bloom_mm: by which colour reaches beyond what flows."""
    height, width = grey.shape
    spread = np.asarray(cv2.GaussianBlur(power, (0, 0), max(0.4, 0.5 * bloom_mm / mm_per_px)), np.float32)
    reach = max(1, round(2 * bloom_mm / mm_per_px) | 1)
    wide = cv2.dilate(power, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    mixed = np.maximum(spread, 0.8 * cv2.GaussianBlur(wide, (0, 0), max(0.4, 0.3 * bloom_mm / mm_per_px)))
    small = (max(2, round(width * mm_per_px / CELL_MM[0])), max(2, round(height * mm_per_px / CELL_MM[1])))
    cells = cv2.resize(mixed, small, interpolation=cv2.INTER_AREA)
    level = np.clip(cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)
    x, y, across, down = box
    inside = np.zeros(grey.shape, bool)
    inside[y : y + down, x : x + across] = True
    shown = (level > SHOWN) & inside
    picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    picture[shown] = _mapped(level, PALETTES[palette])[shown]
    if palette == "velocity":
        away = shown & ((np.arange(width) // max(1, round(1.6 / mm_per_px))) % 2 == 1)[None]
        picture[away] = _mapped(level, AWAY)[away]
    cv2.rectangle(picture, (x, y), (x + across - 1, y + down - 1), BOXES[frame % len(BOXES)], 1)
    return picture


def _mapped(level: Samples, stops: tuple[tuple[int, ...], ...]) -> NDArray[np.uint8]:
    share = (level - SHOWN) / (1 - SHOWN)
    places = np.linspace(0, 1, len(stops))
    table = np.stack([np.interp(np.linspace(0, 1, 256), places, [one[k] for one in stops]) for k in range(3)], axis=1)
    return np.asarray(table[np.clip(share * 255, 0, 255).astype(np.int32)], np.uint8)
