"""The Gabor bank against scikit-image, and on waves of known length and direction."""

from math import pi

import numpy as np
import pytest
from scipy import ndimage
from skimage.filters import gabor
from skimage.filters import gabor_kernel as skimage_kernel

from edge.image.gabor import LEVELS, ORIENTATIONS, GaborBank, gabor_kernel, gabor_magnitudes


@pytest.mark.parametrize("theta_rad", [0, pi / 8, pi / 2, 2.2])
@pytest.mark.parametrize("frequency", [0.1, 0.25])
def test_the_kernel_is_scikit_images(frequency: float, theta_rad: float) -> None:
    ours, theirs = gabor_kernel(frequency, theta_rad), skimage_kernel(frequency, theta_rad)
    assert ours.shape == theirs.shape
    assert np.allclose(ours, theirs, atol=1e-12)


def test_the_magnitude_is_scikit_images() -> None:
    picture = np.random.default_rng(7).uniform(0, 255, (40, 50))
    for theta in (0.0, pi / 8, pi / 2, 2.0):
        for turned, found in zip(
            (theta, pi - theta), gabor_magnitudes(picture.astype(np.float32), 0.25, theta), strict=True
        ):
            real, imaginary = gabor(picture, 0.25, theta=turned)
            assert np.allclose(found, np.hypot(real, imaginary), atol=1e-3)


def test_the_border_is_a_mirror() -> None:
    picture = np.random.default_rng(8).uniform(0, 255, (20, 24))
    kernel = gabor_kernel(0.25, 0.3)
    parts = [ndimage.convolve(picture, part, mode="reflect") for part in (kernel.real, kernel.imag)]
    assert np.allclose(gabor_magnitudes(picture.astype(np.float32), 0.25, 0.3)[0], np.hypot(*parts), atol=1e-3)


@pytest.mark.parametrize(("length_px", "level"), [(4, 0), (8, 1), (16, 2)])
@pytest.mark.parametrize("turn", [0, 2, 5])
def test_a_wave_is_strongest_where_it_belongs(length_px: int, level: int, turn: int) -> None:
    y, x = np.mgrid[:128, :128]
    theta = pi * turn / ORIENTATIONS
    wave = 100 * np.cos(2 * pi / length_px * (x * np.cos(theta) + y * np.sin(theta)))
    bank = GaborBank(wave.astype(np.float32))
    strengths = {
        (level, turn): bank.magnitude(level, turn)[8:-8, 8:-8].mean()
        for level in range(LEVELS)
        for turn in range(ORIENTATIONS)
    }
    assert max(strengths, key=lambda each: strengths[each]) == (level, turn)


@pytest.mark.parametrize("box", [(0, 24, 0, 40), (8, 100, 12, 108), (60, 112, 88, 128), (56, 60, 64, 68)], ids=str)
def test_a_window_is_answered_like_the_whole_picture(box: tuple[int, int, int, int]) -> None:
    picture = np.random.default_rng(8).uniform(0, 255, (112, 128)).astype(np.float32)
    window = slice(box[0], box[1]), slice(box[2], box[3])
    whole, part = GaborBank(picture), GaborBank(picture, window)
    for level, turns in ((0, (0, 3, 5)), (1, (1, 2)), (2, (4, 7))):
        rows, columns = (slice(side.start >> level, side.stop >> level) for side in window)
        expected = np.stack([whole.magnitude(level, turn)[rows, columns] for turn in turns])
        np.testing.assert_allclose(part.magnitudes(level, turns), expected, rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(part.magnitude(level, turns[0]), expected[0], rtol=1e-4, atol=1e-3)
