"""Despeckling against scikit-image, against the method's formula written out, and on what speckle is."""

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.filters import median as skimage_median

from edge.image.despeckle import STEP, diffused, median, srad


def speckled(level: NDArray[np.float64], seed: int = 3) -> NDArray[np.uint8]:
    """Log-compressed speckle of the given mean grey levels: 255 are one natural unit of the logarithm."""
    rng = np.random.default_rng(seed)
    grain = rng.rayleigh(1.0, level.shape) / np.sqrt(np.pi / 2)
    return np.clip(level + 255 * 0.3 * np.log(grain), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("side", [3, 5])
def test_the_median_is_scikit_images(side: int) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (41, 37), dtype=np.uint8)
    assert np.array_equal(median(picture, side), skimage_median(picture, np.ones((side, side)), mode="nearest"))


def test_one_step_of_srad_is_the_papers_formula_pixel_by_pixel() -> None:
    rng = np.random.default_rng(2)
    light = rng.uniform(1, 3, (7, 9))
    q0, height, width = 0.3, *light.shape

    def at(row: int, column: int) -> float:
        return float(light[min(max(row, 0), height - 1), min(max(column, 0), width - 1)])

    def coefficient(row: int, column: int) -> float:
        here = at(row, column)
        ahead = (at(row + 1, column) - here, at(row, column + 1) - here)
        behind = (here - at(row - 1, column), here - at(row, column - 1))
        gradient = np.sqrt(sum(d * d for d in (*ahead, *behind))) / here
        laplacian = (sum(ahead) - sum(behind)) / here
        q2 = (gradient**2 / 2 - laplacian**2 / 16) / (1 + laplacian / 4) ** 2
        return float(np.clip(1 / (1 + (q2 - q0**2) / (q0**2 * (1 + q0**2))), 0, 1))

    def divergence(row: int, column: int) -> float:
        here, c = at(row, column), coefficient(row, column)
        below = coefficient(min(row + 1, height - 1), column) * (at(row + 1, column) - here)
        right = coefficient(row, min(column + 1, width - 1)) * (at(row, column + 1) - here)
        return below + right + c * (at(row - 1, column) - here) + c * (at(row, column - 1) - here)

    expected = [[at(r, c) + STEP / 4 * divergence(r, c) for c in range(width)] for r in range(height)]
    assert np.allclose(diffused(light.astype(np.float32), q0), expected, atol=1e-5)


def test_srad_evens_speckle_out_and_keeps_the_step_between_two_tissues() -> None:
    level = np.where(np.arange(80) < 40, 90.0, 170.0) * np.ones((60, 1))
    before = speckled(level)
    after = srad(before, steps=60)
    for half in (slice(0, 36), slice(44, 80)):
        assert after[:, half].std() < 0.5 * before[:, half].std()
    step = after[:, 43:46].mean() - after[:, 34:37].mean()
    assert step > 0.8 * (before[:, 44:].mean() - before[:, :36].mean())


def test_nothing_is_lost_over_the_border_and_an_even_picture_stays() -> None:
    light = np.random.default_rng(4).uniform(1, 2.7, (30, 20)).astype(np.float32)
    assert diffused(light, 0.2).mean() == pytest.approx(light.mean(), rel=1e-6)
    assert np.allclose(srad(np.full((12, 10), 77, np.uint8)), 77, atol=1e-3)
