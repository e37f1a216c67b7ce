"""Curves in maps that were drawn with known ones."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.task.muscle.aponeuroses import _Scan, _slopes, find_aponeuroses

ROWS, COLUMNS = 100, 128
X = np.arange(COLUMNS)
LIT = np.ones(COLUMNS, bool)


def band(middle, half=1.5, seen=LIT):
    """A map with one band whose edges lie where it is 0.5."""
    distance = np.abs(np.arange(ROWS)[:, None] - middle)
    return (np.clip(half + 0.5 - distance, 0, 1) * seen).astype(np.float32)


@given(st.floats(20, 80), st.floats(-0.3, 0.3), st.floats(1.0, 3.0))
def test_a_straight_band_is_found_where_it_is(depth: float, slope: float, half: float) -> None:
    middle = depth + slope * (X - 63.5)
    if middle.min() < 6 or middle.max() > ROWS - 7:
        return
    (curve,) = find_aponeuroses(band(middle, half), LIT)
    np.testing.assert_allclose(curve.middle, middle, atol=0.35)
    np.testing.assert_allclose(curve.lower - curve.upper, 2 * half, atol=0.35)
    assert curve.slope == pytest.approx(slope, abs=0.004)
    assert curve.coverage == pytest.approx(1.0) and curve.strength > 0.9


@pytest.mark.parametrize("sag", [-9.0, -4.0, 4.0, 9.0])
def test_a_bent_band_is_followed(sag: float) -> None:
    middle = 50 + sag * (1 - ((X - 63.5) / 63.5) ** 2)
    (curve,) = find_aponeuroses(band(middle), LIT)
    assert np.abs(curve.middle - middle).mean() < 0.6


def test_bands_come_from_above_down_each_once() -> None:
    depths = (12, 31, 55, 83)
    curves = find_aponeuroses(np.max([band(np.full(COLUMNS, d)) for d in depths], axis=0), LIT)
    assert [round(float(curve.middle.mean())) for curve in curves] == list(depths)


def test_a_band_seen_in_part_goes_on_straight_and_says_how_much_was_seen() -> None:
    middle = 40 + 0.1 * X
    (curve,) = find_aponeuroses(band(middle, seen=X < 80), LIT)
    np.testing.assert_allclose(curve.middle, middle, atol=1.0)
    assert curve.coverage == pytest.approx(80 / 128, abs=0.02)
    assert not curve.seen[90:].any()


def test_where_there_is_no_picture_nothing_is_missed() -> None:
    (curve,) = find_aponeuroses(band(40 + 0.1 * X, seen=X < 80), X < 80)
    assert curve.coverage == pytest.approx(1.0, abs=0.02)


def test_a_short_gap_is_closed_and_a_stray_patch_bends_nothing() -> None:
    middle = 40 + 0.05 * X
    likely = band(middle, seen=(X < 50) | (X > 55))
    likely[46:50, 20:30] = 1
    (curve, *_) = find_aponeuroses(likely, LIT)
    np.testing.assert_allclose(curve.middle, middle, atol=0.6)
    assert curve.seen.all()


def test_short_pieces_make_no_curve() -> None:
    likely = np.zeros((ROWS, COLUMNS), np.float32)
    for x, y in ((5, 10), (70, 85)):
        likely[y : y + 3, x : x + 22] = 1
    assert find_aponeuroses(likely, LIT) == ()


@pytest.mark.parametrize("level", [0.0, 0.1])
def test_an_empty_map_has_none(level: float) -> None:
    assert find_aponeuroses(np.full((ROWS, COLUMNS), level, np.float32), LIT) == ()


@pytest.mark.parametrize("columns", [16, 97, 128])
def test_means_along_lines_are_those_of_the_map_levelled(columns: int) -> None:
    scan = _Scan.of(columns)
    soft = np.random.default_rng(1).random((70, scan.few), np.float32)
    means = scan.means(soft)
    for slope, found in zip(_slopes(), means, strict=True):
        step = slope * columns / scan.few
        shear = np.array([[1, 0, 0], [step, 1, -step * (scan.few - 1) / 2]])
        size = soft.shape[::-1]
        levelled = cv2.warpAffine(soft, shear, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        # OpenCV 4 rounds places to 1/32.
        assert found == pytest.approx(levelled.mean(axis=1), abs=2e-2 / np.sqrt(scan.few))
