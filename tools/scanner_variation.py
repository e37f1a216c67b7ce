"""How other scanners, their settings and their files would show the same tissue.

`vary_export` changes finished pictures: filters, grey maps, letters, compression; `vary_capture` crops and mirrors them
too, and moves a mask with them. `vary_scanner` changes grey levels by kinds that can be chosen: intensity (grey map,
depth gain) and speckle (grain, resolution).
"""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Mask = NDArray[np.float32]
Level = NDArray[np.float32]
"""Grey 0 to 1."""


def vary_capture(pixels: Grey, covered: Mask, rng: np.random.Generator, *, margins: bool) -> tuple[Grey, Mask]:
    """The picture as another scanner and another examiner's crop would show it, and the mask that moved with it."""
    if rng.random() < 0.5:
        pixels, covered = pixels[:, ::-1], covered[:, ::-1]
    if margins:
        pixels, covered = _cropped(pixels, covered, rng)
    return np.ascontiguousarray(vary_export(pixels, rng)), np.ascontiguousarray(covered)


def vary_export(pixels: Grey, rng: np.random.Generator) -> Grey:
    """As another scanner's filter, grey map, burnt-in marks and file compression would leave it; nothing moves."""
    for change, chance in ((_filtered, 0.5), (_graded, 0.7), (_written_on, 0.25), (_compressed, 0.3)):
        if rng.random() < chance:
            pixels = change(np.array(pixels, order="C"), rng)
    return pixels


def _cropped(pixels: Grey, covered: Mask, rng: np.random.Generator) -> tuple[Grey, Mask]:
    """A region that is found a little too wide or too narrow; sometimes turned by a few degrees."""
    height, width = pixels.shape
    grow = rng.normal(0, 0.025, 4)
    left, right, top, bottom = (grow * (width, width, height, height)).astype(int)
    # The upper margin may be wider: the skin line sits under a gel gap or a stand-off.
    top += int(max(0.0, rng.normal(0, 0.04)) * height)
    matrix = np.array([[1.0, 0.0, left], [0.0, 1.0, top]])
    if rng.random() < 0.3:
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 5), 1.0)
    size = (max(64, width + left + right), max(64, height + top + bottom))
    moved = [cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR) for picture in (pixels, covered)]
    return moved[0], moved[1]


def _filtered(pixels: Grey, rng: np.random.Generator) -> Grey:
    """Speckle reduction, edge enhancement or blur of the scanner."""
    kind = rng.integers(0, 4)
    if kind == 0:
        return cv2.bilateralFilter(pixels, 5, rng.uniform(10, 60), rng.uniform(1, 3))
    if kind == 1:
        soft = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.8, 2.0))
        return cv2.addWeighted(pixels, 1 + (share := rng.uniform(0.3, 1.5)), soft, -share, 0)
    if kind == 2:
        return cv2.medianBlur(pixels, 3)
    return cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.4, 1.4), sigmaY=rng.uniform(0.4, 1.0))


def _graded(pixels: Grey, rng: np.random.Generator) -> Grey:
    """Another grey map: contrast, brightness, an S-curve, a black level that swallows faint echoes or lifts them."""
    level = np.arange(256) / 255
    level = np.clip((level - rng.uniform(-0.08, 0.15)) * rng.uniform(0.6, 1.6), 0, 1) ** (10 ** rng.normal(0, 0.12))
    if rng.random() < 0.4:
        level = level + rng.uniform(0, 0.12) * np.sin(2 * np.pi * (level - 0.5))
    return cv2.LUT(pixels, (np.clip(level, 0, 1) * 255).astype(np.uint8))


def _written_on(pixels: Grey, rng: np.random.Generator) -> Grey:
    """Letters, rulers, a focus mark, a centre line burnt into the picture."""
    height, width = pixels.shape
    for _ in range(int(rng.integers(1, 4))):
        grey = int(rng.integers(120, 256))
        place = (int(rng.uniform(0, width)), int(rng.uniform(0.03, 1) * height))
        kind = rng.integers(0, 3)
        if kind == 0:
            text = "".join(chr(c) for c in rng.integers(48, 91, int(rng.integers(1, 9))))
            cv2.putText(pixels, text, place, int(rng.integers(0, 8)), rng.uniform(0.3, 0.8), grey, 1, cv2.LINE_AA)
        elif kind == 1:
            x, step = int(rng.choice([2, width - 3, place[0]])), int(rng.uniform(8, 60))
            for y in range(place[1] % step, height, step):
                cv2.line(pixels, (x, y), (x + int(rng.integers(0, 4)), y), grey, 1)
        else:
            cv2.drawMarker(pixels, place, grey, int(rng.integers(0, 7)), int(rng.integers(5, 14)), 1)
    return pixels


def _compressed(pixels: Grey, rng: np.random.Generator) -> Grey:
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if done else pixels


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
VARIATIONS: Final[dict[str, tuple[tuple[Change, float], ...]]] = {
    "speckle": ((smooth, 0.4), (speckle, 0.35), (coarsen, 0.2)),
    "intensity": ((shade, 0.5), (regrade, 0.75), (equalise, 0.15)),
}
"""Name -> changes with the chance of each, in the order in which they happen."""


def vary_scanner(picture: Grey, kinds: frozenset[str], rng: np.random.Generator) -> Grey:
    """`picture` as another scanner might show it. kinds: of `VARIATIONS`."""
    level = picture.astype(np.float32) / 255
    for kind, changes in VARIATIONS.items():
        for change, chance in changes if kind in kinds else ():
            if rng.random() < chance:
                level = np.clip(change(np.asarray(level, np.float32), rng), 0, 1)
    return np.asarray(np.round(level * 255), np.uint8)
