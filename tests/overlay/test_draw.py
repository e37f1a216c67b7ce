"""What the picture says, judged by its pixels."""

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.finding import CaliperMark, Finding, LineMark, MaskMark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.overlay import palette
from edge.overlay.draw import draw as draw_with
from edge.overlay.draw import font_size
from edge.overlay.layout import Box
from edge.overlay.sheet import OverlayMemory
from edge.task.cartilage.spec import SPEC
from edge.terms import MarkTerm, Role, Terms

draw = partial(draw_with, terms=SPEC.terms)

SPACING = PixelSpacing(0.1, 0.1, SpacingOrigin.USER)
MASK = MaskMark("cartilage", 1, np.ones((40, 300), np.uint8), (150, 150))
UPPER = LineMark("upper_surface", np.array([(150, 150), (450, 150)], np.float32))
LOWER = LineMark("lower_surface", np.array([(150, 190), (450, 190)], np.float32))
CALIPER = CaliperMark("thickness", (300, 150), (300, 190), "4.0 mm")
THICKNESS = Measurement("mean_thickness_medial", 4.0, "mm", 3.8, 4.2)


def frame_of(width=640, height=480, **changes):
    pixels = np.full((height, width), 60, np.uint8)
    return Frame(pixels, exposed_ns=5, sequence=3, origin="test", spacing=SPACING, **changes)


def finding_of(**changes):
    whole = Finding("cartilage", 3, 5, Verdict.MEASURED, (), (THICKNESS,), (MASK, UPPER, LOWER, CALIPER), SPACING)
    return replace(whole, **changes)


def filled(picture, frame):
    """Share of the mask's inside (away from lines and caliper) that is not as the frame's."""
    inside = (slice(155, 185), slice(160, 280))
    return (picture[inside] != frame.pixels[inside][..., None]).any(axis=2).mean()


def shown(picture, colour, rows):
    """Columns in `rows` where a line of `colour` was drawn: more than half of that colour."""
    close = np.abs(picture[rows].astype(int) - colour).max(axis=2) < 40
    return np.flatnonzero(close.any(axis=0))


def test_frame_is_not_drawn_into_and_each_picture_is_new():
    frame = frame_of()
    first, second = draw(frame, finding_of()), draw(frame, finding_of())
    assert (frame.pixels == 60).all()
    assert first is not second
    assert np.array_equal(first, second)
    assert first.shape == (480, 640, 3)


def test_measured_mask_is_tinted_inside_and_nowhere_else():
    frame = frame_of(width=1200, height=900, region=Region(0, 0, 1200, 900))
    picture = draw(frame, finding_of(measurements=(), marks=(MASK,), spacing=None))
    inside = picture[150:190, 150:450]
    assert (inside == inside[0, 0]).all()
    assert inside[0, 0, 1] > 60, "the tint is green"
    around = picture[100:149, 100:500]
    assert (around == 60).all()


def test_mask_over_the_border_is_cut_off():
    marks = tuple(MaskMark("m", 1, np.ones((50, 50), np.uint8), at) for at in ((-20, -20), (620, 460), (900, 10)))
    picture = draw(
        replace(frame_of(), spacing=None), finding_of(marks=marks, measurements=(), verdict=Verdict.MEASURED)
    )
    assert (picture[5, :30] != 60).any()
    assert (picture[100, 100] == 60).all()


def test_masks_over_each_other_are_mixed_one_after_the_other():
    """As cv2.addWeighted does it for each, to a rounded grey level."""
    rng = np.random.default_rng(4)
    frame = replace(frame_of(), pixels=rng.integers(0, 256, (480, 640), np.uint8), spacing=None)
    ring = cv2.circle(np.zeros((90, 130), np.uint8), (60, 40), 30, 1, 9)
    masks = [MaskMark("m", 1, ring, (200, 100)), MaskMark("m", 2, ring, (230, 90)), MaskMark("m", 3, ring, (-50, 30))]
    expected = cv2.cvtColor(frame.pixels, cv2.COLOR_GRAY2BGR)
    for mask in masks:
        inside = np.zeros((480, 640), np.uint8)
        left, top = mask.origin
        inside[top : top + 90, max(0, left) : left + 130] = mask.mask[:, max(0, -left) :]
        mixed = cv2.addWeighted(expected, 0.72, np.full_like(expected, palette.mask_colour(mask.label)), 0.28, 0)
        expected[inside > 0] = mixed[inside > 0]
    picture = draw(frame, finding_of(marks=tuple(masks), measurements=(), spacing=None))
    assert np.abs(picture[:240].astype(int) - expected[:240]).max() <= 2


