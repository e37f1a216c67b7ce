"""The muscle task on phantoms whose truth is known, with the network replaced by that truth, and without a network."""

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.finding import CaliperMark, FieldMark, LineMark, MaskMark, Verdict
from edge.frame import Frame, ProbeState, Region
from edge.task.cartilage.phantom import CartilageCine
from edge.task.contract import Given
from edge.task.muscle.evidence import ANGLE_LENGTH
from edge.task.muscle.phantom import MuscleCine
from edge.task.muscle.spec import MuscleOptions
from edge.task.muscle.task import ClassicalMuscleTask, MuscleTask
from tests.task.looking import finding_by
from tests.task.muscle.faultless import faultless_output, frame_of_muscle

DOUBT = r"the network reads the fascicles at -?\d+ degrees, the classical pathway at -?\d+: angle in doubt"
MOMENTS = [(seed, t_s) for seed in (1, 3, 6) for t_s in (0.0, 2.2, 4.0)]


def value(finding, name: str) -> float:
    return finding.measurement(name).value


def concluded(picture, task=None, **options):
    return finding_by(task or MuscleTask(), frame_of_muscle(picture, **options), (faultless_output(picture.truth),))


def marks(finding, kind, name=None):
    return [mark for mark in finding.marks if isinstance(mark, kind) and name in (None, mark.name)]


@pytest.mark.parametrize(("seed", "t_s"), MOMENTS)
def test_a_faultless_network_gives_the_phantoms_architecture(seed: int, t_s: float) -> None:
    cine = MuscleCine(seed)
    truth, finding = cine.architecture(t_s), concluded(cine.picture(t_s))
    assert finding.verdict is Verdict.MEASURED, finding.reasons
    assert value(finding, "fascicle_angle") == pytest.approx(truth.fascicle_angle_deg, abs=1.0)
    assert value(finding, "pennation_angle") == pytest.approx(truth.pennation_deg, abs=1.0)
    assert value(finding, "superficial_aponeurosis_angle") == pytest.approx(truth.superficial_angle_deg, abs=0.3)
    assert value(finding, "deep_aponeurosis_angle") == pytest.approx(truth.deep_angle_deg, abs=0.3)
    assert value(finding, "muscle_thickness") == pytest.approx(truth.thickness_mm, rel=0.02)
    assert value(finding, "fascicle_length") == pytest.approx(truth.fascicle_length_mm, rel=0.03)
    assert value(finding, "straight_fascicle_length") == pytest.approx(truth.straight_length_mm, rel=0.03)
    assert value(finding, "fascicle_curvature") == pytest.approx(truth.curvature_per_m, abs=1.2)
    assert all(m.low <= m.value <= m.high for m in finding.measurements)


@pytest.mark.parametrize(("seed", "t_s"), MOMENTS)
def test_without_a_network_angle_and_thickness_are_near_the_phantoms(seed: int, t_s: float) -> None:
    cine = MuscleCine(seed)
    truth, picture = cine.architecture(t_s), cine.picture(t_s)
    finding = finding_by(ClassicalMuscleTask(), frame_of_muscle(picture), ())
    assert finding.verdict is Verdict.MEASURED, finding.reasons
    assert value(finding, "fascicle_angle") == pytest.approx(truth.fascicle_angle_deg, abs=2.5)
    assert value(finding, "muscle_thickness") == pytest.approx(truth.thickness_mm, rel=0.08)


@pytest.mark.parametrize("task", [MuscleTask(), ClassicalMuscleTask()], ids=["deep", "classical"])
def test_a_mirrored_picture_has_mirrored_angles_and_the_same_lengths(task) -> None:
    picture = MuscleCine(1).picture(2.2)
    output = faultless_output(picture.truth)
    turned = np.ascontiguousarray(output[..., ::-1])
    turned[:, 2] *= -1
    mirrored = replace(picture, pixels=np.ascontiguousarray(picture.pixels[:, ::-1]))
    one = finding_by(task, frame_of_muscle(picture), (output,))
    other = finding_by(task, frame_of_muscle(mirrored), (turned,))
    for name in ("fascicle_angle", "superficial_aponeurosis_angle", "deep_aponeurosis_angle"):
        assert value(one, name) == pytest.approx(-value(other, name), abs=0.6)
    for name in ("pennation_angle", "fascicle_length", "muscle_thickness"):
        assert value(one, name) == pytest.approx(value(other, name), rel=0.03)


