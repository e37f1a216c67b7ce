"""The gate before every task: what it refuses, in which order, and what a task may have it let through."""

from dataclasses import replace

import numpy as np
import pytest

from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.task.fake import FakeTask
from edge.task.gate import NO_EXCEPTIONS, Gate, admitted, gate_faults
from edge.task.table import task_specs

NOISE = np.random.default_rng(0).integers(0, 256, (100, 200), np.uint8)
SPACING = PixelSpacing(0.2, 0.2, SpacingOrigin.USER)
"""The picture is 20 mm deep."""
GOOD = Frame(NOISE, 123, 4, "test", spacing=SPACING)
SILENT = ProbeState(transmitting=False, transmit_off_reason="heartbeat lost")
FAULTS = {
    "probe": ({"probe": SILENT}, "the probe does not transmit: heartbeat lost"),
    "picture": ({"pixels": np.full_like(NOISE, 90)}, "the picture is one even grey: no echoes"),
    "colour": ({"coloured": Region(10, 10, 20, 20)}, "the picture is coloured (Doppler): switch the colour off"),
    "pixels": ({"pixel_aspect": 100.0, "spacing": None}, "said to be 100 times as wide as high"),
    "depth": ({"spacing": PixelSpacing(0.1, 0.1, SpacingOrigin.USER)}, "the picture is only 10 mm deep: set 18 mm"),
    "scale": ({"spacing": None}, "scale unknown"),
}
USUAL = [spec.gate for spec in task_specs() if spec.gate.usual_depth_mm is not None]
STRICT = Gate(least_depth_mm=18.0, needs_scale=True)


def test_a_good_frame_is_prepared_by_the_task():
    assert gate_faults(GOOD, STRICT) == ()
    prepared = admitted(GOOD, STRICT, FakeTask())
    assert prepared.frame is GOOD and prepared.faults == () and prepared.tensor is not None


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_measured_is_told_and_not_prepared(fault):
    change, told = FAULTS[fault]

    class Never(FakeTask):
        def prepare(self, frame):
            raise AssertionError("a refused frame reaches no task")

    prepared = admitted(replace(GOOD, **change), STRICT, Never())
    assert len(prepared.faults) == 1 and told in prepared.faults[0]
    assert prepared.tensor is None and prepared.seen is None


def test_the_first_fault_is_the_one_that_is_told():
    changes = [change for change, _ in FAULTS.values()]
    told = [told for _, told in FAULTS.values()]
    for first in range(len(changes)):
        worse = GOOD
        for change in reversed(changes[first:]):
            worse = replace(worse, **change)
        (fault,) = gate_faults(worse, STRICT)
        assert told[first] in fault


@pytest.mark.parametrize(
    ("fault", "gate"),
    [
        ("picture", Gate(any_picture=True)),
        ("colour", Gate(colour=True)),
        ("depth", NO_EXCEPTIONS),
        ("depth", Gate(least_depth_mm=10.0)),
        ("scale", NO_EXCEPTIONS),
        ("scale", Gate(least_depth_mm=18.0)),
    ],
    ids=str,
)
def test_a_task_may_have_it_let_through(fault, gate):
    assert gate_faults(replace(GOOD, **FAULTS[fault][0]), gate) == ()


def test_nothing_lets_a_silent_probe_through():
    anything = Gate(any_picture=True, colour=True)
    assert gate_faults(replace(GOOD, probe=SILENT), anything)
    frozen = ProbeState(frozen=True, transmitting=True)
    assert gate_faults(replace(GOOD, probe=frozen), anything) == (), "made while it transmitted"
    assert gate_faults(replace(GOOD, probe=replace(SILENT, frozen=True)), anything), "frozen in the dark"
    assert gate_faults(replace(GOOD, probe=ProbeState()), anything) == (), "it did not say"


def test_only_the_ultrasound_region_is_judged():
    pixels = np.full((200, 400), 255, np.uint8)
    pixels[50:150, 100:300] = NOISE
    inside = Region(100, 50, 200, 100)
    assert gate_faults(replace(GOOD, pixels=pixels, region=inside), STRICT) == ()
    assert gate_faults(replace(GOOD, pixels=pixels), STRICT)
    beside = Region(0, 0, 90, 40)
    assert gate_faults(replace(GOOD, pixels=pixels, region=inside, coloured=beside), STRICT) == ()


def test_a_scale_that_is_in_doubt_says_why():
    doubtful = ProbeState(transmitting=True, doubt="the depth was changed within 3 ms of the exposure")
    (fault,) = gate_faults(replace(GOOD, spacing=None, probe=doubtful), STRICT)
    assert fault == "scale withheld: the depth was changed within 3 ms of the exposure"


def test_a_depth_that_is_a_rounding_short_passes():
    just = PixelSpacing(0.1785, 0.1785, SpacingOrigin.TICKS)
    assert gate_faults(replace(GOOD, spacing=just), STRICT) == ()


@pytest.mark.parametrize(("mm_per_px", "deep"), [(0.05, "5 mm deep"), (30.0, "3e+03 mm deep")])
def test_a_depth_that_no_probe_has_refuses_the_scale_naming_the_number(mm_per_px, deep):
    (fault,) = gate_faults(
        replace(GOOD, spacing=PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.DICOM)), NO_EXCEPTIONS
    )
    assert deep in fault and "(dicom)" in fault and "8 to 350 mm" in fault


def test_a_probe_that_is_set_too_shallow_is_to_be_set_deeper_and_its_scale_stays_believed():
    shallow = replace(GOOD, spacing=PixelSpacing(0.2, 0.2, SpacingOrigin.DEPTH))
    told = "the depth is set to 20 mm: set 40 to 180 mm (backs are deep)"
    assert gate_faults(shallow, Gate(plausible_depth_mm=(40.0, 180.0), depth_source="backs are deep")) == (told,)


@pytest.mark.parametrize("gate", USUAL)
def test_the_depth_that_is_offered_is_one_that_is_let_through(gate):
    least_mm, most_mm = gate.plausible_depth_mm
    assert max(least_mm, gate.least_depth_mm or 0) <= gate.usual_depth_mm <= most_mm
