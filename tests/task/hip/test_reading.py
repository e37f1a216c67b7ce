"""From a faultless network's output to landmarks, lines and checklists."""

from dataclasses import replace

import numpy as np
import pytest

from edge.task.hip.lines import angles_of
from edge.task.hip.phantom import hip_picture
from edge.task.hip.phantom_drawing import draw_hip
from edge.task.hip.plane import LEAST
from edge.task.hip.reading import NO_HIP, TWO_HIPS, echo_line, evidence_of, figure_of, probabilities, read
from edge.task.hip.seen import CHANNELS
from edge.task.scores import SIDE
from edge.task.tensor import grey_tensor
from tests.task.hip.faultless import faultless_maps, faultless_output, frame_of, output_of, still, without

SEEDS = range(20)


def read_of(picture, output=None, figures=None, **framed):
    frame = frame_of(picture, **framed)
    square = grey_tensor(frame.ultrasound.crop(frame.pixels), SIDE)[0, 0]
    return read(frame, square, (faultless_output(picture) if output is None else output)[0], figures or {})


def hip_of(picture, output=None, **framed):
    found = read_of(picture, output, **framed)
    assert found.hip is not None, found.fault
    return found.hip


def unseen(plane):
    return {*plane.missing, *plane.doubtful}


def angles(picture, output=None, **framed):
    seen = hip_of(picture, output, **framed)
    return angles_of(seen.marks, seen.lines)


@pytest.fixture(scope="module")
def random_hips():
    return [hip_picture(np.random.default_rng(seed), rows=(256, 300)) for seed in SEEDS]


def test_angles_and_coverage_of_random_hips_are_the_true_ones(random_hips) -> None:
    found = [(one.hip, angles(one)) for one in random_hips]
    alpha, beta, coverage = (
        np.array([getattr(angle, name) - getattr(hip, truth) for hip, angle in found])
        for name, truth in (("alpha_deg", "alpha_deg"), ("beta_deg", "beta_deg"), ("coverage", "coverage"))
    )
    assert np.abs(alpha).mean() < 1.2 and np.abs(beta).mean() < 2.5 and np.abs(coverage).mean() < 3


def test_the_side_is_the_pictures(random_hips) -> None:
    assert all(hip_of(one).mirrored is one.hip.left for one in random_hips)


def test_landmarks_lie_where_they_are_in_the_frame(random_hips) -> None:
    for one in random_hips[:6]:
        seen, truth = hip_of(one), one.landmarks_px()
        for name, within_mm in (("rim", 0.6), ("lower_limb", 0.6), ("labrum", 0.8), ("head", 0.5)):
            there = seen.to_region(getattr(seen.marks, name))
            assert np.linalg.norm(there - getattr(truth, name)) * one.mm_per_px < within_mm, name


def test_pixels_that_are_not_square_change_no_angle() -> None:
    picture = still(alpha=61.0)
    one, other = angles(picture), angles(picture, squeezed=1.6)
    assert other.alpha_deg == pytest.approx(one.alpha_deg, abs=0.5)
    assert other.beta_deg == pytest.approx(one.beta_deg, abs=1.0)


@pytest.mark.parametrize(
    "item", ["labrum", "synovial fold", "joint capsule", "cartilage roof", "chondro-osseous border"]
)
def test_what_the_network_does_not_see_is_missing(item) -> None:
    picture = still()
    assert unseen(hip_of(picture).plane) == set()
    plane = hip_of(picture, without(picture, item)).plane
    assert unseen(plane) == {item}
    # The picture shows it all the same: where image analysis can tell, it is in doubt.
    assert plane.doubtful == ((item,) if plane.contrast.get(item, -1.0) >= LEAST[item] else ())


def test_what_neither_the_network_nor_image_analysis_sees_is_missing() -> None:
    picture = still(without="chondro-osseous border")
    plane = hip_of(picture).plane
    assert "chondro-osseous border" in unseen(plane)
    blank = replace(picture, pixels=np.full_like(picture.pixels, 60))
    assert "chondro-osseous border" in hip_of(blank, faultless_output(picture)).plane.missing


