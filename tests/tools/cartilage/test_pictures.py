"""The training pictures carry the truth that they claim."""

import numpy as np
import pytest

from edge.task.cartilage.sizes import measure_band
from tools.cartilage.evaluation import true_size
from tools.cartilage.pictures import SIDE, draw_knee_picture
from tools.quantize import calibration_pictures
from tools.scanner_variation import vary_capture


def test_a_seed_is_a_picture() -> None:
    first, again, other = (draw_knee_picture(seed) for seed in (11, 11, 12))
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.coverage, again.coverage)
    assert not np.array_equal(first.picture, other.picture)


def test_some_pictures_show_something_else_and_have_no_mask() -> None:
    masked = [draw_knee_picture(seed).coverage.any() for seed in range(60)]
    assert 0.55 < np.mean(masked) < 0.9


def test_the_cartilage_is_darker_than_what_lies_around_it() -> None:
    differences = []
    for seed in range(40):
        sample = draw_knee_picture(seed, knees_only=True)
        inside = sample.coverage > 0.99
        if inside.sum() > 200:
            near = np.roll(inside, -14, axis=0) & (sample.coverage == 0)
            differences.append(float(sample.picture[near].mean()) - float(sample.picture[inside].mean()))
    assert np.mean(np.array(differences) > 0) > 0.75


def test_the_mask_moves_with_the_picture() -> None:
    # A picture that is its own mask stays so under every variation, but for filters and grey maps.
    row, column = np.mgrid[0:200, 0:240]
    blob = ((row - 90) ** 2 / 40**2 + (column - 70) ** 2 / 30**2 < 1).astype(np.float32)
    for seed in range(20):
        pixels, covered = vary_capture(
            (40 + 180 * blob).astype(np.uint8), blob, np.random.default_rng(seed), margins=True
        )
        assert pixels.shape == covered.shape
        inside, outside = pixels[covered > 0.9], pixels[covered < 0.1]
        assert np.median(inside) > np.median(outside)


def test_true_size_is_that_of_the_band() -> None:
    x = np.arange(SIDE)
    upper = 100 + 40 * np.cos(x / 50)
    row = np.arange(SIDE)[:, None]
    coverage = np.clip(np.minimum(row + 1, upper + 18) - np.maximum(row, upper), 0, 1).astype(np.float32)
    sample = draw_knee_picture(1)
    known = type(sample)(sample.picture, coverage, (0.2, 0.1))
    size, expected = true_size(known), measure_band(x * 0.2, upper * 0.1, (upper + 18) * 0.1)
    assert size.thirds == pytest.approx(expected.thirds, abs=2e-3)
    assert size.area == pytest.approx(expected.area, rel=1e-3)


def test_calibration_pictures_have_the_networks_shape() -> None:
    pictures = calibration_pictures("cartilage", 3, seed=5)
    assert pictures.shape == (3, 1, SIDE, SIDE)
    assert pictures.dtype == np.uint8
