"""What is truly in a picture of nerves beside vessels: outlines, their measures, and masks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Pose
from edge.task.nerve.phantom_anatomy import Limb, Press
from edge.task.nerve.phantom_oval import Polygon, gap_mm, polygon_size


@dataclass(frozen=True, slots=True, eq=False)
class TrueNerve:
    """A nerve as it truly is at the moment."""

    outline_mm: Polygon
    """The inner border of its bright rim: what a cross-sectional area is traced on."""
    outer_mm: Polygon
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

    outline_mm: Polygon
    area_mm2: float
    vein: bool


@dataclass(frozen=True, slots=True, eq=False)
class NerveTruth:
    """All that lies in the section, in the picture or beside it, and where it is in the picture."""

    nerves: tuple[TrueNerve, ...]
    vessels: tuple[TrueVessel, ...]
    nerve: NDArray[np.uint8]
    """(height, width) 1 inside the rim of a nerve."""
    outer: NDArray[np.uint8]
    """(height, width) 1 where a nerve or its rim is."""
    vessel: NDArray[np.uint8]


def nerve_truth(limb: Limb, pose: Pose, shape: tuple[int, int], mm_per_px: float) -> NerveTruth:
    """What the picture shows of a limb as it is at the moment."""
    press = Press.of(pose)
    inner = [press.outline(nerve.oval) for nerve in limb.nerves]
    outer = [press.outline(nerve.oval.widened(nerve.rim_mm)) for nerve in limb.nerves]
    lumens = [press.outline(vessel.oval) for vessel in limb.vessels]
    vessel = mask_of(lumens, shape, mm_per_px)
    return NerveTruth(
        nerves=tuple(_true_nerve(one, around, lumens) for one, around in zip(inner, outer, strict=True)),
        vessels=tuple(
            TrueVessel(outline, polygon_size(outline).area_mm2, vessel.vein)
            for outline, vessel in zip(lumens, limb.vessels, strict=True)
        ),
        nerve=mask_of(inner, shape, mm_per_px),
        outer=mask_of(outer, shape, mm_per_px) & (1 - vessel),
        vessel=vessel,
    )


def _true_nerve(inner: Polygon, outer: Polygon, lumens: list[Polygon]) -> TrueNerve:
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


def outline_px(outline: Polygon, shape: tuple[int, int], mm_per_px: float) -> NDArray[np.float64]:
    """(n, 2) columns and rows in a picture of (height, width); whole numbers are pixel centres."""
    return outline / mm_per_px + (shape[1] / 2 - 0.5, -0.5)


def mask_of(outlines: list[Polygon], shape: tuple[int, int], mm_per_px: float) -> NDArray[np.uint8]:
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
