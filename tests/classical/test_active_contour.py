"""The active contour against scikit-image, and on a shape that is known."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import morphological_chan_vese, morphsnakes

from edge.classical.active_contour import chan_vese


def scene(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A noisy ellipse, its truth, and a start that lies askew."""
    y, x = np.mgrid[:60, :80]
    truth = ((x - 42) / 22) ** 2 + ((y - 30) / 13) ** 2 < 1
    start = ((x - 36) / 14) ** 2 + ((y - 27) / 10) ** 2 < 1
    noise = np.random.default_rng(seed).normal(0, 30, truth.shape)
    return ndimage.gaussian_filter(60 + 80 * truth + noise, 1), truth, start.astype(np.uint8)


@pytest.mark.parametrize("smoothing", [0, 1, 2])
@pytest.mark.parametrize("weights", [(1, 1), (2, 1)])
def test_it_moves_as_scikit_images(monkeypatch: pytest.MonkeyPatch, smoothing: int, weights: tuple[int, int]) -> None:
    picture, _, start = scene(1)
    # scikit-image keeps whose turn it is from one call to the next.
    orders = [
        lambda u: morphsnakes.sup_inf(morphsnakes.inf_sup(u)),
        lambda u: morphsnakes.inf_sup(morphsnakes.sup_inf(u)),
    ]
    monkeypatch.setattr(morphsnakes, "_curvop", morphsnakes._fcycle(orders))
    theirs = morphological_chan_vese(picture, 25, start, smoothing, *weights)
    assert np.array_equal(chan_vese(picture, start, 25, smoothing, *weights), theirs)


def test_it_finds_the_shape() -> None:
    picture, truth, start = scene(2)
    found = chan_vese(picture, start, 60).astype(bool)
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.95


def test_a_start_that_is_nothing_stays() -> None:
    picture, _, _ = scene(3)
    assert not chan_vese(picture, np.zeros(picture.shape, np.uint8), 5).any()
