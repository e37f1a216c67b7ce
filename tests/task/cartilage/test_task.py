"""The cartilage task on pictures whose truth is known, with the network replaced by that truth."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.finding import CaliperMark, LineMark, MaskMark, Verdict
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.task.cartilage.phantom import CartilageCine, HandMotion
from edge.task.cartilage.sizes import measure_band
from edge.task.cartilage.spec import CartilageOptions
from edge.task.cartilage.task import CartilageTask
from edge.task.contract import Given
from tests.task.looking import finding_by, looks

STILL = HandMotion(0.0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def picture():
    return CartilageCine(4, motion=STILL).picture(0.0)


@pytest.fixture(scope="module")
def frame(picture) -> Frame:
    spacing = PixelSpacing(picture.x_mm_per_px, picture.y_mm_per_px, SpacingOrigin.USER)
    return Frame(picture.pixels, 7, 3, "test", spacing)


def score_of(coverage: np.ndarray) -> tuple[np.ndarray, ...]:
    """What a perfect network would say of this truth."""
    share = cv2.resize(coverage.astype(np.float32), (256, 256), interpolation=cv2.INTER_AREA)
    return ((share - np.float32(0.5))[None, None] * np.float32(12),)


def value(finding, name: str) -> float:
    return finding.measurement(name).value


def test_thirds_and_area_are_the_phantoms(picture, frame) -> None:
    finding = finding_by(CartilageTask(), frame, score_of(picture.coverage))
    seen = np.isfinite(picture.band.upper_mm)
    truth = measure_band(picture.band.x_mm[seen], picture.band.upper_mm[seen], picture.band.lower_mm[seen])
    assert finding.verdict is Verdict.MEASURED, finding.reasons
    for side, third in zip(("medial", "central", "lateral"), truth.thirds, strict=True):
        assert value(finding, f"mean_thickness_{side}") == pytest.approx(third, abs=0.05)
    assert value(finding, "area") == pytest.approx(truth.area, rel=0.02)
    assert value(finding, "mean_thickness") == pytest.approx(truth.mean, abs=0.03)
    assert all(m.low <= m.value <= m.high for m in finding.measurements)


def test_the_mask_lies_on_the_cartilage_in_the_frames_pixels(picture, frame) -> None:
    finding = finding_by(CartilageTask(), frame, score_of(picture.coverage))
    (mark,) = (mark for mark in finding.marks if isinstance(mark, MaskMark))
    drawn = np.zeros(frame.pixels.shape, np.uint8)
    (x, y), (height, width) = mark.origin, mark.mask.shape
    drawn[y : y + height, x : x + width] = mark.mask[: drawn.shape[0] - y, : drawn.shape[1] - x]
    truth = picture.coverage > 0.5
    assert 2 * (truth & (drawn > 0)).sum() / (truth.sum() + drawn.sum()) > 0.97


def test_borders_do_not_move_when_the_region_does(picture, frame) -> None:
    framed = np.zeros((700, 900), np.uint8)
    framed[120 : 120 + 480, 50 : 50 + 640] = picture.pixels
    inside = replace(frame, pixels=framed, region=Region(50, 120, 640, 480))
    plain, moved = (finding_by(CartilageTask(), f, score_of(picture.coverage)) for f in (frame, inside))
    lines = [[m.points for m in finding.marks if isinstance(m, LineMark)] for finding in (plain, moved)]
    for here, there in zip(*lines, strict=True):
        assert np.allclose(here + np.array([50, 120]), there, atol=1e-3)
    assert value(plain, "area") == pytest.approx(value(moved, "area"))


def test_unknown_scale_withholds_millimetres_only(picture, frame) -> None:
    finding = finding_by(CartilageTask(), replace(frame, spacing=None), score_of(picture.coverage))
    assert finding.verdict is Verdict.LIMITED
    assert "scale unknown" in finding.reasons[0]
    assert not any("mm" in measurement.unit for measurement in finding.measurements)
    known = finding_by(CartilageTask(), frame, score_of(picture.coverage))
    assert value(finding, "mean_thickness_px") * picture.y_mm_per_px == pytest.approx(value(known, "mean_thickness"))


def test_a_scale_in_doubt_is_withheld_with_its_reason(picture, frame) -> None:
    doubted = replace(frame, spacing=None, probe=ProbeState(doubt="the depth was changed within 3 ms of the exposure"))
    finding = finding_by(CartilageTask(), doubted, score_of(picture.coverage))
    assert finding.verdict is Verdict.LIMITED
    assert finding.reasons == ("scale withheld: the depth was changed within 3 ms of the exposure",)
    assert not any("mm" in measurement.unit for measurement in finding.measurements)


def test_what_was_found_before_moves_no_number(picture, frame) -> None:
    """A frame at another depth, in pixels or in millimetres, must not leak into this one's."""
    task = CartilageTask()
    alone = finding_by(task, frame, score_of(picture.coverage))
    others = [replace(frame, spacing=spacing) for spacing in (PixelSpacing(0.2, 0.2, SpacingOrigin.DEPTH), None)]
    *_, after = (one.finding for one in looks(task, [*others, frame], [score_of(picture.coverage)] * 3))
    assert alone.measurements == after.measurements
    assert alone.spacing == after.spacing


