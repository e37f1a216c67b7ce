"""Pictures of nerves beside vessels, with what is truly in them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.bmode import compress, envelope, white_field
from edge.phantom.picture import beam_positions
from edge.phantom.records import Imaging, Pose, Transducer
from edge.phantom.soft_tissue import Field
from edge.task.nerve.oval import Outline, gap_mm, polygon_size
from edge.task.nerve.phantom_anatomy import Limb, Press, beaten
from edge.task.nerve.phantom_draw import draw_limb, draw_nerve_imaging
from edge.task.nerve.phantom_echoes import limb_echoes


@dataclass(frozen=True, slots=True, eq=False)
class TrueNerve:
    """A nerve as it truly is at the moment."""

    outline_mm: Outline
    """The inner border of its bright rim: what a cross-sectional area is traced on."""
    outer_mm: Outline
    """The outer border of the rim: what people draw who mark nerves."""
    area_mm2: float
    """Inside the rim."""
    outer_area_mm2: float
    long_axis_mm: float
    short_axis_mm: float
    """Full axes of the ellipse with the inner outline's second moments."""
    flattening_ratio: float
    """Long by short axis."""
    depth_mm: float
    """From the skin to the outer outline's shallowest corner."""
    centre_mm: tuple[float, float]
    """Across and down."""
    nearest_vessel_mm: float
    """From the outer outline to a lumen; infinite where there is no vessel."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueVessel:
    """A vessel's lumen at the moment."""

    outline_mm: Outline
    area_mm2: float
    vein: bool


@dataclass(frozen=True, slots=True, eq=False)
class NerveTruth:
    """All that lies in the section, in the picture or beside it, and where it is in the picture."""

    nerves: tuple[TrueNerve, ...]
    vessels: tuple[TrueVessel, ...]
    nerve: NDArray[np.uint8]
    """(height, width) 1 inside the rim of a nerve."""
    drawn: NDArray[np.uint8]
    """(height, width) 1 where a nerve or its rim is."""
    vessel: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class NervePicture:
    """A picture of square pixels and what is truly in it."""

    pixels: NDArray[np.uint8]
    """(height, width) grey."""
    truth: NerveTruth
    mm_per_px: float


def nerve_picture(rng: np.random.Generator, size: tuple[int, int] = (256, 512)) -> NervePicture:
    """A limb at random, pictured at random. size: least and most pixels of the picture's longer side."""
    depth_mm, width_mm = rng.uniform(17, 46), rng.uniform(26, 50)
    mm_per_px = max(width_mm, depth_mm) / int(rng.integers(size[0], size[1] + 1))
    shape = max(8, round(depth_mm / mm_per_px)), max(8, round(width_mm / mm_per_px))
    imaging = draw_nerve_imaging(rng, shape[0] * mm_per_px)
    limb = draw_limb(rng, width_mm, depth_mm)
    pressure = rng.uniform(0, 1) ** 2
    pose = Pose(tilt_deg=rng.normal(0, 4), pressure=pressure)
    now = beaten(limb, rng.uniform(-1, 1), rng.uniform(-1, 1), 0.7 * pressure if rng.random() < 0.5 else 0.0)
    speckle, noise = white_field(rng, shape), cv2.GaussianBlur(white_field(rng, shape), (3, 3), 0.8) * np.float32(2.6)
    bright = float(np.clip(rng.normal(0.38, 0.1), 0.12, 0.7))
    return expose_limb(now, imaging, pose, shape, speckle, noise, bright)


