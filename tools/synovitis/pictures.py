"""Pictures of phantom finger joints for the network, with strong variation. A seed is a picture.

What differs between people, machines and examiners is varied: anatomy and grade, grain, dynamic range, gain, depth,
pressure, tilt, plane, effusion, erosions, spurs; flow that is filled in as the task does it; crops, letters and ticks
burnt in, compression. Some pictures show no joint: upside down, or a bone's shaft without an end.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Pose, Samples
from edge.phantom.speckle import interpolated_noise, white_field
from edge.task.scores import SIDE
from edge.task.synovitis.grades import Floats
from edge.task.synovitis.phantom import SynovitisPicture, between, picture_of
from edge.task.synovitis.phantom_anatomy import Section
from edge.task.synovitis.phantom_drawing import draw_imaging, draw_joint, draw_tissue
from edge.task.synovitis.planes import MASKS, PLANES, ZONE_MM, ZONE_OVER_MM, ZONE_UNDER_MM, Window
from edge.task.synovitis.working import filled_in
from tools.scanner_variation import vary_export

OTHER_SHARE, WRONG_SHARE, FLOWING_SHARE = 0.1, 0.45, 0.2
LINE_MM: Final = 0.32
"""Height of a bone's or capsule's line in its mask."""
LEAST_TENDON: Final = 0.4
"""Share of the tendon in the plane, from which on it is marked."""
LEAST_KEPT: Final = 0.8
POOL: Final = (1100, 1500)
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class SynovitisSample:
    """One picture as the network sees it, with its truth."""

    picture: Grey
    """(SIDE, SIDE)."""
    target: NDArray[np.float32]
    """(len(PLANES) + 1, SIDE, SIDE): shares of the masks, the steps of the grade, and where these count."""


def draw_sample(seed: int) -> SynovitisSample:
    rng = np.random.default_rng([606, seed])
    taken, target = _body(seed // 2)
    skin_mm = max(0.0, float(taken.section.skin.min()) + float(rng.normal(0, 0.25)))
    pixels = taken.pixels
    other = rng.random()
    if other < OTHER_SHARE / 2:
        pixels, target = np.ascontiguousarray(pixels[::-1]), np.zeros_like(target)
    elif other < OTHER_SHARE:
        pixels, target = _shaft(pixels, target)
    if rng.random() < FLOWING_SHARE:
        pixels = _flowed(pixels, rng)
    pixels, target = _cropped(pixels, target, rng)
    window = Window.of(pixels.shape, (taken.mm_per_px, taken.mm_per_px), skin_mm)
    picture = window.tensor(np.asarray(vary_export(pixels, rng), np.uint8))[0, 0]
    moved = [cv2.warpAffine(plane, window.matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR) for plane in target]
    return SynovitisSample(picture, np.asarray(np.stack(moved), np.float32))


@lru_cache(maxsize=2)
def _body(number: int) -> tuple[SynovitisPicture, NDArray[np.float32]]:
    """A picture and its truth, which two samples differ from by crops, scanners and files: to draw it takes longest."""
    taken = _taken(np.random.default_rng([607, number]))
    return taken, target_of(taken)


def _taken(rng: np.random.Generator) -> SynovitisPicture:
    imaging = draw_imaging(rng)
    height = int(rng.integers(200, 300))
    shape = height, round(float(rng.uniform(22, 36)) / (imaging.depth_mm / height))
    joint, tissue, pose, off_mm = draw_joint(rng), draw_tissue(rng), _pose(rng), _off(rng)
    return picture_of(joint, tissue, imaging, pose, off_mm, _piece(rng, 0, shape), _piece(rng, 1, shape))


@cache
def _fields() -> tuple[Samples, Samples]:
    """Speckle and noise that pictures are cut from: to draw new ones for each would take as long as the rest."""
    rng = np.random.default_rng(4711)
    return white_field(rng, POOL), interpolated_noise(rng, POOL)


def _piece(rng: np.random.Generator, which: int, shape: tuple[int, int]) -> Samples:
    field = _fields()[which]
    top, left = (int(rng.integers(0, full - part)) for full, part in zip(POOL, shape, strict=True))
    return np.ascontiguousarray(field[top : top + shape[0], left : left + shape[1]][:: rng.choice((-1, 1))])


def _pose(rng: np.random.Generator) -> Pose:
    wrong = rng.random() < WRONG_SHARE
    pressed = float(rng.uniform(0, 0.9)) if wrong and rng.random() < 0.35 else float(rng.uniform(0, 0.15))
    tilt = float(rng.normal(0, 7)) if wrong else float(rng.normal(0, 2.5))
    return Pose(slide_mm=float(rng.normal(-1, 2.2)), tilt_deg=float(np.clip(tilt, -17, 17)), pressure=pressed)


def _off(rng: np.random.Generator) -> float:
    return float(rng.uniform(0, 4)) if rng.random() < 0.2 else float(abs(rng.normal(0, 0.5)))


def target_of(taken: SynovitisPicture) -> NDArray[np.float32]:
    """(len(PLANES) + 1, height, width)."""
    seen, shape, mm = taken.section, taken.pixels.shape, taken.mm_per_px
    fluid = between(seen, seen.capsule, seen.fluid, shape, mm)
    region = taken.region & ~fluid
    tendon = _filled(shape, mm, seen.tendon[0], seen.tendon[1]) * float(seen.tendon_there > LEAST_TENDON)
    thick = seen.in_recess & (seen.floor - seen.capsule > 0.25)
    bone = _line(shape, mm, seen.bone, ~seen.in_gap)
    masks = (bone, _line(shape, mm, seen.capsule, thick), tendon, region, fluid)
    zone = _zone(seen, shape, mm)
    steps = [np.full(shape, float(seen.grade > k), np.float32) for k in range(len(PLANES) - len(MASKS))]
    return np.stack([*(np.asarray(mask, np.float32) for mask in masks), *steps, zone])


def _line(shape: tuple[int, ...], mm_per_px: float, curve: Floats, there: NDArray[np.bool_]) -> NDArray[np.float32]:
    rows = (np.arange(shape[0]) + 0.5)[:, None] * mm_per_px
    # The echo's middle lies a little under the surface.
    away = np.abs(rows - curve - 0.1) / (LINE_MM / 2)
    return np.asarray(np.clip(1.5 - away, 0, 1) * there, np.float32)


def _filled(shape: tuple[int, ...], mm_per_px: float, upper: Floats, lower: Floats) -> NDArray[np.float32]:
    rows = (np.arange(shape[0]) + 0.5)[:, None] * mm_per_px
    return np.asarray((rows >= upper) & (rows < lower), np.float32)


def _zone(seen: Section, shape: tuple[int, ...], mm_per_px: float) -> NDArray[np.float32]:
    near = np.abs(seen.x_mm) < ZONE_MM
    return _filled(shape, mm_per_px, seen.capsule - ZONE_OVER_MM, seen.floor + ZONE_UNDER_MM) * near


def _shaft(pixels: Grey, target: NDArray[np.float32]) -> tuple[Grey, NDArray[np.float32]]:
    """The widest piece of the picture without the joint: bone goes on, nothing else is there."""
    zone = target[-1].any(axis=0)
    at = np.flatnonzero(zone)
    width = pixels.shape[1]
    left, right = (at[0], at[-1] + 1) if at.size else (width, width)
    part = slice(0, int(left)) if left > width - right else slice(int(right), width)
    if part.stop - part.start < 70:
        return np.ascontiguousarray(pixels[::-1]), np.zeros_like(target)
    kept = np.zeros_like(target[:, :, part])
    kept[0] = target[0][:, part]
    return np.ascontiguousarray(pixels[:, part]), kept


def _flowed(pixels: Grey, rng: np.random.Generator) -> Grey:
    """With places filled in, as where flow was shown."""
    hidden = np.zeros(pixels.shape, np.uint8)
    height, width = pixels.shape
    for _ in range(int(rng.integers(1, 8))):
        place = int(rng.uniform(0.2, 0.8) * width), int(rng.uniform(0.1, 0.6) * height)
        axes = int(rng.uniform(2, 14)), int(rng.uniform(2, 8))
        cv2.ellipse(hidden, place, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    return filled_in(pixels, hidden > 0)


def _cropped(pixels: Grey, target: NDArray[np.float32], rng: np.random.Generator) -> tuple[Grey, NDArray[np.float32]]:
    if rng.random() < 0.5:
        pixels, target = pixels[:, ::-1], target[:, :, ::-1]
    if rng.random() < 0.5:
        height, width = pixels.shape
        down, across = int(height * rng.uniform(LEAST_KEPT, 1)), int(width * rng.uniform(LEAST_KEPT, 1))
        left = int(rng.uniform(0, width - across + 1))
        pixels, target = pixels[:down, left : left + across], target[:, :down, left : left + across]
    return np.ascontiguousarray(pixels), np.ascontiguousarray(target)
