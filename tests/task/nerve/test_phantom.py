"""Nerves beside vessels: what is said to be there is what the picture shows and what the task would measure, and what
heart and hand do to it."""

from dataclasses import fields

import cv2
import numpy as np
import pytest

from edge.frame import PixelSpacing, Region, SpacingOrigin
from edge.phantom.records import Pose
from edge.phantom.soft_tissue import HEARTBEAT_US
from edge.task.nerve.phantom import FULL, LIVE_NERVE, PERIOD_S, NerveCine, nerve_picture, true_sizes
from edge.task.nerve.phantom_anatomy import BREATH_US, beat_at, breath_at
from edge.task.nerve.phantom_oval import Oval, gap_mm, polygon_size
from edge.task.nerve.phantom_truth import mask_of, outline_px
from edge.task.nerve.sizes import measurements_of, sizes_of
from edge.task.nerve.spec import HANDS

PULSE_S = HEARTBEAT_US / 1e6
QUARTER_S, HALF_S = PERIOD_S / 4, PERIOD_S / 2
SMALL = (240, 320)


def test_an_ellipses_polygon_has_the_ellipses_measures() -> None:
    outline = Oval(3.0, 12.0, 4.0, 1.5, 0.4).outline(720)
    size = polygon_size(outline)
    assert size.area_mm2 == pytest.approx(np.pi * 4.0 * 1.5, rel=1e-4)
    assert (size.long_axis_mm, size.short_axis_mm) == pytest.approx((8.0, 3.0), rel=1e-3)
    assert size.centre_mm == pytest.approx((3.0, 12.0), abs=1e-6)


def test_a_polygons_measures_are_those_of_its_filled_pixels() -> None:
    outline = Oval(1.0, 9.0, 4.0, 2.0, -0.3, (0.1 + 0.05j, -0.06j)).outline()
    rows, columns = np.nonzero(mask_of([outline], (2000, 2000), 0.01))
    size = polygon_size(outline)
    assert size.area_mm2 == pytest.approx(rows.size * 1e-4, rel=2e-3)
    spread = np.linalg.eigvalsh(np.cov(np.stack([columns, rows]) * 0.01))
    assert (size.short_axis_mm, size.long_axis_mm) == pytest.approx(tuple(4 * np.sqrt(spread)), rel=2e-3)


def test_reach_is_one_on_the_outline() -> None:
    oval = Oval(-2.0, 8.0, 3.0, 1.2, 0.7, (0.12j, 0.05))
    for x, depth in oval.outline(16).astype(np.float32):
        assert oval.reach(np.array([x]), np.array([[depth]]))[0, 0] == pytest.approx(1.0, abs=1e-4)
    assert oval.reach(np.array([-2.0], np.float32), np.array([[8.0]], np.float32))[0, 0] < 0.01


def test_the_gap_between_two_circles() -> None:
    assert gap_mm(Oval(0, 5, 2, 2).outline(), Oval(7, 5, 1, 1).outline()) == pytest.approx(4.0, abs=1e-6)


@pytest.mark.parametrize("nerves", [0, 1, 2])
def test_as_many_nerves_as_were_asked_for(nerves) -> None:
    for seed in range(6):
        truth = NerveCine(seed, shape=SMALL, nerves=nerves).truth(0.0)
        assert len(truth.nerves) == nerves
        assert cv2.connectedComponents(truth.nerve)[0] - 1 == nerves
        assert [vessel.vein for vessel in truth.vessels] == [False, True]
        for nerve in truth.nerves:
            assert 6 < nerve.area_mm2 < 25
            assert 4 < nerve.depth_mm < 12
            assert 0.3 < nerve.nearest_vessel_mm < 8
            assert nerve.flattening_ratio == pytest.approx(nerve.long_axis_mm / nerve.short_axis_mm)


def test_the_mask_has_the_area_and_place_of_the_polygon() -> None:
    for seed in range(4):
        picture = NerveCine(seed, motion="hand").picture(1.3)
        (nerve,) = picture.truth.nerves
        rows, columns = np.nonzero(picture.truth.nerve)
        assert rows.size * picture.mm_per_px**2 == pytest.approx(nerve.area_mm2, rel=0.01)
        height, width = picture.pixels.shape
        centre = (columns.mean() + 0.5 - width / 2, rows.mean() + 0.5)
        assert np.array(centre) * picture.mm_per_px == pytest.approx(nerve.centre_mm, abs=0.05)
        assert outline_px(nerve.outline_mm, (height, width), picture.mm_per_px)[:, 1].min() == pytest.approx(
            rows.min(), abs=1.5
        )