def test_a_point_that_is_not_seen_is_taken_from_its_lines_end() -> None:
    picture = still(alpha=62.0)
    seen = hip_of(picture, without(picture, "bony rim", "lower limb"))
    assert unseen(seen.plane) == {"bony rim", "lower limb"}
    assert angles_of(seen.marks, seen.lines).alpha_deg == pytest.approx(62, abs=2.5)


def test_a_point_far_from_its_line_is_not_believed() -> None:
    picture = still(alpha=62.0)
    maps = faultless_maps(picture)
    limb = CHANNELS.index("lower limb")
    maps[limb] = np.roll(maps[limb], (-90, 90), axis=(0, 1))
    assert angles(picture, output_of(maps)).alpha_deg == pytest.approx(62, abs=2.5)


@pytest.mark.parametrize("name", ["iliac line", "bony roof", "femoral head"])
def test_without_ilium_roof_or_head_there_is_no_hip(name) -> None:
    picture = still()
    found = read_of(picture, without(picture, name))
    assert found.hip is None and found.fault == NO_HIP


def test_two_heads_are_two_hips() -> None:
    picture = still()
    maps = faultless_maps(picture)
    head = CHANNELS.index("femoral head")
    maps[head] = np.maximum(maps[head], np.roll(maps[head], 110, axis=1))
    found = read_of(picture, output_of(maps))
    assert found.hip is None and found.fault == TWO_HIPS


def test_what_the_plane_is_worth_goes_by_the_figures_weights() -> None:
    picture = still()
    seen = hip_of(picture)
    evidence = evidence_of(seen.plane.scores, seen.plane.contrast, seen.marks, seen.lines)
    weights = {figure_of("plane", name): 0.0 for name in evidence}
    judged = [
        read_of(
            still(tilt=tilt), figures=weights | {"plane_bias": 6.0, "plane_bend": -20.0, "least_fit": 0.5}
        ).hip.plane
        for tilt in (0.0, 11.0)
    ]
    assert judged[0].standard and not judged[1].standard
    assert judged[0].fit > 0.6 > 0.4 > judged[1].fit


@pytest.mark.parametrize("tilt", [-12.0, 9.0])
def test_the_tilt_bends_the_ilium(tilt) -> None:
    assert np.sign(hip_of(still(tilt=tilt)).plane.tilt_deg) == np.sign(tilt)


def test_a_head_that_the_picture_cuts_keeps_its_size() -> None:
    rng = np.random.default_rng(5)
    hip = replace(draw_hip(rng), left=False)
    picture = hip_picture(rng, hip=hip, rows=(256, 300))
    truth = picture.landmarks_px()
    cut = int(truth.head[0] + 0.7 * truth.head_radius)
    part = replace(picture, pixels=np.ascontiguousarray(picture.pixels[:, :cut]))
    shift = (picture.pixels.shape[1] - cut) / 2 * picture.mm_per_px
    moved = replace(
        picture.section,
        **{
            name: np.add(getattr(picture.section, name), (shift, 0))
            for name in (
                "ilium",
                "roof",
                "rim",
                "lower_limb",
                "head",
                "labrum",
                "perichondrium",
                "capsule",
                "fold",
                "border",
            )
        },
    )
    seen = hip_of(replace(part, section=moved))
    assert seen.marks.head_radius == pytest.approx(truth.head_radius, rel=0.06)


def test_probabilities_are_those_of_the_log_odds() -> None:
    maps = np.random.default_rng(1).uniform(0.01, 0.99, (len(CHANNELS), 256, 256)).astype(np.float32)
    flat = np.repeat(np.repeat(maps[:, ::2, ::2], 2, axis=1), 2, axis=2)
    np.testing.assert_allclose(probabilities(output_of(flat)[0]), maps[:, ::2, ::2], atol=1e-4)


def test_the_echo_tells_of_a_bend_that_the_networks_line_has_not() -> None:
    column = np.arange(256)
    bent = 120 + 4 * np.sin(column / 25)
    square = (40 + 200 * np.exp(-(((np.arange(256)[:, None] - bent) / 2) ** 2))).astype(np.uint8)
    line = np.stack((np.arange(10.0, 110.0), np.full(100, 59.75)), axis=1)
    found = echo_line(square, line)
    np.testing.assert_allclose(2 * found[:, 1] + 0.5, np.interp(2 * found[:, 0] + 0.5, column, bent), atol=0.8)
    np.testing.assert_array_equal(found[:, 0], line[:, 0])
