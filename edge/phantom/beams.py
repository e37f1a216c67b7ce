"""Where a transducer's beams lie and which of them touch the skin; how a curved array's beams become a picture."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Samples, Transducer


def beam_positions(width_mm: float, beams: int) -> NDArray[np.float64]:
    """Lateral position (beams,) in mm of each beam of an array this long, 0 in its middle."""
    return np.asarray((np.arange(beams) + 0.5) * (width_mm / beams) - width_mm / 2)


def row_depths(depth_mm: float, rows: int) -> Samples:
    """Depth (rows, 1) in mm of the middle of each of a picture's rows."""
    return ((np.arange(rows, dtype=np.float32) + np.float32(0.5)) * np.float32(depth_mm / rows))[:, None]


def skin_contact(x_mm: NDArray[np.floating], limits_mm: tuple[float, float]) -> NDArray[np.float64]:
    """Share (beams,), 0 to 1, of the sound that reaches the skin between these lateral limits."""
    left, right = limits_mm
    rise, fall = (1 + np.exp(-np.clip(edge / 0.4, -30, 30)) for edge in (x_mm - left, right - x_mm))
    return np.asarray(1 / (rise * fall), np.float64)


def draw_contact_limits(rng: np.random.Generator, chance: float) -> tuple[float, float]:
    """Lateral limits of skin contact in mm; each side lies within a picture with this chance."""
    left = rng.uniform(-24, -12) if rng.random() < chance else -90.0
    right = rng.uniform(12, 24) if rng.random() < chance else 90.0
    return left, right


def scan_convert(
    layers: tuple[NDArray[Any], ...], transducer: Transducer, depth_mm: float
) -> tuple[tuple[NDArray[Any], ...], float]:
    """Lays the beams of a curved array out as a fan in pictures of the same size and square pixels.

    layers: (rows, beams) each, all of one shape. Returns the fans and their mm per pixel; beside a fan is 0.
    """
    rows, beams = layers[0].shape
    radius = float(transducer.radius_mm or 0)
    half_angle = transducer.width_mm / 2 / radius
    top = radius * np.cos(half_angle)
    mm_per_px = max((radius + depth_mm - top) / rows, 2 * (radius + depth_mm) * np.sin(half_angle) / beams)
    x = (np.arange(beams) + 0.5 - beams / 2) * mm_per_px
    y = top + (np.arange(rows) + 0.5) * mm_per_px
    places = _places(x, y, transducer, depth_mm, (rows, beams))
    return tuple(_laid_out(layer, places) for layer in layers), mm_per_px


def scan_convert_below(layer: NDArray[Any], transducer: Transducer, depth_mm: float) -> NDArray[Any]:
    """Lays beams (rows, beams) of a curved array out as a fan (rows, columns) with square pixels of depth_mm / rows,
    from the skin under the array's middle down: what of the fan lies above is left out. Beside the fan is 0."""
    rows, beams = layer.shape
    mm_per_px, radius = depth_mm / rows, float(transducer.radius_mm or 0)
    half_angle = transducer.width_mm / 2 / radius
    columns = 2 * round((radius + depth_mm) * float(np.sin(half_angle)) / mm_per_px)
    x = (np.arange(columns) + 0.5 - columns / 2) * mm_per_px
    y = radius + (np.arange(rows) + 0.5) * mm_per_px
    return _laid_out(layer, _places(x, y, transducer, depth_mm, (rows, beams)))


def _places(
    x_mm: NDArray[np.float64],
    y_mm: NDArray[np.float64],
    transducer: Transducer,
    depth_mm: float,
    shape: tuple[int, int],
) -> tuple[Samples, Samples]:
    """Beam and row, (y, x) each, of places beside and under the centre of a curved array's circle. shape: (rows, beams)
    of what the array gave."""
    rows, beams = shape
    radius = float(transducer.radius_mm or 0)
    half_angle = transducer.width_mm / 2 / radius
    angle = np.arctan2(x_mm[None, :], y_mm[:, None])
    distance = np.hypot(x_mm[None, :], y_mm[:, None]) - radius
    beam = ((angle / half_angle + 1) / 2 * beams - 0.5).astype(np.float32)
    return beam, (distance / depth_mm * rows - 0.5).astype(np.float32)


def _laid_out(layer: NDArray[Any], places: tuple[Samples, Samples]) -> NDArray[Any]:
    fan = cv2.remap(layer, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(fan, layer.dtype)
