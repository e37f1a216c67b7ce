"""Pictures in which what is pointed at is nothing, and those that nobody drew on."""

import cv2
import numpy as np
import pytest

from edge.task.prompt import SIDE
from tools.outline import pictures
from tools.outline.nothing import shadowed, with_gel
from tools.outline.pictures import LEAST_PX, draw_unlabelled_picture

TISSUE = cv2.GaussianBlur(np.random.default_rng(1).integers(60, 200, (SIDE, SIDE), np.uint8), (0, 0), 2)


@pytest.mark.parametrize("seed", range(8))
def test_a_shadow_is_darker_than_the_tissue_was_and_the_rest_stays(seed):
    shown, nothing = shadowed(TISSUE, np.random.default_rng(seed))
    assert np.count_nonzero(nothing) >= LEAST_PX
    inside = nothing > 0
    assert shown[inside].mean() < 0.35 * TISSUE[inside].mean()
    assert shown.shape == TISSUE.shape and shown.dtype == np.uint8


@pytest.mark.parametrize("seed", range(8))
def test_gel_lies_above_and_the_tissue_below_it_stays(seed):
    shown, nothing = with_gel(TISSUE, np.random.default_rng(seed))
    assert np.count_nonzero(nothing) >= LEAST_PX
    changed = shown != TISSUE
    assert changed[nothing > 0].mean() > 0.9
    lowest = np.flatnonzero(changed.any(axis=1)).max()
    assert nothing[: lowest + 1].any() and np.array_equal(shown[lowest + 1 :], TISSUE[lowest + 1 :])


def test_a_picture_that_nobody_drew_on_has_a_tap_and_no_target(monkeypatch):
    monkeypatch.setattr(pictures, "unlabelled_pictures", lambda: (np.tile(TISSUE, (2, 2)),))
    for seed in range(6):
        example = draw_unlabelled_picture(seed)
        assert example.picture.shape == (2, SIDE, SIDE)
        assert np.isnan(example.target).all()
        assert example.picture[1].max() > 200
