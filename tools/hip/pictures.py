"""Pictures of phantom hips for training a network, with strong variation. A seed is a picture.

What differs between machines and infants is varied (edge/task/hip/phantom_drawing.py: grain, dynamic range, gain,
depth, ossific nucleus, side); what differs between examiners too: tilt, rotation, pressure, structures that are not in
the plane, crops, letters and ticks burnt in. Real pictures of other body parts can be mixed in as texture, so that what
is learned is edges and places rather than this phantom's grain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.hip.lines import Floats, Landmarks
from edge.task.hip.phantom import HipPicture, hip_picture
from edge.task.hip.phantom_anatomy import Section
from edge.task.hip.phantom_drawing import draw_hip, left_out_at_random
from tools.scanner_variation import vary_export

SIDE: Final = 256
# Each is the name of a strength of edge.task.hip.phantom_anatomy.Section too.
MASKS: Final = ("iliac line", "bony roof", "labrum", "femoral head", "chondro-osseous border")
LEAST_STRENGTH: Final = 0.25
"""Of a structure in a tilted plane, from which on it is marked."""
LINE_MM: Final = 1.1
"""Height of a bone's line in its mask."""
OTHER_SHARE, LACKING_SHARE, TILTED_SHARE, TEXTURED_SHARE = 0.08, 0.2, 0.5, 0.6
LEAST_KEPT: Final = 0.8
"""Of a picture's width and height in a crop."""
BITS: Final = 4

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class HipSample:
    """One picture with its truth, as a task would crop it from the screen."""

    picture: Grey
    """(SIDE, SIDE)."""
    masks: NDArray[np.float32]
    """(len(MASKS), SIDE, SIDE) share of each pixel that is the structure."""
    standard: bool
    """Whether Graf would measure in this plane."""
    alpha_deg: float
    """As this plane shows it, with square pixels; the picture's are not. NaN: there is no hip."""


def draw_hip_sample(seed: int, textures: Sequence[Grey] = ()) -> HipSample:
    """The picture of a seed. textures: real pictures (height, width) that some are mixed with."""
    rng = np.random.default_rng(seed)
    hip = draw_hip(rng)
    if rng.random() < LACKING_SHARE:
        hip = left_out_at_random(rng, hip)
    tilted = rng.random() < TILTED_SHARE
    tilt, rotation = rng.normal(0, (9.0, 8.0)) if tilted else rng.uniform(-3, 3, 2)
    taken = hip_picture(rng, hip=hip, tilt_deg=float(tilt), rotation_deg=float(rotation), rows=(256, 420))
    masks, pixels = masks_of(taken), taken.pixels
    other = bool(rng.random() < OTHER_SHARE)
    if other:
        # Upside down nothing of a hip is where it must be, though every line is there.
        pixels, masks = np.ascontiguousarray(pixels[::-1]), np.zeros_like(masks)
    if textures and rng.random() < TEXTURED_SHARE:
        texture = textures[int(rng.integers(len(textures)))]
        pixels = with_texture(pixels, texture, masks.max(axis=0), rng)
    pixels, masks = cropped(pixels, masks, rng)
    picture = cv2.resize(np.asarray(vary_export(pixels, rng)), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    small = np.stack([cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for mask in masks])
    alpha = float("nan") if other else taken.section.alpha_deg
    return HipSample(np.asarray(picture, np.uint8), small, taken.standard and not other, alpha)


def masks_of(taken: HipPicture) -> NDArray[np.float32]:
    """(len(MASKS), height, width) where each structure is, as far as its plane shows it."""
    seen, marks = taken.section, taken.landmarks_px()
    px = 1 / taken.mm_per_px
    middle = np.array((taken.pixels.shape[1] / 2 - 0.5, -0.5))
    drawn = [
        _line(taken.pixels.shape, marks.ilium, LINE_MM * px),
        _line(taken.pixels.shape, marks.roof, LINE_MM * px),
        _filled(taken.pixels.shape, _wedge(seen) * px + middle),
        _filled(taken.pixels.shape, _circle(marks)),
        _line(taken.pixels.shape, seen.border * px + middle, LINE_MM * px),
    ]
    shown = [seen.strength[name] >= LEAST_STRENGTH for name in MASKS]
    return np.stack([mask * np.float32(there) for mask, there in zip(drawn, shown, strict=True)])


def _wedge(seen: Section) -> Floats:
    """The labrum, as the phantom draws it."""
    way, beside = seen.labrum_way, np.array((-seen.labrum_way[1], seen.labrum_way[0]))
    return np.stack(
        (
            seen.labrum + 1.5 * way,
            seen.labrum - 1.3 * way + 0.75 * beside,
            seen.labrum - 1.3 * way - 0.75 * beside,
        )
    )


def _circle(marks: Landmarks) -> Floats:
    assert marks.head is not None
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return np.asarray(marks.head + marks.head_radius * np.stack((np.cos(turn), np.sin(turn)), axis=1), np.float64)


def _fixed(points: Floats) -> NDArray[np.int32]:
    return np.clip(np.round(points * (1 << BITS)), -(1 << 18), 1 << 18).astype(np.int32)


def _line(shape: tuple[int, ...], points: Floats, thick_px: float) -> NDArray[np.float32]:
    mask = np.zeros(shape, np.uint8)
    cv2.polylines(mask, [_fixed(points)], False, 255, max(1, round(thick_px)), cv2.LINE_AA, BITS)
    return mask.astype(np.float32) / 255


def _filled(shape: tuple[int, ...], ring: Floats) -> NDArray[np.float32]:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [_fixed(ring)], 255, cv2.LINE_AA, BITS)
    return mask.astype(np.float32) / 255


def with_texture(pixels: Grey, texture: Grey, structures: NDArray[np.float32], rng: np.random.Generator) -> Grey:
    """A real picture's grain and layers mixed in, less where structures (height, width) lie."""
    height, width = pixels.shape
    scale = rng.uniform(0.7, 1.6) * max(height / texture.shape[0], width / texture.shape[1])
    size = max(width, round(texture.shape[1] * scale)), max(height, round(texture.shape[0] * scale))
    large = cv2.resize(texture, size, interpolation=cv2.INTER_LINEAR)
    top, left = (int(rng.integers(0, more - less + 1)) for more, less in zip(large.shape, pixels.shape, strict=True))
    part = large[top : top + height, left : left + width].astype(np.float32)
    if rng.random() < 0.5:
        part = part[:, ::-1]
    most = rng.uniform(0.1, 0.5)
    soft = cv2.GaussianBlur(structures, (0, 0), 3)
    share = np.float32(most) * (1 - np.float32(0.7) * np.clip(soft, 0, 1))
    # Shadows stay dark: what is added goes with the picture's own brightness around.
    around = cv2.GaussianBlur(pixels, (0, 0), 6).astype(np.float32) / 255
    added = part * np.clip(0.15 + 1.5 * around, 0, 1)
    mixed = (1 - share) * pixels.astype(np.float32) + share * added
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def cropped(pixels: Grey, masks: NDArray[np.float32], rng: np.random.Generator) -> tuple[Grey, NDArray[np.float32]]:
    """A window of the picture and its masks (n, height, width)."""
    height, width = pixels.shape
    kept = rng.uniform(LEAST_KEPT, 1.0, 2)
    rows, columns = round(height * kept[0]), round(width * kept[1])
    top, left = int(rng.integers(0, height - rows + 1)), int(rng.integers(0, width - columns + 1))
    window = slice(top, top + rows), slice(left, left + columns)
    return np.ascontiguousarray(pixels[window]), np.ascontiguousarray(masks[(slice(None), *window)])
