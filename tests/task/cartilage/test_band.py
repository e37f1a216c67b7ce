"""Borders and dimensions against bands whose truth is known."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.frame import Region
from edge.task.cartilage.band import SAMPLED_DEPTHS, Band, in_frame, sample_bone_line, trace_band


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


def plainly_traced(score: np.ndarray) -> Band | None:
    """`trace_band` at level 0, column by column."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((score > 0).astype(np.uint8))
    kept, taken = np.zeros(score.shape, bool), np.zeros(score.shape[1], bool)
    by_size = sorted(range(1, count), key=lambda label: -stats[label, cv2.CC_STAT_AREA])
    for label in by_size[:6]:
        left, width = stats[label, cv2.CC_STAT_LEFT], stats[label, cv2.CC_STAT_WIDTH]
        large = stats[label, cv2.CC_STAT_AREA] >= 0.08 * stats[by_size[0], cv2.CC_STAT_AREA]
        if large and not taken[left : left + width].any():
            taken[left : left + width] = True
            kept |= labels == label
    columns = np.flatnonzero(kept.any(axis=0))
    if columns.size < 3:
        return None
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 0.04 * score.shape[1] + 1) + 1)
    run = max(runs, key=len)
    rows = np.zeros((2, run.size))
    for at, column in enumerate(run):
        found = np.flatnonzero(kept[:, column])
        for border, (row, step) in enumerate(((found[0], -1), (found[-1], 1))):
            inner = float(score[row, column])
            beyond = row + step
            way = inner / (inner - float(score[beyond, column])) if 0 <= beyond < score.shape[0] else 0.5
            rows[border, at] = row + step * way
    every = np.arange(run[0], run[-1] + 1)
    bell = cv2.getGaussianKernel(13, 1.5)[:, 0]
    smooth = [np.convolve(np.pad(np.interp(every, run, row), 6, mode="reflect"), bell, "valid") for row in rows]
    probability = 1 / (1 + np.exp(-score[kept].astype(np.float64)))
    return Band(every, np.array(smooth), columns.size / (columns[-1] - columns[0] + 1), float(probability.mean()))


@pytest.mark.parametrize("seed", range(12))
def test_a_band_is_the_one_that_is_traced_column_by_column(seed) -> None:
    """Clouds of one to many pieces, some at the map's edge, and a level other than 0."""
    rng = np.random.default_rng(seed)
    clouds = cv2.GaussianBlur(rng.normal(0, 1, (96, 128)), (0, 0), 4 + 2 * (seed % 4), sigmaY=3)
    score = (8 * (clouds / clouds.std() - 0.3 * (seed % 3))).astype(np.float32)
    quick, plain = trace_band(score + np.float32(0.75), 0.75), plainly_traced(score)
    assert (quick is None) == (plain is None)
    if plain is not None:
        np.testing.assert_array_equal(quick.columns, plain.columns)
        np.testing.assert_allclose(quick.rows, plain.rows, atol=2e-4)
        assert quick.continuity == plain.continuity
        assert quick.confidence == pytest.approx(plain.confidence, abs=1e-5)


def test_grey_levels_along_a_band_are_medians_over_its_columns() -> None:
    rng = np.random.default_rng(3)
    pixels = cv2.GaussianBlur(rng.integers(0, 256, (300, 400), dtype=np.uint8), (0, 0), 2)
    upper = 110 + 20 * np.sin(np.arange(128) / 20)
    band = Band(np.arange(60, 188), np.stack((upper, upper + 12)), 1.0, 1.0)
    borders = in_frame(band, Region(5, 3, 390, 290))
    found = sample_bone_line(pixels, borders)
    x, upper, lower = borders.x[::2], borders.upper[::2], borders.lower[::2]
    depth = lower + SAMPLED_DEPTHS[:, None] * np.maximum(lower - upper, 2.0)
    across = np.broadcast_to(x, depth.shape).astype(np.float32)
    levels = cv2.remap(pixels, across, depth.astype(np.float32), cv2.INTER_LINEAR).astype(np.float64)

    def along(low: float, high: float) -> np.ndarray:
        return levels[(low < SAMPLED_DEPTHS) & (high > SAMPLED_DEPTHS)]

    inside, bone = along(-0.8, -0.3).mean(axis=0), along(-0.2, 0.6).max(axis=0)
    parts = (along(-9, -1).mean(axis=0), inside, bone, along(1, 9).mean(axis=0))
    assert [found.above, found.band, found.bone, found.below] == pytest.approx(
        [np.sort(part)[part.size // 2] for part in parts], rel=1e-6
    )
    assert found.continuity == np.mean(bone - inside > min(12.0, 0.15 * levels.max()))