def test_two_masks_never_overlap() -> None:
    for seed in range(40):
        truth = nerve_picture(np.random.default_rng(seed), (128, 160)).truth
        assert not (truth.nerve & truth.vessel).any()


def test_the_drawn_outline_is_a_rims_width_around_the_traced_one() -> None:
    for seed in range(4):
        cine = NerveCine(seed, shape=SMALL, motion="still")
        truth, rim_mm = cine.truth(0.0), cine.limb.nerves[0].rim_mm
        (nerve,) = truth.nerves
        nearest = np.sqrt(((nerve.outer_mm[:, None] - nerve.outline_mm[None]) ** 2).sum(axis=2)).min(axis=1)
        assert nearest.mean() == pytest.approx(rim_mm, rel=0.2)
        assert nerve.outer_area_mm2 > nerve.area_mm2
        assert not (truth.nerve & ~truth.outer).any()


def grey(pixels: np.ndarray, mask: np.ndarray) -> float:
    return float(pixels[mask > 0].mean())


def ring(mask: np.ndarray, inner: int, outer: int) -> np.ndarray:
    near, far = (cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (k, k))) for k in (inner, outer))
    return far - near


@pytest.mark.parametrize("seed", range(4))
def test_a_nerve_is_a_bright_rim_around_dark_dots_and_vessels_are_dark(seed) -> None:
    cine = NerveCine(seed, motion="still")
    picture = cine.picture(0.0)
    truth, pixels = picture.truth, picture.pixels
    around = grey(pixels, ring(truth.nerve | truth.vessel, 21, 45))
    rim = ring(truth.nerve, 1, 9)
    assert grey(pixels, rim) > around + 15
    assert grey(pixels, truth.vessel) < around - 25
    (nerve,) = cine.limb.nerves
    scale = 1 / picture.mm_per_px
    dots = np.zeros_like(truth.nerve)
    for u, v, radius_mm, _ in nerve.fascicles:
        x, y = nerve.oval.local_to_mm(float(u), float(v))
        cv2.circle(
            dots, (round(x * scale + 319.5), round(y * scale - 0.5)), max(1, int(radius_mm * 0.6 * scale)), 1, -1
        )
    between = truth.nerve & ~cv2.dilate(dots, np.ones((7, 7), np.uint8))
    assert dots.any()
    assert grey(pixels, dots) < grey(pixels, between) - 15


def test_fascicles_lie_inside_their_nerve_and_not_in_each_other() -> None:
    for seed in range(12):
        (nerve,) = NerveCine(seed, shape=SMALL).limb.nerves
        places = np.array([nerve.oval.local_to_mm(float(u), float(v)) for u, v, *_ in nerve.fascicles])
        radii = nerve.fascicles[:, 2]
        assert len(places) >= 1
        apart = np.linalg.norm(places[:, None] - places[None], axis=2) - radii[:, None] - radii
        assert apart[~np.eye(len(places), dtype=bool)].min(initial=1.0) > 0
        reach = [nerve.oval.reach(np.float32([x]), np.float32([[y]]))[0, 0] for x, y in places]
        assert max(reach) < 1


def test_the_artery_beats_at_the_hearts_period_with_a_fast_rise() -> None:
    cine = NerveCine(2, shape=SMALL, motion="still")
    times = np.arange(0, 4 * PULSE_S, 0.02)
    area = np.array([cine.truth(float(t)).vessels[0].area_mm2 for t in times])
    spectrum = np.abs(np.fft.rfft(area - area.mean()))
    assert np.fft.rfftfreq(times.size, 0.02)[spectrum.argmax()] == pytest.approx(1 / PULSE_S, rel=1e-6)
    assert 1.2 < area.max() / area.min() < 1.5
    rising = np.diff(area[: round(PULSE_S / 0.02)]) > 0
    assert rising.mean() < 0.3
    assert cine.truth(0.3).nerves[0].area_mm2 == cine.truth(0.1).nerves[0].area_mm2


