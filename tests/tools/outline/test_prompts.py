"""Prompts as people give them, and the training pictures that hold them; pictures from phantoms alone."""

import cv2
import numpy as np
import pytest

from edge.task.prompt import NOTHING, SIDE
from tools.outline.pictures import KINDS, View, draw_phantom_example, example_of, viewed
from tools.outline.prompts import correction, depth_of, draw_prompt, tap
from tools.outline.structures import PHANTOMS, Scene


def disc(x, y, radius):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(mask, (x, y), radius, 255, -1)
    return mask


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_tap_lies_as_deep_as_asked(share):
    mask = disc(100, 120, 40)
    depth = depth_of(mask)
    for seed in range(20):
        ((x, y),) = tap(mask, share, np.random.default_rng(seed))
        assert mask[int(y), int(x)] and depth[int(y), int(x)] >= share * depth.max()


def test_the_edge_of_the_picture_is_no_border():
    depth = depth_of(disc(0, 120, 40))
    assert depth[120, 0] == depth.max()


def test_a_correction_lies_in_the_largest_piece_that_is_wrong():
    truth = disc(100, 120, 40)
    said = disc(100, 120, 40)
    said[:, :100] = 0
    inside, outside = correction(truth, said)
    assert outside.size == 0 and truth[int(inside[0, 1]), int(inside[0, 0])] and inside[0, 0] < 100
    inside, outside = correction(said, truth)
    assert inside.size == 0 and outside[0, 0] < 100
    assert all(points.size == 0 for points in correction(truth, truth))


def test_prompts_of_every_kind_say_where_the_structure_is():
    mask, others = disc(100, 120, 40), disc(200, 120, 30)
    kinds = set()
    for seed in range(200):
        prompt = draw_prompt(mask, others, np.random.default_rng(seed))
        kinds.add((len(prompt.inside) > 0, len(prompt.outside) > 0, prompt.within is not None))
        for x, y in prompt.outside:
            assert not mask[int(np.clip(round(y), 0, SIDE - 1)), int(np.clip(round(x), 0, SIDE - 1))]
    assert len(kinds) >= 6


@pytest.mark.parametrize("draw", PHANTOMS, ids=("nerve", "muscle", "knee", "plexus"))
def test_a_phantom_knows_its_structures(draw):
    scenes = [draw(np.random.default_rng(seed)) for seed in range(4)]
    shown = [scene for scene in scenes if scene.structures]
    assert shown
    for scene in shown:
        assert scene.simulated and len(scene.kinds) == len(scene.structures)
        assert all(one.shape == scene.pixels.shape and set(np.unique(one)) <= {0, 255} for one in scene.structures)


def test_a_view_holds_the_structure_where_the_picture_shows_it():
    """A disc that is bright where its mask is: they are moved together."""
    mask = np.zeros((300, 400), np.uint8)
    cv2.circle(mask, (150, 140), 40, 255, -1)
    scene = Scene(np.where(mask > 0, 220, 30).astype(np.uint8), ("disc",), (mask,))
    agreeing = []
    for seed in range(30):
        view = viewed(scene, 0, np.random.default_rng(seed))
        inside = view.structure > 127
        if inside.sum() > 200 and (~inside & ~view.outside).sum() > 200:
            agreeing.append(view.picture[inside].mean() > view.picture[~inside & ~view.outside].mean())
    assert len(agreeing) > 20 and np.mean(agreeing) > 0.9
    assert {"intensity", "speckle"} == KINDS


def test_an_example_has_two_planes_and_the_share_of_each_pixel():
    nothing = np.zeros((SIDE, SIDE), np.uint8)
    view = View(nothing, disc(100, 120, 40), nothing, nothing > 0)
    example = example_of(view, draw_prompt(disc(100, 120, 40), nothing, np.random.default_rng(1)))
    assert example.picture.shape == (2, SIDE, SIDE) and example.picture.dtype == np.uint8
    assert example.target.shape == (1, SIDE, SIDE) and example.target.max() == 1
    for seed in range(3):
        phantom = draw_phantom_example(seed)
        plane = phantom.picture[1]
        y, x = np.unravel_index(plane.argmax(), plane.shape)
        assert plane[y, x] > 240 and (plane == NOTHING).mean() > 0.9
        assert phantom.target[0, y, x] == 1
