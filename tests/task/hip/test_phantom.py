"""The infant hip and its truth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.phantom.records import Pose
from edge.task.hip.lines import angles_of
from edge.task.hip.phantom import HipCine, configured, hip_picture, open_cine
from edge.task.hip.phantom_anatomy import is_standard, section
from edge.task.hip.phantom_drawing import draw_hip, left_out_at_random, presentable_hip
from edge.task.hip.spec import REMOVABLE, HipPhantomOptions

STANDARD = Pose()


def brightness(picture, points, reach=2) -> float:
    """Mean grey around places in mm."""
    pixels, step = picture.pixels.astype(float), picture.mm_per_px
    found = []
    for x, y in points:
        column, row = round(x / step + pixels.shape[1] / 2 - 0.5), round(y / step - 0.5)
        part = pixels[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        if part.size:
            found.append(part.max())
    return float(np.mean(found))


@given(st.floats(34, 82), st.floats(35, 86), st.floats(20, 76), st.booleans(), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_what_a_sonographer_would_mark_gives_the_asked_angles(alpha, beta, covered, left, seed) -> None:
    drawn = draw_hip(np.random.default_rng(seed))
    hip = replace(drawn, alpha_deg=alpha, beta_deg=beta, coverage=covered, left=left)
    angles = angles_of(section(hip, STANDARD).landmarks())
    assert angles.alpha_deg == pytest.approx(alpha, abs=0.8)
    assert angles.beta_deg == pytest.approx(beta, abs=0.5)
    assert angles.coverage == pytest.approx(covered, abs=1.0)


def test_the_labrum_lies_outside_the_head() -> None:
    for seed in range(40):
        seen = section(draw_hip(np.random.default_rng(seed)), STANDARD)
        assert np.linalg.norm(seen.labrum - seen.head) > seen.radius_mm
        assert np.linalg.norm(seen.roof - seen.head, axis=1).min() > seen.radius_mm - 0.5


def test_the_same_seed_gives_the_same_picture() -> None:
    one, other = (HipCine(4).picture(0.3) for _ in range(2))
    assert np.array_equal(one.pixels, other.pixels)
    assert not np.array_equal(one.pixels, HipCine(5).picture(0.3).pixels)


def test_bone_is_bright_over_a_black_shadow() -> None:
    picture = HipCine(2, HipPhantomOptions(motion="still")).picture(0.0)
    ilium = picture.section.ilium[110:165:8]
    shadow = ilium + np.array((0.0, 6.0))
    assert brightness(picture, ilium) > 200 > 60 > brightness(picture, shadow)


def test_a_left_hip_is_the_mirrored_right_one() -> None:
    right, left = (section(replace(presentable_hip(np.random.default_rng(1)), left=side), STANDARD) for side in (0, 1))
    np.testing.assert_allclose(left.ilium * (-1, 1), right.ilium)
    np.testing.assert_allclose(left.labrum * (-1, 1), right.labrum)


def test_a_tilted_plane_shows_another_alpha_a_bent_ilium_and_no_lower_limb() -> None:
    hip = presentable_hip(np.random.default_rng(1))
    seen, tilted = section(hip, STANDARD), section(hip, Pose(tilt_deg=15.0))
    assert tilted.strength["lower limb"] < 0.1 < 0.9 < seen.strength["lower limb"]
    assert tilted.radius_mm < seen.radius_mm
    assert tilted.alpha_deg == pytest.approx(hip.alpha_deg + 4.5, abs=0.01)
    assert abs(angles_of(tilted.landmarks()).alpha_deg - hip.alpha_deg) > 5
    assert not is_standard(hip, Pose(tilt_deg=15.0), 0.0) and is_standard(hip, STANDARD, 0.0)


def test_a_turned_plane_loses_the_border_of_the_shaft() -> None:
    hip = presentable_hip(np.random.default_rng(1))
    assert section(hip, STANDARD, 15.0).strength["chondro-osseous border"] < 0.2


@pytest.mark.parametrize(
    "structure", [name for name in REMOVABLE[1:] if name not in ("cartilage roof", "femoral head")]
)
def test_what_is_left_out_is_not_there_to_be_seen(structure) -> None:
    whole, lacking = (
        HipCine(3, HipPhantomOptions(motion="still", without=name)).picture(0.0) for name in ("nothing", structure)
    )
    places = {
        "lower limb": whole.section.limb,
        "chondro-osseous border": whole.section.border[20:60:4],
        "synovial fold": whole.section.fold[1:2],
        "joint capsule": whole.section.capsule[12:40:4],
        "labrum": whole.section.labrum[None],
        "bony roof": whole.section.roof[15:45:5],
        "bony rim": whole.section.rim[None],
    }[structure]
    assert not lacking.standard and whole.standard
    assert brightness(lacking, places, 1) < brightness(whole, places, 1)


def test_pressure_brings_the_hip_nearer_to_the_probe() -> None:
    hip = presentable_hip(np.random.default_rng(1))
    pressed = section(hip, Pose(pressure=1.0))
    assert pressed.rim[1] < 0.75 * section(hip, STANDARD).rim[1]


def test_the_options_are_what_the_hip_becomes() -> None:
    hip = presentable_hip(np.random.default_rng(1))
    asked = configured(hip, HipPhantomOptions(alpha=40.0, beta=80.0, coverage=33.0, age=22.0, side="left"))
    assert (asked.alpha_deg, asked.beta_deg, asked.coverage, asked.age_weeks, asked.left) == (40, 80, 33, 22, True)
    assert asked.nucleus_mm > 0
    assert configured(hip, HipPhantomOptions(alpha=40.0)).coverage < hip.coverage


def test_the_sweep_goes_through_the_standard_plane_to_both_sides() -> None:
    cine = open_cine(1, HipPhantomOptions())
    tilts = [cine.pose(t).tilt_deg for t in np.arange(0, 8, 0.04)]
    assert min(tilts) < -15 and max(tilts) > 15
    assert np.mean(np.abs(tilts) < 4) > 0.3
    assert set(cine.sizes(0.0, None)) == {"alpha", "beta", "head_coverage"}


def test_a_random_picture_lacks_one_structure_where_it_is_asked_to() -> None:
    hip = left_out_at_random(np.random.default_rng(1), draw_hip(np.random.default_rng(2)))
    picture = hip_picture(np.random.default_rng(3), hip=hip)
    assert len(hip.missing) == 1 and not picture.standard
    assert picture.pixels.ndim == 2 and picture.pixels.dtype == np.uint8
