"""Real pictures: what people drew is outlined where it is pointed at; what is nothing is not answered."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.finding import MaskMark, Verdict
from edge.frame import Frame, Region
from edge.pointed import Pointed
from edge.runtime.manifest import load_manifest, model_folder
from edge.runtime.opening import open_runtime
from edge.screen.region.ultrasound import find_region
from edge.task.contract import Asked, Given
from edge.task.outline.spec import OutlineOptions
from edge.task.outline.task import OutlineTask

DATA = Path(__file__).parents[4] / "shared" / "data"
NERVES = DATA / "nerve"
PICTURES = 12


@pytest.fixture(scope="module")
def asked():
    folder = model_folder("outline")
    runtime, _ = open_runtime("onnx", folder, precision="int8", threads=1)
    with runtime:
        yield Asked(runtime.infer, load_manifest(folder).figures())


def finding_at(asked, frame, *places):
    task = OutlineTask(
        Given(OutlineOptions(at=tuple(Pointed(inside=(place,)) for place in places)), asked.figures, asked=asked)
    )
    return task.conclude(task.prepare(frame), (), None).finding


def middle_of(mask):
    depth = cv2.distanceTransform(np.pad(mask, 1, mode="edge"), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    return float(x), float(y)


def test_what_people_drew_is_outlined_where_it_is_pointed_at(asked):
    if not NERVES.is_dir():
        pytest.skip(f"the nerve pictures are not at {NERVES}")
    dices = []
    for path in sorted((NERVES / "images").glob("*.png"))[::17][:PICTURES]:
        pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        drawn = cv2.imread(str(NERVES / "masks" / path.name), cv2.IMREAD_UNCHANGED)
        count, labels, stats, _ = cv2.connectedComponentsWithStats((drawn == 1).astype(np.uint8))
        largest = max(range(1, count), key=lambda label: stats[label, cv2.CC_STAT_AREA])
        truth = (labels == largest).astype(np.uint8)
        finding = finding_at(asked, Frame(pixels, 0, 0, path.name, region=find_region(pixels)), middle_of(truth))
        if finding.verdict is Verdict.REFUSED:
            continue
        shown = np.zeros_like(truth)
        for mark in finding.marks:
            if isinstance(mark, MaskMark):
                (x, y), (height, width) = mark.origin, mark.mask.shape
                shown[y : y + height, x : x + width] |= mark.mask
        dices.append(2 * (shown & truth).sum() / (shown.sum() + truth.sum()))
    assert len(dices) >= 0.8 * PICTURES
    assert np.median(dices) > 0.6 and min(dices) > 0.1, dices


def test_noise_without_tissue_is_refused(asked):
    for seed in range(4):
        field = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, (400, 480)).astype(np.float32), (0, 0), 2)
        pixels = np.clip(60 + 25 * field / field.std(), 0, 255).astype(np.uint8)
        finding = finding_at(asked, Frame(pixels, 0, 0, "noise", region=Region.whole(pixels)), (240.0, 200.0))
        assert finding.verdict is Verdict.REFUSED


def test_two_points_on_one_nerve_are_one_structure(asked):
    if not NERVES.is_dir():
        pytest.skip(f"the nerve pictures are not at {NERVES}")
    path = sorted((NERVES / "images").glob("*.png"))[0]
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    drawn = cv2.imread(str(NERVES / "masks" / path.name), cv2.IMREAD_UNCHANGED)
    x, y = middle_of((drawn == 1).astype(np.uint8))
    frame = Frame(pixels, 0, 0, path.name, region=find_region(pixels))
    finding = finding_at(asked, frame, (x, y), (x + 2, y + 1))
    assert "structure 2 is also number 1: both points lie on one structure" in finding.reasons
