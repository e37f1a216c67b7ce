"""A nerve's dimensions as measurements with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.finding import Measurement
from edge.frame import PixelSpacing, Region
from edge.image.rings import Floats, Way, axes_of, polygon_area, shortest_way
from edge.task.measured import sized
from edge.trust.interval import interval, interval_by_factor

SMALLEST_DIFFERENCE_MM2: Final = 1.6
"""Two people's traces of one nerve differ by up to as much (smallest detectable difference 1.57 mm2)."""


@dataclass(frozen=True, slots=True)
class NerveSizes:
    """In mm and mm2, or in pixels where the scale is unknown; so are the places where ways begin and end."""

    area: float
    """Inside the bright rim."""
    outer_area: float
    long: Way
    short: Way
    depth: float
    """From the picture's upper edge, where the skin lies, to the nearest point of the nerve."""
    to_vessel: Way | None
    """From the nerve's border to that of the nearest vessel. None: there is no vessel in the picture."""

    @property
    def flattening(self) -> float:
        return self.long.length / max(self.short.length, 1e-6)


def sizes_of(
    outer: Floats, inner: Floats, vessels: Sequence[Floats], region: Region, spacing: PixelSpacing | None
) -> NerveSizes:
    """Rings (n, 2) in pixels of the frame."""
    unit = np.array([spacing.x_mm_per_px, spacing.y_mm_per_px]) if spacing else np.ones(2)
    inner, outer_ = inner * unit, outer * unit
    long, short = axes_of(inner)
    return NerveSizes(
        polygon_area(inner),
        polygon_area(outer_),
        long,
        short,
        float((outer[:, 1].min() - region.y + 0.5) * unit[1]),
        shortest_way(outer_, [ring * unit for ring in vessels]) if vessels else None,
    )


def measurements_of(
    sizes: NerveSizes, spacing: PixelSpacing | None, figures: Mapping[str, float], *, whole: bool = True
) -> tuple[Measurement, ...]:
    """figures: of 90 % intervals as the calibration found them, `factor_area` and `factor_axis`, by which the value may
    be too large or too small, and `half_width_depth` in percent of the long axis. whole: False where the nerve leaves
    the picture; then its size is not said."""
    relative = spacing.relative_uncertainty if spacing else 0.0
    of_area, of_axis = (figures.get(f"factor_{name}", 1.25) for name in ("area", "axis"))
    border = figures.get("half_width_depth", 10.0) / 100 * sizes.long.length
    apart = sizes.to_vessel.length if sizes.to_vessel else None
    places = [("depth_under_skin", sizes.depth), ("vessel_distance", apart)]
    found = [
        sized(name, value, interval(value, border, relative), spacing) for name, value in places if value is not None
    ]
    if not whole:
        return tuple(found)
    return (
        sized("cross_sectional_area", sizes.area, _of_area(sizes.area, of_area, spacing), spacing, "2"),
        sized("long_axis", sizes.long.length, interval_by_factor(sizes.long.length, of_axis, relative), spacing),
        sized("short_axis", sizes.short.length, interval_by_factor(sizes.short.length, of_axis, relative), spacing),
        _ratio("flattening_ratio", sizes.flattening, of_axis),
        *found,
        sized("outer_area", sizes.outer_area, _of_area(sizes.outer_area, of_area, spacing), spacing, "2"),
    )


def _of_area(value: float, factor: float, spacing: PixelSpacing | None) -> tuple[float, float]:
    low, high = interval_by_factor(value, factor, 2 * spacing.relative_uncertainty if spacing else 0.0)
    least = SMALLEST_DIFFERENCE_MM2 if spacing else 0.0
    return max(0.0, min(low, value - least)), max(high, value + least)


def _ratio(name: str, value: float, factor: float) -> Measurement:
    return Measurement(name, value, ":1", max(1.0, value / factor), value * factor)