def test_inside_a_scanners_screen_everything_lies_where_it_is_seen() -> None:
    picture = MuscleCine(2).picture(0.0)
    alone = concluded(picture)
    height, width = picture.pixels.shape
    screen = np.zeros((height + 150, width + 240), np.uint8)
    screen[90 : 90 + height, 130 : 130 + width] = picture.pixels
    frame = replace(frame_of_muscle(picture), pixels=screen, region=Region(130, 90, width, height))
    shown = finding_by(MuscleTask(), frame, (faultless_output(picture.truth),))
    assert [m.value for m in shown.measurements] == pytest.approx([m.value for m in alone.measurements])
    for kind in (LineMark, FieldMark, MaskMark):
        for one, other in zip(marks(alone, kind), marks(shown, kind), strict=True):
            at = [mark.points if kind is LineMark else np.array(mark.origin) for mark in (one, other)]
            np.testing.assert_allclose(at[1] - at[0], np.broadcast_to((130, 90), at[0].shape), atol=1e-3)


def test_the_marks_lie_on_the_phantoms_aponeuroses_and_in_its_muscle() -> None:
    cine = MuscleCine(3)
    picture, truth = cine.picture(0.0), cine.architecture(0.0)
    finding = concluded(picture)
    x_px = np.arange(picture.pixels.shape[1])
    for name, edge_mm in (("superficial aponeurosis", truth.superficial_mm), ("deep aponeurosis", truth.deep_mm)):
        (line,) = marks(finding, LineMark, name)
        at = np.interp(x_px, *line.points.T)
        assert np.abs(at - edge_mm / picture.mm_per_px).mean() < 3
    (muscle,) = marks(finding, MaskMark)
    drawn = np.zeros(picture.pixels.shape, np.uint8)
    (x, y), (height, width) = muscle.origin, muscle.mask.shape
    drawn[y : y + height, max(0, x) : x + width] = muscle.mask[:, max(0, -x) :][:, : drawn.shape[1] - max(0, x)]
    belly = picture.truth.layer == 1
    assert 2 * (belly & (drawn > 0)).sum() / (belly.sum() + drawn.sum()) > 0.95
    (caliper,) = marks(finding, CaliperMark)
    length_mm = np.hypot(*np.subtract(caliper.end, caliper.start)) * picture.mm_per_px
    assert length_mm == pytest.approx(value(finding, "muscle_thickness"), rel=0.03)
    assert caliper.text == f"{length_mm:.1f} mm"


def test_the_field_mark_tells_the_phantoms_angles() -> None:
    picture = MuscleCine(1).picture(4.0)
    (field,) = marks(concluded(picture), FieldMark)
    rows, columns = np.nonzero(field.confidence > 0.8)
    x, y = (np.round(field.origin[k] + field.cell_px * at).astype(int) for k, at in enumerate((columns, rows)))
    true = np.degrees(picture.truth.angle_rad[y, x])
    apart = np.abs((field.angle_deg[rows, columns] - true + 90) % 180 - 90)
    assert len(rows) > 500 and np.percentile(apart, 95) < 1.5


def test_streamlines_run_from_aponeurosis_to_aponeurosis_inside_the_picture() -> None:
    picture = MuscleCine(1).picture(4.0)
    finding = concluded(picture)
    edges = [marks(finding, LineMark, f"{name} aponeurosis")[0].points for name in ("superficial", "deep")]
    lines = marks(finding, LineMark, "fascicle")
    assert len(lines) >= 5
    for line in lines:
        x, y = line.points.T
        assert (x > -2).all() and (x < picture.pixels.shape[1] + 1).all()
        top, bottom = (np.interp(x, *edge.T) for edge in edges)
        assert (y > top - 2).all() and (y < bottom + 2).all()


