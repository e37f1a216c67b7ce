"""The training pictures of hips carry the truth that they claim."""

import numpy as np
import pytest

from edge.task.hip.phantom import hip_picture
from edge.task.hip.seen import CHANNELS, LINES
from tools.hip import pictures
from tools.hip.pictures import SIDE, Scene, draw_hip_phantom, draw_hip_picture, stretched, with_marks, with_texture
from tools.hip.structures import Move, target_of, truth_of
from tools.warping import places_of, random_bend, taken

NUMBER = {name: number for number, name in enumerate(CHANNELS)}


@pytest.fixture(autouse=True)
def drawn_textures(monkeypatch):
    """No real picture is needed to see that pictures are drawn."""
    rng = np.random.default_rng(8)
    monkeypatch.setattr(pictures, "real_textures", lambda: [rng.integers(0, 256, (90, 120), np.uint8)])


def test_a_seed_is_a_picture() -> None:
    first, again, other = (draw_hip_picture(seed) for seed in (11, 11, 12))
    assert np.array_equal(first.picture, again.picture) and np.array_equal(first.target, again.target)
    assert not np.array_equal(first.picture, other.picture)
    assert first.picture.shape == (SIDE, SIDE) and first.target.shape == (len(CHANNELS), SIDE, SIDE)
    assert first.target.dtype == np.float32 and first.target.min() >= 0 and first.target.max() <= 1


def test_pictures_of_one_phantom_differ_and_few_phantoms_make_many_pictures() -> None:
    drawn = pictures._scene.cache_info().misses
    examples = [draw_hip_picture(seed) for seed in range(pictures.BLOCK, pictures.BLOCK + 24)]
    assert pictures._scene.cache_info().misses - drawn <= 24
    flat = np.stack([one.picture.ravel() for one in examples])
    assert len(np.unique(flat, axis=0)) == len(examples)


def test_bone_is_brighter_than_its_shadow_and_the_head_darker_than_bone() -> None:
    brighter, darker = [], []
    for seed in range(16):
        example = stretched(draw_hip_phantom(seed))
        ilium, head = (example.target[NUMBER[name]] > 0.9 for name in ("iliac line", "femoral head"))
        if ilium.sum() < 60 or head.sum() < 200:
            continue
        shadow = np.roll(ilium, 14, axis=0)
        shadow[:14] = False
        brighter.append(example.picture[ilium].mean() > example.picture[shadow].mean() + 15)
        darker.append(example.picture[head].mean() < example.picture[ilium].mean())
    assert len(brighter) > 8
    assert np.mean(brighter) > 0.85 and np.mean(darker) > 0.85


def test_some_pictures_show_no_hip_and_most_show_one() -> None:
    empty = [not draw_hip_picture(seed).target.any() for seed in range(60)]
    assert 0 < np.mean(empty) < 0.25


def test_curves_move_as_the_picture_does() -> None:
    rng = np.random.default_rng(2)
    picture = hip_picture(rng, rows=(256, 260))
    truth = truth_of(picture)
    matrix, bend = pictures.placing(picture.pixels.shape, rng), random_bend(SIDE, rng)
    still = target_of(truth, max(picture.pixels.shape))[NUMBER["femoral head"], : picture.pixels.shape[0]]
    warped = taken((255 * still[:, : picture.pixels.shape[1]]).astype(np.uint8), places_of(matrix, bend), 1.0)
    drawn = target_of(truth.moved(Move(matrix, bend)), SIDE)[NUMBER["femoral head"]]
    both, either = ((warped > 128) & (drawn > 0.5)).sum(), ((warped > 128) | (drawn > 0.5)).sum()
    assert both > 0.97 * either


def test_a_structure_that_is_not_there_is_not_marked() -> None:
    picture = hip_picture(np.random.default_rng(4), rows=(256, 260))
    seen = picture.section.strength
    seen["joint capsule"] = seen["bony roof"] = 0.0
    target = stretched(Scene(picture.pixels, truth_of(picture))).target
    gone = {name for name in LINES if not target[NUMBER[name]].any()}
    assert gone == {"joint capsule", "bony roof"}


def test_texture_changes_the_picture_less_where_structures_are() -> None:
    rng = np.random.default_rng(1)
    pixels = np.full((120, 140), 120, np.uint8)
    texture = rng.integers(0, 256, (90, 90), np.uint8)
    structures = np.zeros(pixels.shape, np.float32)
    structures[40:80, 40:100] = 1
    mixed = with_texture(pixels, texture, structures, rng)
    change = np.abs(mixed.astype(float) - pixels)
    assert change[50:70, 50:90].mean() < 0.6 * change[:30].mean()


def test_marks_are_burnt_into_a_small_part_of_the_picture() -> None:
    dark = np.zeros((SIDE, SIDE), np.uint8)
    shares = [np.mean(with_marks(dark, np.random.default_rng(seed)) > 0) for seed in range(20)]
    assert np.mean(np.array(shares) > 0) > 0.8 and max(shares) < 0.12
    assert not dark.any()
