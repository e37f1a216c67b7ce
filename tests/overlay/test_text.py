"""Words, numbers, wrapping, placing."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.overlay import text
from edge.overlay.layout import LOWER_LEFT, UPPER_RIGHT, Box, candidates, margins
from edge.overlay.lines import dashed, draw_lines, may_show, thinned
from edge.overlay.sheet import Sheet
from edge.overlay.sprite import blank, paste, paste_over
from edge.overlay.text import plain_ascii, sprite, text_width, wrapped
from edge.overlay.wording import fixed, range_text
from edge.terms import MeasurementTerm, decimals_of, plain_unit


@pytest.mark.parametrize(
    ("low", "value", "high", "unit", "shown"),
    [
        (1.95, 2.134, 2.31, "mm", "2.1: 1.9 – 2.3"),
        (2.10, 2.134, 2.17, "mm", "2.1: 2.1 – 2.2"),
        (1.2, 12.46, 27.1, "mm", "12.5: 1.2 – 27.1"),
        (60.2, 64.3, 68.4, "mm2", "64: 60 – 68"),
        (-24.4, -22.4, -20.4, "deg", "-22: -24 to -20"),
        (-0.4, -0.04, 0.3, "mm", "0.0: -0.4 to 0.3"),
    ],
)
def test_digits_hang_on_the_unit_and_never_on_the_interval(low, value, high, unit, shown):
    places = decimals_of(unit, MeasurementTerm("x", unit))
    assert f"{fixed(value, places)}: {range_text(low, high, places)}" == shown


@given(st.floats(-1e7, 1e7) | st.sampled_from((-0.0, -0.04, 0.05, 0.25, float("inf"), float("nan"))), st.integers(0, 3))
def test_a_number_is_rounded_as_python_rounds_and_zero_has_no_sign(value, places):
    assert fixed(value, places) == f"{round(value, places) + 0.0:.{places}f}"


def test_a_task_may_state_its_digits_in_its_own_unit():
    term = MeasurementTerm("x", "mm", decimals=3)
    assert (decimals_of("mm", term), decimals_of("px", term), decimals_of("furlong")) == (3, 0, 2)


def test_units_are_signs():
    assert [plain_unit(unit) for unit in ("mm", "mm2", "deg")] == ["mm", "mm²", "°"]


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=80)
)
@settings(deadline=None)
def test_wrapping_loses_no_letter(content):
    lines = wrapped(content, 12, 60)
    assert "".join("".join(lines).split()) == "".join(content.split())


def test_lines_are_no_wider_than_asked():
    content = "The cartilage band is not continuous; Donaudampfschifffahrtsgesellschaft 38 % of its length"
    for width in (60, 120, 300):
        assert all(text_width(line, 12) <= width for line in wrapped(content, 12, width))


def test_a_unit_stays_with_its_number():
    lines = [
        line for width in range(60, 260, 7) for line in wrapped("Depth and ticks differ by 38 % or 2 mm", 12, width)
    ]
    assert not any(line.startswith(("%", "mm")) for line in lines)


@pytest.mark.parametrize("unicode_font", [True, False])
def test_text_is_drawn_with_either_font(monkeypatch, unicode_font):
    if unicode_font and not text.has_unicode_font():
        pytest.skip("this OpenCV has no Unicode font; version 5 has")
    monkeypatch.setattr(text, "has_unicode_font", lambda: unicode_font)
    for cached in (text.sprite, text.text_width):
        cached.cache_clear()
    try:
        for size in (11, 16, 26):
            item = sprite("64 mm² 12° 1.9 – 2.3", size, (255, 255, 255))
            ink = item.paint.max(axis=2) > 128
            assert 0.04 < ink.mean() < 0.5
            assert not ink[0].any(), "cut off at its top"
            assert not ink[-1].any(), "cut off at its foot"
            assert not ink[:, -1].any(), "cut off at its end"
    finally:
        for cached in (text.sprite, text.text_width):
            cached.cache_clear()


def test_plain_font_spells_signs_out():
    assert plain_ascii("64 mm², 12° – …") == "64 mm2, 12 deg - ..."


@given(st.integers(-80, 80), st.integers(-40, 40))
@settings(deadline=None)
def test_pasting_over_the_border_draws_the_part_inside(x, y):
    item = sprite("Text", 12, (255, 255, 255))
    wide = np.zeros((140, 240, 3), np.uint8)
    paste(wide, item, x + 90, y + 50)
    cut = np.zeros((40, 60, 3), np.uint8)
    paste(cut, item, x, y)
    assert np.array_equal(cut, wide[50:90, 90:150])


def test_sprites_pasted_over_each_other_are_pasted_as_one():
    """To a rounded grey level for each."""
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (60, 120, 3), np.uint8)
    texts = [sprite("Text", 12, (255, 90, 10), edge=True), sprite("over text", 14, (20, 255, 80))]
    places = ((4, 10), (12, 14)), ((-9, -3), (30, 35))
    for first, second in places:
        one, whole = picture.copy(), blank(100, 40, 0.25, 14)
        paste(one, blank(100, 40, 0.25, 14), 5, 6)
        for item, (x, y) in zip(texts, (first, second), strict=True):
            part = one[6:46, 5:105]
            paste(part, item, x, y)
            paste_over(whole, item, x, y)
        together = picture.copy()
        paste(together, whole, 5, 6)
        assert np.abs(one.astype(int) - together).max() <= 2


@given(st.integers(0, 60), st.integers(0, 40), st.integers(1, 140), st.integers(1, 110))
@settings(deadline=None)
def test_margins_lie_beside_the_region(x, y, width, height):
    picture, region = Box(0, 0, 200, 150), Box(x, y, width, height)
    for margin in margins(picture, region):
        assert margin.overlap(region) == 0
        assert margin.overlap(picture) == margin.width * margin.height


def test_candidates_lie_in_the_picture_and_the_least_hiding_comes_first():
    region = Box(40, 30, 100, 80)
    found = candidates((150, 200), region, (50, 20), 3, LOWER_LEFT)
    costs = [least for least, _, _, _ in found]
    assert costs == sorted(costs)
    assert all(area == box.overlap(region) and least in (area, 2 * area) for least, area, box, _ in found)
    assert all(box.overlap(Box(0, 0, 200, 150)) == 1000 for _, _, box, _ in found)


def test_between_busy_corners_there_is_room():
    grey = np.zeros((150, 200), np.uint8)
    busy = np.zeros_like(grey)
    busy[:50, :70] = busy[:50, 130:] = busy[100:, :70] = busy[100:, 130:] = 1
    sheet = Sheet(np.zeros((150, 200, 3), np.uint8), grey, busy.copy(), Box(0, 0, 200, 150), 12)
    box = sheet.claim("text", 50, 30, UPPER_RIGHT)
    assert box is not None and not box.cut(busy).any()


def test_a_busy_corner_is_left_for_another():
    grey = np.zeros((150, 200), np.uint8)
    busy = np.zeros_like(grey)
    busy[75:, :100] = 1
    sheet = Sheet(np.zeros((150, 200, 3), np.uint8), grey, busy, Box(0, 0, 200, 150), 12)
    box = sheet.claim("text", 60, 30, LOWER_LEFT)
    assert box is not None
    assert box.overlap(Box(0, 75, 100, 75)) == 0
    assert (box.cut(busy) == 255).all()


def test_no_room_gives_no_place():
    sheet = Sheet(*(np.zeros((20, 20, 3), np.uint8), *[np.zeros((20, 20), np.uint8)] * 2), Box(0, 0, 20, 20), 11)
    assert sheet.claim("text", 60, 30, LOWER_LEFT) is None


@given(st.floats(20, 400), st.floats(2, 20), st.floats(0, 6.2))
@settings(deadline=None)
def test_half_of_a_straight_line_is_dashes(length, dash, angle):
    end = (length * np.cos(angle), length * np.sin(angle))
    found = [piece / 16 for piece in dashed([np.array([(0, 0), end], np.float32)], dash)]
    drawn = sum(float(np.hypot(*(piece[-1] - piece[0]))) for piece in found)
    assert abs(drawn - length / 2) <= dash + 2
    assert all(len(piece) > 1 for piece in found)
    assert all(np.hypot(*(piece[-1] - piece[0])) <= dash * 1.001 + 0.1 for piece in found)


def test_lines_are_dashed_together_as_each_alone():
    rng = np.random.default_rng(5)
    lines = [rng.uniform(-50, 300, (count, 2)).astype(np.float32) for count in (2, 1, 40, 3, 0, 2)]
    lines.append(np.array([(7, 7), (7, 7)], np.float32))
    lines.append(np.array([(0, 0), (float("nan"), 3), (90, 40)], np.float32))
    bent_first = sorted(lines, key=lambda line: len(line) == 2)
    together, alone = dashed(lines, 6.0), [piece for line in bent_first for piece in dashed([line], 6.0)]
    assert len(together) == len(alone) > 100
    assert all(np.abs(one - other).max() <= 1 for one, other in zip(together, alone, strict=True))


@pytest.mark.parametrize("dash_px", [1.0, 4.5, 6.0, 500.0])
def test_a_straight_line_has_the_dashes_of_the_same_line_with_a_point_between(dash_px):
    ends = np.array([(3, 5), (203.5, 91.75)], np.float32)
    straight, bent = dashed([ends], dash_px), dashed([np.insert(ends, 1, ends.mean(axis=0), axis=0)], dash_px)
    assert len(straight) == len(bent) > 0
    for one, other in zip(straight, bent, strict=True):
        assert np.abs(one - other[[0, -1]]).max() <= 1


@given(st.tuples(*[st.floats(-90, 190, width=32)] * 4), st.sampled_from((1, 2)))
@settings(deadline=None, max_examples=60)
def test_a_line_that_is_left_out_beside_the_picture_would_have_touched_its_rim_at_most(ends, width_px):
    line = np.array(ends, np.float32).reshape(2, 2)
    picture = np.zeros((100, 100, 3), np.uint8)
    draw_lines(picture, [line], (255, 255, 255), width_px)
    assert may_show(line, 100, 100) or not picture[2:-2, 2:-2].any()


def test_a_line_to_the_end_of_the_world_is_bounded_work():
    found = dashed([np.array([(0, 0), (3e38, 0), (float("nan"), 0), (-3e38, 1)], np.float32)], 4.0)
    assert sum(map(len, found)) < 100_000


def test_thinning_keeps_the_ends_and_the_shape():
    x = np.arange(0, 500, dtype=np.float32)
    curve = np.stack([x, 50 * np.sin(x / 60)], 1).astype(np.float32)
    few = thinned(curve, 4.0)
    assert len(few) < len(curve) / 3
    assert np.array_equal(few[[0, -1]], curve[[0, -1]])
    assert np.abs(np.interp(x, few[:, 0], few[:, 1]) - curve[:, 1]).max() < 0.15


def test_font_metrics_hold_descenders():
    item = sprite("gjpqy", 12, (255, 255, 255))
    rows = np.flatnonzero((item.paint > 60).any(axis=(1, 2)))
    assert rows[-1] < item.height - 1
    assert cv2.countNonZero(item.paint[:, :, 0]) > 20
