"""Borders and dimensions against bands whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.task.cartilage.band import trace_band
from edge.task.cartilage.sizes import measure_band


def score_of(upper: np.ndarray, lower: np.ndarray, rows: int = 128) -> np.ndarray:
    """Positive between two borders (columns,), crossing zero exactly on them; NaN: no band in this column."""
    row = np.arange(rows)[:, None]
    inside = np.minimum(row - upper, lower - row)
    return np.nan_to_num(inside, nan=-5.0).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    depth=st.floats(35, 80),
    rise=st.floats(-20, 20),
    thickness=st.floats(3, 15),
    phase=st.floats(0, 6),
    turns=st.floats(0, 1.5),
)
def test_borders_are_found_between_the_pixels(depth, rise, thickness, phase, turns) -> None:
    x = np.arange(160)
    upper = depth + rise * np.sin(turns * 2 * np.pi * x / 160 + phase)
    band = trace_band(score_of(upper, upper + thickness))
    assert band is not None
    assert band.columns[0] == 0
    assert band.columns[-1] == 159
    core = slice(8, -8)  # smoothing bends the outermost columns
    assert np.abs(band.upper - upper)[core].max() < 0.25
    assert np.abs(band.lower - upper - thickness)[core].max() < 0.25
    assert band.continuity == 1.0


def test_a_narrow_gap_is_bridged_and_told() -> None:
    upper = np.full(200, 50.0)
    upper[100:105] = np.nan
    band = trace_band(score_of(upper, upper + 8))
    assert band.columns.size == 200
    assert band.continuity == pytest.approx(195 / 200)


def test_a_wide_gap_ends_the_band_and_is_told() -> None:
    upper = np.full(200, 50.0)
    upper[120:150] = np.nan
    band = trace_band(score_of(upper, upper + 8))
    assert band.columns[-1] == 119
    assert band.continuity == pytest.approx(170 / 200)


def test_a_speck_is_no_part_of_the_band() -> None:
    upper = np.full(200, 50.0)
    upper[150:] = np.nan
    score = score_of(upper, upper + 8)
    score[20:24, 180:184] = 3
    band = trace_band(score)
    assert band.columns[-1] == 149
    assert band.continuity == 1.0


def test_no_band_in_an_empty_map() -> None:
    assert trace_band(np.full((64, 64), -1, np.float32)) is None


def test_a_slanted_strip_is_as_thick_as_at_a_right_angle() -> None:
    x = np.linspace(0, 40, 401)
    for slope in (0.0, 0.3, -0.8):
        vertical = 2.0 * np.sqrt(1 + slope**2)
        upper = 30 + slope * x
        size = measure_band(x, upper, upper + vertical)
        assert size.thirds == pytest.approx((2.0, 2.0, 2.0), rel=1e-6)
        assert size.minimum == pytest.approx(2.0, rel=1e-6)
        assert size.length == pytest.approx(40.1 * np.sqrt(1 + slope**2), rel=1e-6)


def test_a_ring_of_constant_thickness_has_that_thickness() -> None:
    # The upper half of a ring between radii 18 and 20.4, away from its vertical ends.
    x = np.linspace(-13, 13, 1041)
    lower, upper = 30 - np.sqrt(18.0**2 - x**2), 30 - np.sqrt(20.4**2 - x**2)
    assert measure_band(x, upper, lower).mean == pytest.approx(2.4, rel=0.02)


def test_thirds_are_of_equal_length_along_the_band() -> None:
    x = np.linspace(0, 30, 601)
    thickness = np.where(x < 10, 1.0, np.where(x < 20, 3.0, 2.0))
    size = measure_band(x, 20 - thickness, np.full_like(x, 20.0))
    assert size.thirds == pytest.approx((1.0, 3.0, 2.0), abs=0.15)
    assert size.area == pytest.approx(60.0, rel=0.01)


@settings(max_examples=40, deadline=None)
@given(scale=st.floats(0.02, 0.5))
def test_dimensions_scale_with_the_spacing(scale) -> None:
    x = np.arange(120.0)
    upper = 40 + 12 * np.cos(x / 19)
    pixels, scaled = measure_band(x, upper, upper + 9), measure_band(x * scale, upper * scale, (upper + 9) * scale)
    assert scaled.mean == pytest.approx(pixels.mean * scale, rel=1e-9)
    assert scaled.area == pytest.approx(pixels.area * scale**2, rel=1e-9)
