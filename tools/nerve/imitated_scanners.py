"""Real pictures as another hospital's scanner and export might have made them; each imitation is fixed, by its name."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from edge.screen.region.ultrasound import find_region
from tools.nerve.usgra_seg import UsgraPicture
from tools.scanner_variation import Grey, Level, coarsen, speckle


def imitated(drawing: UsgraPicture, name: str) -> UsgraPicture:
    """The picture as one of `IMITATIONS` would show it; its region is looked for anew, as in a run."""
    if name == PLAIN:
        return drawing
    rng = np.random.default_rng(zlib.crc32(f"{drawing.name} {name}".encode()))
    changed = IMITATIONS[name](drawing, rng)
    return replace(changed, region=find_region(changed.file))


def _with_level(drawing: UsgraPicture, change: Callable[[Level], Level]) -> UsgraPicture:
    """Changes the ultrasound alone; what surrounds it stays."""
    file = drawing.file.copy()
    part = drawing.region.crop(file)
    part[:] = np.round(255 * np.clip(change(part.astype(np.float32) / 255), 0, 1))
    return replace(drawing, file=file)


def compressed(drawing: UsgraPicture, rng: np.random.Generator) -> UsgraPicture:
    """Heavy grey-scale compression: faint echoes lifted, black turned grey, few grey levels."""
    strength, low = rng.uniform(30, 80), rng.uniform(0.12, 0.25)
    return _with_level(
        drawing, lambda level: np.round(24 * (low + 0.6 * np.log1p(strength * level) / np.log1p(strength))) / 24
    )


def older(drawing: UsgraPicture, rng: np.random.Generator) -> UsgraPicture:
    """An older scanner: half the scan lines, broad speckle, soft borders."""

    def change(level: Level) -> Level:
        soft = cv2.GaussianBlur(coarsen(level, rng), (0, 0), 1.5, sigmaY=0.8)
        return speckle(np.asarray(soft, np.float32), rng)

    return _with_level(drawing, change)


def resized(drawing: UsgraPicture, rng: np.random.Generator) -> UsgraPicture:
    """Another depth and shape: squeezed, tilted, a part cut away."""
    height, width = drawing.file.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-12, 12), rng.uniform(0.75, 0.9))
    matrix = np.diag([1.0, rng.uniform(0.8, 1.2)]) @ matrix
    file, nerve, vessel = (
        cv2.warpAffine(plane, matrix, (width, height), flags=cv2.INTER_LINEAR)
        for plane in (drawing.file, drawing.nerve, drawing.vessel)
    )
    return replace(drawing, file=file, nerve=_solid(nerve), vessel=_solid(vessel))


def padded(drawing: UsgraPicture, rng: np.random.Generator) -> UsgraPicture:
    """The picture on a grey page."""
    grey = int(rng.integers(60, 130))
    margins = [int(v) for v in rng.uniform(0.08, 0.25, 4) * 512]

    def page(plane: Grey, value: int) -> Grey:
        return np.asarray(cv2.copyMakeBorder(plane, *margins, cv2.BORDER_CONSTANT, value=value), np.uint8)

    part = drawing.region.crop
    return replace(
        drawing,
        file=page(part(drawing.file), grey),
        nerve=page(part(drawing.nerve), 0),
        vessel=page(part(drawing.vessel), 0),
    )


def other_hospital(drawing: UsgraPicture, rng: np.random.Generator) -> UsgraPicture:
    """All of it at once."""
    for change in (older, compressed, resized, padded):
        drawing = change(drawing, rng)
    return drawing


def _solid(plane: Grey) -> Grey:
    return np.where(plane > 127, 255, 0).astype(np.uint8)


PLAIN: Final = "as they are"
IMITATIONS: Final[dict[str, Callable[[UsgraPicture, np.random.Generator], UsgraPicture]]] = {
    PLAIN: lambda drawing, rng: drawing,
    "compressed": compressed,
    "older scanner": older,
    "other shape": resized,
    "grey page": padded,
    "other hospital": other_hospital,
}
