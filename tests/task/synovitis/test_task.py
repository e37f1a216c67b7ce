"""The pathway without a network, on phantoms and on what is none: grades, flow, failures, bad input."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.finding import CaliperMark, LineMark, MaskMark, StageMark, Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.task.synovitis.report import NO_COLOUR, OF_PHANTOMS
from edge.task.synovitis.spec import LABELS, SynovitisOptions
from tests.task.synovitis.joints import found, frame_of, joint, noise, taken_of

DOPPLER_ON = SynovitisOptions(doppler=True)


def value(finding: object, name: str) -> float:
    measured = finding.measurement(name)
    assert measured is not None
    assert measured.low <= measured.value <= measured.high
    return float(measured.value)


def test_grades_are_mostly_within_one_of_the_phantoms() -> None:
    apart = []
    for kind, seed in (("MCP", 5), ("PIP", 6)):
        for grade in range(4):
            finding = found(joint(seed=seed, joint=kind, grade=grade))
            assert finding.verdict is not Verdict.REFUSED
            assert finding.measurement("combined") is None and NO_COLOUR in finding.notes
            apart.append(abs(value(finding, "grey_scale") - grade))
    assert np.mean(np.array(apart) <= 1) >= 0.75 and np.mean(apart) < 1


def test_flow_is_graded_in_colour() -> None:
    taken = taken_of(seed=5, grade=3, doppler=2)
    finding = found(frame_of(taken))
    assert taken.flow is not None
    assert value(finding, "doppler_share") == pytest.approx(100 * taken.flow.share, abs=25)
    assert value(finding, "power_doppler") >= 1
    assert value(finding, "combined") == max(value(finding, "grey_scale"), value(finding, "power_doppler"))


def test_a_coloured_picture_that_was_saved_as_grey_has_no_doppler() -> None:
    frame = replace(frame_of(taken_of(seed=5, grade=2, doppler=2)), colour=None)
    finding = found(frame)
    assert finding.verdict is Verdict.REFUSED or finding.measurement("power_doppler") is None


def test_no_flow_is_told_where_the_user_says_that_doppler_was_on() -> None:
    finding = found(joint(grade=2), DOPPLER_ON)
    assert value(finding, "power_doppler") == 0
    assert value(finding, "combined") == value(finding, "grey_scale")


def test_a_flash_withholds_the_flow() -> None:
    taken = taken_of(seed=5, grade=2, doppler=1, flash=True)
    finding = found(frame_of(taken))
    assert finding.measurement("power_doppler") is None and finding.measurement("combined") is None
    assert any("motion" in reason for reason in finding.reasons)


def test_fluid_is_told_and_marked() -> None:
    finding = found(joint(seed=4, grade=3, effusion=1.4))
    assert any("may be fluid" in reason for reason in finding.reasons)
    assert any(isinstance(mark, LineMark) and mark.name.startswith("doubtful place") for mark in finding.marks)
    assert {mark.name for mark in finding.marks if isinstance(mark, MaskMark)} == set(LABELS)


def test_a_region_that_the_picture_cuts_is_told() -> None:
    frame = joint(seed=5, grade=3)
    taken = taken_of(seed=5, grade=3)
    thick = np.flatnonzero(taken.region.any(axis=0))
    cut = int(thick[0] + 0.25 * (thick[-1] - thick[0]))
    region = Region(cut, 0, frame.pixels.shape[1] - cut, frame.pixels.shape[0])
    finding = found(replace(frame, region=region))
    assert finding.verdict is Verdict.REFUSED or any("the picture cuts" in reason for reason in finding.reasons)


def test_a_real_picture_is_never_more_than_limited() -> None:
    finding = found(replace(joint(grade=2), origin="stills:hand.png"))
    assert finding.verdict is Verdict.LIMITED and OF_PHANTOMS in finding.reasons


def test_two_joints_are_told() -> None:
    one = joint(seed=5, grade=1)
    mm = one.spacing.x_mm_per_px if one.spacing else 0.0
    both = np.concatenate((one.pixels, np.ascontiguousarray(one.pixels[:, ::-1])), axis=1)
    finding = found(Frame(both, 0, 0, "phantom:x", PixelSpacing(mm, mm, SpacingOrigin.USER), Region.whole(both)))
    assert any("two joints" in reason for reason in finding.reasons)


BAD = {
    "speckle": lambda frame: replace(frame, pixels=noise(*frame.pixels.shape)),
    "upside down": lambda frame: replace(frame, pixels=np.ascontiguousarray(frame.pixels[::-1])),
    "a shaft alone": lambda frame: replace(
        frame, pixels=np.repeat(frame.pixels[:, 4:5], frame.pixels.shape[1], axis=1)
    ),
    "across the finger": lambda frame: replace(frame, pixels=across(frame.pixels)),
    "no scale": lambda frame: replace(frame, spacing=None),
    "another depth": lambda frame: replace(frame, spacing=PixelSpacing(0.2, 0.2, SpacingOrigin.USER)),
    "black": lambda frame: replace(frame, pixels=np.zeros_like(frame.pixels)),
}


def across(pixels: np.ndarray) -> np.ndarray:
    """A round bone under skin, as a thumb that is scanned across."""
    height, width = pixels.shape
    picture = np.full(pixels.shape, 110, np.uint8) // 2 + noise(height, width) // 4
    picture[:20] = 0
    cv2.ellipse(picture, (width // 2, height // 2 + 60), (110, 110), 0, 0, 360, 0, -1)
    cv2.ellipse(picture, (width // 2, height // 2 + 60), (110, 110), 0, 180, 360, 250, 5)
    picture[height // 2 + 60 :] = 0
    return np.asarray(picture, np.uint8)


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_refused_with_a_reason(kind: str) -> None:
    frame = BAD[kind](joint(grade=2))
    finding = found(replace(frame, region=Region.whole(frame.pixels)))
    assert finding.verdict is Verdict.REFUSED
    assert finding.reasons and finding.measurements == ()


def test_a_colour_box_that_moves_changes_nothing_grey() -> None:
    taken = taken_of(seed=5, grade=2, doppler=0)
    assert taken.colour is not None
    grades = set()
    for shift in (0, 40, 90):
        colour = taken_of(seed=5, grade=2).pixels[..., None].repeat(3, axis=2)
        cv2.rectangle(colour, (60 + shift, 40), (400 + shift, 200), (0, 220, 255), 1)
        grey = np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), np.uint8)
        finding = found(replace(joint(seed=5, grade=2), pixels=grey, colour=lambda shown=colour: shown))
        assert value(finding, "power_doppler") == 0
        grades.add(value(finding, "grey_scale"))
    assert len(grades) == 1


def test_every_stage_can_be_seen() -> None:
    frame = joint(grade=3)
    assert not [mark for mark in found(frame).marks if isinstance(mark, StageMark)]
    stages = [mark for mark in found(frame, stages=True).marks if isinstance(mark, StageMark)]
    assert [stage.name.split(":")[0].split(" ")[0] for stage in stages] == [
        "speckle",
        "bone",
        "skin",
        "joint",
        "capsule",
    ]
    assert all(stage.plane.dtype == np.uint8 and stage.plane.ndim == 2 for stage in stages)


def test_the_thickness_is_drawn_where_it_is() -> None:
    finding = found(joint(grade=3))
    (mark,) = [mark for mark in finding.marks if isinstance(mark, CaliperMark)]
    assert float(mark.text.split()[0]) == pytest.approx(value(finding, "synovial_thickness"), abs=0.15)
