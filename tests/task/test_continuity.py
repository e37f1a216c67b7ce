"""What makes a frame go on from an earlier one."""

from dataclasses import replace

import numpy as np
import pytest

from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.task.continuity import LONGEST_GAP_NS, is_frozen, same_scale, similarity, soon_after, thumbnail_of

SIZE = (48, 32)


def frame(seed=0, **changes):
    pixels = np.random.default_rng(seed).integers(0, 256, (120, 160)).astype(np.uint8)
    return replace(Frame(pixels, 0, 0, "test"), **changes)


def scale(mm, tall=1.0):
    return PixelSpacing(mm, tall * mm, SpacingOrigin.USER)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, None, True),
        (scale(0.1), None, False),
        (scale(0.1), scale(0.1015), True),
        (scale(0.1), scale(0.103), False),
        (scale(0.1), scale(0.1, tall=1.05), False),
    ],
)
def test_scales_are_the_same_within_two_percent_both_ways(one, other, same):
    assert same_scale(one, other) is same_scale(other, one) is same


def test_soon_after_is_later_and_within_the_gap():
    assert soon_after(LONGEST_GAP_NS, 0) and not soon_after(LONGEST_GAP_NS + 1, 0)
    assert not soon_after(5, 5) and not soon_after(4, 5)


def test_a_picture_is_like_itself_at_another_gain_and_unlike_another_one():
    one = thumbnail_of(frame(), SIZE)
    assert one.shape == SIZE[::-1] and one.dtype == np.uint8
    assert similarity(one, one // 2 + 20) > 0.98
    assert abs(similarity(one, thumbnail_of(frame(seed=1), SIZE))) < 0.2
    assert similarity(one, np.full_like(one, 7)) == 1.0


def test_what_is_the_same_to_the_last_grey_level_stands_still():
    here = thumbnail_of(frame(), SIZE)
    moved = here.copy()
    moved[3, 3] ^= 1
    assert is_frozen(here, here.copy())
    assert not is_frozen(here, moved) and not is_frozen(here, None)
