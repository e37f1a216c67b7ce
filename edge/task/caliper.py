"""Calipers of lengths: their text is the length that they span, whatever a table says of a mean."""

from edge.finding import CaliperMark
from edge.frame import PixelSpacing
from edge.image.rings import Way
from edge.terms import decimals_of

Point = tuple[float, float]


def caliper(name: str, start: Point, end: Point, spacing: PixelSpacing) -> CaliperMark:
    """From `start` to `end` in pixels of the frame."""
    x_mm, y_mm = (end[0] - start[0]) * spacing.x_mm_per_px, (end[1] - start[1]) * spacing.y_mm_per_px
    return CaliperMark(name, start, end, f"{(x_mm**2 + y_mm**2) ** 0.5:.{decimals_of('mm')}f} mm")


def along(name: str, way: Way, spacing: PixelSpacing) -> CaliperMark:
    """Along a way whose ends are in millimetres."""
    start, end = ((x / spacing.x_mm_per_px, y / spacing.y_mm_per_px) for x, y in (way.start, way.end))
    return caliper(name, start, end, spacing)


def across(name: str, middle: Point, slope: float, chord_px: float, spacing: PixelSpacing) -> CaliperMark:
    """At a right angle to a layer whose midline goes through `middle` with `slope` (pixels down for each to the right);
    chord_px: its height there, straight down. Right angles are those of millimetres."""
    x_mm, y_mm = spacing.x_mm_per_px, spacing.y_mm_per_px
    run = slope * y_mm / x_mm
    # The vertical chord is tilted by the slope and shortened by its cosine.
    reach_mm = chord_px * y_mm / 2 / (1 + run**2)
    x, y = run * reach_mm / x_mm, reach_mm / y_mm
    return caliper(name, (middle[0] + x, middle[1] - y), (middle[0] - x, middle[1] + y), spacing)