def test_heart_and_breath_repeat_exactly_and_do_not_jump() -> None:
    assert BREATH_US % HEARTBEAT_US == 0
    for wave, period_us in ((beat_at, HEARTBEAT_US), (breath_at, BREATH_US)):
        values = np.array([wave(k * period_us / 1e6 / 200) for k in range(401)])
        assert np.array_equal(values[:200], values[200:400])
        assert -1 - 1e-9 <= values.min() < -0.99 and 0.99 < values.max() <= 1 + 1e-9
        assert np.abs(np.diff(values)).max() < 0.12


def test_pressure_empties_the_vein_and_keeps_every_other_area() -> None:
    for seed in range(5):
        cine = NerveCine(seed, shape=SMALL, motion="compress")
        free, pressed = cine.truth(0.0), cine.truth(HALF_S)
        (artery, vein), (artery_pressed, vein_pressed) = free.vessels, pressed.vessels
        assert cine.pose(HALF_S).pressure == pytest.approx(1.0)
        assert vein_pressed.area_mm2 < 0.15 * vein.area_mm2
        # The heart is not at the same beat at both times.
        assert artery_pressed.area_mm2 / artery.area_mm2 == pytest.approx(1.0, abs=0.35)
        (nerve,), (nerve_pressed,) = free.nerves, pressed.nerves
        assert nerve_pressed.area_mm2 == pytest.approx(nerve.area_mm2, rel=1e-9)
        assert nerve_pressed.outline_mm[:, 1] == pytest.approx(0.8 * nerve.outline_mm[:, 1])
        picture = cine.picture(HALF_S)
        assert np.count_nonzero(picture.truth.vessel) < 0.75 * np.count_nonzero(free.vessel)


def test_the_emptied_vein_is_no_longer_dark() -> None:
    cine = NerveCine(3, motion="compress")
    where = mask_of([cine.truth(0.0).vessels[1].outline_mm * (1 / 0.8, 0.8)], (480, 640), LIVE_NERVE.depth_mm / 480)
    assert grey(cine.picture(HALF_S).pixels, where) > grey(cine.picture(0.0).pixels, cine.truth(0.0).vessel) + 25


def test_sliding_moves_the_nerve_by_so_much_and_the_picture_with_it() -> None:
    cine = NerveCine(1, motion="slide")
    before, after = cine.picture(0.0), cine.picture(QUARTER_S)
    moved = after.truth.nerves[0].centre_mm[0] - before.truth.nerves[0].centre_mm[0]
    assert moved == pytest.approx(-FULL.slide_mm)
    shift = round(FULL.slide_mm / before.mm_per_px)
    same = slice(60, 420)
    one, other = before.pixels[same, shift:], after.pixels[same, :-shift]
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.6
    assert np.corrcoef(before.pixels[same].ravel(), after.pixels[same].ravel())[0, 1] < 0.5


def test_a_tilt_darkens_nerve_and_fascia_and_moves_nothing() -> None:
    cine = NerveCine(4, motion="tilt")
    upright, tilted = cine.picture(0.0), cine.picture(QUARTER_S)
    assert cine.pose(QUARTER_S) == Pose(tilt_deg=pytest.approx(FULL.tilt_deg))
    assert np.array_equal(upright.truth.nerves[0].outline_mm, tilted.truth.nerves[0].outline_mm)
    rim = cv2.dilate(upright.truth.nerve, np.ones((9, 9), np.uint8))
    muscle = ring(upright.truth.nerve | upright.truth.vessel, 61, 121)
    loss, muscle_loss = (grey(upright.pixels, part) - grey(tilted.pixels, part) for part in (rim, muscle))
    assert loss > muscle_loss + 8
    assert np.quantile(upright.pixels, 0.995) > np.quantile(tilted.pixels, 0.995) + 10


@pytest.mark.parametrize("motion", HANDS)
def test_the_same_seed_is_the_same_cine(motion) -> None:
    first, second, other = (NerveCine(seed, shape=SMALL, motion=motion).picture(0.7) for seed in (5, 5, 6))
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.truth.nerve, second.truth.nerve)
    assert not np.array_equal(first.pixels, other.pixels)


