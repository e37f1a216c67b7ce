"""Borders and dimensions against bands whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.task.cartilage.band import trace_band


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