def test_borders_have_their_own_colours():
    picture = draw(frame_of(), finding_of())
    assert len(shown(picture, palette.UPPER, slice(149, 152))) > 250
    assert len(shown(picture, palette.LOWER, slice(189, 192))) > 250
    assert len(shown(picture, palette.LOWER, slice(149, 152))) == 0


@pytest.mark.parametrize(
    "changes",
    [{"sequence": 2}, {"exposed_ns": 4}, {"verdict": Verdict.REFUSED, "reasons": ("not the trochlea",)}],
    ids=["other sequence", "other exposure", "refused"],
)
def test_marks_that_do_not_hold_are_dashed_and_never_filled(changes):
    frame = frame_of()
    picture = draw(frame, finding_of(**changes))
    assert filled(picture, frame) == 0
    drawn = np.isin(np.arange(160, 440), shown(picture, palette.dimmed(palette.UPPER), slice(149, 152)))
    assert 0.3 < drawn.mean() < 0.7
    assert np.count_nonzero(np.diff(drawn.astype(int))) > 20, "dashes, not one line"
    assert len(shown(picture, palette.UPPER, slice(149, 152))) == 0


def test_old_finding_is_called_old_and_its_age_is_shown():
    old = finding_of(sequence=2)
    tagged = draw(frame_of(), old, age_s=0.4)
    assert not np.array_equal(tagged, draw(frame_of(), old, age_s=0.7))
    warning = np.abs(tagged.astype(int) - palette.WARNING).max(axis=2) < 60
    plain = np.abs(draw(frame_of(), finding_of(), age_s=0.4)[300:].astype(int) - palette.WARNING).max(axis=2) < 60
    assert warning[300:].sum() > 20
    assert plain.sum() == 0


def test_marks_of_another_scale_are_left_out():
    frame = replace(frame_of(), spacing=PixelSpacing(0.2, 0.2, SpacingOrigin.DEPTH))
    picture = draw(frame, finding_of(sequence=2))
    assert (picture[140:200, 140:460] == 60).all()


def test_refusal_shows_no_number():
    frame = frame_of()
    refused = finding_of(verdict=Verdict.REFUSED, reasons=("not the trochlea",))
    other = replace(refused, measurements=(replace(THICKNESS, value=1.0, low=0.9, high=1.1),))
    silent = replace(refused, marks=(MASK, UPPER, LOWER, replace(CALIPER, text="")))
    assert np.array_equal(draw(frame, refused), draw(frame, other))
    assert np.array_equal(draw(frame, refused), draw(frame, silent))


@pytest.mark.parametrize("verdict", Verdict)
def test_each_reason_changes_the_picture(verdict):
    one, two = (finding_of(verdict=verdict, reasons=(text,)) for text in ("tilt the probe", "press less"))
    assert not np.array_equal(draw(frame_of(), one), draw(frame_of(), two))


def test_limited_differs_from_measured_without_colour():
    measured, limited = (
        cv2.cvtColor(draw(frame_of(), finding_of(verdict=verdict)), cv2.COLOR_BGR2GRAY).astype(int)
        for verdict in (Verdict.MEASURED, Verdict.LIMITED)
    )
    assert (np.abs(measured - limited) > 40).sum() > 100


def test_texts_keep_clear_of_the_region_where_margins_have_room():
    region = Region(150, 150, 500, 400)
    frame = replace(frame_of(800, 800), region=region, probe=ProbeState(depth_mm=40, mi=0.7))
    picture = draw(frame, finding_of(marks=(), notes=("a note",)), age_s=0.1)
    assert (region.crop(picture) == 60).all()
    assert (picture != 60).any()


