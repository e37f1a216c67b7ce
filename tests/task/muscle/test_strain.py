"""Directions, lengths and layers after a movement, against points that were moved one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.task.muscle.filter import Strain, folded_deg

angles = st.floats(-80, 80)
term = st.floats(-0.2, 0.2)
linears = st.builds(lambda a, b, c, d: np.array([[1 + a, b], [c, 1 + d]]), term, term, term, term)


def along(angle_deg):
    return np.array([np.cos(np.radians(angle_deg)), -np.sin(np.radians(angle_deg))])


@given(angles, st.floats(-20, 20))
def test_a_turn_turns_every_direction_alike(angle, turn) -> None:
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    strain = Strain.of(np.array([[cosine, sine], [-sine, cosine]]), 1.0)
    assert strain.turn_deg(angle) == pytest.approx(turn, abs=1e-6)
    assert strain.stretch(angle) == pytest.approx(1)
    assert strain.thickening(angle) == pytest.approx(1)


@given(linears, angles, angles)
def test_a_fascicle_and_its_layer(linear, fascicle, border) -> None:
    strain = Strain.of(linear, 1.0)
    start, end = np.zeros(2), 30 * along(fascicle)
    moved = linear @ end - linear @ start
    assert strain.stretch(fascicle) == pytest.approx(np.hypot(*moved) / 30)
    new = np.degrees(np.arctan2(-moved[1], moved[0]))
    assert folded_deg(fascicle + strain.turn_deg(fascicle) - new) == pytest.approx(0, abs=1e-6)
    # Two points on either border: the second border passes through `apart`.
    apart, way = np.array([3.0, 25.0]), along(border)
    before = abs(way[0] * apart[1] - way[1] * apart[0])
    to, new_way = linear @ apart, linear @ way
    after = abs(new_way[0] * to[1] - new_way[1] * to[0]) / np.hypot(*new_way)
    assert strain.thickening(border) * before == pytest.approx(after)


@given(linears, st.floats(0.5, 2), angles)
def test_oblong_pixels_are_brought_to_length(linear, squeeze, angle) -> None:
    strain = Strain.of(linear, squeeze)
    tip_px = along(angle) / (1, squeeze)
    moved = (linear @ tip_px) * (1, squeeze)
    assert strain.stretch(angle) == pytest.approx(np.hypot(*moved))


@given(st.floats(-1000, 1000))
def test_lines_have_no_ends(angle) -> None:
    folded = folded_deg(angle)
    assert -90 < folded <= 90
    assert (angle - folded) % 180 == pytest.approx(0, abs=1e-6) or (angle - folded) % 180 == pytest.approx(180)
