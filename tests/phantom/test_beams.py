"""Beams: where they lie, which touch the skin, and how a curved array's become a picture."""

import numpy as np
import pytest

from edge.phantom.beams import beam_positions, row_depths, scan_convert, scan_convert_below, skin_contact
from edge.phantom.records import Transducer


def test_beams_and_rows_lie_in_the_middle_of_their_pixels() -> None:
    assert beam_positions(4.0, 4) == pytest.approx([-1.5, -0.5, 0.5, 1.5])
    assert row_depths(30.0, 3)[:, 0] == pytest.approx([5.0, 15.0, 25.0])


def test_sound_enters_between_the_limits_of_contact_only() -> None:
    contact = skin_contact(np.array([-20.0, -10.0, 0.0, 10.0, 20.0]), (-10.0, 90.0))
    assert contact == pytest.approx([0.0, 0.5, 1.0, 1.0, 1.0], abs=1e-6)


def test_a_layer_at_one_depth_becomes_an_arc_of_that_depth() -> None:
    rows, beams, depth_mm = 300, 400, 45.0
    transducer = Transducer(50.0, 60.0)
    layer = np.zeros((rows, beams), np.float32)
    layer[199:201] = 1.0  # 30 mm deep
    (fan, wide), mm_per_px = scan_convert((layer, np.full((rows, beams), 200, np.uint8)), transducer, depth_mm)
    assert fan.dtype == np.float32 and wide.dtype == np.uint8
    assert wide[0, 0] == wide[0, -1] == 0 and wide[:, 200].max() == 200
    y, x = np.nonzero(fan > 0.5)
    centre_mm = 60.0 * np.cos(25.0 / 60.0)
    distance_mm = np.hypot((x + 0.5 - beams / 2) * mm_per_px, centre_mm + (y + 0.5) * mm_per_px)
    assert distance_mm - 60.0 == pytest.approx(30.0, abs=0.3)


def test_a_fan_from_the_skin_down_has_depths_where_they_are_under_the_middle() -> None:
    layer = np.zeros((200, 160), np.uint8)
    layer[120:123] = 250
    fan = scan_convert_below(layer, Transducer(58.0, 60.0), 80.0)
    mm = 80.0 / 200
    middle = fan[:, fan.shape[1] // 2]
    assert abs(int(middle.argmax()) - 121) <= 1
    side = round(25.0 / mm)
    deep = (60 + 121.5 * mm) * np.cos(np.arcsin(25.0 / (60 + 121.5 * mm))) - 60
    assert abs(int(fan[:, fan.shape[1] // 2 + side].argmax()) * mm - deep) < 1.0
    assert not fan[0, 0] and fan.shape[0] == 200
