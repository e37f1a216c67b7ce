"""Phantom pictures of nerves on the network's square."""

import numpy as np

from tools.nerve.phantoms import LEAST_BRIGHT, SIDE, draw_nerve_phantom

SEEDS = range(12)


def test_a_seed_is_a_picture() -> None:
    first, again, other = (draw_nerve_phantom(seed) for seed in (3, 3, 4))
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.nerve, again.nerve)
    assert not np.array_equal(first.picture, other.picture)


def test_pictures_and_masks_fit_the_square_and_each_other() -> None:
    for seed in SEEDS:
        drawn = draw_nerve_phantom(seed)
        for plane in (drawn.picture, drawn.nerve, drawn.vessel):
            assert plane.shape == (SIDE, SIDE) and plane.dtype == np.uint8
        assert set(np.unique(drawn.nerve)) | set(np.unique(drawn.vessel)) <= {0, 1}
        assert not (drawn.nerve & drawn.vessel).any()
        assert 24 < drawn.mm_per_px * SIDE < 52
        assert np.quantile(drawn.picture[drawn.picture > 0], 0.95) >= LEAST_BRIGHT


def test_looks_change_the_grey_and_move_nothing() -> None:
    plain, changed = (draw_nerve_phantom(9, looks=looks) for looks in (False, True))
    assert plain.mm_per_px == changed.mm_per_px
    assert np.array_equal(plain.nerve, changed.nerve)


def test_marked_vessels_are_darker_than_what_is_around() -> None:
    darker = []
    for seed in SEEDS:
        drawn = draw_nerve_phantom(seed, looks=False)
        rows, columns = np.nonzero(drawn.vessel)
        if rows.size < 40:
            continue
        box = np.zeros((SIDE, SIDE), bool)
        box[max(0, rows.min() - 8) : rows.max() + 9, max(0, columns.min() - 8) : columns.max() + 9] = True
        box &= (drawn.vessel == 0) & (drawn.picture > 0)
        darker.append(float(drawn.picture[drawn.vessel == 1].mean() - drawn.picture[box].mean()))
    assert len(darker) > 4
    assert np.median(darker) < -8