def expose_limb(
    limb: Limb,
    imaging: Imaging,
    pose: Pose,
    shape: tuple[int, int],
    speckle: Field,
    noise: Field,
    bright: float | None = None,
) -> NervePicture:
    """The picture of (height, width) of a limb as it is at the moment. speckle, noise: as `white_field` makes them.

    bright: where the grey of its brightest tenth begins, 0 to 1, as an examiner turns the gain; None: the gain is set.
    """
    mm_per_px = imaging.depth_mm / shape[0]
    x_mm = beam_positions(Transducer(shape[1] * mm_per_px), shape[1]).astype(np.float32)
    found = limb_echoes(limb, imaging, pose, x_mm, shape[0])
    speckle[..., 0] += found.coherence
    amplitude = envelope(found.echoes, speckle, noise, imaging, mm_per_px)
    if bright is not None:
        amplitude *= _gain_for(bright, amplitude, imaging)
    pixels = compress(amplitude, imaging)
    return NervePicture(pixels, nerve_truth(limb, pose, shape, mm_per_px), mm_per_px)


def _gain_for(bright: float, amplitude: Field, imaging: Imaging) -> np.float32:
    wanted_db = (bright ** (1 / imaging.gamma) - 0.55) * imaging.dynamic_range_db
    return np.float32(10 ** (wanted_db / 20) / max(float(np.quantile(amplitude[::4, ::4], 0.9)), 1e-6))


def nerve_truth(limb: Limb, pose: Pose, shape: tuple[int, int], mm_per_px: float) -> NerveTruth:
    """What the picture shows of a limb as it is at the moment."""
    press = Press.of(pose)
    inner = [press.outline(nerve.oval) for nerve in limb.nerves]
    outer = [press.outline(nerve.oval.widened(nerve.rim_mm)) for nerve in limb.nerves]
    lumens = [press.outline(vessel.oval) for vessel in limb.vessels]
    vessel = filled(lumens, shape, mm_per_px)
    return NerveTruth(
        nerves=tuple(_true_nerve(one, around, lumens) for one, around in zip(inner, outer, strict=True)),
        vessels=tuple(
            TrueVessel(outline, polygon_size(outline).area_mm2, vessel.vein)
            for outline, vessel in zip(lumens, limb.vessels, strict=True)
        ),
        nerve=filled(inner, shape, mm_per_px),
        drawn=filled(outer, shape, mm_per_px) & (1 - vessel),
        vessel=vessel,
    )


def _true_nerve(inner: Outline, outer: Outline, lumens: list[Outline]) -> TrueNerve:
    size = polygon_size(inner)
    return TrueNerve(
        outline_mm=inner,
        outer_mm=outer,
        area_mm2=size.area_mm2,
        outer_area_mm2=polygon_size(outer).area_mm2,
        long_axis_mm=size.long_axis_mm,
        short_axis_mm=size.short_axis_mm,
        flattening_ratio=size.long_axis_mm / size.short_axis_mm,
        depth_mm=float(outer[:, 1].min()),
        centre_mm=size.centre_mm,
        nearest_vessel_mm=min((gap_mm(outer, lumen) for lumen in lumens), default=float("inf")),
    )


def outline_px(outline: Outline, shape: tuple[int, int], mm_per_px: float) -> NDArray[np.float64]:
    """(n, 2) columns and rows in a picture of (height, width); whole numbers are pixel centres."""
    return outline / mm_per_px + (shape[1] / 2 - 0.5, -0.5)


def filled(outlines: list[Outline], shape: tuple[int, int], mm_per_px: float) -> NDArray[np.uint8]:
    """(height, width) 1 where a pixel's centre is inside an outline. (OpenCV fills the border too: 4 % of a nerve.)"""
    mask = np.zeros(shape, np.uint8)
    for outline in outlines:
        start = outline_px(outline, shape, mm_per_px)
        end = np.roll(start, -1, axis=0)
        rows = np.arange(shape[0])[:, None]
        row, edge = np.nonzero((start[:, 1] <= rows) != (end[:, 1] <= rows))
        slope = (end[edge, 0] - start[edge, 0]) / (end[edge, 1] - start[edge, 1])
        column = np.ceil(start[edge, 0] + (row - start[edge, 1]) * slope)
        turns = np.zeros((shape[0], shape[1] + 1), np.uint8)
        np.add.at(turns, (row, np.clip(column, 0, shape[1]).astype(int)), 1)
        mask |= np.cumsum(turns[:, :-1], axis=1, dtype=np.uint8) & 1
    return mask
