"""The training pictures of hips carry the truth that they claim."""

import numpy as np

from tools.hip.pictures import MASKS, SIDE, cropped, draw_hip_sample, with_texture

NUMBER = {name: number for number, name in enumerate(MASKS)}


def test_a_seed_is_a_picture() -> None:
    first, again, other = (draw_hip_sample(seed) for seed in (11, 11, 12))
    assert np.array_equal(first.picture, again.picture) and np.array_equal(first.masks, again.masks)
    assert not np.array_equal(first.picture, other.picture)
    assert first.picture.shape == (SIDE, SIDE) and first.masks.shape == (len(MASKS), SIDE, SIDE)
    assert first.masks.min() >= 0 and first.masks.max() <= 1


def test_bone_is_brighter_than_its_shadow_and_the_head_darker_than_bone() -> None:
    brighter, darker = [], []
    for seed in range(24):
        sample = draw_hip_sample(seed)
        ilium, head = (sample.masks[NUMBER[name]] > 0.9 for name in ("iliac line", "femoral head"))
        if ilium.sum() < 60 or head.sum() < 200:
            continue
        shadow = np.roll(ilium, 14, axis=0)
        shadow[:14] = False
        brighter.append(sample.picture[ilium].mean() > sample.picture[shadow].mean() + 20)
        darker.append(sample.picture[head].mean() < sample.picture[ilium].mean())
    assert len(brighter) > 12
    assert np.mean(brighter) > 0.85 and np.mean(darker) > 0.85


def test_some_pictures_are_standard_planes_and_some_show_no_hip() -> None:
    samples = [draw_hip_sample(seed) for seed in range(60)]
    assert 0.25 < np.mean([one.standard for one in samples]) < 0.65
    empty = [not one.masks.any() for one in samples]
    assert 0 < np.mean(empty) < 0.25
    assert all(np.isnan(one.alpha_deg) and not one.standard for one, none in zip(samples, empty, strict=True) if none)


def test_texture_changes_the_picture_less_where_structures_are() -> None:
    rng = np.random.default_rng(1)
    pixels = np.full((120, 140), 120, np.uint8)
    texture = rng.integers(0, 256, (90, 90), np.uint8)
    structures = np.zeros(pixels.shape, np.float32)
    structures[40:80, 40:100] = 1
    mixed = with_texture(pixels, texture, structures, rng)
    change = np.abs(mixed.astype(float) - pixels)
    assert change[50:70, 50:90].mean() < 0.6 * change[:30].mean()


def test_masks_move_with_a_crop() -> None:
    rng = np.random.default_rng(2)
    row, column = np.mgrid[0:100, 0:120]
    pixels = (row + column).astype(np.uint8)
    part, masks = cropped(pixels, np.stack((pixels, pixels)).astype(np.float32), rng)
    assert part.shape == masks.shape[1:] and part.shape != pixels.shape
    np.testing.assert_array_equal(masks[0], part)