def test_a_doubtful_scale_widens_every_length(picture, frame) -> None:
    doubtful = replace(frame, spacing=replace(frame.spacing, relative_uncertainty=0.1))
    sure, unsure = (finding_by(CartilageTask(), f, score_of(picture.coverage)) for f in (frame, doubtful))
    for name in ("mean_thickness_central", "minimum_thickness", "area"):
        narrow, wide = sure.measurement(name), unsure.measurement(name)
        assert wide.high - wide.value > narrow.high - narrow.value + 0.09 * narrow.value


def test_calibration_makes_the_interval(picture, frame) -> None:
    task = CartilageTask(Given(CartilageOptions(), {"half_width_mean_thickness": 1.0}))
    mean = finding_by(task, frame, score_of(picture.coverage)).measurement("mean_thickness")
    assert mean.high - mean.value == pytest.approx(480 / 256 * picture.y_mm_per_px)


def test_the_medial_side_is_where_the_user_says(picture, frame) -> None:
    left, right = (
        finding_by(CartilageTask(Given(CartilageOptions(mirrored=side))), frame, score_of(picture.coverage))
        for side in (False, True)
    )
    assert value(left, "mean_thickness_medial") == value(right, "mean_thickness_lateral")
    calipers = [mark.name for mark in right.marks if isinstance(mark, CaliperMark)]
    assert calipers == ["lateral", "central", "medial"]


def test_calipers_stand_at_a_right_angle_and_show_the_thickness(picture, frame) -> None:
    finding = finding_by(CartilageTask(), frame, score_of(picture.coverage))
    calipers = [mark for mark in finding.marks if isinstance(mark, CaliperMark)]
    assert len(calipers) == 3
    for mark in calipers:
        length_mm = np.hypot(*np.subtract(mark.end, mark.start)) * picture.y_mm_per_px
        assert length_mm == pytest.approx(value(finding, f"mean_thickness_{mark.name}"), rel=0.25)


def refused(finding, word: str) -> None:
    assert finding.verdict is Verdict.REFUSED
    assert not finding.measurements
    assert any(word in reason for reason in finding.reasons), finding.reasons


def test_nothing_found_is_refused(frame) -> None:
    refused(finding_by(CartilageTask(), frame, score_of(np.zeros((480, 640)))), "no femoral cartilage")


def test_a_broken_band_is_refused_and_still_shown(picture, frame) -> None:
    broken = picture.coverage.copy()
    broken[:, 280:360] = 0
    finding = finding_by(CartilageTask(), frame, score_of(broken))
    refused(finding, "not continuous")
    assert finding.marks


def test_a_dark_picture_is_refused(frame) -> None:
    dark = replace(frame, pixels=np.zeros((480, 640), np.uint8))
    refused(finding_by(CartilageTask(), dark, score_of(np.ones((480, 640)))), "dark")


