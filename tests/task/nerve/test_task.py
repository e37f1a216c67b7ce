"""The nerve task against drawn nerves of known size."""

from dataclasses import replace

import numpy as np
import pytest

from edge.finding import CaliperMark, LineMark, MaskMark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.image.rings import axes_of, moments_of, polygon_area, smoothed
from edge.task.contract import Given, finding_of
from edge.task.nerve.rim import inside_rim
from edge.task.nerve.spec import SPEC, NerveOptions
from edge.task.nerve.task import NerveTask
from edge.task.scores import SIDE, full_scores, outlines_of
from edge.task.tensor import Fit
from edge.trust.verdict import judged
from tests.task.looking import finding_by, looks
from tests.task.nerve.drawn_nerve import (
    MM_PER_PX,
    NERVE,
    RIM_PX,
    VESSEL,
    Ellipse,
    faultless_output,
    frame_of_nerve,
)


def concluded(frame, output=None, figures=None):
    task = NerveTask(Given(NerveOptions(), figures or {}))
    return finding_by(task, frame, (faultless_output() if output is None else output,))


def run(frames, outputs):
    """The findings of a sequence, each made with what was remembered of those before it."""
    return [one.finding for one in looks(NerveTask(), frames, [(output,) for output in outputs])]


def cine(count, **more):
    return [frame_of_nerve(sequence=3 + k, seed=k, **more) for k in range(count)]


def ring(ellipse, count=200):
    angle, turn = np.linspace(0, 2 * np.pi, count, endpoint=False), np.radians(ellipse.turn_deg)
    x, y = ellipse.a * np.cos(angle), ellipse.b * np.sin(angle)
    return np.stack(
        (ellipse.x + x * np.cos(turn) - y * np.sin(turn), ellipse.y + x * np.sin(turn) + y * np.cos(turn)), axis=1
    )


def test_area_inside_the_rim_axes_depth_and_distance_are_those_that_were_drawn():
    finding = concluded(frame_of_nerve())
    assert finding.verdict is Verdict.MEASURED
    inner = np.pi * (NERVE.a - RIM_PX) * (NERVE.b - RIM_PX) * MM_PER_PX**2
    outer = np.pi * NERVE.a * NERVE.b * MM_PER_PX**2
    value = {one.name: one.value for one in finding.measurements}
    assert value["cross_sectional_area"] == pytest.approx(inner, rel=0.1)
    assert value["outer_area"] == pytest.approx(outer, rel=0.04)
    assert value["long_axis"] == pytest.approx(2 * (NERVE.a - RIM_PX) * MM_PER_PX, rel=0.06)
    assert value["short_axis"] == pytest.approx(2 * (NERVE.b - RIM_PX) * MM_PER_PX, rel=0.1)
    assert value["flattening_ratio"] == pytest.approx((NERVE.a - RIM_PX) / (NERVE.b - RIM_PX), rel=0.1)
    assert value["depth_under_skin"] == pytest.approx((ring(NERVE)[:, 1].min() + 0.5) * MM_PER_PX, abs=0.15)
    gaps = np.hypot(*(ring(NERVE)[:, None] - ring(VESSEL)[None]).transpose(2, 0, 1))
    assert value["vessel_distance"] == pytest.approx(gaps.min() * MM_PER_PX, abs=0.2)


def test_the_interval_of_an_area_is_never_narrower_than_two_people_differ():
    area = concluded(frame_of_nerve(), figures={"factor_area": 1.01}).measurement("cross_sectional_area")
    assert area.high - area.value == pytest.approx(1.6)
    assert area.value - area.low == pytest.approx(1.6)


def test_the_marks_cover_what_was_drawn():
    finding = concluded(frame_of_nerve())
    nerve, vessel = (mark for mark in finding.marks if isinstance(mark, MaskMark))
    for mark, shape, label in ((nerve, NERVE, 1), (vessel, VESSEL, 2)):
        drawn = np.zeros((400, 500), np.uint8)
        (x, y), (height, width) = mark.origin, mark.mask.shape
        drawn[y : y + height, x : x + width] = mark.mask
        both = np.count_nonzero(drawn & shape.inside())
        assert mark.label == label
        assert 2 * both / (drawn.sum() + shape.inside().sum()) > 0.97
    names = [mark.name for mark in finding.marks if isinstance(mark, LineMark)]
    assert names == ["nerve border", "vessel border", "inner edge of the rim"]
    assert {mark.name for mark in finding.marks if isinstance(mark, CaliperMark)} >= {"long axis", "short axis"}


def test_without_a_scale_there_are_ratios_and_pixels_only():
    finding = concluded(frame_of_nerve(scaled=False))
    assert finding.verdict is Verdict.LIMITED
    assert any("scale unknown" in reason for reason in finding.reasons)
    assert {one.unit for one in finding.measurements} == {"px", "px2", ":1"}
    assert not [mark for mark in finding.marks if isinstance(mark, CaliperMark)]


