"""Stretching to the network's square."""

import cv2
import numpy as np
import pytest

from edge.task.cartilage.phantom import CartilageCine
from edge.task.tensor import grey_tensor


@pytest.mark.parametrize("shape", [(480, 640), (354, 586), (1080, 1920), (256, 256), (300, 280)])
def test_it_is_the_mean_over_the_pixels_that_become_one(shape) -> None:
    picture = cv2.resize(
        CartilageCine(2, shape=(480, 640)).picture(0.0).pixels, shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    expected = cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(grey_tensor(picture, 256)[0, 0] - expected).mean() < 2.5


@pytest.mark.parametrize("shape", [(480, 640), (700, 300), (90, 90)])
def test_nothing_is_moved(shape) -> None:
    row = np.mgrid[0 : shape[0], 0 : shape[1]][0]
    ramp = (255 * (row + 0.5) / shape[0]).astype(np.uint8)
    seen = grey_tensor(ramp, 256)[0, 0, 10:-10, 128].astype(float)
    assert np.abs(seen - 255 * (np.arange(10, 246) + 0.5) / 256).max() < 2


def test_a_small_picture_keeps_its_values() -> None:
    assert (grey_tensor(np.full((1, 1), 77, np.uint8), 256) == 77).all()
