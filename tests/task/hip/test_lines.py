"""Graf's lines through points: known angles, whatever the picture's turn, mirror and scale."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.task.hip.lines import Landmarks, angles_of, fitted_line, lines_of, roof_tangent, straight_part


def landmarks(alpha_deg: float, beta_deg: float, coverage: float, radius: float = 8.0) -> Landmarks:
    """A hip whose base line is the x axis, the rim at its origin."""
    alpha, beta = np.radians((alpha_deg, beta_deg))
    down, up = np.array((np.cos(alpha), np.sin(alpha))), np.array((np.cos(beta), -np.sin(beta)))
    ilium = np.stack((np.linspace(-25, 0, 60), np.zeros(60)), axis=1)
    roof = np.linspace(0, 10, 40)[:, None] * down
    head = np.array((12.0, (2 * coverage / 100 - 1) * radius))
    return Landmarks(ilium, roof, np.zeros(2), roof[-1], 7 * up, head, radius)


def moved(marks: Landmarks, turn: float, scale: float, mirror: float, shift: tuple[float, float]) -> Landmarks:
    turning = np.array(((np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn)))) * scale

    def place(points):
        return points @ turning.T * (mirror, 1.0) + shift

    return Landmarks(
        *(place(one) for one in (marks.ilium, marks.roof, marks.rim, marks.lower_limb, marks.labrum, marks.head)),
        marks.head_radius * scale,
    )


ALPHAS, BETAS, COVERED = st.floats(34, 82), st.floats(35, 86), st.floats(15, 80)


@given(ALPHAS, BETAS, COVERED, st.floats(-3, 3), st.floats(0.2, 30), st.sampled_from((-1.0, 1.0)))
@settings(max_examples=80, deadline=None)
def test_angles_stay_when_the_picture_is_turned_mirrored_and_scaled(alpha, beta, covered, turn, scale, mirror) -> None:
    angles = angles_of(moved(landmarks(alpha, beta, covered), turn, scale, mirror, (70.0, -4.0)))
    assert angles.alpha_deg == pytest.approx(alpha, abs=0.01)
    assert angles.beta_deg == pytest.approx(beta, abs=0.01)
    assert angles.coverage == pytest.approx(covered, abs=0.01)


def test_a_labrum_on_the_bones_side_of_the_base_line_makes_beta_negative() -> None:
    marks = landmarks(38, 60, 30)
    assert angles_of(replace(marks, labrum=np.array((6.0, 2.0)))).beta_deg < 0


def test_without_labrum_and_head_there_is_alpha_alone() -> None:
    angles = angles_of(replace(landmarks(61, 50, 55), labrum=None, head=None))
    assert angles.alpha_deg == pytest.approx(61, abs=0.01)
    assert angles.beta_deg is None and angles.coverage is None


def test_strays_do_not_move_the_base_line() -> None:
    x = np.linspace(0, 50, 101)
    points = np.stack((x, 0.1 * x), axis=1)
    points[::9, 1] += 8
    way = fitted_line(points).way
    assert np.degrees(np.arctan2(way[1], way[0])) == pytest.approx(np.degrees(np.arctan(0.1)), abs=0.2)


def test_the_curved_end_at_the_rim_is_left_out_of_the_base_line() -> None:
    marks = landmarks(60, 50, 55)
    bent = marks.ilium.copy()
    bent[:, 1] += np.maximum(bent[:, 0] + 6, 0) ** 2 / 12
    assert angles_of(replace(marks, ilium=bent)).alpha_deg == pytest.approx(60, abs=0.5)
    assert straight_part(bent)[-1, 0] < -6


def test_the_roof_line_touches_a_hollow_roof_and_does_not_cut_it() -> None:
    share = np.linspace(0, 1, 60)
    roof = np.stack((share * 5, share * 9), axis=1)
    hollow = roof + 4 * 0.08 * 10 * (share * (1 - share))[:, None] * np.array((-0.87, 0.49))
    base = fitted_line(np.stack((np.linspace(-20, 0, 40), np.zeros(40)), axis=1))
    line = roof_tangent(hollow, hollow[-1], base)
    # No point of the bone lies on the joint's side; the picture's y points down.
    assert line.side(hollow).min() > -0.2
    assert np.abs(line.side(hollow[:4])).max() < 0.5


def test_a_bent_ilium_is_told_by_its_bend() -> None:
    straight = lines_of(landmarks(60, 50, 55))
    assert abs(straight.bend_deg) < 0.01 and straight.straightness < 1e-6
    marks = landmarks(60, 50, 55)
    bent = marks.ilium.copy()
    bent[:, 1] += 0.02 * bent[:, 0] ** 2
    lines = lines_of(replace(marks, ilium=bent))
    assert abs(lines.bend_deg) > 10 and lines.straightness > 0.01
