"""Calipers read what they span, and stand at a right angle in millimetres."""

import numpy as np
import pytest

from edge.frame import PixelSpacing, SpacingOrigin
from edge.task.caliper import across, caliper


def test_the_text_is_the_length_between_the_ends_in_both_spacings():
    spacing = PixelSpacing(0.1, 0.2, SpacingOrigin.DICOM)
    assert caliper("x", (10, 10), (40, 10), spacing).text == "3.0 mm"
    assert caliper("x", (10, 10), (10, 40), spacing).text == "6.0 mm"
    assert caliper("x", (10, 10), (40, 30), spacing).text == "5.0 mm"


@pytest.mark.parametrize("slope_mm", [-0.8, 0.0, 0.5])
@pytest.mark.parametrize("y_mm", [0.1, 0.17])
def test_it_stands_at_a_right_angle_to_a_slanting_layer_and_reads_its_thickness(slope_mm, y_mm):
    spacing = PixelSpacing(0.1, y_mm, SpacingOrigin.DICOM)
    thickness_mm = 3.0
    chord_mm = thickness_mm * (1 + slope_mm**2) ** 0.5
    mark = across("x", (200, 150), slope_mm * 0.1 / y_mm, chord_mm / y_mm, spacing)
    way = np.subtract(mark.end, mark.start) * (0.1, y_mm)
    assert np.hypot(*way) == pytest.approx(thickness_mm)
    assert np.dot(way, (1, slope_mm)) == pytest.approx(0, abs=1e-9)
    assert mark.text == "3.0 mm"
