"""The phantom spine: what is drawn is what is told, in both views, along a whole sweep."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SettingError
from edge.source.phantom import open_phantom, parse_phantom
from edge.task.spine.levels import SEGMENTS, kind_of
from edge.task.spine.phantom import SpineCine
from edge.task.spine.phantom_anatomy import LUMBARISED, NONE, SACRALISED, TRANSITIONS, paramedian, transverse
from edge.task.spine.phantom_drawing import draw_spine
from edge.task.spine.phantom_path import FAULTS, Sweep, draw_path
from edge.task.spine.spec import MOTIONS, SPEC, VIEWS, SpinePhantomOptions


@given(st.integers(0, 10_000), st.sampled_from(TRANSITIONS), st.booleans())
def test_levels_follow_one_another_without_a_gap(seed: int, transition: str, foreign: bool) -> None:
    spine = draw_spine(np.random.default_rng(seed), transition=transition, foreign=foreign)
    places = [spine.segment_at(s) for s in np.arange(-30, spine.end_mm, 0.5)]
    assert places[0] == 0 and places[-1] == len(SEGMENTS) - 1
    assert all(later - one in (0, 1) for one, later in pairwise(places))


@given(st.integers(0, 10_000), st.booleans())
def test_vertebrae_lie_as_far_apart_as_in_adults(seed: int, foreign: bool) -> None:
    spine = draw_spine(np.random.default_rng(seed), foreign=foreign)
    pitch = np.diff(spine.spans[:, 0])
    assert (pitch >= 29.9).all() and (pitch <= 45.1).all()
    assert (np.diff(spine.spans.ravel()) > 3).all()


def test_a_transitional_vertebra_shifts_what_is_seen_but_not_the_names() -> None:
    free, grown, loose = (
        draw_spine(np.random.default_rng(5), transition=one) for one in (NONE, SACRALISED, LUMBARISED)
    )
    assert free.segment_at(float(free.spans[0].mean())) == SEGMENTS.index("L5")
    assert grown.segment_at(float(grown.spans[0].mean())) == SEGMENTS.index("L5")
    assert loose.segment_at(float(loose.spans[0].mean())) == 0
    assert loose.segment_at(float(loose.spans[1].mean())) == SEGMENTS.index("L5")
    assert grown.spans[0, 0] < free.spans[0, 0]


def test_behind_a_process_no_dura_is_seen_and_in_a_space_it_is() -> None:
    spine = draw_spine(np.random.default_rng(2))
    bone = transverse(spine, float(spine.spans[1].mean()), 0.0)
    space = transverse(spine, float(spine.spans[0, 1] + spine.spans[1, 0]) / 2, 0.0)
    assert all(one.bone for one in bone.surfaces)
    assert any(not one.bone and one.share.max() > 0.5 for one in space.surfaces)


def test_the_sacrum_has_no_window() -> None:
    spine = draw_spine(np.random.default_rng(2))
    plane = transverse(spine, -20.0, 0.0)
    assert any(one.sacral and one.share.max() > 0.99 for one in plane.surfaces)
    assert all(one.bone for one in plane.surfaces)


@pytest.mark.parametrize("head", [-1, 1])
def test_a_paramedian_picture_shows_the_sacrum_on_the_side_of_the_feet(head: int) -> None:
    plane = paramedian(draw_spine(np.random.default_rng(3)), 5.0, head)
    sacrum = next(one for one in plane.surfaces if one.sacral)
    assert (sacrum.x_mm.mean() < 0) == (head > 0)


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_shows_what_it_tells(view: str) -> None:
    cine = SpineCine(3, SpinePhantomOptions(view=view), rows=240)
    for s in (-15.0, float(cine.spine.spans[0].mean()), float(cine.spine.spans[0, 1] + 9)):
        taken = cine.picture(float(np.argmin(np.abs(cine.path.s_mm - s))) / 100)
        assert taken.level[1] == kind_of(taken.level[0])
        middle = taken.pixels.shape[1] // 2
        under = taken.pixels[:, middle - 3 : middle + 4].mean(axis=1)
        row = int(taken.target_mm / taken.mm_per_px)
        behind = under[row + 8 : row + 20].mean()
        if taken.level[1] == 2:
            assert under[row - 2 : row + 10].max() > behind + 40, "the dura's echo"
        else:
            assert under[row - 2 : row + 10].max() < 60, "a shadow"


def test_the_same_seed_gives_the_same_sweep() -> None:
    one, other = (SpineCine(9, SpinePhantomOptions(), rows=120).picture(2.0).pixels for _ in range(2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one, SpineCine(10, SpinePhantomOptions(), rows=120).picture(2.0).pixels)


def test_speckle_changes_with_the_way_and_comes_back_with_it() -> None:
    cine = SpineCine(4, SpinePhantomOptions(motion="still"), rows=160)
    here = cine.picture(0.0).pixels.astype(np.float32)
    path = cine.path

    def after(mm: float) -> float:
        moved = type(path)(path.s_mm + mm, path.beside_mm, path.tilt_deg, path.contact)
        cine.path = moved
        there = cine.picture(0.0).pixels.astype(np.float32)
        lit = slice(20, 70)
        return float(np.corrcoef(here[lit].ravel(), there[lit].ravel())[0, 1])

    near, far, back = after(0.3), after(1.5), after(0.0)
    assert back > 0.99 > near > far


@given(st.integers(0, 1000), st.sampled_from(FAULTS), st.floats(5, 30))
def test_a_hand_goes_where_it_is_led(seed: int, fault: str, speed: float) -> None:
    path = draw_path(np.random.default_rng(seed), Sweep(-20, 120, speed, (fault,)))
    assert abs(path.s_mm[0] + 20) < 0.1
    assert np.isfinite(path.s_mm).all() and ((path.contact >= 0) & (path.contact <= 1)).all()
    assert (path.contact.min() < 0.05) == (fault == "lift") or fault == "poor"
    if fault in ("stall", "drift", "poor"):
        assert path.s_mm.max() - path.s_mm.min() > 100
        assert np.diff(path.s_mm).min() > -0.05


def test_the_sensor_feels_what_the_hand_does() -> None:
    cine = SpineCine(6, SpinePhantomOptions(motion="reverse"), rows=120)

    def across_g(first: int, last: int) -> float:
        """Mean acceleration of the hand over hundredths of a second, gravity taken away."""
        whole = [cine.felt(n / 100)[1] - np.sin(np.radians(cine.path.at(n / 100)[2])) for n in range(first, last)]
        return float(np.mean(whole))

    rest = [cine.felt(n / 100) for n in range(20)]
    assert abs(np.mean([one[2] for one in rest]) - 1) < 0.03
    speed = np.diff(cine.path.s_mm) * 100
    turn = int(np.argmax(speed < -0.5 * speed.max()))
    begun = turn - 40
    true_g = (speed[turn] - speed[begun]) / 0.4 / 9806.65
    assert true_g < 0
    assert abs(across_g(begun, turn) - across_g(0, 25) - true_g) < 0.003


@pytest.mark.parametrize("motion", MOTIONS)
def test_every_motion_gives_pictures(motion: str) -> None:
    cine = SpineCine(2, SpinePhantomOptions(motion=motion), rows=100)
    assert cine.picture(1.0).pixels.dtype == np.uint8
    assert cine.dark(1.0).shape == cine.picture(1.0).pixels.shape


def test_it_opens_as_a_source_and_says_what_it_knows() -> None:
    anatomies = {one.name: one for one in SPEC.anatomies}
    with open_phantom("spine,seed=2,frames=2,paced=no,view=paramedian", anatomies=anatomies) as source:
        frame = source.read(1.0)
        assert frame is not None and frame.simulated
    with pytest.raises(SettingError, match="transverse"):
        parse_phantom("spine,view=sideways", anatomies)
