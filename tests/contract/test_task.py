"""What every task must do, whoever wrote it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.app.nerve import open_classical_nerve
from edge.finding import CaliperMark, FieldMark, LineMark, MaskMark, Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.registry import load
from edge.task.cartilage.phantom import CartilageCine
from edge.task.fake import FakeTask
from edge.task.muscle.phantom import MuscleCine
from edge.task.nerve.phantom import NerveCine
from edge.task.table import TASKS
from tests.task.muscle.faultless import faultless_output
from tests.task.nerve.drawn_nerve import faultless_output as nerve_output
from tests.task.nerve.drawn_nerve import frame_of_nerve

SIZES = [(1, 1), (1, 7), (2, 2), (7, 1), (37, 53), (101, 255), (480, 640), (481, 639), (800, 600)]


OUTPUT = {"muscle": (4, 128, 128), "nerve": (8, 128, 128), "tissue": (5, 1, 1)}
"""Channels, height and width of the output, where it is not one score a label for each pixel of the tensor."""


WITHOUT_NETWORK = "nerve without a network"


def make_task(name):
    if name == WITHOUT_NETWORK:
        return open_classical_nerve()
    return FakeTask() if name == "fake" else load("task", TASKS, name)()


@pytest.fixture(params=["fake", *TASKS, WITHOUT_NETWORK])
def name(request):
    return request.param


@pytest.fixture
def task(name):
    return make_task(name)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def frame_of(pixels, spacing=None, region=None):
    return Frame(pixels, exposed_ns=123, sequence=4, origin="test", spacing=spacing, region=region, notes=("a note",))


def outputs_like(task, tensor, seed=0):
    """Smooth random scores in the shape of the tensor: blobs such as an unsure network gives."""
    rng = np.random.default_rng(seed)
    channels, height, width = OUTPUT.get(task.name, (len(task.labels), *tensor.shape[2:]))
    coarse = rng.normal(0, 4, (1, channels, 8, 8)).astype(np.float32)
    return (coarse.repeat(-(-height // 8), axis=2)[:, :, :height].repeat(-(-width // 8), axis=3)[..., :width],)


def good_brightness():
    frame = frame_of(noise(48, 64))
    return frame, (FakeTask().prepare(frame).astype(np.float32) / 255,)


def good_cartilage():
    """A picture of the phantom, and what a faultless network would say of it."""
    picture = CartilageCine(1).picture(0.0)
    spacing = PixelSpacing(picture.x_mm_per_px, picture.y_mm_per_px, SpacingOrigin.DEPTH)
    covered = cv2.resize(picture.coverage, (256, 256), interpolation=cv2.INTER_AREA)
    return frame_of(picture.pixels, spacing), ((covered[None, None] - 0.5) * 20,)


def good_muscle():
    """The same for a contracting muscle at rest."""
    picture = MuscleCine(1).picture(0.0)
    spacing = PixelSpacing(picture.mm_per_px, picture.mm_per_px, SpacingOrigin.DEPTH)
    return frame_of(picture.pixels, spacing), (faultless_output(picture.truth),)


def good_nerve():
    """A drawn nerve beside a vessel."""
    return replace(frame_of_nerve(), exposed_ns=123, sequence=4), (nerve_output(),)


def good_tissue():
    """Speckle that a network is sure is muscle, as healthy as muscle can be."""
    grain = np.random.default_rng(2).rayleigh(45, (300, 400)).clip(0, 240).astype(np.uint8)
    return frame_of(grain), (np.array([-4, -4, 4, -4, -4], np.float32).reshape(1, 5, 1, 1),)


def good_limb():
    """The phantom's nerve, which the chain without a network proposes."""
    picture = NerveCine(3).picture(0.0)
    return frame_of(picture.pixels, PixelSpacing(picture.mm_per_px, picture.mm_per_px, SpacingOrigin.DEPTH)), ()


GOOD = {
    "fake": good_brightness,
    "cartilage": good_cartilage,
    "muscle": good_muscle,
    "nerve": good_nerve,
    "tissue": good_tissue,
    WITHOUT_NETWORK: good_limb,
}
"""A frame and the outputs for it, which the task must measure. A new task adds its own."""


def same(one, two):
    plain = ("task", "sequence", "exposed_ns", "verdict", "reasons", "measurements", "spacing", "notes")
    if any(getattr(one, name) != getattr(two, name) for name in plain) or len(one.marks) != len(two.marks):
        return False
    return all(
        type(a) is type(b) and all(np.array_equal(getattr(a, f), getattr(b, f)) for f in a.__slots__)
        for a, b in zip(one.marks, two.marks, strict=True)
    )


