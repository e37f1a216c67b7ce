"""The nerve chain without a network as a task: what it proposes, what it withholds, and what it shows of its steps."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.app.opening import open_task
from edge.finding import CaliperMark, LineMark, MaskMark, StageMark, Verdict
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.image.working_picture import working_picture
from edge.overlay.draw import draw
from edge.overlay.stages import PANELS, draw_stages
from edge.task.nerve.marks import Placement
from edge.task.nerve.phantom import NerveCine
from edge.task.nerve.spec import SPEC
from edge.task.nerve.tracking import NerveVotes
from tests.task.looking import finding_by, look, looks

STEP_NS = 80_000_000
SEED = 3


@pytest.fixture(scope="module")
def task():
    return open_task(SPEC, "classical")


@pytest.fixture(scope="module")
def cine():
    """Four frames of a nerve under a moving hand."""
    return frames_of(SEED, 4)


def frames_of(seed, count, **more):
    scene = NerveCine(seed, **more)
    return [frame_of(scene.picture(k * STEP_NS / 1e9), k) for k in range(count)]


def frame_of(picture, sequence):
    spacing = PixelSpacing(picture.mm_per_px, picture.mm_per_px, SpacingOrigin.DEPTH)
    return Frame(picture.pixels, STEP_NS * (sequence + 1), sequence, "test", spacing)


def run(task, frames):
    return looks(task, frames, [()] * len(frames))


@pytest.fixture(scope="module")
def concluded(task, cine):
    return run(task, cine)


@pytest.fixture(scope="module")
def findings(concluded):
    return [one.finding for one in concluded]


def values(finding):
    return {one.name: one.value for one in finding.measurements}


def test_it_proposes_a_place_inside_the_phantoms_nerve(findings, cine):
    scene = NerveCine(SEED)
    for index, finding in enumerate(findings):
        outer = np.array(scene.truth(index * STEP_NS / 1e9).nerves[0].outer_mm, np.float32)
        half_mm = cine[0].pixels.shape[1] * cine[0].spacing.x_mm_per_px / 2
        found = values(finding)
        place = found["candidate_from_left"] - half_mm, found["candidate_depth"]
        assert cv2.pointPolygonTest(outer, place, False) > 0


def test_it_is_never_more_than_limited_and_gives_no_size(findings):
    for finding in findings:
        assert finding.verdict is Verdict.LIMITED
        assert any("area and axes withheld" in reason for reason in finding.reasons)
        assert any("only a proposal" in reason for reason in finding.reasons)
        assert set(values(finding)) == {
            "chance_if_nerve_in_view",
            "candidate_depth",
            "candidate_from_left",
            "vote_share",
        }
        assert not [mark for mark in finding.marks if isinstance(mark, CaliperMark)]


def test_the_first_candidate_is_filled_and_the_others_have_a_border(findings):
    (mask,) = (mark for mark in findings[0].marks if isinstance(mark, MaskMark))
    names = [mark.name for mark in findings[0].marks if isinstance(mark, LineMark)]
    assert (mask.name, mask.label) == ("nerve candidate", 1)
    assert names[0] == "nerve candidate border"
    assert names[1:] == [f"other candidate {number}" for number in range(2, len(names) + 1)]


def test_the_last_frames_vote(concluded, findings):
    assert [len(one.memory.maps) for one in concluded] == [1, 2, 3, 4]
    assert any(note.startswith("1 frame votes") for note in findings[0].notes)
    assert any(note.startswith("4 frames vote") for note in findings[3].notes)


def test_their_votes_outweigh_this_frames_own(task, cine, concluded):
    last = concluded[-1].memory
    elsewhere = np.zeros_like(last.maps[-1])
    elsewhere[30:34, 8:16] = 50 * last.maps[-1].max()
    swayed = replace(last, maps=(elsewhere,) * 5)
    following = replace(cine[-1], exposed_ns=cine[-1].exposed_ns + STEP_NS, pixels=shifted(cine[-1].pixels))
    told = look(task, following, memory=swayed).finding
    assert told.verdict is Verdict.REFUSED
    assert "of the last" in told.reasons[0] or "no place" in told.reasons[0]


def shifted(pixels):
    return np.roll(pixels, 2, axis=1)


def test_a_frozen_picture_votes_once(task, cine, concluded, findings):
    held = replace(cine[-1], exposed_ns=cine[-1].exposed_ns + STEP_NS, sequence=4)
    told = look(task, held, memory=concluded[-1].memory)
    assert any("frozen" in reason for reason in told.finding.reasons)
    assert len(told.memory.maps) == 4
    assert values(told.finding)["vote_share"] == pytest.approx(values(findings[-1])["vote_share"], abs=1e-3)


@pytest.mark.parametrize("change", ["pause", "scale", "region", "scene", "backwards"])
def test_what_does_not_go_on_begins_anew(task, cine, concluded, change):
    frame = replace(cine[3], exposed_ns=cine[2].exposed_ns + STEP_NS)
    spacing = PixelSpacing(0.1, 0.1, SpacingOrigin.USER)
    changed = {
        "pause": lambda: replace(frame, exposed_ns=cine[2].exposed_ns + 600_000_000),
        "scale": lambda: replace(frame, spacing=spacing),
        "region": lambda: replace(frame, region=Region(0, 0, 600, 480)),
        "scene": lambda: replace(frame, pixels=np.ascontiguousarray(frame.pixels[::-1])),
        "backwards": lambda: replace(frame, exposed_ns=cine[2].exposed_ns),
    }[change]()
    goes_on, anew = (look(task, one, memory=concluded[2].memory).memory for one in (frame, changed))
    assert (len(goes_on.maps), len(anew.maps)) == (4, 1)


def test_without_a_scale_it_speaks_of_pixels(task, cine):
    finding = finding_by(task, replace(cine[0], spacing=None))
    assert {one.unit for one in finding.measurements} == {"%", "px"}
    assert any("scale unknown" in reason for reason in finding.reasons)


def test_depth_is_counted_from_the_regions_upper_left_corner(task, cine):
    scale = cine[0].spacing
    bordered = cv2.copyMakeBorder(cine[0].pixels, 40, 10, 70, 20, cv2.BORDER_CONSTANT)
    frame = replace(cine[0], pixels=bordered, region=Region(70, 40, *cine[0].pixels.shape[::-1]))
    one, other = (finding_by(task, each) for each in (cine[0], frame))
    assert values(one) == pytest.approx(values(other))
    borders = [next(m.points for m in each.marks if isinstance(m, LineMark)) for each in (one, other)]
    np.testing.assert_allclose(borders[1] - borders[0], np.broadcast_to((70, 40), borders[0].shape), atol=0.01)
    assert other.spacing == scale


def test_bad_input_is_refused_with_its_reason(task, cine):
    grain = np.random.default_rng(1).rayleigh(40, (400, 500)).clip(0, 255).astype(np.uint8)
    bad = {
        "speckle only": replace(cine[0], pixels=grain),
        "at least 64 px": replace(cine[0], pixels=cine[0].pixels[:60, :60]),
        "Doppler": replace(cine[0], coloured=Region(100, 100, 80, 60)),
        "does not transmit": replace(cine[0], probe=ProbeState(transmitting=False, transmit_off_reason="frozen")),
    }
    for words, frame in bad.items():
        finding = finding_by(task, frame)
        assert (finding.verdict, finding.measurements) == (Verdict.REFUSED, ())
        assert words in finding.reasons[0]


def test_what_no_window_takes_for_a_nerve_is_refused(task):
    """A bright step edge has borders, but no nerve."""
    pixels = np.full((400, 500), 30, np.uint8)
    pixels[200:] = 160
    pixels += np.random.default_rng(0).integers(0, 9, pixels.shape, np.uint8)
    finding = finding_by(task, Frame(pixels, 1, 0, "test"))
    assert (finding.verdict, finding.reasons) == (Verdict.REFUSED, ("no place looks like a nerve",))


def test_every_stage_is_marked_on_request_only(task, cine, findings):
    staged = finding_by(open_task(SPEC, "classical", stages=True), cine[0])
    stages = [mark for mark in staged.marks if isinstance(mark, StageMark)]
    assert len(stages) == PANELS - 1
    assert not [mark for mark in findings[0].marks if isinstance(mark, StageMark)]
    assert staged.measurements == findings[0].measurements
    lines = [[line.name.split()[0] for line in stage.lines] for stage in stages]
    assert lines[0] == lines[2] == []
    assert set(lines[1]) == {"window"} and set(lines[3]) == {"candidate"} and set(lines[4]) == {"before", "after"}
    frame_px = np.array(cine[0].pixels.shape[::-1])
    for stage in stages:
        covered = stage.cell_px * np.array(stage.plane.shape[::-1])
        assert (covered > 0.9 * frame_px).all() and (covered < 1.02 * frame_px).all()


def test_the_sheet_has_one_size_whatever_was_reached(cine):
    staged = open_task(SPEC, "classical", stages=True)
    whole, black = cine[0], replace(cine[0], pixels=np.zeros_like(cine[0].pixels))
    sheets = [
        draw_stages(frame, found, SPEC.terms, draw(frame, found, SPEC.terms))
        for frame in (whole, black)
        for found in [finding_by(staged, frame)]
    ]
    assert sheets[0].shape == sheets[1].shape
    assert sheets[0].mean() > 2 * sheets[1].mean()


@pytest.mark.parametrize(("shape", "mm_per_px"), [((480, 640), 0.0667), ((300, 400), None), ((200, 90), 0.2)])
def test_points_go_from_the_working_picture_to_the_frame_and_back(shape, mm_per_px):
    """A bright pixel block is found again where it was drawn."""
    picture = np.full(shape, 60, np.uint8)
    x, y = shape[1] * 5 // 8, shape[0] * 3 // 8
    picture[y - 6 : y + 7, x - 6 : x + 7] = 250
    working = working_picture(picture, mm_per_px)
    rows, columns = np.nonzero(working.pixels == working.pixels.max())
    ((found_x, found_y),) = Placement.of(Region(10, 20, *shape[::-1]), working).points(
        np.array([[columns.mean(), rows.mean()]])
    )
    tolerance = 1.5 / working.px_per_px + 0.5
    assert (found_x, found_y) == pytest.approx((x + 10, y + 20), abs=tolerance)


def test_carried_votes_are_bounded(task, cine):
    findings = run(task, [replace(cine[k % 4], exposed_ns=STEP_NS * (k + 1), sequence=k) for k in range(8)])
    last = findings[-1].memory
    assert isinstance(last, NerveVotes)
    assert (len(last.maps), len(last.places)) == (5, 5)