def test_unknown_scale_gives_degrees_and_pixels() -> None:
    finding = concluded(MuscleCine(1).picture(0.0), scaled=False)
    assert finding.verdict is Verdict.LIMITED
    assert {m.unit for m in finding.measurements} == {"deg", "px", "%"}
    assert not marks(finding, CaliperMark)


def test_what_the_other_pathway_reads_otherwise_is_said() -> None:
    picture = MuscleCine(1).picture(0.0)
    output = faultless_output(picture.truth)
    turned = np.arctan2(output[:, 2], output[:, 1]) + 2 * np.radians(12)
    output[:, 1], output[:, 2] = ANGLE_LENGTH * np.cos(turned), ANGLE_LENGTH * np.sin(turned)
    finding = finding_by(MuscleTask(), frame_of_muscle(picture), (output,))
    assert finding.verdict is Verdict.LIMITED
    assert any(re.fullmatch(DOUBT, reason) for reason in finding.reasons)


def changed(truth, *, keep=None, width=None):
    """The output with only some of the aponeuroses, or with theirs in a part of the width only."""
    output = faultless_output(truth)
    if keep is not None:
        rows = np.arange(128)[:, None]
        output[0, 0] = np.where((rows >= keep[0]) & (rows < keep[1]), output[0, 0], -10)
    if width is not None:
        output[0, 0, :, width:] = -10
    return output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"keep": (0, 0)}, "there is no aponeurosis"),
        ({"keep": (0, 45)}, "only one aponeurosis"),
        ({"width": 60}, "of the width"),
    ],
)
def test_what_is_missing_is_named(options, words) -> None:
    picture = MuscleCine(3).picture(0.0)
    finding = finding_by(MuscleTask(), frame_of_muscle(picture), (changed(picture.truth, **options),))
    assert finding.verdict is Verdict.REFUSED and finding.measurements == ()
    assert words in finding.reasons[0]


def test_unreadable_fascicles_are_refused() -> None:
    picture = MuscleCine(3).picture(0.0)
    output = faultless_output(picture.truth)
    output[0, 3] = np.where(output[0, 3] > 0, -2.5, -9)
    finding = finding_by(MuscleTask(), frame_of_muscle(picture), (output,))
    assert finding.verdict is Verdict.REFUSED and "fascicles" in finding.reasons[0]


def test_long_fascicles_that_leave_the_picture_have_no_length() -> None:
    # The other way round than what the picture shows, so that the lines in it do not correct it.
    picture = MuscleCine(3).picture(0.0)
    output = faultless_output(picture.truth)
    output[:, 1], output[:, 2] = ANGLE_LENGTH * np.cos(np.radians(8)), ANGLE_LENGTH * np.sin(np.radians(8))
    finding = finding_by(
        MuscleTask(Given(MuscleOptions(), {"opinions_apart": 90})), frame_of_muscle(picture), (output,)
    )
    assert finding.verdict is Verdict.LIMITED
    assert finding.measurement("fascicle_length") is None and finding.measurement("fascicle_angle") is not None
    assert any("outside the picture" in reason for reason in finding.reasons)


@pytest.mark.parametrize("seed", [1, 3, 7])
@pytest.mark.parametrize("flat_deg", [-8.0, -5.0, 5.0])
def test_lines_in_the_picture_correct_a_network_that_is_some_degrees_off(seed: int, flat_deg: float) -> None:
    cine = MuscleCine(seed)
    picture, truth = cine.picture(0.0), cine.architecture(0.0)
    output = faultless_output(picture.truth)
    twice = 2 * np.radians(flat_deg)
    cosine, sine = output[:, 1].copy(), output[:, 2].copy()
    output[:, 1] = np.cos(twice) * cosine - np.sin(twice) * sine
    output[:, 2] = np.sin(twice) * cosine + np.cos(twice) * sine
    finding = finding_by(MuscleTask(), frame_of_muscle(picture), (output,))
    assert value(finding, "fascicle_angle") == pytest.approx(truth.fascicle_angle_deg, abs=1.5)
    assert value(finding, "pennation_angle") == pytest.approx(truth.pennation_deg, abs=1.5)


