"""A picture with its labels before it is moved; and the nerve or vessel of one set into another.

The few there are should be seen in more surroundings.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.nerve.split import NerveDrawing

Grey = NDArray[np.uint8]
LEAST_PX: Final = 150
"""Drawn pieces with fewer pixels are slips of the pen."""
BORDER: Final = 0.35
"""Tissue that comes along on each side, as a share of the piece's shorter side: it holds the bright rim."""
MOST_BLACK: Final = 0.3
"""Share of a place without any echo from which on nothing could be seen there."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All (height, width) uint8."""

    pixels: Grey
    nerve: Grey
    """0 or 255."""
    vessel: Grey


@dataclass(frozen=True, slots=True, eq=False)
class Guest:
    """A drawn piece with the tissue around it; pixels and mask of one shape."""

    pixels: Grey
    mask: Grey
    """0 to 255."""
    margin: int
    depth: float
    """Of its upper edge, as a share of the picture's height."""


def scene_of(drawing: NerveDrawing) -> Scene:
    crop = drawing.region.crop
    return Scene(drawing.pixels, crop(drawing.nerve), crop(drawing.vessel))


def empty_scene(pixels: Grey) -> Scene:
    return Scene(pixels, np.zeros_like(pixels), np.zeros_like(pixels))


def with_guest(host: Scene, lender: Scene, rng: np.random.Generator) -> Scene:
    """The host with one drawn piece of the lender at about its depth.

    The host itself where the lender has no such piece, or where that would cover what is drawn.
    """
    of_vessel = bool(rng.integers(2))
    guest = _cut_out(lender.pixels, lender.vessel if of_vessel else lender.nerve, host.pixels.shape[0], rng)
    place = _place(host, guest, rng) if guest else None
    if guest is None or place is None:
        return host
    pixels, nerve, vessel = host.pixels.copy(), host.nerve.copy(), host.vessel.copy()
    pixels[place] = _blended(host.pixels[place], guest)
    (vessel if of_vessel else nerve)[place][guest.mask > 127] = 255
    return Scene(pixels, nerve, vessel)


def _cut_out(pixels: Grey, drawn: Grey, target_height: int, rng: np.random.Generator) -> Guest | None:
    """A piece at random, about as large in a picture of the target's height, half of the time mirrored."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(drawn)
    large = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] > LEAST_PX]
    if not large:
        return None
    piece = int(rng.choice(large))
    left, top, width, height = (int(value) for value in stats[piece, :4])
    margin = round(BORDER * min(width, height)) + 2
    upper = max(0, top - margin)
    box = np.s_[upper : top + height + margin, max(0, left - margin) : left + width + margin]
    zoom = target_height / pixels.shape[0] * float(np.exp(rng.normal(0, 0.15)))
    planes = [_resized(plane, zoom) for plane in (pixels[box], np.uint8(255) * (pieces[box] == piece))]
    picture, mask = [plane[:, ::-1] for plane in planes] if rng.random() < 0.5 else planes
    return Guest(picture, mask, round(margin * zoom), upper / pixels.shape[0] + rng.normal(0, 0.08))


def _resized(plane: Grey, zoom: float) -> Grey:
    height, width = (max(8, round(length * zoom)) for length in plane.shape)
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (width, height), interpolation=how), np.uint8)


def _place(host: Scene, guest: Guest, rng: np.random.Generator) -> tuple[slice, slice] | None:
    """Free and not black; None: the one tried was not."""
    (height, width), (rows, columns) = host.pixels.shape, guest.pixels.shape
    if rows >= height or columns >= width:
        return None
    row, column = int(np.clip(guest.depth * height, 0, height - rows)), int(rng.integers(width - columns))
    place = np.s_[row : row + rows, column : column + columns]
    taken = host.nerve[place].any() or host.vessel[place].any()
    return None if taken or np.mean(host.pixels[place] == 0) > MOST_BLACK else place


def _blended(host: Grey, guest: Guest) -> Grey:
    """The guest fades out within its margin, and is as bright there as the host is."""
    reach = guest.margin | 1
    wide = cv2.dilate(guest.mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    wide[[0, -1]] = wide[:, [0, -1]] = 0
    share = cv2.GaussianBlur(wide.astype(np.float32) / 255, (0, 0), max(1.0, guest.margin / 6))
    share = np.maximum(share, guest.mask.astype(np.float32) / 255)
    ring = (guest.mask < 128) & (wide > 127)
    brighter = 1.0
    if ring.any():
        brighter = float(np.clip((host[ring].mean() + 5) / (guest.pixels[ring].mean() + 5), 0.6, 1.6))
    return np.clip(share * guest.pixels * brighter + (1 - share) * host, 0, 255).astype(np.uint8)