def test_read_out_keeps_clear_of_the_scanners_own_texts():
    pixels = np.zeros((800, 800), np.uint8)
    pixels[560:700, 100:350] = 200
    frame = replace(frame_of(800, 800), pixels=pixels, region=Region(100, 150, 600, 400))
    picture = draw(frame, finding_of(marks=()))
    assert (picture[560:700, 100:350] == 200).all()


def test_label_keeps_clear_of_the_borders():
    slope = np.stack([np.arange(100, 500), np.arange(100, 500) * 0.5 + 100], 1).astype(np.float32)
    below = slope + np.array([0, 30], np.float32)
    marks = (LineMark("upper", slope), LineMark("lower", below), CaliperMark("t", (300, 250), (300, 280), "3.0 mm"))
    bare = draw(frame_of(), finding_of(marks=marks[:2], measurements=()))
    labelled = draw(frame_of(), finding_of(marks=marks, measurements=()))
    lines = np.abs(bare.astype(int) - 60).max(axis=2)[:300] > 60
    changed = (bare != labelled).any(axis=2)[:300] & lines
    changed[:, 290:311] = False
    assert not changed.any()


@pytest.mark.parametrize(("mm_per_px", "length_mm"), [(0.1, 10), (0.085, 10), (0.02, 5), (2.0, 50)])
def test_scale_bar_is_as_long_as_it_says(mm_per_px, length_mm):
    frame = replace(frame_of(), spacing=PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.DICOM))
    picture = draw(frame, None)
    white = (picture == palette.WHITE).all(axis=2)
    longest = max(np.flatnonzero(row)[-1] - np.flatnonzero(row)[0] for row in white if row.sum() > 10)
    assert longest == round(length_mm / mm_per_px)


def test_unknown_scale_is_said_instead_of_a_bar():
    picture = draw(replace(frame_of(), spacing=None), None)
    assert (np.abs(picture.astype(int) - palette.WARNING).max(axis=2) < 60).sum() > 20
    assert not (picture == palette.WHITE).all(axis=2).any()


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 70),
    verdict=st.sampled_from(Verdict),
    sequence=st.integers(2, 3),
    spacing=st.sampled_from((None, SPACING)),
)
@settings(max_examples=60, deadline=None)
def test_tiny_pictures_are_drawn(width, height, verdict, sequence, spacing):
    frame = replace(frame_of(width, height), spacing=spacing, probe=ProbeState(depth_mm=40, battery_percent=5))
    finding = finding_of(verdict=verdict, reasons=("x " * 80,), sequence=sequence, spacing=spacing)
    picture = draw(frame, finding, age_s=0.1)
    assert picture.shape == (height, width, 3)
    if verdict is Verdict.REFUSED:
        assert (picture != 60).any(), "a refusal must show, however small the picture"


