"""A nerve or vessel of one picture set into another: seen where it is marked, faded in, nothing drawn covered."""

import cv2
import numpy as np
import pytest

from tools.nerve.scenes import Scene, empty_scene, with_guest

HOST_GREY, TISSUE_GREY, NERVE_GREY, VESSEL_GREY = 90, 120, 220, 10


def lender():
    """A bright nerve at the left and a dark vessel at the right, both at a third of the depth."""
    pixels, nerve, vessel = np.full((300, 400), TISSUE_GREY, np.uint8), *np.zeros((2, 300, 400), np.uint8)
    cv2.circle(nerve, (100, 100), 25, 255, -1)
    cv2.circle(vessel, (300, 100), 25, 255, -1)
    pixels[nerve > 0], pixels[vessel > 0] = NERVE_GREY, VESSEL_GREY
    return Scene(pixels, nerve, vessel)


def host(grey=HOST_GREY, shape=(300, 400)):
    return empty_scene(np.full(shape, grey, np.uint8))


def visits(one, n=40):
    return [with_guest(one, lender(), np.random.default_rng(seed)) for seed in range(n)]


def test_a_guest_is_seen_where_it_is_marked_as_what_it_is():
    kinds = set()
    for scene in visits(host()):
        of_nerve, of_vessel = bool(scene.nerve.any()), bool(scene.vessel.any())
        assert of_nerve != of_vessel
        kinds.add(of_nerve)
        core = cv2.erode(scene.nerve if of_nerve else scene.vessel, np.ones((7, 7)))
        middle = float(np.median(scene.pixels[core > 0]))
        assert middle > HOST_GREY + 50 if of_nerve else middle < HOST_GREY - 50
    assert kinds == {True, False}


def test_the_tissue_around_a_guest_takes_the_brightness_of_the_host():
    for scene in visits(host()):
        guest = cv2.dilate(scene.nerve | scene.vessel, np.ones((9, 9))) > 0
        assert np.abs(scene.pixels[~guest].astype(float) - HOST_GREY).max() < 12


def test_a_guest_comes_about_as_deep_and_as_large_as_it_was():
    for scene in visits(host(shape=(600, 800))):
        rows, _ = np.nonzero(scene.nerve | scene.vessel)
        assert 0 <= rows.mean() / 600 < 0.65
        assert np.ptp(rows) / 600 == pytest.approx(50 / 300, rel=0.6)


def test_nothing_drawn_is_covered_and_the_host_is_left_as_it_was():
    one = lender()
    before = one.pixels.copy()
    for scene in visits(one):
        assert np.all(scene.nerve[one.nerve > 0]) and np.all(scene.vessel[one.vessel > 0])
        kept = (one.nerve | one.vessel) > 0
        np.testing.assert_array_equal(scene.pixels[kept], before[kept])
    np.testing.assert_array_equal(one.pixels, before)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (host(), host()),  # nobody to invite
        (host(grey=0), lender()),  # nothing can be seen there
        (host(shape=(300, 40)), lender()),  # too narrow
    ],
)
def test_the_host_stays_alone_where_there_is_no_guest_or_no_place(one, other):
    for seed in range(10):
        assert with_guest(one, other, np.random.default_rng(seed)) is one
