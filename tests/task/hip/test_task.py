"""The network's pathway: what it tells, its second opinion, its stages, Graf's projection, and its shipped model."""

import numpy as np
import pytest

from edge.app.session import open_session
from edge.errors import BackendUnavailableError
from edge.finding import LineMark, MaskMark, StageMark, Verdict
from edge.runtime.manifest import load_manifest, model_folder
from edge.runtime.opening import open_runtime
from edge.task.contract import Given
from edge.task.gate import admitted
from edge.task.hip import task as hip_task
from edge.task.hip.judging import HipMemory
from edge.task.hip.phantom import hip_picture
from edge.task.hip.reading import evidence_of, figure_of, read
from edge.task.hip.spec import PROJECTIONS, SPEC, HipOptions
from edge.task.hip.task import HipTask
from edge.task.scores import SIDE
from edge.terms import Projection
from edge.trust.verdict import judged
from tests.task.hip.faultless import faultless_output, frame_of, still, without

AGE = HipOptions(age_weeks=8.0)


def concluded(picture, output=None, options=AGE, memory=None, sequence=0, stages=False, figures=None):
    task = HipTask(Given(options, figures or {}, stages=stages))
    frame = frame_of(picture, sequence=sequence)
    outputs = (faultless_output(picture) if output is None else output,)
    return task.conclude(admitted(frame, SPEC.gate, task), outputs, memory)


def test_a_healthy_hip_is_measured_with_type_and_checklists() -> None:
    picture = still(alpha=66.0)
    found = concluded(picture).finding
    assert found.verdict is Verdict.MEASURED, found.reasons
    assert found.measurement("alpha").value == pytest.approx(66, abs=1.5)
    assert found.measurement("beta").value == pytest.approx(picture.hip.beta_deg, abs=3)
    assert found.measurement("head_coverage").value == pytest.approx(picture.hip.coverage, abs=3)
    assert any(note.startswith("Graf type I") for note in found.notes)
    assert "checklist I: all 8 seen" in found.notes and "checklist II: all 3 seen" in found.notes


def test_beta_of_a_real_picture_is_told_but_the_tilt_is_not() -> None:
    picture = still(alpha=66.0)
    found = judged(frame_of(picture), concluded(picture).finding, SPEC.terms)
    names = {one.name for one in found.measurements}
    assert "beta" in names and "plane_tilt" not in names


def test_what_is_seen_is_marked_and_what_is_not_is_named() -> None:
    picture = still()
    found = concluded(picture, without(picture, "synovial fold")).finding
    assert found.verdict is Verdict.LIMITED
    assert any("synovial fold seen by image analysis alone" in reason for reason in found.reasons)
    assert any("checklist I: in doubt synovial fold; seen" in note for note in found.notes)
    found = concluded(picture, without(picture, "cartilage roof")).finding
    assert found.verdict is Verdict.REFUSED and "cartilage roof not seen" in found.reasons[0]
    assert any("checklist I: missing cartilage roof; seen" in note for note in found.notes)
    lines = {mark.name for mark in found.marks if isinstance(mark, LineMark)}
    assert {"synovial fold", "joint capsule", "chondro-osseous border", "iliac line"} <= lines
    assert {mark.name for mark in found.marks if isinstance(mark, MaskMark)} == set(SPEC.labels)


@pytest.mark.parametrize("tilt", [-11.0, 11.0])
def test_a_tilted_plane_is_refused_with_advice(tilt) -> None:
    found = concluded(still(tilt=tilt)).finding
    assert found.verdict is Verdict.REFUSED and not found.measurements
    assert found.reasons[0].startswith("not the standard plane") and "probe" in found.reasons[1]


def test_a_decentred_hip_without_its_labrum_is_flagged() -> None:
    picture = still(alpha=37.0, coverage=25.0)
    found = concluded(picture, without(picture, "labrum")).finding
    assert found.verdict is Verdict.LIMITED
    assert any(reason.startswith("decentred?") for reason in found.reasons)
    assert any(note.startswith("Graf type III or IV") for note in found.notes)


def test_image_analysis_is_asked_every_so_often_and_a_difference_is_told(monkeypatch) -> None:
    picture, asked = still(alpha=64.0), []
    see = hip_task.find_joint

    def counted(work, mirrored):
        asked.append(mirrored)
        return see(work, mirrored)

    monkeypatch.setattr(hip_task, "find_joint", counted)
    memory = None
    for sequence in range(5):
        one = concluded(picture, options=HipOptions(8.0, second_opinion_every=3), memory=memory, sequence=sequence)
        memory = one.memory
    assert asked == [False, False] and memory.asked_at == 3
    assert memory.other_alpha_deg == pytest.approx(64, abs=4)
    other = HipMemory(other_alpha_deg=50.0, asked_at=0)
    found = concluded(picture, options=HipOptions(8.0, second_opinion_every=3), memory=other, sequence=1).finding
    assert found.verdict is Verdict.LIMITED
    assert any("image analysis at 50: in doubt" in reason for reason in found.reasons)
    concluded(picture, options=HipOptions(8.0, second_opinion_every=0))
    assert len(asked) == 2


