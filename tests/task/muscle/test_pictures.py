"""Both pathways of the muscle task, the network that is shipped among them, on pictures: what they measure, what they
refuse. `python -m tools.muscle.phantoms` and `tools.muscle.verdicts` give the full tables."""

from dataclasses import replace
from functools import cache
from itertools import islice

import numpy as np
import pytest

from edge.finding import LineMark, Verdict
from edge.frame import Frame
from edge.runtime.manifest import list_models
from edge.task.muscle.phantom import nearest, true_sizes
from edge.task.muscle.spec import SPEC
from edge.task.muscle.view import uprightness
from tools.muscle.phantoms import SEED, picture_of
from tools.muscle.verdicts import MUSCLES, OTHERS, UNMEASURABLE, WHOLE, upside_down
from tools.single_pictures import DATA, open_measure, real_frames

PICTURES = 16
EACH = 8
LEAST_REFUSED = {"upside down": EACH // 2}
"""The phantom's fat has not the level texture by which real pictures are told."""


@pytest.fixture(params=[one.name for one in SPEC.pathways])
def pathway(request):
    if request.param == "deep" and "muscle" not in list_models():
        pytest.skip("models/muscle is missing; python -m tools.train muscle makes it")
    return request.param


@cache
def concluded(pathway):
    return open_measure(SPEC.name, pathway, precision="int8")


@cache
def phantoms(pathway):
    """(finding, truth) of the phantom pictures that were answered."""
    pairs = []
    for seed in range(SEED + 100, SEED + 100 + PICTURES):
        frame, bellies = picture_of(seed)
        finding = concluded(pathway)(frame)
        if finding.verdict is not Verdict.REFUSED:
            pairs.append((finding, true_sizes(nearest(finding, bellies))))
    return pairs


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("fascicle_angle", 2.5),
        ("pennation_angle", 2.5),
        ("superficial_aponeurosis_angle", 0.8),
        ("deep_aponeurosis_angle", 0.8),
        ("fascicle_length", 0.16),
        ("muscle_thickness", 0.08),
        ("fascicle_curvature", 6.0),
    ],
)
def test_half_of_the_phantoms_are_measured_closely(pathway, name, most) -> None:
    """most: degrees, 1/m, or a share of a length."""
    found = [(finding.measurement(name), truth[name]) for finding, truth in phantoms(pathway)]
    off = [abs(m.value - true) / (true if m.unit == "mm" else 1) for m, true in found if m is not None]
    assert len(off) >= PICTURES / 2
    assert np.median(off) < most


def test_a_picture_turned_left_to_right_says_the_same_of_the_muscle(pathway) -> None:
    frame, _ = picture_of(SEED + 4)
    mirrored = replace(frame, pixels=np.ascontiguousarray(frame.pixels[:, ::-1]))
    one, other = (concluded(pathway)(each) for each in (frame, mirrored))
    assert one.verdict is other.verdict is Verdict.MEASURED
    values = [{m.name: m.value for m in finding.measurements} for finding in (one, other)]
    for name in ("pennation_angle", "fascicle_length", "muscle_thickness"):
        assert values[0][name] == pytest.approx(values[1][name], rel=0.08)
    for name in ("fascicle_angle", "superficial_aponeurosis_angle", "deep_aponeurosis_angle"):
        assert values[0][name] == pytest.approx(-values[1][name], abs=2)


def test_without_a_scale_there_are_degrees_and_no_millimetres(pathway) -> None:
    frame, _ = picture_of(SEED + 4)
    finding = concluded(pathway)(replace(frame, spacing=None))
    assert finding.verdict is Verdict.LIMITED and "scale unknown" in finding.reasons[0]
    assert {m.unit for m in finding.measurements} == {"deg", "px", "%"}


def test_fascicles_that_leave_the_picture_go_on_outside_it(pathway) -> None:
    shares = [(finding, finding.measurement("extrapolated_share")) for finding, _ in phantoms(pathway)]
    finding = next(finding for finding, share in shares if share is not None and share.value > 8)
    inside, outside = (
        [mark.points for mark in finding.marks if isinstance(mark, LineMark) and mark.name == name]
        for name in ("fascicle", "extrapolated fascicle")
    )
    ends = np.concatenate([line[[0, -1]] for line in inside])
    for line in outside:
        assert min(np.hypot(*(end - ends).T).min() for end in line) < 1e-3


@pytest.mark.parametrize("what", UNMEASURABLE)
def test_what_cannot_be_measured_is_refused(pathway, what) -> None:
    findings = [concluded(pathway)(Frame(UNMEASURABLE[what](seed), 0, 0, what)) for seed in range(100, 100 + EACH)]
    assert sum(finding.verdict is Verdict.REFUSED for finding in findings) >= LEAST_REFUSED.get(what, EACH - 2)
    assert all(finding.reasons and not finding.measurements for finding in findings if finding.verdict == "refused")


def test_turning_a_picture_over_turns_the_sign() -> None:
    for seed in range(4):
        pixels = picture_of(SEED + seed)[0].pixels
        assert uprightness(pixels[::-1]) == pytest.approx(-uprightness(pixels), abs=0.01)


needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real pictures are not beside this folder")


@needs_data
@pytest.mark.parametrize(("what", "share"), [("nerves", 0.85), ("infant hips", 0.7), ("real knee", 1.0)])
def test_real_pictures_of_something_else_are_refused(pathway, what, share) -> None:
    findings = [concluded(pathway)(frame) for frame in islice(real_frames(OTHERS[what], 30), 30)]
    assert np.mean([finding.verdict is Verdict.REFUSED for finding in findings]) >= share


@needs_data
@pytest.mark.parametrize("what", WHOLE)
def test_real_muscles_are_answered_and_on_their_heads_refused(pathway, what) -> None:
    frames = list(real_frames(MUSCLES[what], 20))
    findings = [concluded(pathway)(frame) for frame in frames]
    assert np.mean([finding.verdict is not Verdict.REFUSED for finding in findings]) >= 0.9
    assert all(finding.measurement("fascicle_angle") for finding in findings if finding.verdict is not Verdict.REFUSED)
    assert all(concluded(pathway)(upside_down(frame)).verdict is Verdict.REFUSED for frame in frames[::4])
