"""The nerve pictures of training and testing: split by likeness, moved with their masks, shown as by other scanners."""

import cv2
import numpy as np
import pytest

from edge.frame import Region
from tools.muscle.dl_track import clusters
from tools.nerve.imitated_scanners import IMITATIONS, imitated
from tools.nerve.pictures import ALL_KINDS, LEAST_BRIGHT, SIDE, NerveScene, draw_nerve_phantom, moved
from tools.nerve.usgra_seg import LINKED, OF_TWENTY, UsgraPicture, likeness
from tools.scanner_variation import VARIATIONS, vary_scanner


def tissue(seed, height=300, width=360):
    """Smooth random layers with speckle."""
    rng = np.random.default_rng(seed)
    knots = rng.uniform(20, 200, (14, 10)).astype(np.float32)
    coarse = cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), 1)
    return np.clip(coarse * (1 + 0.4 * grain), 0, 255).astype(np.uint8)


def scene(pixels=None):
    """A bright disc that is the nerve, a black one that is the vessel."""
    pixels = tissue(0) if pixels is None else pixels
    nerve, vessel = np.zeros_like(pixels), np.zeros_like(pixels)
    cv2.circle(nerve, (150, 140), 40, 255, -1)
    cv2.circle(vessel, (240, 160), 30, 255, -1)
    pixels = pixels // 3
    pixels[nerve > 0], pixels[vessel > 0] = 230, 0
    return NerveScene(pixels, nerve, vessel)


def test_shifted_and_mirrored_pictures_are_linked_and_others_are_not():
    first, other = tissue(1), tissue(2)
    shifted = np.roll(first, (12, -15), axis=(0, 1))
    table = likeness([first, shifted, first[:, ::-1], other])
    assert (table[0, 1:3] > LINKED).all()
    assert table[3, :3].max() < LINKED
    np.testing.assert_array_equal(table, table.T)
    groups = clusters(table > LINKED)
    assert len(set(groups[:3].tolist())) == 1 and groups[3] != groups[0]


def test_each_of_twenty_groups_goes_to_one_part():
    assert sorted(place for part in OF_TWENTY.values() for place in part) == list(range(20))


def test_a_seed_is_a_picture():
    one, again = (moved(scene(), ALL_KINDS, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one.picture, again.picture)
    np.testing.assert_array_equal(one.target, again.target)
    assert one.picture.shape == (SIDE, SIDE) and one.target.shape == (2, SIDE, SIDE)
    assert one.target.dtype == np.float32 and one.target.min() >= 0 and one.target.max() <= 1


def test_the_masks_move_with_the_picture():
    for seed in range(12):
        sample = moved(scene(), frozenset({"geometry"}), np.random.default_rng(seed))
        nerve, vessel = sample.target >= 0.5
        if nerve.sum() > 400:
            core = cv2.erode(nerve.astype(np.uint8), np.ones((9, 9))) > 0
            assert sample.picture[core].mean() > 180
        if vessel.sum() > 400:
            core = cv2.erode(vessel.astype(np.uint8), np.ones((9, 9))) > 0
            assert sample.picture[core].mean() < 30


def test_without_geometry_the_picture_only_fits_the_square():
    sample = moved(scene(), frozenset(), np.random.default_rng(0))
    scale = SIDE / 360
    assert sample.target[0].sum() == pytest.approx(np.pi * (40.5 * scale) ** 2, rel=0.04)
    assert sample.picture[0].max() == 0


@pytest.mark.parametrize("kind", list(VARIATIONS))
def test_a_kind_of_variation_changes_grey_and_moves_nothing(kind):
    changed = [vary_scanner(tissue(3), frozenset({kind}), np.random.default_rng(seed)) for seed in range(6)]
    assert any((picture != tissue(3)).mean() > 0.3 for picture in changed)
    assert np.array_equal(vary_scanner(tissue(3), frozenset(), np.random.default_rng(0)), tissue(3))


@pytest.mark.parametrize("name", list(IMITATIONS))
def test_an_imitation_is_the_same_each_time_and_keeps_its_masks_on_the_picture(name):
    shown = scene()
    drawing = UsgraPicture("a", 0, shown.pixels, Region.whole(shown.pixels), shown.nerve, shown.vessel)
    one, again = imitated(drawing, name), imitated(drawing, name)
    np.testing.assert_array_equal(one.file, again.file)
    assert one.file.shape == one.nerve.shape == one.vessel.shape
    assert one.file[one.nerve > 0].mean() > one.file[one.vessel > 0].mean() + 60
    np.testing.assert_array_equal(drawing.file, scene().pixels)


SEEDS = range(12)


def test_a_seed_is_a_phantom() -> None:
    first, again, other = (draw_nerve_phantom(seed) for seed in (3, 3, 4))
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.nerve, again.nerve)
    assert not np.array_equal(first.picture, other.picture)


def test_phantoms_and_masks_fit_the_square_and_each_other() -> None:
    for seed in SEEDS:
        phantom = draw_nerve_phantom(seed)
        for plane in (phantom.picture, phantom.nerve, phantom.vessel):
            assert plane.shape == (SIDE, SIDE) and plane.dtype == np.uint8
        assert set(np.unique(phantom.nerve)) | set(np.unique(phantom.vessel)) <= {0, 1}
        assert not (phantom.nerve & phantom.vessel).any()
        assert 24 < phantom.mm_per_px * SIDE < 52
        assert np.quantile(phantom.picture[phantom.picture > 0], 0.95) >= LEAST_BRIGHT


def test_variation_changes_the_grey_and_move_nothing() -> None:
    plain, changed = (draw_nerve_phantom(9, vary=vary) for vary in (False, True))
    assert plain.mm_per_px == changed.mm_per_px
    assert np.array_equal(plain.nerve, changed.nerve)


def test_marked_vessels_are_darker_than_what_is_around() -> None:
    darker = []
    for seed in SEEDS:
        phantom = draw_nerve_phantom(seed, vary=False)
        rows, columns = np.nonzero(phantom.vessel)
        if rows.size < 40:
            continue
        box = np.zeros((SIDE, SIDE), bool)
        box[max(0, rows.min() - 8) : rows.max() + 9, max(0, columns.min() - 8) : columns.max() + 9] = True
        box &= (phantom.vessel == 0) & (phantom.picture > 0)
        darker.append(float(phantom.picture[phantom.vessel == 1].mean() - phantom.picture[box].mean()))
    assert len(darker) > 4
    assert np.median(darker) < -8
