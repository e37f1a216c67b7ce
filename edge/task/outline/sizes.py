"""Dimensions of what is outlined, and what is told of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.finding import Measurement
from edge.frame import PixelSpacing, Region
from edge.image.rings import Way, axes_of, polygon_area
from edge.task.measured import sized
from edge.task.outline.spec import numbered
from edge.task.scores import Outline, cut_off
from edge.trust.interval import interval, interval_by_factor


@dataclass(frozen=True, slots=True)
class OutlineSizes:
    """In mm and mm2, or in pixels where the scale is unknown; so are the places where axes begin and end."""

    area: float
    long: Way
    short: Way
    depth: float
    """From the picture's upper edge, where the skin lies, to the nearest point of the border."""
    whole: bool
    """False where it leaves the picture."""

    @classmethod
    def of(cls, outline: Outline, region: Region, spacing: PixelSpacing | None) -> Self:
        unit = np.array([spacing.x_mm_per_px, spacing.y_mm_per_px]) if spacing else np.ones(2)
        ring = outline.points * unit
        depth = float((outline.points[:, 1].min() - region.y + 0.5) * unit[1])
        return cls(polygon_area(ring), *axes_of(ring), depth, not cut_off(outline.points, region))


def measurements_of(
    sizes: OutlineSizes, number: int, spacing: PixelSpacing | None, figures: Mapping[str, float]
) -> Iterator[Measurement]:
    """Of structure `number`; without its size where it leaves the picture. figures: of 90 % intervals, `factor_area`
    and `factor_axis`, by which the value may be too large or too small, and `half_width_depth` in percent of the long
    axis."""
    relative = spacing.relative_uncertainty if spacing else 0.0
    if sizes.whole:
        of_area, of_axis = (figures.get(f"factor_{name}", 1.3) for name in ("area", "axis"))
        reach = interval_by_factor(sizes.area, of_area, 2 * relative)
        yield sized(numbered("area", number), sizes.area, reach, spacing, "2")
        for name, axis in (("long_axis", sizes.long), ("short_axis", sizes.short)):
            reach = interval_by_factor(axis.length, of_axis, relative)
            yield sized(numbered(name, number), axis.length, reach, spacing)
    border = figures.get("half_width_depth", 10.0) / 100 * sizes.long.length
    reach = interval(sizes.depth, border, relative)
    yield sized(numbered("depth_under_skin", number), sizes.depth, reach, spacing)
