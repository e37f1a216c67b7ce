"""Outlines as marks and masks."""

import numpy as np
import pytest

from edge.task.outlines import closed_line, filled, filled_mark

SQUARE = np.array([(10.0, 20.0), (14.0, 20.0), (14.0, 23.0), (10.0, 23.0)])


def test_a_mark_holds_the_pixels_inside_its_rings_and_where_they_lie() -> None:
    mark = filled_mark("field", 2, SQUARE, SQUARE + np.array([8, 5]))
    assert (mark.name, mark.label, mark.origin) == ("field", 2, (10, 20))
    expected = np.zeros((9, 13), np.uint8)
    expected[:4, :5] = expected[5:, 8:] = 1
    assert np.array_equal(mark.mask, expected)


def test_a_mark_may_lie_left_of_the_frame_and_above() -> None:
    mark = filled_mark("field", 1, SQUARE - (12.5, 21.5))
    assert mark.origin == (-3, -2) and mark.mask[1:-1, 1:-1].all()


@pytest.mark.parametrize("turn", [1, -1])
def test_a_mask_is_the_same_whichever_way_round_and_whatever_the_precision(turn) -> None:
    mask = filled((30, 30), SQUARE)
    assert mask.sum() == 20 and np.array_equal(filled((30, 30), SQUARE[::turn].astype(np.float32)), mask)


def test_a_line_is_drawn_back_to_its_start() -> None:
    line = closed_line("border", SQUARE)
    assert line.points.shape == (5, 2) and line.points.dtype == np.float32
    assert np.array_equal(line.points[0], line.points[-1])
