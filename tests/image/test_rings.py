"""Rings in few array operations against the plain formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.image.rings import HARMONICS, POINTS, moments_of, polygon_area, resampled, shortest_way, smoothed


def ragged(seed: int, count: int = 150) -> np.ndarray:
    """A star-shaped ring far from the picture's corner, whose border is rough."""
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, count)) * rng.choice((-1, 1))
    reach = 40 + 8 * np.cos(3 * turn) + rng.normal(0, 1, count)
    return np.stack((900 + 1.5 * reach * np.cos(turn), 400 + reach * np.sin(turn)), axis=1)


@given(st.integers(0, 2**32))
def test_area_centre_and_spread_are_those_of_the_formula(seed: int) -> None:
    ring = ragged(seed)
    x, y = (ring - 500).T
    x1, y1 = np.roll(x, -1), np.roll(y, -1)
    cross = x * y1 - x1 * y
    area = cross.sum() / 2
    centre = ((x + x1) * cross).sum() / 6 / area, ((y + y1) * cross).sum() / 6 / area
    xx = ((x * x + x * x1 + x1 * x1) * cross).sum() / 12 / area - centre[0] ** 2
    yy = ((y * y + y * y1 + y1 * y1) * cross).sum() / 12 / area - centre[1] ** 2
    xy = ((x * y1 + 2 * x * y + 2 * x1 * y1 + x1 * y) * cross).sum() / 24 / area - centre[0] * centre[1]
    found = moments_of(ring)
    assert found.area == pytest.approx(abs(area), rel=1e-6)
    assert polygon_area(ring) == pytest.approx(abs(area), rel=1e-9)
    assert found.centre == pytest.approx((centre[0] + 500, centre[1] + 500), abs=1e-4)
    assert found.spread == pytest.approx((xx, xy, yy), rel=1e-5, abs=1e-2)


def test_a_ring_without_area_has_a_centre_and_no_spread() -> None:
    found = moments_of(np.array([[10.0, 20.0], [30.0, 20.0]]))
    assert (found.area, found.centre, found.spread) == (0, (20, 20), (0, 0, 0))
    assert np.isfinite(smoothed(np.array([[10.0, 20.0], [30.0, 20.0]]))).all()


@given(st.integers(0, 2**32))
def test_a_smooth_course_is_the_one_of_its_damped_waves(seed: int) -> None:
    ring = ragged(seed)
    closed = np.concatenate((ring, ring[:1]))
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))))
    at = np.arange(POINTS) * along[-1] / POINTS
    even = np.stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)], axis=1)
    assert np.allclose(resampled(ring, POINTS), even, atol=1e-9)
    waves = np.fft.fft(even[:, 0] + 1j * even[:, 1])
    waves *= np.exp(-((np.abs(np.fft.fftfreq(POINTS, 1 / POINTS)) / HARMONICS) ** 4))
    course = np.fft.ifft(waves)
    points = np.stack((course.real, course.imag), axis=1)
    middle, share = points.mean(axis=0), polygon_area(even) / polygon_area(points)
    assert np.allclose(smoothed(ring), middle + (points - middle) * share**0.5, atol=1e-8)


@given(st.integers(0, 2**32))
def test_the_shortest_way_is_the_shortest_of_all(seed: int) -> None:
    one, others = ragged(seed), [ragged(seed + 1) + np.array([130, 40]), ragged(seed + 2) - (150, 0)]
    way = shortest_way(one, others)
    apart = [np.hypot(*(one[:, None] - other[None]).transpose(2, 0, 1)) for other in others]
    assert way.length == pytest.approx(min(each.min() for each in apart), rel=1e-12)
    assert np.hypot(way.start[0] - way.end[0], way.start[1] - way.end[1]) == pytest.approx(way.length)
    assert way.start in {tuple(point) for point in one.tolist()}
    assert way.end in {tuple(point) for other in others for point in other.tolist()}
