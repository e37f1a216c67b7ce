"""The tissue task: regions as users give them, what the methods say, brightness, votes over a patient's pictures."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError, SettingError
from edge.finding import LineMark, MaskMark, Verdict
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.image.classifiers import Neighbours, Steps, SupportVectors
from edge.image.textures import AROUND, texture_cells
from edge.image.windows import tiled
from edge.image.working_picture import working_picture
from edge.task.contract import Given
from edge.task.measured import echo_of
from edge.task.spec import Reference
from edge.task.tissue.classifiers import (
    FEATURES,
    TissueModel,
    box_of,
    read_tissue_model,
    region_features,
    textures_of,
    window_features,
    write_tissue_model,
)
from edge.task.tissue.echo import z_score
from edge.task.tissue.region import covered_by, patch_of, pixel_mask, placed
from edge.task.tissue.spec import JUDGED, KINDS, SPEC, Roi, TissueOptions, parse_roi
from edge.task.tissue.task import BLOCK_PX, LOOKED_FOR, WINDOWS, ClassicalTissueTask, TissueTask, surest
from edge.trust.verdict import judged
from tests.task.looking import finding_by, looks

REFERENCE = Reference("biceps", "Lumify", "msk", "muscle", 50.0, 10.0, 20)


def speckle(seed=0, shape=(300, 400), level=40):
    return np.random.default_rng(seed).rayleigh(level, shape).clip(0, 240).astype(np.uint8)


def frame_of(pixels=None, sequence=0, **more):
    return Frame(speckle() if pixels is None else pixels, 40_000_000 * sequence, sequence, "test", **more)


def says(nerve=-4.0, vessel=-4.0, muscle=-4.0, fascia=-4.0, infiltrated=-4.0):
    """A network's output."""
    return (np.array([nerve, vessel, muscle, fascia, infiltrated], np.float32).reshape(1, 5, 1, 1),)


BOX = Roi.box(100, 80, 120, 90)
OWN = {"reference": REFERENCE, "device": "Lumify", "preset": "msk"}


def task_of(kind=TissueTask, model=None, roi=BOX, **options):
    arrays = {} if model is None else {"classical.npz": write_tissue_model(model)}
    return kind(Given(TissueOptions(roi, **options), arrays=arrays))


def concluded(frame, outputs=None, **how):
    return finding_by(task_of(**how), frame, outputs or says(muscle=3))


def run(frames, outputs):
    return [one.finding for one in looks(task_of(), frames, outputs)]


@pytest.mark.parametrize(
    ("text", "corners"),
    [
        ("10,20,30,40", ((10, 20), (40, 20), (40, 60), (10, 60))),
        (" 10, 20 ,30,40.5", ((10, 20), (40, 20), (40, 60.5), (10, 60.5))),
        ("1,2;30,4;15,60", ((1, 2), (30, 4), (15, 60))),
    ],
)
def test_a_region_is_read(text, corners):
    assert parse_roi(text).corners == corners


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "not all numbers"),
        ("a,b,c,d", "not all numbers"),
        ("1,2,3", "expected a box"),
        ("1,2;3,4", "expected a box"),
        ("1,2;3,4;5,6,7", "expected a box"),
        ("1,2,-3,4", "above 0"),
        ("1,2,nan,4", "finite"),
        ("0,0;10,10;20,20", "enclose nothing"),
    ],
)
def test_a_wrong_region_is_told_with_what_is_expected(text, wrong):
    with pytest.raises(SettingError, match=wrong) as raised:
        parse_roi(text)
    assert "--roi" in str(raised.value) and "x,y,width,height" in str(raised.value)


@given(st.text(alphabet="0123456789,;.-+einf ", max_size=30))
def test_no_text_does_anything_else_than_be_read_or_refused(text):
    try:
        roi = parse_roi(text)
    except SettingError:
        return
    assert np.isfinite(roi.points).all() and len(roi.corners) >= 3


def test_a_region_covers_the_pixels_that_its_corners_enclose():
    mask = pixel_mask(Roi.box(3, 5, 4, 2).points, (20, 30))
    assert mask.sum() == 8 and mask[5:7, 3:7].all()


