"""Dimensions of bands whose thickness is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.finding import MaskMark
from edge.frame import Frame
from edge.task.cartilage.sizes import measure_band, slope_of
from edge.task.measured import echo_in


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


@pytest.mark.parametrize("seed", range(5))
def test_a_band_is_measured_as_its_definition_says(seed):
    """Quick, by running sums, against the parts of the definition one by one."""
    rng = np.random.default_rng(seed)
    x = 3 + 0.15 * np.arange(40 + 50 * seed)
    upper = 20 + np.cumsum(rng.normal(0, 0.1, x.size))
    lower = upper + np.abs(2 + np.cumsum(rng.normal(0, 0.05, x.size)))
    slope = np.gradient((upper + lower) / 2, x)
    np.testing.assert_allclose(slope_of((upper + lower) / 2, 0.15), slope, rtol=1e-9, atol=1e-12)
    lengths, areas = 0.15 * np.sqrt(1 + slope**2), 0.15 * (lower - upper)
    way = (np.cumsum(lengths) - lengths / 2) / lengths.sum()
    size = measure_band(x, upper, lower)
    thirds = [
        areas[part].sum() / lengths[part].sum() for part in (way < 1 / 3, (way >= 1 / 3) & (way < 2 / 3), way >= 2 / 3)
    ]
    assert size.thirds == pytest.approx(thirds)
    core = (way > 0.08) & (way < 0.92)
    assert size.minimum == pytest.approx((areas[core] / lengths[core]).min())
    assert (size.area, size.length) == pytest.approx((areas.sum(), lengths.sum()))


def test_echo_intensity_is_the_mean_of_the_marked_pixels():
    rng = np.random.default_rng(8)
    pixels, mask = rng.integers(0, 256, (80, 90), dtype=np.uint8), (rng.random((30, 50)) < 0.4).astype(np.uint8)
    grey = pixels[20:50, 15:65][mask > 0].astype(np.float64)
    echo = echo_in("echo_intensity", Frame(pixels, 0, 0, "test"), MaskMark("femoral cartilage", 1, mask, (15, 20)))
    assert echo.value == pytest.approx(grey.mean())
    assert echo.high - echo.value == pytest.approx(1.645 * grey.std() / (grey.size**0.5 / 3))
