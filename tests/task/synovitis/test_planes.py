"""What the network's planes mean, read from planes that are as they should be: the phantom's own truth as log odds."""

import cv2
import numpy as np
import pytest

from edge.finding import Verdict
from edge.frame import PixelSpacing, Region, SpacingOrigin
from edge.task.gate import admitted
from edge.task.scores import BLOCK, SIDE
from edge.task.synovitis.phantom import SynovitisPicture
from edge.task.synovitis.planes import GRADES, MASKS, PLANES, Window, window_of
from edge.task.synovitis.spec import SPEC
from edge.task.synovitis.task import SynovitisTask, Windowed
from tests.task.synovitis.joints import frame_of, noise, taken_of
from tools.synovitis.lesson import phantom_example, training_example
from tools.synovitis.pictures import draw_sample, target_of

SURE = 6.0


def outputs_of(taken: SynovitisPicture, window: Window) -> tuple[np.ndarray, ...]:
    """The network's output, (1, 4 * planes, SIDE / 2, SIDE / 2), if it erred in nothing."""
    truth = target_of(taken)[: len(PLANES)]
    placed = np.stack([cv2.warpAffine(plane, window.matrix, (SIDE, SIDE)) for plane in truth])
    logits = (2 * SURE * placed - SURE).astype(np.float32)
    blocks = logits.reshape(len(PLANES), SIDE // BLOCK, BLOCK, SIDE // BLOCK, BLOCK).transpose(0, 2, 4, 1, 3)
    return (np.ascontiguousarray(blocks.reshape(1, -1, SIDE // BLOCK, SIDE // BLOCK)),)


def prepared(taken: SynovitisPicture) -> Windowed:
    seen = SynovitisTask().prepare(frame_of(taken)).seen
    assert seen is not None and seen.window is not None
    return seen


@pytest.mark.parametrize(("kind", "grade", "seed"), [("MCP", 1, 5), ("MCP", 3, 5), ("PIP", 2, 6), ("PIP", 0, 6)])
def test_true_planes_give_true_sizes(kind: str, grade: int, seed: int) -> None:
    taken = taken_of(seed, joint=kind, grade=grade)
    task = SynovitisTask()
    before = task.prepare(frame_of(taken))
    assert before.seen is not None and before.seen.window is not None
    seen = task.seen_in(before, outputs_of(taken, before.seen.window))
    assert seen is not None
    truth = taken.section.sizes
    assert seen.sizes.thickness_mm == pytest.approx(truth.thickness_mm, abs=0.2)
    assert seen.sizes.area_mm2 == pytest.approx(truth.area_mm2, abs=0.15 * truth.area_mm2 + 1.0)
    assert seen.sizes.distension_mm == pytest.approx(truth.distension_mm, abs=0.45)
    assert [evidence > 0 for evidence in seen.evidence] == [grade > k for k in range(len(GRADES))]


def test_fluid_in_the_planes_is_no_hypertrophy() -> None:
    taken = taken_of(4, grade=3, effusion=1.2)
    task = SynovitisTask()
    before = task.prepare(frame_of(taken))
    seen = task.seen_in(before, outputs_of(taken, prepared(taken).window))
    assert seen is not None and seen.fluid_mm2 > 3
    assert seen.sizes.thickness_mm == pytest.approx(taken.section.sizes.thickness_mm, abs=0.25)


def test_the_window_keeps_its_scale_whatever_the_picture_has() -> None:
    for mm in (0.03, 0.05, 0.09):
        window = Window.of((300, 500), (mm, mm), 1.0)
        right, down = window.matrix @ (10 / mm, 0, 0), window.matrix @ (0, 10 / mm, 0)
        assert right[0] == pytest.approx(10 / 0.13, rel=1e-6) and down[1] == pytest.approx(10 / 0.058, rel=1e-6)
    spacing = PixelSpacing(0.05, 0.05, SpacingOrigin.USER)
    before = prepared(taken_of())
    assert before.looked.work is not None
    assert window_of(Region(0, 0, 640, 440), spacing, before.skin, before.looked.work).left < 100


def test_planes_without_a_joint_are_refused() -> None:
    taken, task = taken_of(), SynovitisTask()
    frame = frame_of(taken)
    nothing = (np.full((1, BLOCK**2 * len(PLANES), SIDE // BLOCK, SIDE // BLOCK), -SURE, np.float32),)
    assert task.conclude(admitted(frame, SPEC.gate, task), nothing, None).finding.verdict is Verdict.REFUSED


def test_a_tensor_has_one_shape_and_is_grey() -> None:
    for taken in (taken_of(grade=1), taken_of(grade=2, doppler=2)):
        tensor = SynovitisTask().prepare(frame_of(taken)).tensor
        assert tensor is not None and tensor.shape == (1, 1, SIDE, SIDE) and tensor.dtype == np.uint8


def test_what_is_coloured_does_not_reach_the_network() -> None:
    plain, flowing = (taken_of(5, grade=2, doppler=doppler) for doppler in (0, 3))
    one, two = (SynovitisTask().prepare(frame_of(taken)).tensor for taken in (plain, flowing))
    assert one is not None and two is not None
    assert flowing.pixels.max() - plain.pixels.max() < 60
    assert np.abs(one.astype(int) - two).mean() < 4


@pytest.mark.parametrize("seed", range(4))
def test_a_lessons_picture_has_its_truth(seed: int) -> None:
    sample = draw_sample(seed)
    assert sample.picture.shape == (SIDE, SIDE) and sample.target.shape == (len(PLANES) + 1, SIDE, SIDE)
    assert sample.target.min() >= 0 and sample.target.max() <= 1
    example = phantom_example(seed)
    assert example.target.shape[0] == len(MASKS) and set(np.unique(example.target)) <= {0, 1}
    np.testing.assert_array_equal(training_example(seed).picture, example.picture)
    assert len(MASKS) + len(GRADES) == len(PLANES)


def test_noise_is_prepared_and_refused() -> None:
    task = SynovitisTask()
    frame = frame_of(taken_of())
    speckle = type(frame)(noise(*frame.pixels.shape), 0, 0, "test", frame.spacing)
    before = task.prepare(speckle)
    rng = np.random.default_rng(1)
    outputs = (rng.normal(0, 3, (1, BLOCK**2 * len(PLANES), SIDE // BLOCK, SIDE // BLOCK)).astype(np.float32),)
    assert task.conclude(before, outputs, None).finding.reasons
