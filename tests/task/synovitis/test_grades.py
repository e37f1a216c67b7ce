"""The published definitions in figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.task.synovitis.grades import (
    NOTHING_THERE,
    SurfaceSizes,
    combined_grade,
    doppler_grade,
    grey_grade,
    surface_sizes,
)


@pytest.mark.parametrize(
    ("thickness", "distension", "arch", "grade"),
    [(0.3, 2.0, 1.0, 0), (0.8, 0.3, 0.5, 1), (1.5, 1.2, 0.0, 2), (1.5, 1.2, -0.3, 2), (1.5, 1.2, 0.4, 3)],
)
def test_the_grade_goes_by_the_joints_line_and_the_capsules_form(
    thickness: float, distension: float, arch: float, grade: int
) -> None:
    assert grey_grade(SurfaceSizes(5.0, thickness, distension, arch)) == grade


@pytest.mark.parametrize(
    ("single", "confluent", "share", "grade"),
    [
        (0, 0, 0.0, 0),
        (3, 0, 0.05, 1),
        (0, 2, 0.1, 1),
        (2, 1, 0.1, 1),
        (4, 0, 0.1, 2),
        (1, 2, 0.2, 2),
        (3, 1, 0.2, 2),
        (0, 3, 0.49, 2),
        (0, 1, 0.51, 3),
    ],
)
def test_doppler_grades_count_spots_and_then_area(single: int, confluent: int, share: float, grade: int) -> None:
    assert doppler_grade(single, confluent, share) == grade


@given(st.integers(0, 3), st.integers(0, 3))
def test_flow_counts_only_inside_hypertrophy(grey: int, doppler: int) -> None:
    combined = combined_grade(grey, doppler)
    assert combined == (max(grey, doppler) if grey else 0)


def test_sizes_of_a_dome_are_known() -> None:
    x = np.linspace(-10, 10, 2001)
    floor, line = np.full(x.size, 5.0), np.full(x.size, 5.0)
    dome = 5.0 - np.clip(2.0 * (1 - (x / 4) ** 2), 0, None)
    sizes = surface_sizes(x, dome, floor, line, (-2.0, 2.0), np.abs(x) < 6)
    assert sizes.thickness_mm == pytest.approx(2.0, abs=0.01)
    assert sizes.distension_mm == pytest.approx(2.0, abs=0.01)
    assert sizes.arch_mm == pytest.approx(0.5, abs=0.01)
    # Without what is thinner than 0.3 mm.
    assert sizes.area_mm2 == pytest.approx(2 * 2.0 * 4 * 2 / 3, rel=0.02)


def test_a_thin_layer_is_no_region() -> None:
    x = np.linspace(-5, 5, 101)
    assert surface_sizes(x, x * 0 + 4.8, x * 0 + 5.0, x * 0 + 5.0, (-2, 2), x > -9) == NOTHING_THERE
