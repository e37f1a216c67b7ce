"""Pictures that no muscle may be measured on: parts of a phantom muscle, and what is no muscle."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.cartilage.phantom import CartilageCine
from edge.task.muscle.phantom import MuscleCine

Picture = NDArray[np.uint8]
SHAPE = 480, 640
GAP_PX = 12
"""Between an aponeurosis and where the picture is cut."""
LIT_SHARE = 0.4


def _belly_rows(cine: MuscleCine) -> tuple[int, int]:
    """The rows between the first muscle's aponeuroses, well inside."""
    truth, mm_per_px = cine.architecture(0.0), cine.picture(0.0).mm_per_px
    top, bottom = truth.superficial_mm.max() / mm_per_px, truth.deep_mm.min() / mm_per_px
    return round(top) + GAP_PX, round(bottom) - GAP_PX


def no_aponeurosis(seed: int) -> Picture:
    """Fascicles from edge to edge."""
    cine = MuscleCine(seed)
    top, bottom = _belly_rows(cine)
    return np.ascontiguousarray(cine.picture(0.0).pixels[top:bottom])


def one_aponeurosis(seed: int) -> Picture:
    """The picture ends within the muscle."""
    cine = MuscleCine(seed)
    return np.ascontiguousarray(cine.picture(0.0).pixels[: _belly_rows(cine)[1]])


def at_the_edge(seed: int) -> Picture:
    """Only a part of the probe has contact, so that the muscle is cut off at the side."""
    pixels = MuscleCine(seed).picture(0.0).pixels.copy()
    start = round(LIT_SHARE * pixels.shape[1])
    pixels[:, start:] = MuscleCine(seed).dark(0.0)[:, start:]
    return pixels


def upside_down(seed: int) -> Picture:
    return np.ascontiguousarray(MuscleCine(seed).picture(0.0).pixels[::-1])


def bare_speckle(seed: int) -> Picture:
    """Tissue without any structure."""
    rng = np.random.default_rng(seed)
    across, down = rng.uniform(2, 6), rng.uniform(1, 2.5)
    parts = (cv2.GaussianBlur(rng.normal(size=SHAPE), (0, 0), sigmaX=across, sigmaY=down) for _ in range(2))
    power = np.asarray(sum(part**2 for part in parts))
    return np.asarray(np.clip(120 + 50 * np.log10(power / power.mean() + 1e-4), 0, 255), np.uint8)


def air(seed: int) -> Picture:
    """The probe's own echoes: level lines that fade."""
    rng = np.random.default_rng(seed)
    depth = np.arange(SHAPE[0])
    rows = np.exp(-depth / rng.uniform(60, 160)) * np.cos(depth / rng.uniform(4, 14)) ** 2 * 220
    return np.asarray(np.clip(rows[:, None] + rng.normal(0, 8, SHAPE), 0, 255), np.uint8)


def no_transmit(seed: int) -> Picture:
    return MuscleCine(seed).dark(0.0)


def knee(seed: int) -> Picture:
    return CartilageCine(seed).picture(0.0).pixels


SPOILT: Mapping[str, Callable[[int], Picture]] = MappingProxyType(
    {
        "no aponeurosis": no_aponeurosis,
        "one aponeurosis": one_aponeurosis,
        "muscle at the edge": at_the_edge,
        "upside down": upside_down,
        "nothing but speckle": bare_speckle,
        "air": air,
        "nothing transmitted": no_transmit,
        "phantom knee": knee,
    }
)
"""By what is wrong; each takes a seed."""
