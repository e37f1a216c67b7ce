"""A whole picture: anatomy, beams, scan conversion, grey levels, truth."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.bmode import compress, envelope, white_field
from edge.phantom.records import Band, Echoes, Imaging, PhantomPicture, Pose, Transducer
from edge.task.cartilage.trochlea import Trochlea, echoes


def take_picture(
    knee: Trochlea,
    imaging: Imaging,
    pose: Pose,
    transducer: Transducer,
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> PhantomPicture:
    """One picture of `shape` (height, width) that shows the whole depth; new speckle from `rng`."""
    x_mm = beam_positions(transducer, shape[1])
    seen, band = echoes(knee, imaging, pose, x_mm, shape[0])
    return form_picture(seen, band, imaging, transducer, rng)


def form_picture(
    seen: Echoes, band: Band, imaging: Imaging, transducer: Transducer, rng: np.random.Generator
) -> PhantomPicture:
    """The picture of what an anatomy sends back, with the truth that belongs to it; new speckle from `rng`."""
    rows, beams = seen.scatter.shape
    mm_per_beam, mm_per_row = transducer.width_mm / beams, imaging.depth_mm / rows
    speckle, noise = (white_field(rng, (rows, beams)) for _ in range(2))
    pixels = compress(envelope(seen, speckle, noise, imaging, mm_per_beam), imaging)
    covered = coverage(band, rows, mm_per_row)
    if transducer.radius_mm is None:
        return PhantomPicture(pixels, covered, band, mm_per_beam, mm_per_row)
    return _scan_convert(pixels, covered, band, transducer, imaging.depth_mm)


def beam_positions(transducer: Transducer, beams: int) -> NDArray[np.float64]:
    """Lateral position (beams,) of each beam at the skin, in mm."""
    return np.asarray((np.arange(beams) + 0.5) * (transducer.width_mm / beams) - transducer.width_mm / 2)


def coverage(band: Band, rows: int, mm_per_row: float) -> NDArray[np.float32]:
    """Share (rows, beams) of each sample's height that lies between the band's borders."""
    top = np.arange(rows, dtype=np.float32)[:, None]
    upper, lower = (np.nan_to_num(depth / mm_per_row).astype(np.float32) for depth in (band.upper_mm, band.lower_mm))
    covered: NDArray[np.float32] = np.clip(np.minimum(lower, top + 1) - np.maximum(upper, top), 0, 1)
    return covered


def _scan_convert(
    pixels: NDArray[np.uint8], covered: NDArray[np.float32], band: Band, transducer: Transducer, depth_mm: float
) -> PhantomPicture:
    """Lays the beams of a curved array out as a fan in a picture of the same size and square pixels."""
    rows, beams = pixels.shape
    radius = float(transducer.radius_mm or 0)
    half_angle = transducer.width_mm / 2 / radius
    top = radius * np.cos(half_angle)
    mm_per_px = max((radius + depth_mm - top) / rows, 2 * (radius + depth_mm) * np.sin(half_angle) / beams)
    x = (np.arange(beams) + 0.5 - beams / 2) * mm_per_px
    y = top + (np.arange(rows) + 0.5) * mm_per_px
    angle = np.arctan2(x[None, :], y[:, None])
    distance = np.hypot(x[None, :], y[:, None]) - radius
    map_x = ((angle / half_angle + 1) / 2 * beams - 0.5).astype(np.float32)
    map_y = (distance / depth_mm * rows - 0.5).astype(np.float32)
    fan, fan_covered = (
        cv2.remap(layer, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) for layer in (pixels, covered)
    )
    return PhantomPicture(np.asarray(fan, np.uint8), np.asarray(fan_covered, np.float32), band, mm_per_px, mm_per_px)