def test_the_patch_shows_the_region_in_its_middle():
    pixels = np.full((256, 256), 40, np.uint8)
    pixels[::2] = 60
    pixels[96:160, 64:128] = 200
    frame = frame_of(pixels)
    patch = patch_of(placed(frame, Roi.box(64, 96, 64, 64)))[0, 0]
    assert patch.shape == (64, 64)
    assert patch[12:52, 12:52].min() > patch[:8].max()


def test_the_region_means_the_same_place_wherever_the_ultrasound_lies_on_the_screen():
    pixels, shown = speckle(3), np.zeros((400, 560), np.uint8)
    shown[60:360, 90:490] = pixels
    alone = concluded(frame_of(pixels), roi=Roi.box(120, 90, 100, 80))
    moved = concluded(frame_of(shown, region=Region(90, 60, 400, 300)), roi=Roi.box(210, 150, 100, 80))
    assert alone.measurement("echo_intensity") == moved.measurement("echo_intensity")


def test_a_sure_region_is_measured_and_marked():
    pixels = speckle()
    finding = concluded(frame_of(pixels))
    assert finding.verdict is Verdict.MEASURED
    assert finding.measurement("muscle_by_network").value == pytest.approx(100 / (1 + np.exp(-3)) / 1.0, abs=6)
    assert finding.measurement("echo_intensity").value == pytest.approx(pixels[80:170, 100:220].mean())
    mask = next(mark for mark in finding.marks if isinstance(mark, MaskMark))
    assert (mask.name, mask.label, int(mask.mask.sum())) == ("muscle", 3, 120 * 90)
    assert [mark.name for mark in finding.marks if isinstance(mark, LineMark)] == ["region of interest"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_own_name_and_only_muscle_can_be_infiltrated(kind):
    finding = concluded(frame_of(), says(**{kind: 4.0, "infiltrated": 4.0}))
    assert finding.measurement(f"{kind}_by_network") is not None
    told = [one.name for one in finding.measurements if "infiltrated" in one.name]
    assert bool(told) == (kind == "muscle")
    assert all(name.endswith("phantom_only") for name in told)


def test_probabilities_of_kinds_that_exclude_each_other_never_exceed_one():
    finding = concluded(frame_of(), says(nerve=3, vessel=3, muscle=3.5, fascia=3))
    chances = [finding.measurement(f"chance_{kind}") for kind in KINDS]
    assert sum(one.value for one in chances) == pytest.approx(100, abs=1e-6)


def test_an_unclear_region_has_a_brightness_and_no_kind():
    finding = concluded(frame_of(), says(nerve=-1, muscle=-0.6))
    assert finding.verdict is Verdict.LIMITED
    assert "unclear (most likely muscle" in finding.reasons[0]
    assert finding.measurement("echo_intensity") is not None
    assert not [mark for mark in finding.marks if isinstance(mark, MaskMark)]


def test_a_region_that_nobody_set_and_that_shows_no_kind_is_refused():
    finding = concluded(frame_of(), says(), roi=None)
    assert finding.verdict is Verdict.REFUSED
    assert "--roi" in finding.reasons[0]


@pytest.mark.parametrize(
    ("roi", "words"),
    [
        (Roi.box(500, 80, 50, 50), "outside the ultrasound picture"),
        (Roi.box(380, 80, 60, 50), "67 % outside"),
        (Roi.box(100, 80, 8, 8), "smaller than a window"),
        (Roi.box(100, 80, 200, 5), "smaller than a window"),
        (Roi.box(1e9, 1e9, 1e9, 1e9), "outside the ultrasound picture"),
    ],
)
def test_a_region_outside_or_too_small_is_refused_with_what_to_do(roi, words):
    finding = concluded(frame_of(), roi=roi)
    assert finding.verdict is Verdict.REFUSED
    assert words in finding.reasons[0] and "--roi" in finding.reasons[0]


def test_colour_darkness_and_an_idle_probe_are_refused():
    assert "Doppler" in concluded(frame_of(coloured=Region(100, 100, 40, 40))).reasons[0]
    assert "dark" in concluded(frame_of(np.zeros((300, 400), np.uint8))).reasons[0]
    idle = frame_of(probe=ProbeState(transmitting=False, transmit_off_reason="frozen"))
    assert "does not transmit" in concluded(idle).reasons[0]


def test_a_frozen_picture_is_said_and_votes_once():
    pixels = speckle(1)
    findings = run([frame_of(pixels, k) for k in range(3)], [says(muscle=3)] * 3)
    assert [any("frozen" in reason for reason in one.reasons) for one in findings] == [False, True, True]
    assert findings[-1].measurement("patient_infiltrated_phantom_only") is None
    told = concluded(frame_of(probe=ProbeState(frozen=True)))
    assert not any("frozen" in reason for reason in told.reasons), "an exposure like any other: it comes once"


def test_a_scale_changes_nothing():
    scaled = concluded(frame_of(spacing=PixelSpacing(0.1, 0.1, SpacingOrigin.USER)))
    assert scaled.measurements == concluded(frame_of()).measurements


def test_the_pictures_of_a_patient_vote():
    frames = [replace(frame_of(speckle(k), k), origin="phantom:muscle") for k in range(4)]
    findings = run(frames, [says(muscle=4, infiltrated=logit) for logit in (3, 2, -0.5, 2)])
    vote = findings[-1].measurement("patient_infiltrated_phantom_only")
    assert vote.value == pytest.approx(100 / (1 + np.exp(-np.mean([3, 2, -0.5, 2]))), abs=0.1)
    assert vote.low < vote.value < vote.high
    assert any("3 of 4 pictures" in note for note in findings[-1].notes)


def test_a_picture_without_muscle_has_no_vote():
    frames = [replace(frame_of(speckle(k), k), origin="phantom:muscle") for k in range(3)]
    findings = run(frames, [says(muscle=4), says(vessel=4), says(muscle=4)])
    assert any("of 2 pictures" in note for note in findings[-1].notes)


def test_a_refused_picture_has_no_vote():
    frames = [replace(frame_of(speckle(k), k), origin="phantom:muscle") for k in range(3)]
    said = [says(muscle=logit) for logit in (4, 0.5, 4)]
    findings = [one.finding for one in looks(task_of(roi=None), frames, said)]
    assert [one.verdict for one in findings] == [Verdict.MEASURED, Verdict.REFUSED, Verdict.MEASURED]
    assert any("of 2 pictures" in note for note in findings[-1].notes)


def test_without_a_reference_there_is_no_z_score():
    finding = concluded(frame_of())
    assert finding.measurement("echo_intensity_z") is None
    assert any(note.startswith("reference missing") for note in finding.notes)


def test_a_z_score_is_told_against_the_reference_that_fits():
    finding = concluded(frame_of(), **OWN)
    z = finding.measurement("echo_intensity_z")
    assert z.value == pytest.approx((finding.measurement("echo_intensity").value - 50) / 10)
    assert z.low < z.value < z.high
    assert not [note for note in finding.notes if "reference missing" in note]


@pytest.mark.parametrize(
    ("how", "outputs", "words"),
    [
        ({"probe": ProbeState(preset="abdomen")}, says(muscle=4), "the probe is set to abdomen"),
        ({}, says(nerve=4), "is of muscle, this region is nerve"),
    ],
)
def test_a_reference_of_another_preset_or_kind_is_none(how, outputs, words):
    finding = concluded(frame_of(**how), outputs, **OWN)
    assert finding.measurement("echo_intensity_z") is None
    assert any("reference missing" in note and words in note for note in finding.notes)


def test_a_preset_that_nobody_stated_is_the_probes():
    unstated = OWN | {"preset": None}
    assert any("state the preset" in note for note in concluded(frame_of(), **unstated).notes)
    told = concluded(frame_of(probe=ProbeState(preset="MSK")), **unstated)
    assert told.measurement("echo_intensity_z") is not None


def test_few_people_make_a_wide_z_score():
    echo = echo_of("echo_intensity", speckle()[:50].ravel())
    wide, narrow = (z_score(echo, replace(REFERENCE, people=people)) for people in (5, 100))
    assert wide.high - wide.low > narrow.high - narrow.low


def test_white_that_is_cut_off_is_said():
    pixels = speckle()
    pixels[100:140, 120:180] = 255
    assert any("is white" in reason for reason in concluded(frame_of(pixels)).reasons)


def bright_model():
    """Neighbours and machines that take bright regions for muscle and others for nothing."""
    vectors = np.array([[-1.0], [-1.2], [-0.8], [1.0], [1.2], [0.8]], np.float32)
    truth = np.zeros((6, len(JUDGED)), np.int8)
    truth[3:, 2] = 1
    weights = np.where(truth == 1, 1, -1).astype(np.float32)
    figures = np.tile(np.array([0, 0.05, -9, 0], np.float32), (len(JUDGED), 1))
    steps = Steps(np.array([0, 1], np.float32), np.array([0.05, 0.95], np.float32))
    names = (FEATURES[FEATURES.index("above grey")],)
    return TissueModel(
        names,
        np.array([0.0], np.float32),
        np.array([0.3], np.float32),
        vectors,
        truth,
        weights,
        figures,
        (steps,) * len(JUDGED),
        3,
    )


def test_arrays_are_read_as_they_were_written():
    model = bright_model()
    again = read_tissue_model(write_tissue_model(model), JUDGED)
    features = np.random.default_rng(0).normal(0, 0.1, (9, len(FEATURES))).astype(np.float32)
    one, two = (each.by_machine(each.distances(each.scaled_of_all(features))) for each in (model, again))
    np.testing.assert_allclose(one, two, atol=0.05)
    assert again.features == model.features and again.count == 3


def test_arrays_of_something_else_are_refused():
    for content in (b"", b"not arrays", write_tissue_model(bright_model())[:200]):
        with pytest.raises(ModelError, match="reinstall"):
            read_tissue_model(content, JUDGED)


def test_an_example_that_is_silent_about_a_kind_is_not_asked_about_it():
    model = bright_model()
    silent = model.truth.copy()
    silent[:3, 2] = -1
    asked = TissueModel(
        model.features,
        model.mean,
        model.deviation,
        model.vectors,
        silent,
        model.weights,
        model.figures,
        model.steps,
        3,
    )
    far = model.distances(np.array([[-1.0]], np.float32))
    assert model.by_neighbours(far)[0, 2] < 0.1
    assert asked.by_neighbours(far)[0, 2] > 0.9


def test_opinions_that_differ_are_said():
    finding = concluded(frame_of(), says(nerve=4), model=bright_model())
    assert {one.name for one in finding.measurements} >= {"nerve_by_network", "nerve_by_svm", "nerve_by_neighbours"}
    dark_above = speckle(level=30)
    dark_above[:80] = speckle(1, (80, 400), 90)
    doubted = concluded(frame_of(dark_above), says(nerve=4), model=bright_model())
    assert any("support vector machine says muscle" in reason for reason in doubted.reasons)


def test_without_a_network_the_machine_speaks_first():
    pixels = speckle(level=30)
    pixels[:80] = speckle(1, (80, 400), 90)
    finding = finding_by(task_of(ClassicalTissueTask, bright_model()), frame_of(pixels))
    assert finding.measurement("muscle_by_svm").value > 50
    assert finding.measurement("muscle_by_network") is None


def test_a_region_is_proposed_where_the_machine_is_surest():
    pixels = speckle(level=30)
    pixels[180:260, 240:370] = speckle(1, (80, 130), 100)
    by_brightness = replace(bright_model(), features=("grey mean",), mean=np.array([128.0]), deviation=np.array([64.0]))
    finding = concluded(frame_of(pixels), says(muscle=4), roi=None, model=by_brightness)
    (left, top), (right, bottom) = (
        (ring := next(mark.points for mark in finding.marks if isinstance(mark, LineMark))).min(axis=0),
        ring.max(axis=0),
    )
    within = (min(right, 370) - max(left, 240)) * (min(bottom, 260) - max(top, 180))
    assert within > 0.8 * (right - left) * (bottom - top)


def test_features_of_a_box_are_those_of_the_window():
    working = working_picture(cv2.GaussianBlur(speckle(5), (0, 0), 1.5)).pixels
    cells = texture_cells(working)
    inside = np.zeros(cells.counts.shape[:2], bool)
    inside[5:15, 8:24] = True
    alone = region_features(working, inside, FEATURES, cells)
    together = window_features(working, cells, box_of(inside), FEATURES)[0]
    np.testing.assert_allclose(together, alone, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("box", [(5, 15, 8, 24), (0, 4, 0, 5), (30, 48, 50, 64), (20, 21, 3, 60)], ids=str)
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("names", [FEATURES, FEATURES[::-9]], ids=["all", "some"])
def test_a_region_is_described_alike_by_what_lies_around_it_and_by_the_whole_picture(box, ragged, names):
    rng = np.random.default_rng(6)
    working = working_picture(cv2.GaussianBlur(speckle(6), (0, 0), 1.0)).pixels.copy()
    working[:30, :40], working[100:112] = 0, 77  # unlit, and runs longer than any that is told
    cells = texture_cells(working, textures_of(names))
    inside = np.zeros(cells.counts.shape[:2], bool)
    inside[box[0] : box[1], box[2] : box[3]] = True
    inside &= rng.random(inside.shape) < (0.7 if ragged else 1)
    whole, part = (region_features(working, inside, names, given) for given in (cells, None))
    np.testing.assert_allclose(part, whole, rtol=1e-4, atol=1e-5)
    window = window_features(working, texture_cells(working), box_of(inside), FEATURES)[0]
    beside = [name for name in names if name in AROUND]
    np.testing.assert_allclose(
        part[[names.index(name) for name in beside]], window[[FEATURES.index(name) for name in beside]], atol=1e-5
    )


def test_the_surest_window_is_found_without_asking_the_neighbours_of_every_one():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        model = bright_model()
        model = replace(
            model,
            truth=rng.integers(0, 2, model.truth.shape).astype(np.int8),
            weights=rng.normal(0, 1, model.weights.shape).astype(np.float32),
        )
        distances = model.distances(rng.normal(0, 1, (40, 1)).astype(np.float32))
        both = model.by_machine(distances) * model.by_neighbours(distances)
        assert surest(model, distances) == both[:, [KINDS.index(kind) for kind in LOOKED_FOR]].max(axis=1).argmax()


def test_windows_of_whole_blocks_are_described_alike_by_blocks():
    working = working_picture(cv2.GaussianBlur(speckle(7), (0, 0), 1.0)).pixels
    windows = tiled(working.shape[0] // 4, working.shape[1] // 4, WINDOWS)
    fine, coarse = (
        window_features(working, texture_cells(working, cell_px=px), windows, FEATURES) for px in (4, BLOCK_PX)
    )
    np.testing.assert_allclose(coarse, fine, rtol=1e-4, atol=1e-5)


def test_what_a_region_covers_is_its_pixels():
    picture = speckle()
    for roi in (BOX, Roi(((100.5, 80), (220, 120.2), (130, 200)))):
        mask = pixel_mask(roi.points - (20, 10), (250, 300))
        covered = covered_by(roi, Region(20, 10, 300, 250))
        np.testing.assert_array_equal(covered.mask, mask)
        seen = picture[10:260, 20:320]
        assert covered.count == mask.sum()
        np.testing.assert_array_equal(covered.of(seen), seen[mask > 0])


def test_judges_say_what_the_classifiers_say_of_their_own_examples():
    model, rng = bright_model(), np.random.default_rng(2)
    model = replace(model, truth=np.where(rng.random(model.truth.shape) < 0.2, -1, model.truth), count=2)
    scaled = rng.normal(0, 1, (5, 1)).astype(np.float32)
    distances = model.distances(scaled)
    scores, positive = model.scores(distances), model.positive(distances)
    for kind in range(len(JUDGED)):
        bias, gamma = model.figures[kind, :2].tolist()
        used, known = model.weights[:, kind] != 0, model.truth[:, kind] != -1
        machine = SupportVectors(model.vectors[used], model.weights[used, kind], bias, gamma)
        neighbours = Neighbours(model.vectors[known], model.truth[known, kind] == 1, 2)
        np.testing.assert_allclose(scores[:, kind], machine.decide(scaled), rtol=1e-5)
        np.testing.assert_array_equal(positive[:, kind] / 2, neighbours.share(scaled))


def test_infiltration_is_told_of_simulated_muscle_alone():
    """3 in 10 real muscles that nobody called ill were called infiltrated."""
    pixels = [speckle(k) for k in range(3)]
    for origin, told in (("stills:arm.png", False), ("phantom:muscle", True)):
        frames = [replace(frame_of(one, k), origin=origin) for k, one in enumerate(pixels)]
        findings = run(frames, [says(muscle=4, infiltrated=3)] * 3)
        last = judged(frames[-1], findings[-1], SPEC.terms)
        assert any("infiltrated" in one.name for one in last.measurements) == told
        assert any("vote infiltrated" in note for note in last.notes) == told
        assert any("infiltration withheld" in note for note in last.notes) != told
        assert last.measurement("muscle_by_network") and last.verdict is Verdict.MEASURED
