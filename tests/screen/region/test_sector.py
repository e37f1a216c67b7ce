"""The sector of a curved array, of which one side lies in shadow."""

import numpy as np
import pytest

from edge.screen.region.rectangle import Rectangle
from edge.screen.region.sector import widened_to_sector

HEIGHT, WIDTH, AXIS, HALF_TOP, SLOPE = 300, 520, 260.0, 110.0, 0.55


def sector(hidden_left: float = 0.0, hidden_right: float = 0.0) -> np.ndarray:
    """(HEIGHT, WIDTH) 1 where echoes are seen. hidden: px of each side's outer part, in the deeper half, in shadow."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    half = HALF_TOP + SLOPE * y
    deep = y > HEIGHT / 2
    seen = (x >= AXIS - half + hidden_left * deep) & (x <= AXIS + half - hidden_right * deep)
    return seen.astype(np.uint8)


def box_of(seen: np.ndarray) -> Rectangle:
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return Rectangle(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


@pytest.mark.parametrize(("left", "right"), [(0, 0), (40, 0), (0, 40), (25, 60)])
def test_the_region_is_as_wide_to_the_left_of_the_arrays_middle_as_to_the_right(left, right):
    seen = sector(left, right)
    found = widened_to_sector(seen, box_of(seen), Rectangle(0, 0, WIDTH, HEIGHT))
    assert (found.left + found.right) / 2 == pytest.approx(AXIS + 0.5, abs=1.5)
    assert found.left <= box_of(seen).left and found.right >= box_of(seen).right


def test_a_sector_that_the_screen_cuts_off_ends_where_the_screen_does():
    seen = sector()[:, 60:]
    found = widened_to_sector(seen, box_of(seen), Rectangle(0, 0, WIDTH - 60, HEIGHT))
    assert found.left == 0 and found.right > 470 - 60
