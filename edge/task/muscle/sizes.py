"""A muscle's architecture as measurements with their intervals."""

from collections.abc import Mapping
from math import hypot, radians, tan

from edge.finding import Measurement
from edge.frame import PixelSpacing
from edge.task.muscle.architecture import Architecture
from edge.task.muscle.view import MOST_EXTRAPOLATED
from edge.trust.interval import interval

FLATTEST_DEG = 2.0
"""Pennation that a length's interval is reckoned with at least."""


def measurements_of(
    muscle: Architecture, spacing: PixelSpacing | None, figures: Mapping[str, float]
) -> tuple[Measurement, ...]:
    """figures: half-widths of 90 % intervals as the calibration found them: `half_width_fascicle_angle` and
    `half_width_aponeurosis_angle` in degrees, `share_fascicle_angle` in percent of a steep angle,
    `half_width_muscle_thickness` in percent, `half_width_curvature` in 1/m.
    """
    # Errors grow with the steepness.
    steep = figures.get("share_fascicle_angle", 10.0) / 100 * abs(muscle.fascicle_angle_deg)
    fascicle = max(figures.get("half_width_fascicle_angle", 3.0), steep)
    aponeurosis = figures.get("half_width_aponeurosis_angle", 1.2)
    pennation = hypot(fascicle, aponeurosis)
    thickness = figures.get("half_width_muscle_thickness", 6.0) / 100
    size, named = muscle.size, _Lengths(spacing)
    found = [
        _angle("fascicle_angle", muscle.fascicle_angle_deg, fascicle),
        Measurement("pennation_angle", muscle.pennation_deg, "deg", *interval(muscle.pennation_deg, pennation, 0.0)),
    ]
    if size.length is not None and size.straight_length is not None and size.extrapolated <= MOST_EXTRAPOLATED:
        # A length is the thickness over the sine of the pennation.
        steepness = tan(radians(max(muscle.pennation_deg, FLATTEST_DEG)))
        share = hypot(thickness, radians(pennation) / steepness)
        found += [
            named("fascicle_length", size.length, share),
            named("straight_fascicle_length", size.straight_length, share),
            Measurement("extrapolated_share", *_percent(size.extrapolated)),
        ]
    found.append(named("muscle_thickness", size.thickness, thickness))
    if spacing is not None and size.curvature is not None:
        half = figures.get("half_width_curvature", 3.0)
        per_m = size.curvature * 1000
        found.append(Measurement("fascicle_curvature", per_m, "1/m", per_m - half, per_m + half))
    found += [
        _angle("superficial_aponeurosis_angle", muscle.superficial_angle_deg, aponeurosis),
        _angle("deep_aponeurosis_angle", muscle.deep_angle_deg, aponeurosis),
        Measurement(
            "fascicle_angle_spread", muscle.fascicles.spread_deg, "deg", *interval(muscle.fascicles.spread_deg, 1.0, 0)
        ),
    ]
    return tuple(found)


def _angle(name: str, value: float, half: float) -> Measurement:
    return Measurement(name, value, "deg", value - half, value + half)


def _percent(share: float) -> tuple[float, str, float, float]:
    value = 100 * max(0.0, share)
    return value, "%", max(0.0, value - 5), min(100.0, value + 5)


class _Lengths:
    """Names a length by its unit and widens its interval by the scale's own uncertainty."""

    def __init__(self, spacing: PixelSpacing | None) -> None:
        self._spacing = spacing

    def __call__(self, name: str, value: float, share: float) -> Measurement:
        if self._spacing is None:
            return Measurement(f"{name}_px", value, "px", *interval(value, 0.0, share))
        return Measurement(name, value, "mm", *interval(value, 0.0, share + self._spacing.relative_uncertainty))