def test_the_best_plane_of_a_sweep_is_kept() -> None:
    seen = read(frame_of(still()), np.zeros((SIDE, SIDE), np.uint8), faultless_output(still())[0], {}).hip
    figures = {
        figure_of("plane", name): 0.0
        for name in evidence_of(seen.plane.scores, seen.plane.contrast, seen.marks, seen.lines)
    }
    figures |= {"plane_bias": 3.0, "plane_bend": -2.0, "least_fit": 0.1}
    memory = None
    for sequence, tilt in enumerate((3.0, 0.0, 3.5)):
        one = concluded(still(tilt=tilt), memory=memory, sequence=sequence, figures=figures)
        memory = one.memory
    assert memory.best.sequence == 1
    assert any(note.startswith("best plane so far: frame 1, alpha") for note in one.finding.notes)


def test_every_step_is_shown_where_it_is_asked_for() -> None:
    found = concluded(still(), stages=True).finding
    stages = [mark for mark in found.marks if isinstance(mark, StageMark)]
    assert len(stages) == 5 and len({stage.plane.shape for stage in stages}) == 1


@pytest.mark.parametrize("side", ["right", "left"])
def test_grafs_projection_is_alike_for_both_sides(side) -> None:
    found = concluded(still(side=side)).finding
    assert SPEC.projection(HipOptions(projection=PROJECTIONS[0]), found) is None
    assert SPEC.projection(HipOptions(projection=PROJECTIONS[1]), found) == Projection(mirrored=side == "left")


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_run_shows_grafs_projection_and_keeps_the_scans_pixels(side) -> None:
    source = f"phantom:hip,motion=still,frames=1,paced=no,side={side}"
    shown = {}
    for projection in PROJECTIONS:
        with open_session(source, task="hip", pathway="classical", projection=projection, age_weeks=8.0) as session:
            (shown[projection],) = session.results()
    scan, graf = (shown[projection] for projection in PROJECTIONS)
    assert graf.picture_bgr.shape[:2] == scan.picture_bgr.shape[1::-1]
    np.testing.assert_array_equal(graf.frame.pixels, scan.frame.pixels)
    one, other = (next(mark for mark in each.finding.marks if isinstance(mark, LineMark)) for each in (scan, graf))
    np.testing.assert_array_equal(one.points, other.points)


@pytest.fixture(scope="module")
def by_each_runtime():
    """Findings of a few phantoms by every runtime and precision that is installed."""
    folder = model_folder("hip")
    pictures = [hip_picture(np.random.default_rng(seed)) for seed in range(970_000, 970_008)]
    manifest, found = load_manifest(folder), {}
    for variant in manifest.variants:
        try:
            runtime, _ = open_runtime(variant.runtime, folder, precision=variant.precision, threads=1)
        except BackendUnavailableError:
            continue
        task = HipTask(Given(HipOptions(8.0, second_opinion_every=0), manifest.figures()))
        with runtime:
            prepared = [task.prepare(frame_of(picture)) for picture in pictures]
            found[variant.runtime, variant.precision] = [
                task.conclude(one, (runtime.infer(one.tensor)[0].copy(),), None).finding for one in prepared
            ]
    return pictures, found


def test_the_shipped_network_measures_most_unseen_phantoms(by_each_runtime) -> None:
    pictures, found = by_each_runtime
    kept = [(picture, one) for picture, one in zip(pictures, found["onnx", "int8"], strict=True) if one.measurements]
    assert len(kept) >= 5
    errors = [abs(one.measurement("alpha").value - picture.hip.alpha_deg) for picture, one in kept]
    assert np.mean(errors) < 3.5


def test_runtimes_agree_in_degrees(by_each_runtime) -> None:
    _, found = by_each_runtime
    reference = {"int8": ("onnx", "int8"), "float": ("onnx", "float")}
    for kind, findings in found.items():
        for one, other in zip(findings, found[reference[kind[1]]], strict=True):
            for measured in one.measurements:
                beside = other.measurement(measured.name)
                if beside is not None:
                    # A tilt is told with an interval of many degrees: it is read from faint bends.
                    near = 1.0 if measured.name == "plane_tilt" else 0.5
                    assert measured.value == pytest.approx(beside.value, abs=near), (kind, measured.name)
