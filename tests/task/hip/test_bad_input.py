"""What is no infant's hip in the coronal plane, or not as it was said to be: told, never measured as if it were one."""

import re

import cv2
import numpy as np
import pytest

from edge.app.session import open_session
from edge.errors import SettingError
from edge.finding import Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.task.contract import Given
from edge.task.gate import admitted
from edge.task.hip.classical import ClassicalHipTask
from edge.task.hip.spec import SPEC, HipOptions
from edge.task.hip.task import HipTask
from tests.task.hip.faultless import faultless_output, frame_of, still
from tools.single_pictures import open_measure

PATHWAYS = [one.name for one in SPEC.pathways]
HEIGHT, WIDTH = 420, 480


def grainy(level, seed=0):
    """Speckle over grey levels (height, width)."""
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(0, 1, level.shape), (0, 0), 1.4, sigmaY=0.8)
    noisy = level * (1 + 0.5 * grain / grain.std()) + rng.normal(0, 3, level.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def soft_tissue():
    row = np.arange(HEIGHT)[:, None]
    layers = 70 + 40 * np.sin(row / 11) * np.exp(-row / 200)
    return np.broadcast_to(layers * np.exp(-row / 380), (HEIGHT, WIDTH)).copy()


def transverse():
    """Graf's picture is coronal: here the head sits on a U of ischium and metaphysis, without an ilium."""
    level = soft_tissue()
    cv2.ellipse(level, (240, 210), (105, 105), 0, 100, 250, 200.0, 6)
    cv2.ellipse(level, (240, 210), (112, 112), 0, 20, 80, 190.0, 6)
    cv2.circle(level, (240, 205), 95, 25.0, -1)
    return grainy(level)


def adult():
    """An ossified head and neck: one large bright arc over its shadow."""
    level = soft_tissue()
    cv2.ellipse(level, (230, 330), (150, 120), 0, 0, 360, 4.0, -1)
    level[330:] = 4
    cv2.ellipse(level, (230, 330), (150, 120), 0, 180, 360, 230.0, 7)
    return grainy(level, 1)


def x_ray():
    """A pelvis: wide bright bones on a dark ground, no grain, no shadow."""
    level = np.full((HEIGHT, WIDTH), 35.0)
    for side in (1, -1):
        middle = WIDTH // 2 + side * 110
        cv2.ellipse(level, (middle, 140), (80, 100), 20 * side, 0, 360, 170.0, -1)
        cv2.circle(level, (middle + side * 40, 270), 36, 200.0, -1)
        cv2.line(level, (middle + side * 70, 300), (middle + side * 90, 410), 190.0, 40)
        cv2.ellipse(level, (middle - side * 40, 320), (45, 30), 0, 0, 360, 120.0, -1)
    return np.clip(cv2.GaussianBlur(level, (0, 0), 4), 0, 255).astype(np.uint8)


def framed(pixels, mm_per_px=0.1) -> Frame:
    spacing = PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.USER)
    return Frame(pixels, 0, 0, "test", spacing, Region.whole(pixels))


@pytest.fixture(scope="module", params=PATHWAYS)
def measure(request):
    return open_measure("hip", request.param)


@pytest.mark.parametrize("picture", [transverse, adult, x_ray])
def test_what_is_no_infants_hip_in_the_coronal_plane_is_refused(measure, picture) -> None:
    found = measure(framed(picture()))
    assert found.verdict is Verdict.REFUSED and not found.measurements
    assert re.match(r"no hip is seen|not the standard plane|two hips", found.reasons[0])


def test_a_picture_twice_as_deep_as_any_infants_hip_is_refused(measure) -> None:
    found = measure(framed(adult(), 0.4))
    assert found.verdict is Verdict.REFUSED and "deep" in found.reasons[0]


def test_an_ossified_head_with_its_shadow_is_measured_rightly_or_refused(measure) -> None:
    for alpha in (52.0, 66.0):
        found = measure(frame_of(still(alpha=alpha, age=26.0)))
        if found.verdict is not Verdict.REFUSED:
            assert found.measurement("alpha").value == pytest.approx(alpha, abs=5)


def test_two_pictures_on_one_screen_are_not_measured_as_one(measure) -> None:
    one, other = still(alpha=64.0).pixels, still(alpha=64.0, side="left").pixels
    found = measure(framed(np.hstack((one, other))))
    if found.verdict is not Verdict.REFUSED:
        assert found.measurement("alpha").value == pytest.approx(64, abs=5)


def test_a_left_hip_that_is_called_a_right_one_is_shown_as_it_lies_and_called_as_it_was() -> None:
    picture = still(alpha=64.0, side="left")
    for task, outputs in (
        (HipTask(Given(HipOptions(8.0, "right"))), (faultless_output(picture),)),
        (ClassicalHipTask(Given(HipOptions(8.0, "right"))), ()),
    ):
        found = task.conclude(admitted(frame_of(picture), SPEC.gate, task), outputs, None).finding
        assert "right hip as stated; cranial is on the picture's right" in found.notes
        assert found.measurement("alpha").value == pytest.approx(64, abs=3)


def test_without_an_age_type_two_stays_open() -> None:
    picture, task = still(alpha=55.0), HipTask()
    found = task.conclude(task.prepare(frame_of(picture)), (faultless_output(picture),), None).finding
    assert found.verdict is Verdict.LIMITED
    assert "type II depends on the age: state it in weeks" in found.reasons
    assert any("II, age needed" in note for note in found.notes)


@pytest.mark.parametrize("weeks", [300.0, -1.0])
def test_an_age_that_no_infant_has_is_an_error_that_says_what_is_allowed(weeks) -> None:
    with (
        pytest.raises(SettingError, match="52"),
        open_session("phantom:hip,frames=1,paced=no", task="hip", pathway="classical", age_weeks=weeks),
    ):
        pass