def test_unequal_scales_turn_an_ellipse_into_its_true_shape():
    frame = replace(frame_of_nerve(), spacing=PixelSpacing(0.16, 0.08, SpacingOrigin.USER))
    flat, plain = concluded(frame), concluded(frame_of_nerve())
    ratio = [finding.measurement("flattening_ratio").value for finding in (flat, plain)]
    assert ratio[0] > 1.4 * ratio[1]
    area = [finding.measurement("cross_sectional_area").value for finding in (flat, plain)]
    assert area[0] == pytest.approx(2 * area[1], rel=0.01)


def test_no_nerve_is_refused():
    finding = concluded(frame_of_nerve(nerves=()), faultless_output(nerves=()))
    assert (finding.verdict, finding.reasons) == (Verdict.REFUSED, ("no nerve is seen",))
    assert [mark.name for mark in finding.marks if isinstance(mark, MaskMark)] == ["vessel"]


def test_an_unsure_nerve_is_refused_but_proposed():
    finding = concluded(frame_of_nerve(), faultless_output(logit=0.3))
    assert finding.verdict is Verdict.REFUSED
    assert "not seen clearly" in finding.reasons[0]
    assert any(mark.name == "proposal 1" for mark in finding.marks)
    assert not any(mark.name == "nerve border" or isinstance(mark, CaliperMark) for mark in finding.marks)


def test_two_nerves_alike_are_said_and_two_unlike_ones_are_not_a_doubt():
    twin, small = Ellipse(320, 200, 50, 34), Ellipse(340, 200, 18, 14)
    finding = concluded(frame_of_nerve((NERVE, twin), ()), faultless_output((NERVE, twin), ()))
    assert finding.verdict is Verdict.LIMITED
    assert any("two nerves are in view" in reason for reason in finding.reasons)
    assert {"nerve border", "nerve 2 border"} <= {mark.name for mark in finding.marks}
    assert finding.measurement("cross_sectional_area") is not None
    finding = concluded(frame_of_nerve((NERVE, small), ()), faultless_output((NERVE, small), ()))
    assert finding.verdict is Verdict.MEASURED


def test_a_nerve_that_leaves_the_picture_has_no_size():
    nerve = Ellipse(30, 190, 60, 34)
    finding = concluded(frame_of_nerve((nerve,)), faultless_output((nerve,)))
    assert finding.verdict is Verdict.LIMITED
    assert any("leaves the picture" in reason for reason in finding.reasons)
    assert finding.measurement("cross_sectional_area") is None
    assert finding.measurement("flattening_ratio") is None
    assert finding.measurement("depth_under_skin") is not None


def test_colour_speckle_a_tiny_picture_and_an_idle_probe_are_refused():
    box = Region(100, 100, 80, 60)
    assert "Doppler" in concluded(frame_of_nerve(coloured=box)).reasons[0]
    beside = replace(frame_of_nerve(coloured=Region(450, 0, 50, 50)), region=Region(0, 0, 420, 400))
    assert concluded(beside).verdict is not Verdict.REFUSED
    grain = np.random.default_rng(1).rayleigh(40, (400, 500)).clip(0, 255).astype(np.uint8)
    assert "speckle only" in concluded(replace(frame_of_nerve(), pixels=grain)).reasons[0]
    tiny = Frame(frame_of_nerve().pixels[:60, :60], 0, 0, "test")
    assert "at least 64 px" in concluded(tiny).reasons[0]
    idle = frame_of_nerve(probe=ProbeState(transmitting=False, transmit_off_reason="frozen"))
    assert "does not transmit" in concluded(idle).reasons[0]


def test_a_sequence_votes_and_its_values_are_medians():
    wide = Ellipse(180, 190, 64, 36, 20)
    shapes = [NERVE, NERVE, wide, NERVE, NERVE]
    frames = [frame_of_nerve((shape,), sequence=3 + k, seed=k) for k, shape in enumerate(shapes)]
    findings = run(frames, [faultless_output((shape,)) for shape in shapes])
    assert all(finding.verdict is Verdict.MEASURED for finding in findings)
    areas = [finding.measurement("cross_sectional_area") for finding in findings]
    assert areas[2].single > 1.1 * areas[1].single
    assert areas[4].value == pytest.approx(np.median([areas[0].value, *(area.single for area in areas[1:])]))


def test_a_nerve_that_one_frame_of_five_shows_is_refused():
    empty = faultless_output(nerves=())
    findings = run(cine(5), [empty] * 4 + [faultless_output()])
    assert findings[-1].verdict is Verdict.REFUSED
    assert "1 of the last 5 frames" in findings[-1].reasons[0]


