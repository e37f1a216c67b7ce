"""A candidate's border on shapes that are known."""

import numpy as np
import pytest

from edge.task.nerve.candidates import FIRST_ELLIPSE, NerveCandidate, candidate_outline
from edge.task.outlines import filled


def nerve(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A grey ellipse with a bright rim on a darker ground, and its truth."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    distance = np.hypot((x - 90) / 34, (y - 60) / 18)
    picture = np.where(distance < 1, 110, 70) + 120 * np.exp(-(((distance - 0.97) / 0.06) ** 2))
    noise = np.random.default_rng(4).normal(0, 12, shape)
    return np.clip(picture + noise, 0, 255).astype(np.float32), distance < 1


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * np.count_nonzero((one > 0) & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def test_the_border_moves_from_an_ellipse_that_lies_askew_to_the_bright_rim() -> None:
    picture, truth = nerve((128, 192))
    askew = NerveCandidate(10.5, 15.5, 17, 28, 1, 1, 15, 22)
    found = candidate_outline(picture, askew)
    assert dice(filled(found.before, truth.shape), truth) < 0.88
    assert dice(filled(found.after, truth.shape), truth) > 0.95


def test_the_first_border_is_the_boxs_ellipse_a_little_wider() -> None:
    before = candidate_outline(np.zeros((64, 96), np.float32), NerveCandidate(4, 5, 10, 17, 1, 1, 7, 11)).before
    assert before.min(axis=0).tolist() == pytest.approx([43.5 - 24 * FIRST_ELLIPSE, 27.5 - 12 * FIRST_ELLIPSE])
    assert before.max(axis=0).tolist() == pytest.approx([43.5 + 24 * FIRST_ELLIPSE, 27.5 + 12 * FIRST_ELLIPSE])


def test_a_candidate_at_the_corner_has_a_border_too() -> None:
    picture, _ = nerve((128, 192))
    found = candidate_outline(picture, NerveCandidate(0, 0, 4, 8, 1, 1, 2, 4))
    assert np.isfinite(found.after).all()
    assert filled(found.after, picture.shape).any()