def test_the_truth_alone_is_that_of_the_picture() -> None:
    cine = NerveCine(7, shape=SMALL)
    alone, shown = cine.truth(2.2), cine.picture(2.2).truth
    for name in (field.name for field in fields(alone) if field.name in ("nerve", "vessel")):
        assert np.array_equal(getattr(alone, name), getattr(shown, name))
    assert np.array_equal(alone.nerves[0].outline_mm, shown.nerves[0].outline_mm)


def test_nothing_shows_under_bone_or_without_transmit() -> None:
    cine = NerveCine(1, motion="still", nerves=0)
    picture = cine.picture(0.0)
    x_mm = np.linspace(-90, 90, cine.limb.muscle.bone_mm.size)
    middle_mm = float(x_mm[cine.limb.muscle.bone_mm.argmin()])
    column = round(middle_mm / picture.mm_per_px + 320)
    top = round(cine.limb.muscle.bone_mm.min() / picture.mm_per_px)
    shadow = picture.pixels[top + 40 :, column - 40 : column + 40]
    assert shadow.size
    assert shadow.mean() < 0.25 * picture.pixels[top - 60 : top - 20, column - 40 : column + 40].mean()
    assert cine.dark(0.0).mean() < 10


def test_pictures_at_random_are_repeatable_varied_and_mostly_show_a_nerve() -> None:
    pictures = [nerve_picture(np.random.default_rng(seed), (128, 160)) for seed in range(40)]
    again = nerve_picture(np.random.default_rng(11), (128, 160))
    assert np.array_equal(again.pixels, pictures[11].pixels)
    assert np.array_equal(again.truth.nerve, pictures[11].truth.nerve)
    assert 0.6 < np.mean([picture.truth.nerve.any() for picture in pictures]) < 1
    assert 0.5 < np.mean([picture.truth.vessel.any() for picture in pictures]) < 1
    assert all(max(picture.pixels.shape) <= 160 for picture in pictures)
    assert np.ptp([picture.pixels.mean() for picture in pictures]) > 40
    assert np.ptp([picture.mm_per_px * picture.pixels.shape[0] for picture in pictures]) > 15


@pytest.mark.parametrize("seed", range(4))
def test_true_outlines_are_measured_as_the_phantom_says(seed) -> None:
    shape, mm_per_px = (480, 640), LIVE_NERVE.depth_mm / 480
    truth = NerveCine(seed).truth(0.4)
    (nerve,) = truth.nerves
    spacing = PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.DEPTH)
    outer, inner, *lumens = (
        outline_px(one, shape, mm_per_px)
        for one in (nerve.outer_mm, nerve.outline_mm, *(vessel.outline_mm for vessel in truth.vessels))
    )
    measured = {
        m.name: m.value
        for m in measurements_of(sizes_of(outer, inner, lumens, Region(0, 0, 640, 480), spacing), spacing, {})
    }
    expected = true_sizes(nerve)
    assert measured.keys() == expected.keys()
    assert list(measured.values()) == pytest.approx([expected[name] for name in measured], rel=1e-3, abs=0.01)
    assert np.isfinite(list(expected.values())).all()


def test_a_plexus_is_three_to_five_roots_mostly_darker_than_their_rims() -> None:
    pictures = [nerve_picture(np.random.default_rng([3, seed]), (220, 260), plexus=True) for seed in range(30)]
    again = nerve_picture(np.random.default_rng([3, 7]), (220, 260), plexus=True)
    assert np.array_equal(again.pixels, pictures[7].pixels)
    roots = [len(picture.truth.nerves) for picture in pictures]
    assert max(roots) == 5 and np.mean(np.array(roots) >= 3) > 0.6
    assert not any((picture.truth.nerve & picture.truth.vessel).any() for picture in pictures)
    darker = []
    for picture in pictures:
        rim = picture.truth.outer & ~picture.truth.nerve & 1
        if picture.truth.nerve.any() and picture.pixels[rim > 0].mean() > 15:
            darker.append(grey(picture.pixels, picture.truth.nerve) < grey(picture.pixels, rim))
    assert len(darker) > 15 and np.mean(darker) > 0.8