def test_its_tensor_has_one_shape_for_frames_of_every_size(task):
    tensors = [task.prepare(frame_of(noise(*size))) for size in SIZES]
    assert len({tensor.shape for tensor in tensors}) == 1
    assert all(tensor.dtype == np.uint8 and tensor.ndim == 4 and tensor.shape[:2] == (1, 1) for tensor in tensors)


def test_it_looks_at_the_region_only(task):
    pixels = noise(120, 160)
    region = Region(20, 30, 100, 60)
    changed = np.full_like(pixels, 255)
    changed[30:90, 20:120] = pixels[30:90, 20:120]
    one, two = (task.prepare(frame_of(picture, region=region)) for picture in (pixels, changed))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("seed", range(4))
def test_the_same_input_gives_the_same_finding(name, task, seed):
    spacing = PixelSpacing(0.05, 0.06, SpacingOrigin.USER)
    frame = frame_of(noise(96, 128, seed), spacing)
    outputs = outputs_like(task, task.prepare(frame), seed)
    first = task.conclude(frame, outputs, ())
    kept = [output.copy() for output in outputs]
    again = make_task(name).conclude(frame, outputs, ())
    assert same(first, again)
    assert all(np.array_equal(before, after) for before, after in zip(kept, outputs, strict=True))


@pytest.mark.parametrize("size", SIZES)
def test_a_black_frame_is_refused_with_reasons(task, size):
    frame = frame_of(np.zeros(size, np.uint8), PixelSpacing(0.05, 0.05, SpacingOrigin.USER))
    tensor = task.prepare(frame)
    for outputs in (outputs_like(task, tensor), (np.full_like(outputs_like(task, tensor)[0], -9),)):
        given = (tensor.astype(np.float32) / 255,) if task.name == "brightness" else outputs
        finding = task.conclude(frame, given, ())
        assert finding.verdict is Verdict.REFUSED
        assert finding.reasons and all(reason.strip() for reason in finding.reasons)
        assert finding.measurements == ()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_whatever_the_network_says_the_finding_is_sound(task, size, seed):
    frame = frame_of(noise(*size, seed), PixelSpacing(0.05, 0.06, SpacingOrigin.DEPTH))
    check_sound(task, task.conclude(frame, outputs_like(task, task.prepare(frame), seed), ()))


def test_a_good_picture_is_measured_and_its_finding_is_sound(name, task):
    frame, outputs = GOOD[name]()
    finding = task.conclude(frame, outputs, ())
    # A chain that gives no sizes says so each time.
    assert finding.verdict is (Verdict.LIMITED if name == WITHOUT_NETWORK else Verdict.MEASURED)
    assert finding.measurements and finding.marks
    check_sound(task, finding)
    assert same(finding, task.conclude(frame, outputs, (finding, finding)))


def check_sound(task, finding):
    assert (finding.task, finding.sequence, finding.exposed_ns) == (task.name, 4, 123)
    assert finding.verdict is Verdict.MEASURED or finding.reasons
    for measurement in finding.measurements:
        assert measurement.low <= measurement.value <= measurement.high
        assert np.isfinite([measurement.low, measurement.value, measurement.high]).all()
    for mark in finding.marks:
        if isinstance(mark, MaskMark):
            assert mark.mask.dtype == np.uint8 and set(np.unique(mark.mask)) <= {0, 1}
            assert task.labels[mark.label - 1] == mark.name
        elif isinstance(mark, LineMark):
            assert mark.points.ndim == 2 and mark.points.shape[1] == 2 and np.isfinite(mark.points).all()
        elif isinstance(mark, FieldMark):
            assert mark.angle_deg.shape == mark.confidence.shape and mark.cell_px > 0
            assert (np.abs(mark.angle_deg) <= 90).all()
            assert (mark.confidence >= 0).all() and (mark.confidence <= 1).all()
        elif isinstance(mark, CaliperMark):
            assert np.isfinite([*mark.start, *mark.end]).all()


def test_without_a_scale_there_are_no_millimetres(task):
    for seed in range(4):
        frame = frame_of(noise(480, 640, seed))
        finding = task.conclude(frame, outputs_like(task, task.prepare(frame), seed), ())
        assert not [m for m in finding.measurements if m.unit.startswith("mm")]
        assert not [m for m in finding.marks if isinstance(m, CaliperMark) and "mm" in m.text]
