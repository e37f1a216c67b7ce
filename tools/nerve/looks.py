"""How other scanners would show the same tissue: grey map, depth gain, speckle, resolution, padding. Nothing moves."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Level = NDArray[np.float32]


def regrade(level: Level, rng: np.random.Generator) -> Level:
    """Another gain, gamma, black level and dynamic range; often a heavy compression that lifts the dark."""
    level = np.clip((level - rng.uniform(-0.05, 0.1)) * 10 ** rng.normal(0, 0.15), 0, 1) ** (10 ** rng.normal(0, 0.15))
    if rng.random() < 0.4:
        strength = 10 ** rng.uniform(0, 2)
        level = np.log1p(strength * level) / np.log1p(strength)
    if rng.random() < 0.35:
        low, high = rng.uniform(0, 0.35), rng.uniform(0.55, 1)
        level = low + (high - low) * level
    if rng.random() < 0.15:
        steps = rng.uniform(10, 40)
        level = np.round(level * steps) / steps
    return level


def shade(level: Level, rng: np.random.Generator) -> Level:
    """Depth gain and poor contact: a smooth change of brightness, mostly from above to below."""
    rows, columns = (np.linspace(0, 1, length, dtype=np.float32) for length in level.shape)
    down = np.interp(rows, np.linspace(0, 1, 5), rng.normal(0, 0.22, 5)) + rng.normal(0, 0.15) * (rows - 0.5)
    across = np.interp(columns, np.linspace(0, 1, 5), rng.normal(0, 0.08, 5))
    return level * np.exp(down[:, None] + across[None]).astype(np.float32)


def equalise(level: Level, rng: np.random.Generator) -> Level:
    grey = np.uint8(255 * np.clip(level, 0, 1))
    tiles = int(rng.integers(1, 9))
    return cv2.createCLAHE(rng.uniform(1, 4), (tiles, tiles)).apply(grey).astype(np.float32) / 255


def speckle(level: Level, rng: np.random.Generator) -> Level:
    """Another grain: multiplied noise, wider than tall."""
    grain = rng.standard_normal(level.shape, np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.6, 2.2), sigmaY=rng.uniform(0.4, 1.2))
    grain *= rng.uniform(0.08, 0.4) / max(float(grain.std()), 1e-6)
    return level * np.exp(grain)


def smooth(level: Level, rng: np.random.Generator) -> Level:
    """The speckle filter of the scanner, or its edge enhancement."""
    kind = rng.integers(0, 4)
    if kind == 0:
        return cv2.bilateralFilter(level, 7, rng.uniform(0.05, 0.25), rng.uniform(1, 3))
    if kind == 1:
        return cv2.medianBlur(level.astype(np.float32), int(rng.choice([3, 5])))
    soft = cv2.GaussianBlur(level, (0, 0), rng.uniform(0.7, 2.0), sigmaY=rng.uniform(0.5, 1.5))
    return soft if kind == 2 else level + rng.uniform(0.3, 1.5) * (level - soft)


def coarsen(level: Level, rng: np.random.Generator) -> Level:
    """Fewer scan lines and samples, as an older scanner or a small screen copy has."""
    height, width = level.shape
    size = (int(width * rng.uniform(0.3, 0.8)), int(height * rng.uniform(0.4, 0.9)))
    return cv2.resize(cv2.resize(level, size, interpolation=cv2.INTER_AREA), (width, height))


Change = Callable[[Level, np.random.Generator], Level]
KINDS: Final[dict[str, tuple[tuple[Change, float], ...]]] = {
    "speckle": ((smooth, 0.4), (speckle, 0.35), (coarsen, 0.2)),
    "intensity": ((shade, 0.5), (regrade, 0.75), (equalise, 0.15)),
}
"""Name -> changes with the chance of each, in the order in which they happen."""


def other_scanner(picture: Grey, kinds: frozenset[str], rng: np.random.Generator) -> Grey:
    """`picture` as another scanner might show it. kinds: of `KINDS`."""
    level = picture.astype(np.float32) / 255
    for kind, changes in KINDS.items():
        for change, chance in changes if kind in kinds else ():
            if rng.random() < chance:
                level = np.clip(change(np.asarray(level, np.float32), rng), 0, 1)
    return np.asarray(np.round(level * 255), np.uint8)