def test_a_probe_that_does_not_transmit_is_refused_for_that(frame) -> None:
    silent = ProbeState(transmitting=False, transmit_off_reason="heartbeat lost")
    dark = replace(frame, pixels=np.zeros((480, 640), np.uint8), probe=silent)
    finding = finding_by(CartilageTask(), dark, score_of(np.ones((480, 640))))
    refused(finding, "the probe does not transmit: heartbeat lost")
    assert "dark" not in finding.reasons[0]


def test_a_frozen_picture_is_measured(picture, frame) -> None:
    frozen = replace(frame, probe=ProbeState(frozen=True, transmitting=True))
    assert finding_by(CartilageTask(), frozen, score_of(picture.coverage)).verdict is Verdict.MEASURED


def test_a_picture_shallower_than_the_model_knows_is_refused(picture, frame) -> None:
    shallow, enough = (
        replace(frame, spacing=PixelSpacing(depth_mm / 480, depth_mm / 480, SpacingOrigin.DEPTH))
        for depth_mm in (19, 20)
    )
    refused(finding_by(CartilageTask(), shallow, score_of(picture.coverage)), "only 19 mm deep: set 20 mm or more")
    assert finding_by(CartilageTask(), enough, score_of(picture.coverage)).verdict is Verdict.MEASURED


def speckle(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(40, 120, (480, 640), dtype=np.uint8)


def strip(upper: np.ndarray, height: float) -> np.ndarray:
    row = np.arange(480)[:, None]
    return ((row > upper) & (row < upper + height)).astype(np.float32)


def test_a_dark_strip_without_bone_is_refused(frame) -> None:
    coverage = strip(200 + 40 * np.cos(np.arange(640) / 100), 30)
    pixels = np.where(coverage > 0, 10, speckle()).astype(np.uint8)
    refused(finding_by(CartilageTask(), replace(frame, pixels=pixels), score_of(coverage)), "not the trochlear view")


def test_flat_bone_is_no_trochlea(frame) -> None:
    coverage = strip(np.full(640, 200.0), 30)
    pixels = np.where(coverage > 0, 20, speckle()).astype(np.uint8)
    pixels[230:236] = 230
    pixels[236:] //= 8
    refused(finding_by(CartilageTask(), replace(frame, pixels=pixels), score_of(coverage)), "sulcus")


def test_one_condyle_alone_gives_no_thirds(picture, frame) -> None:
    deepest = int(np.nanargmax(picture.band.lower_mm))
    half = Region(deepest + 4, 0, 640 - deepest - 4, 480)
    finding = finding_by(CartilageTask(), replace(frame, region=half), score_of(picture.coverage[:, deepest + 4 :]))
    assert finding.verdict is Verdict.LIMITED
    assert "one condyle" in " ".join(finding.reasons)
    assert finding.measurement("mean_thickness") is not None
    assert finding.measurement("mean_thickness_medial") is None


@pytest.mark.parametrize("shape", [(1, 1), (2000, 3000), (65, 900), (480, 640)])
def test_any_size_is_prepared(shape) -> None:
    tensor = CartilageTask().prepare(Frame(np.full(shape, 9, np.uint8), 0, 0, "test")).tensor
    assert tensor.shape == (1, 1, 256, 256)
    assert tensor.dtype == np.uint8


def test_half_hidden_bone_is_refused_and_the_candidate_shown(picture, frame) -> None:
    pixels = frame.pixels.copy()
    rows = np.nan_to_num(picture.band.lower_mm / picture.y_mm_per_px, nan=0).astype(int)
    for column in range(310):
        pixels[rows[column] - 12 : rows[column] + 40, column] = 5
    finding = finding_by(CartilageTask(), replace(frame, pixels=pixels), score_of(picture.coverage))
    refused(finding, "bone is seen under only")
    assert finding.marks


def test_a_dim_picture_is_measured_like_a_bright_one(picture, frame) -> None:
    dim = replace(frame, pixels=(frame.pixels // 5).astype(np.uint8))
    assert finding_by(CartilageTask(), dim, score_of(picture.coverage)).verdict is Verdict.MEASURED
