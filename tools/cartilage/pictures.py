"""Pictures of phantom knees for training, calibration and testing, with strong variation. A seed is a picture."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.beams import beam_positions
from edge.phantom.records import Echoes, Imaging, Pose, Transducer
from edge.task.cartilage.band import SIDE
from edge.task.cartilage.phantom import CartilagePicture, form_picture
from edge.task.cartilage.phantom_anatomy import Trochlea, TrueBand, echoes
from edge.task.cartilage.phantom_drawing import draw_trochlea
from tools.scanner_variation import vary_capture


@dataclass(frozen=True, slots=True)
class KneePicture:
    """One picture with its truth, as a task would crop it from the screen."""

    picture: NDArray[np.uint8]
    """(SIDE, SIDE) grey."""
    coverage: NDArray[np.float32]
    """(SIDE, SIDE) share of each pixel that is cartilage."""
    spacing_mm_per_px: tuple[float, float]
    """Lateral and in depth, of `picture`."""


def knee_scene(rng: np.random.Generator, *, knee: bool) -> CartilagePicture:
    """A knee's trochlea, or what is not one, with vessels, cysts and the like, by any scanner."""
    anatomy = draw_trochlea(rng)
    imaging, transducer = draw_imaging(rng), draw_transducer(rng)
    pose = Pose(rng.normal(0, 5), rng.uniform(-1, 1), abs(rng.normal(0, 2.5)), rng.uniform(0, 1))
    shape = (int(rng.integers(256, 460)), int(rng.integers(256, 420)))
    x_mm = beam_positions(transducer.width_mm, shape[1])
    if not knee:
        anatomy = draw_other(anatomy, rng)
    seen, band = echoes(anatomy, imaging, pose, x_mm, shape[0])
    seen = with_inclusions(seen, rng, 0.25 if knee else 0.6, band, imaging.depth_mm)
    return form_picture(seen, band, imaging, transducer, rng)


def draw_knee_picture(seed: int, *, knees_only: bool = False) -> KneePicture:
    """The picture of a seed: three in four show the trochlea, the rest something else."""
    rng = np.random.default_rng(seed)
    knee = knees_only or rng.random() < 0.75
    taken = knee_scene(rng, knee=knee)
    pixels, covered = taken.pixels, taken.coverage
    shape = pixels.shape
    if not knee and rng.random() < 0.3:
        pixels = pixels[::-1]
        covered = np.zeros_like(covered)
    pixels, covered = vary_capture(pixels, covered, rng, margins=not knees_only)
    spacing = (taken.x_mm_per_px * shape[1] / SIDE, taken.y_mm_per_px * shape[0] / SIDE)
    return KneePicture(_resize(pixels), _resize(covered), spacing)


def _resize(picture: NDArray[np.generic]) -> NDArray[np.generic]:
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def draw_imaging(rng: np.random.Generator) -> Imaging:
    depth_mm = rng.uniform(22, 55)
    frequency_mhz = rng.uniform(6, 16)
    return Imaging(
        depth_mm=depth_mm,
        frequency_mhz=frequency_mhz,
        gain_db=rng.normal(0, 6),
        dynamic_range_db=rng.uniform(40, 85),
        focus_mm=rng.uniform(0.2, 0.9) * depth_mm,
        tgc_db=tuple(rng.normal(0, 2.5, 8)),
        cycles=rng.uniform(1.0, 3.0),
        f_number=rng.uniform(1.0, 4.5),
        noise_db=rng.uniform(-90, -45),
        smoothing=rng.uniform(0, 1) ** 2,
        gamma=10 ** rng.normal(0, 0.12),
    )


def draw_transducer(rng: np.random.Generator) -> Transducer:
    width = rng.uniform(28, 60)
    return Transducer(width, rng.uniform(45, 80) if rng.random() < 0.08 else None)


def draw_other(knee: Trochlea, rng: np.random.Generator) -> Trochlea:
    """Not the trochlea: no cartilage, and the bone flat, bulging, or out of reach."""
    bare = np.zeros_like(knee.thickness_mm)
    table = knee.bone_mm.shape[1]
    across = np.linspace(-1, 1, table)
    kind = rng.choice(["no bone", "flat", "convex", "bare"], p=[0.5, 0.2, 0.2, 0.1])
    slope, bulge = rng.normal(0, 6), rng.uniform(20, 150)
    shapes: dict[str, Callable[[], NDArray[np.float64]]] = {
        "no bone": lambda: np.full(table, 400.0),
        "flat": lambda: rng.uniform(8, 35) + slope * across,
        "convex": lambda: rng.uniform(6, 25) + bulge * (across - rng.uniform(-0.2, 0.2)) ** 2,
        "bare": lambda: knee.bone_mm[0],
    }
    bone = np.maximum(shapes[str(kind)](), 3.0)
    layers = knee.layers
    if kind == "no bone":
        shallow = rng.uniform(15, 60) / 400
        layers = tuple(replace(layer, bottom_share=layer.bottom_share * shallow) for layer in layers)
    # A dark last layer over bone would look like cartilage and carry no mask.
    layers = (*layers[:-1], replace(layers[-1], level_db=rng.uniform(-6, 8)))
    return replace(knee, thickness_mm=bare, bone_mm=np.stack([bone, bone]), layers=layers)


def with_inclusions(seen: Echoes, rng: np.random.Generator, chance: float, band: TrueBand, depth_mm: float) -> Echoes:
    """Vessels, cysts, an eye, wires of a test object: round dark or bright places above the cartilage."""
    if rng.random() >= chance:
        return seen
    rows, beams = seen.scatter.shape
    factor = np.ones((rows, beams), np.float32)
    for _ in range(int(rng.integers(1, 6))):
        size = 10 ** rng.uniform(-1.8, -0.35)
        axes = (max(1, int(beams * size)), max(1, int(rows * size * rng.uniform(0.4, 1.6))))
        centre = (int(rng.uniform(0, beams)), int(rng.uniform(0, rows)))
        if rng.random() < 0.4:
            cv2.ellipse(factor, centre, (axes[0] + 3, axes[1] + 3), 0, 0, 360, float(10 ** rng.uniform(0, 0.8)), -1)
        cv2.ellipse(factor, centre, axes, rng.uniform(0, 30), 0, 360, float(10 ** rng.uniform(-2.2, 0.6)), -1)
    factor = cv2.GaussianBlur(factor, (0, 0), rng.uniform(0.6, 2.0))
    depth = ((np.arange(rows) + 0.5) * depth_mm / rows)[:, None]
    kept_out = depth > np.nan_to_num(band.upper_mm, nan=1e9) - 1.0
    return Echoes(np.where(kept_out, seen.scatter, seen.scatter * factor).astype(np.float32), seen.interfaces)