def test_lines_that_run_quite_otherwise_cast_doubt_but_turn_nothing() -> None:
    picture = MuscleCine(3).picture(0.0)
    output = faultless_output(picture.truth)
    output[:, 2] *= -1
    seen = -MuscleCine(3).architecture(0.0).fascicle_angle_deg
    finding = finding_by(MuscleTask(), frame_of_muscle(picture), (output,))
    assert finding.verdict is Verdict.LIMITED and "angle in doubt" in finding.reasons[0]
    assert value(finding, "fascicle_angle") == pytest.approx(seen, abs=1.5)


@pytest.mark.parametrize("task", [MuscleTask(), ClassicalMuscleTask()], ids=["deep", "classical"])
def test_upside_down_is_refused(task) -> None:
    picture = MuscleCine(1).picture(0.0)
    fading = np.linspace(1.25, 0.35, picture.pixels.shape[0])[:, None]
    pixels = np.clip(picture.pixels * fading, 0, 255).astype(np.uint8)
    upright = finding_by(task, frame_of_muscle(replace(picture, pixels=pixels)), (faultless_output(picture.truth),))
    assert upright.verdict is not Verdict.REFUSED
    turned = np.ascontiguousarray(faultless_output(picture.truth)[:, :, ::-1])
    finding = finding_by(task, frame_of_muscle(replace(picture, pixels=pixels[::-1])), (turned,))
    assert finding.verdict is Verdict.REFUSED and "upside down" in finding.reasons[0]


def test_colour_over_the_muscle_is_refused() -> None:
    picture = MuscleCine(1).picture(0.0)
    frame = replace(frame_of_muscle(picture), coloured=Region(100, 100, 80, 60))
    finding = finding_by(MuscleTask(), frame, (faultless_output(picture.truth),))
    assert finding.verdict is Verdict.REFUSED and "Doppler" in finding.reasons[0]


def test_a_silent_probe_is_refused() -> None:
    picture = MuscleCine(1).picture(0.0)
    probe = ProbeState(transmitting=False, transmit_off_reason="heartbeat lost")
    frame = replace(frame_of_muscle(picture), probe=probe)
    finding = finding_by(MuscleTask(), frame, (faultless_output(picture.truth),))
    assert finding.verdict is Verdict.REFUSED and "heartbeat lost" in finding.reasons[0]


def bare_speckle(seed):
    rng = np.random.default_rng(seed)
    parts = (cv2.GaussianBlur(rng.normal(size=(480, 640)), (0, 0), sigmaX=4, sigmaY=1.5) for _ in range(2))
    power = sum(part**2 for part in parts)
    return np.clip(120 + 50 * np.log10(power / power.mean() + 1e-4), 0, 255).astype(np.uint8)


def reverberation(seed):
    """A probe in air: the transducer's own echoes."""
    rows = np.exp(-np.arange(480) / 120) * np.cos(np.arange(480) / 6) ** 2 * 200
    return np.clip(rows[:, None] + np.random.default_rng(seed).normal(0, 8, (480, 640)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "picture",
    [
        bare_speckle(0),
        bare_speckle(1),
        reverberation(0),
        CartilageCine(1).picture(0.0).pixels,
        CartilageCine(4).picture(0.0).pixels,
    ],
    ids=["speckle", "more speckle", "air", "knee", "another knee"],
)
def test_what_is_no_muscle_is_refused_without_a_network(picture) -> None:
    finding = finding_by(ClassicalMuscleTask(), Frame(picture, 1, 0, "test"), ())
    assert finding.verdict is Verdict.REFUSED, finding.measurements


def test_the_scales_uncertainty_widens_lengths_and_no_angle() -> None:
    picture = MuscleCine(1).picture(0.0)
    frame = frame_of_muscle(picture)
    wide = replace(frame, spacing=replace(frame.spacing, relative_uncertainty=0.1))
    one, other = (finding_by(MuscleTask(), f, (faultless_output(picture.truth),)) for f in (frame, wide))

    def width(finding, name):
        found = finding.measurement(name)
        return found.high - found.low

    assert width(other, "muscle_thickness") > 2 * width(one, "muscle_thickness")
    assert width(other, "fascicle_angle") == pytest.approx(width(one, "fascicle_angle"))
