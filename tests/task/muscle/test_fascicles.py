"""The quick forms of angle, bend and course against plain ones."""

import numpy as np
import pytest
from numpy.polynomial.legendre import legval2d

from edge.task.muscle.aponeuroses import Aponeurosis
from edge.task.muscle.evidence import twice_of
from edge.task.muscle.fascicles import Bend, _powers, _terms
from edge.task.muscle.streamlines import STEPS, _walked

COLUMNS = 128
X = np.arange(COLUMNS)
LEGENDRE = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3)]


def curve(depth, slope, bow):
    middle = depth + slope * (X - 63.5) + bow * ((X - 63.5) / 64) ** 2
    return Aponeurosis(middle, middle - 1.5, middle + 1.5, np.ones(COLUMNS, bool), slope, 1.0, 1.0)


UPPER, LOWER = curve(20, 0.03, 2), curve(68, -0.05, -3)


def test_angles_of_vectors_are_those_of_arctan2() -> None:
    angle = np.linspace(-np.pi, np.pi, 20001)
    length = np.geomspace(1e-3, 1e3, angle.size)
    cosine, sine = (np.asarray(length * part(angle), np.float32)[None] for part in (np.cos, np.sin))
    off = twice_of(cosine, sine).astype(np.float64) - np.arctan2(sine.astype(np.float64), cosine)
    assert np.abs(np.angle(np.exp(1j * off))).max() < 4e-7
    assert not twice_of(np.zeros((1, 2), np.float32), np.zeros((1, 2), np.float32)).any()


def test_the_bend_is_the_legendre_products_it_is_fitted_with() -> None:
    rng = np.random.default_rng(4)
    factors = rng.normal(0, 0.02, len(LEGENDRE))
    table = np.zeros((4, 4))
    for factor, place in zip(factors, LEGENDRE, strict=True):
        table[place] = factor
    x, y = rng.uniform(0, COLUMNS - 1, 200).round(), rng.uniform(10, 80, 200)
    bend = Bend.between(_powers(factors), UPPER, LOWER)
    column = x.astype(int)
    across, down = 2 * x / (COLUMNS - 1) - 1, (y - UPPER.lower[column]) * bend.scale[column] - 1
    true = legval2d(across, down, table)
    assert factors @ _terms(across, down) == pytest.approx(true, abs=1e-12)
    assert bend.at(x, y) == pytest.approx(true, abs=1e-12)


@pytest.mark.parametrize("angle_deg", [-35.0, 8.0, 25.0])
def test_lines_are_those_of_runge_and_kutta_in_small_steps(angle_deg: float) -> None:
    powers = np.zeros((4, 4))
    powers[0], powers[1], powers[2, :2], powers[3, 0] = (0.02, 0.1, 0.05, -0.03), (0.08, 0.04, 0, 0), (0.1, 0.06), 0.05
    bend, angle, step, finer = Bend.between(powers, UPPER, LOWER), np.radians(angle_deg), 1.8, 4
    start = np.array([32.0, 63.5, 95.0]), np.full(3, 45.0)
    found, turns = _walked(bend, float(angle), start, step, None)
    sooner, _ = _walked(bend, float(angle), start, step, turns + 0.01)
    assert sooner == pytest.approx(found, abs=2e-4)
    for way in (1, -1):
        place, length = np.stack(start), way * step / finer
        for on in found[STEPS::way]:
            assert pytest.approx(on, abs=5e-3) == place.T
            for _ in range(finer):
                place = stepped(place, bend, angle, length)


def stepped(place, bend, angle, length):
    def way(at):
        heading = angle + bend.at(*at)
        return length * np.stack((np.cos(heading), -np.sin(heading)))

    first = way(place)
    second = way(place + first / 2)
    third = way(place + second / 2)
    return place + (first + 2 * second + 2 * third + way(place + third)) / 6