@pytest.mark.no_cover
@given(st.lists(st.tuples(*[st.floats(-1e9, 1e9, width=32) | st.just(float("nan"))] * 2), max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_line_is_drawn_or_left_out(points):
    line = LineMark("border", np.array(points, np.float32).reshape(-1, 2))
    caliper = CaliperMark("t", *([*points, (0.0, 0.0), (0.0, 0.0)][:2]), "x")
    for sequence in (2, 3):
        picture = draw(frame_of(200, 150), finding_of(marks=(line, caliper), sequence=sequence))
        assert picture.shape == (150, 200, 3)


def test_empty_marks_are_drawn():
    marks = (MaskMark("m", 1, np.zeros((0, 0), np.uint8), (5, 5)), MaskMark("m", 2, np.zeros((9, 9), np.uint8), (5, 5)))
    for verdict in Verdict:
        picture = draw(frame_of(), finding_of(marks=marks, verdict=verdict))
        assert (picture[:100] == 60).all()


@pytest.mark.parametrize(("width", "height"), [(480, 360), (640, 480), (1280, 720), (1920, 1080), (360, 640)])
def test_font_is_never_too_small_to_read(width, height):
    assert font_size(width, height) >= 11
    assert font_size(width, height) <= height / 24


def boxes_of(memory, names=("panel", "scale", "state")):
    return [memory.places._kept[name][1] for name in names]


def moving(number, mask_y=150, **changes):
    """A frame of a scan with what was found in it."""
    frame = replace(frame_of(probe=ProbeState(depth_mm=40)), sequence=number, exposed_ns=40_000_000 * number)
    mask = replace(MASK, origin=(150, mask_y))
    return frame, finding_of(sequence=number, exposed_ns=frame.exposed_ns, marks=(mask,), **changes)


def test_texts_keep_their_places_while_a_scan_runs():
    memory, seen = OverlayMemory(), []
    for number in range(40):
        words = ("x " * (number % 7),) if number % 7 else ()
        verdict = Verdict.LIMITED if words else Verdict.MEASURED
        draw(*moving(number, 60 + 6 * number, verdict=verdict, reasons=words), memory=memory)
        panel, *others = boxes_of(memory)
        seen.append((panel.x, panel.bottom, *others))
    assert len(set(seen)) == 1
    refused = finding_of(sequence=40, exposed_ns=1_600_000_000, verdict=Verdict.REFUSED, reasons=("why",), marks=())
    draw(moving(40)[0], refused, memory=memory)
    panel, *others = boxes_of(memory)
    assert (panel.x, panel.bottom, *others) == seen[0]


def test_a_text_gives_way_to_what_is_measured_and_stays_there():
    memory, small = OverlayMemory(), MaskMark("cartilage", 1, np.ones((40, 60), np.uint8), (300, 100))
    found = []
    for number, origin in enumerate([(300, 100), (60, 400), (300, 100)]):
        frame, finding = moving(number)
        draw(frame, replace(finding, marks=(replace(small, origin=origin),)), memory=memory)
        found.append(boxes_of(memory)[0])
    assert found[0].overlap(Box(60, 400, 60, 40)) > 0
    assert found[1].overlap(Box(60, 400, 60, 40)) == 0
    assert found[2] == found[1]


def test_the_read_out_takes_what_is_black_before_anatomy():
    frame = frame_of()
    pixels = np.full((480, 640), 90, np.uint8)
    pixels[:, 330:] = 3
    memory = OverlayMemory()
    draw(replace(frame, pixels=pixels), finding_of(marks=()), memory=memory)
    assert boxes_of(memory, ["panel"])[0].x >= 330


def test_another_picture_has_its_own_places():
    memory = OverlayMemory()
    frame, finding = moving(0)
    draw(frame, finding, memory=memory)
    first = boxes_of(memory)
    wide = replace(frame_of(900, 480, probe=frame.probe), sequence=1, exposed_ns=40_000_000)
    draw(wide, replace(finding, sequence=1, exposed_ns=40_000_000), memory=memory)
    assert boxes_of(memory) != first


def test_a_simulated_probe_is_told():
    """Its word stands where no other picture has any."""
    alone = [draw(replace(frame_of(), origin=origin), None) for origin in ("stills:a.png", "phantom:knee", "phantom")]
    stamp = (np.abs(alone[1].astype(int) - palette.ORANGE).max(axis=2) < 60).sum()
    assert stamp > 100
    assert np.array_equal(alone[0], alone[2]) and not np.array_equal(alone[0], alone[1])


def test_a_proposal_is_dashed_and_never_filled():
    terms = Terms(marks=(MarkTerm("place", Role.PROPOSAL), MarkTerm("place border", Role.PROPOSAL)))
    ring = LineMark("place border", np.array([(150, 150), (450, 150), (450, 190), (150, 190), (150, 150)], np.float32))
    mask = replace(MASK, name="place")
    frame = frame_of()
    picture = draw_with(frame, finding_of(verdict=Verdict.LIMITED, marks=(mask, ring), measurements=()), terms)
    assert filled(picture, frame) == 0
    assert 100 < shown(picture, palette.YELLOW, slice(149, 152)).size < 220


def test_a_coloured_frame_is_shown_in_colour() -> None:
    shown = np.zeros((120, 160, 3), np.uint8)
    shown[40:80, 40:80] = (10, 20, 230)
    grey = np.asarray(cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY), np.uint8)
    frame = Frame(grey, 0, 0, "test", colour=lambda: shown)
    assert (draw(frame, None)[60, 60] == grey[60, 60]).all()
    coloured = replace(frame, coloured=Region(40, 40, 40, 40))
    assert tuple(draw(coloured, None)[60, 60]) == (10, 20, 230)