def test_the_nerve_that_was_followed_stays_the_chosen_one():
    small, large = Ellipse(130, 190, 40, 28), Ellipse(330, 200, 60, 40)
    shapes = [(small,), (small,), (small, large)]
    frames = [frame_of_nerve(nerves, (), sequence=3 + k, seed=k) for k, nerves in enumerate(shapes)]
    findings = run(frames, [faultless_output(nerves, ()) for nerves in shapes])
    alone = concluded(frames[-1], faultless_output(shapes[-1], ()))
    measured = [
        next(mark.points for mark in finding.marks if mark.name == "nerve border") for finding in (findings[-1], alone)
    ]
    assert measured[0][:, 0].max() < 200
    assert measured[1][:, 0].min() > 200


def test_an_unsteady_area_is_said():
    shapes = [NERVE, Ellipse(180, 190, 70, 40, 20), Ellipse(180, 190, 54, 30, 20), Ellipse(180, 190, 72, 42, 20)]
    frames = [frame_of_nerve((shape,), sequence=3 + k, seed=k) for k, shape in enumerate(shapes)]
    finding = run(frames, [faultless_output((shape,)) for shape in shapes])[-1]
    assert any("the area varies by" in reason for reason in finding.reasons)


def test_a_frozen_picture_confirms_nothing():
    first = frame_of_nerve()
    held = replace(first, exposed_ns=first.exposed_ns + 40_000_000, sequence=4)
    findings = run([first, held], [faultless_output()] * 2)
    assert findings[1].verdict is Verdict.LIMITED
    assert any("frozen" in reason for reason in findings[1].reasons)
    moving = cine(2)
    told = replace(moving[1], probe=ProbeState(frozen=True))
    once = run([moving[0], told], [faultless_output()] * 2)[1]
    assert not any("frozen" in reason for reason in once.reasons), "an exposure like any other: it comes once"


def test_another_scale_or_a_pause_begins_anew():
    first, second = cine(2)
    far = replace(second, exposed_ns=first.exposed_ns + 600_000_000)
    zoomed = replace(second, spacing=PixelSpacing(0.09, 0.09, SpacingOrigin.DEPTH))
    for frame in (far, zoomed):
        finding = run([first, frame], [faultless_output()] * 2)[1]
        assert finding.measurement("cross_sectional_area").single is None


def test_the_axes_of_an_ellipse_are_its_own():
    long, short = axes_of(ring(Ellipse(40, 30, 20, 8, 35)))
    assert (long.length, short.length) == (pytest.approx(40, rel=0.01), pytest.approx(16, rel=0.01))
    run_, rise = long.end[0] - long.start[0], long.end[1] - long.start[1]
    assert np.degrees(np.arctan2(rise, run_)) % 180 == pytest.approx(35, abs=0.5)


def test_smoothing_keeps_area_and_centre():
    rough = ring(Ellipse(50, 60, 30, 15, 10)) + np.random.default_rng(0).normal(0, 0.5, (200, 2))
    smooth = smoothed(rough)
    assert polygon_area(smooth) == pytest.approx(np.pi * 30 * 15, rel=0.03)
    assert moments_of(smooth).centre == pytest.approx((50, 60), abs=0.3)


def test_scores_are_read_block_by_block():
    scores = full_scores(np.arange(32, dtype=np.float32).reshape(8, 2, 2))
    assert scores.shape == (2, 4, 4)
    # Cell (0, 0) holds channels 0 to 3 of the first class as a block.
    np.testing.assert_array_equal(scores[0, :2, :2], [[0, 4], [8, 12]])
    np.testing.assert_array_equal(scores[1, :2, :2], [[16, 20], [24, 28]])


def test_nothing_is_marked_beside_the_picture():
    cells = np.full((4, 128, 128), 5, np.float32)
    region = Region(10, 20, 300, 120)
    (outline,) = outlines_of(cells, Fit.of_region(region, SIDE), region)
    x, y = outline.points.T
    assert x.min() > 8 and x.max() < 312 and y.min() > 18 and y.max() < 142


def test_the_rim_of_an_even_picture_is_where_it_is_on_average():
    outline = ring(NERVE)
    inner = inside_rim(np.full((400, 500), 90, np.uint8), outline).edge
    assert polygon_area(inner) / polygon_area(outline) == pytest.approx(0.91**2, abs=0.03)


def test_an_area_of_4_to_26_is_no_green_number():
    """Both wider than its value and across the cut-offs."""
    frame = frame_of_nerve()
    area = Measurement("cross_sectional_area", 10.0, "mm2", 4.0, 26.0)
    finding = judged(frame, finding_of(SPEC.name, frame, Verdict.MEASURED, (), (area,)), SPEC.terms)
    assert finding.verdict is Verdict.LIMITED
    assert len(finding.reasons) == 2 and all("Area" in reason for reason in finding.reasons)
    assert "if this is the median nerve at the wrist" in finding.notes[-1]
