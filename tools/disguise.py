"""What scanners and files do to a picture after the physics: crop, marks, filters, grey maps, compression."""

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Mask = NDArray[np.float32]


def disguise(pixels: Grey, covered: Mask, rng: np.random.Generator, *, margins: bool) -> tuple[Grey, Mask]:
    """The picture as a stranger's scanner would show it, and the mask that moved with it."""
    if rng.random() < 0.5:
        pixels, covered = pixels[:, ::-1], covered[:, ::-1]
    if margins:
        pixels, covered = _reframe(pixels, covered, rng)
    return np.ascontiguousarray(change_looks(pixels, rng)), np.ascontiguousarray(covered)


def change_looks(pixels: Grey, rng: np.random.Generator) -> Grey:
    """Another scanner's filter, grey map, marks and compression; nothing moves."""
    for change, chance in ((_filter, 0.5), (_regrade, 0.7), (_write, 0.25), (_recompress, 0.3)):
        if rng.random() < chance:
            pixels = change(np.array(pixels, order="C"), rng)
    return pixels


def _reframe(pixels: Grey, covered: Mask, rng: np.random.Generator) -> tuple[Grey, Mask]:
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


def _filter(pixels: Grey, rng: np.random.Generator) -> Grey:
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


def _regrade(pixels: Grey, rng: np.random.Generator) -> Grey:
    """Another grey map: contrast, brightness, an S-curve, a black level that swallows faint echoes or lifts them."""
    level = np.arange(256) / 255
    level = np.clip((level - rng.uniform(-0.08, 0.15)) * rng.uniform(0.6, 1.6), 0, 1) ** (10 ** rng.normal(0, 0.12))
    if rng.random() < 0.4:
        level = level + rng.uniform(0, 0.12) * np.sin(2 * np.pi * (level - 0.5))
    return cv2.LUT(pixels, (np.clip(level, 0, 1) * 255).astype(np.uint8))


def _write(pixels: Grey, rng: np.random.Generator) -> Grey:
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


def _recompress(pixels: Grey, rng: np.random.Generator) -> Grey:
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if done else pixels
