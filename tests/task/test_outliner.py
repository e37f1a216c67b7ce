"""What is pointed at is found, followed, lost and found again, by a stand-in for the network."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.frame import Frame, Region
from edge.pointed import Pointed
from edge.task.outliner import (
    Target,
    first_square,
    follow,
    is_clear,
    is_shadow,
    overlap,
    point_at,
    pursued,
    said_of,
)
from edge.task.scores import Outline
from tests.task.bright_discs import EYE, frame_with


def ring(x, y, radius):
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    return np.stack((x + radius * np.cos(turn), y + radius * np.sin(turn)), axis=1)


def whole(pixels):
    return Frame(pixels, 0, 0, "test", region=Region.whole(pixels))


@pytest.mark.parametrize("place", [(240, 180), (14, 12), (470, 350), (240, 20)])
@pytest.mark.parametrize("radius", [8, 30])
def test_what_is_pointed_at_is_outlined_wherever_it_lies(place, radius):
    x, y = place
    frame = frame_with((x, y, radius), (250, 60, 12), (100, 250, 20))
    found = point_at(EYE, frame, Pointed(inside=((x, y),)))
    assert overlap(found.points, np.clip(ring(x, y, radius), 0, (480, 360))) > 0.8


def test_a_box_points_as_a_tap_does():
    frame = frame_with((200, 150, 25), (300, 150, 25))
    found = point_at(EYE, frame, Pointed(box=(170, 120, 60, 60)))
    assert found.centre == pytest.approx((200, 150), abs=1)
    assert found.area_px2 == pytest.approx(np.pi * 25**2, rel=0.06)


def test_where_nothing_is_there_is_no_outline():
    assert point_at(EYE, frame_with((200, 150, 25)), Pointed(inside=((400, 300),))) is None


def test_the_first_square_stays_on_the_picture():
    frame = frame_with((200, 150, 25), region=Region(40, 20, 400, 300))
    for x, y in ((41, 21), (439, 319), (240, 170)):
        square = first_square(frame, np.array([[x, y]], float))
        assert square.x - square.width / 2 >= 40 - 1e-9 and square.x + square.width / 2 <= 440 + 1e-9
        assert abs(square.y - 170) <= max(0, (300 - square.width) / 2) + 1e-9
        inside = square.inward(np.array([[x, y]], float))
        assert inside.min() > -1 and inside.max() < 256


def test_the_last_outline_points_at_the_structure_in_the_next_frame():
    found = point_at(EYE, frame_with((200, 150, 25)), Pointed(inside=((200, 150),)))
    moved = follow(EYE, frame_with((206, 154, 27)), found.points)
    assert moved.centre == pytest.approx((206, 154), abs=1)
    assert follow(EYE, frame_with((400, 150, 25)), found.points) is None


def test_several_are_followed_each_by_itself_through_loss():
    wanted = [Pointed(inside=((120, 150),)), Pointed(inside=((320, 150),))]
    targets = ()
    courses = []
    for step in range(12):
        discs = [(120 + 4 * step, 150, 22), (320 - 4 * step, 150 + 3 * step, 18)]
        if 4 <= step < 7:
            discs = discs[:1]
            discs = [*discs, (5, 5, 3)]
        targets = pursued(EYE, frame_with(*discs), wanted, targets)
        courses.append([one.seen.centre if one.seen else None for one in targets])
        assert [one.number for one in targets] == [1, 2]
    assert all(first == pytest.approx((120 + 4 * step, 150), abs=1.5) for step, (first, _) in enumerate(courses))
    assert [second is None for _, second in courses] == [4 <= step < 7 for step in range(12)]
    assert courses[-1][1] == pytest.approx((276, 183), abs=1.5)


def test_what_was_never_there_is_looked_for_again_at_its_point():
    wanted = [Pointed(inside=((200, 150),))]
    targets = pursued(EYE, frame_with((50, 50, 20)), wanted)
    assert said_of(targets[0], "nerve 1", 0.6) == (
        "nothing has a border at 200,150: point at the middle of a structure",
    )
    targets = pursued(EYE, frame_with((200, 150, 20)), wanted, targets)
    assert is_clear(targets[0], 0.6) and said_of(targets[0], "nerve 1", 0.6) == ()


def test_two_points_on_one_structure_are_said_to_be():
    wanted = [Pointed(inside=((195, 150),)), Pointed(inside=((205, 155),))]
    first, second = pursued(EYE, frame_with((200, 150, 25)), wanted)
    assert first.seen is not None and second.seen is None
    assert said_of(second, "structure 2", 0.6) == ("structure 2 is also number 1: both points lie on one structure",)


def test_a_lost_one_says_so_and_an_unclear_one_its_confidence():
    (target,) = pursued(EYE, frame_with((200, 150, 25)), [Pointed(inside=((200, 150),))])
    (lost,) = pursued(EYE, frame_with((20, 20, 10)), [target.pointed], [target])
    assert "is lost" in said_of(lost, "structure 1", 0.6)[0]
    assert "not seen clearly" in said_of(target, "structure 1", 0.999)[0]


def test_overlap_is_that_of_discs():
    assert overlap(ring(0, 0, 10), ring(0, 0, 10)) == 1.0
    assert overlap(ring(0, 0, 10), ring(30, 0, 10)) == 0.0
    assert overlap(ring(0, 0, 20), ring(0, 0, 10)) == pytest.approx(0.25, abs=0.04)


def test_a_shadow_is_dark_to_the_pictures_end_and_a_vessel_is_not():
    rng = np.random.default_rng(4)
    tissue = np.clip(cv2.GaussianBlur(rng.normal(90, 60, (300, 400)), (0, 0), 1.2), 0, 255).astype(np.uint8)
    border = ring(200, 160, 40)
    vessel, shadow = tissue.copy(), tissue.copy()
    cv2.circle(vessel, (200, 160), 41, 3, -1)
    shadow[100:, 120:280] = 3
    shadow[94:100, 120:280] = 250
    assert not is_shadow(whole(vessel), border) and is_shadow(whole(shadow), border)
    assert not is_shadow(whole(tissue), border)
    for beyond in (ring(200, 290, 40), ring(2, 160, 30), ring(200, 160, 0.4)):
        assert not is_shadow(whole(tissue), beyond), "a border at the picture's edge has nothing below it"


def test_what_is_in_a_shadow_is_refused_with_its_reason():
    seen = Target(1, Pointed(inside=((50, 50),)), Outline.of(ring(50, 50, 10), 0.95))
    assert is_clear(seen, 0.6)
    dark = replace(seen, shadow=True)
    assert not is_clear(dark, 0.6) and "as in a shadow" in said_of(dark, "structure 1", 0.6)[0]
