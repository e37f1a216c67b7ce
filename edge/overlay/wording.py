"""Names, values and units as a person reads them."""

from typing import Final

from edge.finding import Measurement

_NAMES: Final = {
    "mean_thickness_medial": "Medial",
    "mean_thickness_central": "Central",
    "mean_thickness_lateral": "Lateral",
    "mean_thickness": "Mean",
    "minimum_thickness": "Thinnest",
    "cross_sectional_area": "Area",
    "echo_intensity": "Echo intensity",
    "pennation_angle": "Pennation",
    "extrapolated_share": "of it outside view",
    "muscle_thickness": "Thickness",
    "fascicle_curvature": "Curvature",
    "flattening_ratio": "Flattening",
    "depth_under_skin": "Depth",
    "vessel_distance": "To vessel",
    "outer_area": "Area with rim",
    "chance_if_nerve_in_view": "Chance, if in view",
    "vote_share": "Share of votes",
    "candidate_depth": "Depth of its middle",
    "candidate_from_left": "From the left edge",
    **{f"{kind}_by_svm": f"{kind.capitalize()} by SVM" for kind in ("nerve", "vessel", "muscle", "fascia")},
    "infiltrated_phantom_only": "Infiltrated, phantom only",
    "patient_infiltrated_phantom_only": "Patient, phantom only",
    "echo_intensity_z": "Echo z-score",
}
_UNITS: Final = {"mm2": "mm²", "px2": "px²", "deg": "°", "grey level": "grey"}

DETAILS: Final = frozenset(
    {
        "straight_fascicle_length",
        "superficial_aponeurosis_angle",
        "deep_aponeurosis_angle",
        "fascicle_angle_spread",
        "outer_area",
        "infiltrated_by_neighbours_phantom_only",
        "infiltrated_by_svm_phantom_only",
        *(f"chance_{kind}" for kind in ("nerve", "vessel", "muscle", "fascia")),
    }
)
"""Kept in the records, but not written over the picture; by their names without `_px`."""


def plain_name(name: str) -> str:
    """`mean_thickness_medial` is Medial; a name that is not in the table loses its underscores.

    The `_px` of a measurement without scale goes too: the unit beside it says so.
    """
    name = name.removesuffix("_px")
    return _NAMES.get(name) or name.replace("_", " ").strip().capitalize()


def plain_unit(unit: str) -> str:
    return _UNITS.get(unit, unit)


def decimals(measurement: Measurement) -> int:
    """As many as the interval bears: 2.13 mm within 0.2 mm either way reads 2.1 mm."""
    half_width = abs(measurement.high - measurement.low) / 2
    return 0 if half_width >= 1 else 1 if half_width >= 0.1 else 2


def value_text(measurement: Measurement) -> str:
    return _fixed(measurement.value, decimals(measurement))


def interval_text(measurement: Measurement) -> str:
    """`1.9 – 2.3`; `-24 to -20`, since a dash would be read as a sign."""
    places = decimals(measurement)
    low, high = _fixed(measurement.low, places), _fixed(measurement.high, places)
    return f"{low} to {high}" if "-" in low + high else f"{low} – {high}"


def _fixed(value: float, places: int) -> str:
    """Without the sign of a rounded zero."""
    return f"{round(value, places) + 0.0:.{places}f}"
