"""What every task and pathway must do, whoever wrote it: ours and those of every other installed distribution."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from edge.app.opening import folder_of, open_task
from edge.finding import CaliperMark, FieldMark, LineMark, MaskMark, Verdict
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.option import options_of
from edge.registry import resolve
from edge.runtime.manifest import load_manifest
from edge.runtime.opening import open_runtime
from edge.task.fake import SPEC as FAKE
from edge.task.fake import FakeTask
from edge.task.gate import admitted
from edge.task.table import task_specs
from edge.terms import Role

SIZES = [(1, 1), (1, 7), (2, 2), (7, 1), (37, 53), (101, 255), (480, 640), (481, 639), (800, 600)]
WAYS = [(spec, way) for spec in (FAKE, *task_specs()) for way in spec.pathways]
USUAL_DEPTH_MM = 40.0


@pytest.fixture(params=WAYS, ids=lambda pair: f"{pair[0].name} {pair[1].name}")
def way(request):
    return request.param


@pytest.fixture
def spec(way):
    return way[0]


@pytest.fixture
def pathway(way):
    return way[1]


def make_task(spec, pathway):
    return FakeTask() if spec is FAKE else open_task(spec, pathway.name)


@pytest.fixture
def task(spec, pathway):
    return make_task(spec, pathway)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def spacing_of(pixels):
    """Such that the picture is of a usual depth."""
    mm_per_px = USUAL_DEPTH_MM / pixels.shape[0]
    return PixelSpacing(mm_per_px, 1.1 * mm_per_px, SpacingOrigin.USER)


def frame_of(pixels, spacing=None, region=None, **what):
    return Frame(
        pixels, exposed_ns=123, sequence=4, origin="test", spacing=spacing, region=region, notes=("a note",), **what
    )


def outputs_like(spec, pathway, prepared, seed=0):
    """Smooth random scores of the shapes that the model's manifest states: blobs such as an unsure network gives."""
    if prepared.tensor is None:
        return ()
    if spec is FAKE:
        return (prepared.tensor.astype(np.float32) / 255,)
    rng = np.random.default_rng(seed)
    found = []
    for output in load_manifest(folder_of(pathway)).outputs:
        _, channels, height, width = output.shape
        coarse = rng.normal(0, 4, (1, channels, 8, 8)).astype(np.float32)
        found.append(coarse.repeat(-(-height // 8), axis=2)[:, :, :height].repeat(-(-width // 8), axis=3)[..., :width])
    return tuple(found)


def concluded(spec, task, frame, outputs, memory=None):
    """As the loop does it: gate, prepare, conclude."""
    prepared = admitted(frame, spec.gate, task)
    return task.conclude(prepared, outputs(prepared) if callable(outputs) else outputs, memory)


def looks_first(spec, pathway):
    """Whether a network looks at the frame before the task concludes; one that it asks meanwhile looks later."""
    return pathway.network and pathway.asks != pathway.model


def half_white(pixels):
    return np.concatenate((np.full_like(pixels[: len(pixels) // 2], 255), pixels[len(pixels) // 2 :]))


@cache
def good_input(spec, pathway):
    """A frame of the task's first anatomy, and what its model says of it."""
    if spec is FAKE:
        frame = frame_of(noise(80, 96))
        return frame, outputs_like(spec, pathway, FakeTask().prepare(frame))
    if not spec.anatomies:
        return frame_of(noise(80, 96), spacing_of(noise(80, 96))), ()
    cine = spec.anatomies[0].open(3)
    pixels = cine.picture(0.0, cine.imaging).pixels
    mm_per_px = cine.imaging.depth_mm / pixels.shape[0]
    frame = frame_of(pixels, PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.DEPTH), Region.whole(pixels))
    if not pathway.network:
        return frame, ()
    runtime, _ = open_runtime("onnx", folder_of(pathway), precision="int8", threads=1)
    with runtime:
        return frame, tuple(np.array(one) for one in runtime.infer(make_task(spec, pathway).prepare(frame).tensor))


def same(one, two):
    plain = ("task", "sequence", "exposed_ns", "verdict", "reasons", "measurements", "spacing", "notes")
    if any(getattr(one, name) != getattr(two, name) for name in plain) or len(one.marks) != len(two.marks):
        return False
    return all(
        type(a) is type(b) and all(np.array_equal(getattr(a, f), getattr(b, f)) for f in a.__slots__)
        for a, b in zip(one.marks, two.marks, strict=True)
    )


def test_what_it_declares_is_there(spec):
    assert spec.name == spec.name.lower() and spec.name.isidentifier()
    assert spec.sentence.endswith(".") and len(spec.sentence) < 120
    assert spec.options() is not None
    assert all(one.option.help.endswith(".") for one in options_of(spec.options))
    for way in spec.pathways:
        assert callable(resolve(way.target).prepare) and callable(resolve(way.target).conclude)
    names = [one.name for one in spec.terms.measurements]
    assert len(set(names)) == len(names)
    assert all(one.plausible[0] < one.plausible[1] and one.source for one in spec.terms.measurements if one.plausible)
    assert all(one.plausible for one in spec.terms.measurements if one.unit in ("mm", "mm2"))


def test_its_model_is_for_it(spec, pathway):
    if spec is FAKE or not pathway.model:
        pytest.skip("needs no model")
    manifest = load_manifest(folder_of(pathway))
    assert manifest.task == spec.name
    assert bool(manifest.variants) or not pathway.network


def test_its_tensor_has_one_shape_for_frames_of_every_size(spec, task, pathway):
    pictures = [noise(*size) for size in SIZES]
    tensors = [task.prepare(frame_of(picture, spacing_of(picture))).tensor for picture in pictures]
    if not looks_first(spec, pathway):
        assert tensors == [None] * len(SIZES)
        return
    # A task may see before the network runs that there is nothing for it to judge.
    tensors = [tensor for tensor in tensors if tensor is not None]
    assert len({tensor.shape for tensor in tensors}) == 1
    assert all(tensor.dtype == np.uint8 and tensor.ndim == 4 and tensor.shape[:2] == (1, 1) for tensor in tensors)


def test_it_looks_at_the_region_only(spec, pathway, task):
    pixels = noise(120, 160)
    region = Region(20, 30, 100, 60)
    changed = np.full_like(pixels, 255)
    changed[30:90, 20:120] = pixels[30:90, 20:120]
    frames = [frame_of(picture, region=region) for picture in (pixels, changed)]
    one, two = (task.prepare(frame) for frame in frames)
    if one.tensor is not None:
        np.testing.assert_array_equal(one.tensor, two.tensor)
    assert same(*(task.conclude(each, outputs_like(spec, pathway, each), None).finding for each in (one, two)))


@pytest.mark.parametrize("seed", range(4))
def test_the_same_input_gives_the_same_finding(spec, pathway, task, seed):
    frame = frame_of(noise(96, 128, seed), spacing_of(noise(96, 128)))
    outputs = outputs_like(spec, pathway, task.prepare(frame), seed)
    kept = [output.copy() for output in outputs]
    first = concluded(spec, task, frame, outputs).finding
    again = concluded(spec, make_task(spec, pathway), frame, outputs).finding
    assert same(first, again)
    assert same(first, concluded(spec, task, frame, outputs).finding)
    assert all(np.array_equal(before, after) for before, after in zip(kept, outputs, strict=True))


@pytest.mark.parametrize("size", SIZES)
def test_a_black_frame_is_refused_with_reasons(spec, pathway, task, size):
    frame = frame_of(np.zeros(size, np.uint8), spacing_of(np.zeros(size)))
    finding = concluded(spec, task, frame, lambda prepared: outputs_like(spec, pathway, prepared)).finding
    assert finding.verdict is Verdict.REFUSED
    assert finding.reasons and all(reason.strip() for reason in finding.reasons)
    assert finding.measurements == ()


REFUSED_AT_THE_GATE = {
    "silent probe": (lambda frame: replace(frame, probe=ProbeState(transmitting=False)), "does not transmit"),
    "even grey": (lambda frame: replace(frame, pixels=np.full_like(frame.pixels, 90)), "even grey"),
    "white": (lambda frame: replace(frame, pixels=half_white(frame.pixels)), "white"),
    "Doppler": (lambda frame: replace(frame, coloured=Region(30, 30, 40, 40)), "Doppler"),
}


@pytest.mark.parametrize("fault", REFUSED_AT_THE_GATE)
def test_what_the_gate_refuses_no_task_measures(spec, pathway, task, fault):
    if (spec.gate.any_picture and fault in ("even grey", "white")) or (spec.gate.colour and fault == "Doppler"):
        pytest.skip("an exception that the task declares")
    spoil, reason = REFUSED_AT_THE_GATE[fault]
    frame, outputs = good_input(spec, pathway)
    before = concluded(spec, task, frame, outputs)
    after = concluded(spec, task, replace(spoil(frame), exposed_ns=123 + 40_000_000, sequence=5), (), before.memory)
    assert after.finding.verdict is Verdict.REFUSED
    assert any(reason in one for one in after.finding.reasons)
    assert after.finding.measurements == ()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_whatever_the_network_says_the_finding_is_sound(spec, pathway, task, size, seed):
    frame = frame_of(noise(*size, seed), spacing_of(noise(*size)))
    finding = concluded(spec, task, frame, lambda prepared: outputs_like(spec, pathway, prepared, seed)).finding
    check_sound(spec, pathway, finding)


def test_a_good_picture_is_measured_and_its_finding_is_sound(spec, pathway, task):
    if spec is not FAKE and not spec.anatomies:
        pytest.skip("no anatomy is its own: what it measures is asked for")
    frame, outputs = good_input(spec, pathway)
    first = concluded(spec, task, frame, outputs)
    assert first.finding.verdict is not Verdict.REFUSED
    assert first.finding.measurements and first.finding.marks
    check_sound(spec, pathway, first.finding)
    check_declared(spec, first.finding)


def test_a_second_look_at_the_same_exposure_tells_nothing_new(spec, pathway, task):
    frame, outputs = good_input(spec, pathway)
    first = concluded(spec, task, frame, outputs)
    again = concluded(spec, task, frame, outputs, first.memory).finding
    assert again.measurements == first.finding.measurements
    check_sound(spec, pathway, again)


def check_declared(spec, finding):
    """Every name in a finding is one that the task declares, with the unit that it declares."""
    declared = {one.name: one.unit for one in spec.terms.measurements}
    for measurement in finding.measurements:
        plain = measurement.name.removesuffix("_px")
        assert plain in declared
        assert measurement.unit in (declared[plain], declared[plain].replace("mm", "px"))
    for mark in finding.marks:
        if isinstance(mark, LineMark):
            assert spec.terms.mark(mark.name).role is not Role.OTHER, mark.name


def check_sound(spec, pathway, finding):
    assert (finding.task, finding.sequence, finding.exposed_ns) == (spec.name, 4, 123)
    assert finding.notes[0] == "a note"
    assert finding.verdict is Verdict.MEASURED or finding.reasons
    for measurement in finding.measurements:
        assert measurement.low <= measurement.value <= measurement.high
        assert np.isfinite([measurement.low, measurement.value, measurement.high]).all()
    for mark in finding.marks:
        if isinstance(mark, MaskMark):
            assert mark.mask.dtype == np.uint8 and set(np.unique(mark.mask)) <= {0, 1}
            assert (pathway.labels or spec.labels)[mark.label - 1] == mark.name
        elif isinstance(mark, LineMark):
            assert mark.points.dtype == np.float32 and mark.points.ndim == 2
            assert mark.points.shape[1] == 2 and np.isfinite(mark.points).all()
        elif isinstance(mark, FieldMark):
            assert mark.angle_deg.shape == mark.confidence.shape and mark.cell_px > 0
            assert (np.abs(mark.angle_deg) <= 90).all()
            assert (mark.confidence >= 0).all() and (mark.confidence <= 1).all()
        elif isinstance(mark, CaliperMark):
            assert np.isfinite([*mark.start, *mark.end]).all()
            if mark.text.endswith(" mm"):
                across, down = np.subtract(mark.end, mark.start)
                spacing = finding.spacing
                assert spacing is not None
                length_mm = np.hypot(across * spacing.x_mm_per_px, down * spacing.y_mm_per_px)
                assert mark.text == f"{length_mm:.1f} mm", "a caliper reads its own length"


def test_without_a_scale_there_are_no_millimetres(spec, pathway, task):
    frame, outputs = good_input(spec, pathway)
    unknown = [(replace(frame, spacing=None), outputs)]
    for seed in range(4):
        each = frame_of(noise(480, 640, seed))
        unknown.append((each, outputs_like(spec, pathway, task.prepare(each), seed)))
    for each, said in unknown:
        finding = concluded(spec, task, each, said).finding
        check_declared(spec, finding)
        assert not [m for m in finding.measurements if m.unit.startswith("mm")]
        assert not [m for m in finding.marks if isinstance(m, CaliperMark) and "mm" in m.text]
