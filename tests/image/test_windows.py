"""Sums over windows that share their work against sums over each window by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.image.windows import CELL_PX, NOTHING, Windows, counted, shared, summed, tiled


@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(9, 30), st.integers(9, 30))
def test_every_window_holds_what_is_in_it(seed: int, cell_px: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(NOTHING, 5, (height, width)).astype(np.intp)
    values = rng.uniform(-9, 9, (height, width, 2)).astype(np.float32)
    windows = tiled(height // cell_px, width // cell_px, ((1, 2, 1), (2, 1, 2)))
    counts, sums = shared(counted(codes, 5, cell_px)).over(windows), shared(summed(values, cell_px)).over(windows)
    for index in range(len(windows)):
        top, left, bottom, right = (
            int(side[index]) * cell_px for side in (windows.top, windows.left, windows.bottom, windows.right)
        )
        part = codes[top:bottom, left:right]
        assert counts[index].tolist() == [np.count_nonzero(part == code) for code in range(5)]
        assert np.allclose(sums[index], values[top:bottom, left:right].sum(axis=(0, 1)), atol=1e-3)


def test_windows_stand_all_over_the_grid_and_none_outside() -> None:
    windows = tiled(7, 9, ((3, 4, 2), (8, 1, 1)))
    assert sorted(zip(windows.top.tolist(), windows.left.tolist(), strict=True)) == [
        (top, left) for top in (0, 2, 4) for left in (0, 2, 4)
    ]
    assert set((windows.bottom - windows.top).tolist()) == {3}
    assert windows.cells.tolist() == [12] * 9
    assert len(tiled(2, 2, ((3, 3, 1),))) == 0


def test_a_window_grows_as_far_as_the_grid_goes() -> None:
    sides = (np.array([k]) for k in (1, 3, 4, 5))
    grown = Windows(*sides).grown(np.array([2]), np.array([2]), (5, 9))
    assert (grown.top[0], grown.left[0], grown.bottom[0], grown.right[0]) == (0, 1, 5, 7)


def test_a_mean_is_per_value_and_nothing_over_a_window_without_a_cell() -> None:
    sums = shared(summed(np.full((8, 8, 2), (3, 5), np.float32), 2))
    sides = [np.array(side) for side in ((0, 1), (0, 2), (2, 1), (3, 4))]
    assert sums.mean_over(Windows(*sides), 4).tolist() == [[3, 5], [0, 0]]
    assert sums.mean_over(Windows(*sides)).tolist() == [[12, 20], [0, 0]]


def test_counts_begin_anew_in_a_large_picture_and_differences_hold() -> None:
    """90,000 pixels of one code: more than 16 bits count."""
    sums = shared(counted(np.zeros((300, 300), np.intp), 1))
    windows = tiled(75, 75, ((60, 60, 3), (3, 70, 5)))
    assert sums.over(windows)[:, 0].tolist() == (windows.cells * CELL_PX**2).tolist()
