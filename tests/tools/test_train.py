"""A teacher's word in the target, and the network that begins with weights of photographs."""

import numpy as np
import pytest
from msgspec.structs import replace

from tools.lesson import load_recipe

torch = pytest.importorskip("torch", reason="the training tools are not installed")


def test_the_teachers_word_is_a_part_of_the_target_and_all_of_it_where_nothing_was_drawn():
    from tools.train import mixed

    target = torch.tensor([[1.0, 0.0, float("nan")]])
    word = torch.tensor([[0.6, 0.2, 0.7]])
    assert mixed(target, word, 0.5)[0].tolist() == pytest.approx([0.8, 0.1, 0.7])
    assert mixed(target, word, 0.0)[0].tolist() == pytest.approx([1.0, 0.0, 0.7])


def test_a_pre_trained_encoder_begins_with_weights_of_photographs_for_grey_and_none_for_the_prompt():
    pytest.importorskip("efficientnet_lite_pytorch", reason="the training tools are not installed")
    from tools.train import fresh

    recipe = load_recipe("outline")
    network = fresh(recipe).eval()
    stem = network.stem[0].weight
    assert stem[:, 0].abs().sum() > 0 and stem[:, 1].abs().sum() == 0
    with torch.no_grad():
        assert network(torch.zeros(2, recipe.planes, 64, 64)).shape == (2, 4 * recipe.classes, 32, 32)


def test_weights_that_ship_may_see_every_picture_only_where_some_are_kept_back():
    from dataclasses import replace as changed

    from tools.lesson import lesson_of
    from tools.train import drawn_by

    recipe, training = load_recipe("outline", "whole.json"), lesson_of("outline").training
    assert drawn_by(recipe, training) is training.whole
    assert drawn_by(replace(recipe, whole=False), training) is training.draw
    with pytest.raises(SystemExit, match="has no pictures beside those that it trains with"):
        drawn_by(recipe, changed(training, whole=None))


def test_a_recipe_begins_with_the_weights_of_the_one_that_it_comes_after(tmp_path, monkeypatch):
    from tools import train as training_tool
    from tools.lesson import Example, Recipe, UNetTraining

    def draw(seed):
        return Example(np.full((64, 64), seed % 200, np.uint8), np.zeros((1, 64, 64), np.float32))

    first = Recipe("outline", 1, (4, 4, 4, 4, 4), 1, 2, 1, 0.01, 0.0, 0.5)
    monkeypatch.setattr(training_tool, "load_recipe", lambda _task, _file: first)
    training = UNetTraining(draw, lambda raw, _target: raw.square().mean(), whole=draw)
    then = replace(first, after="recipe.json", steps=1, learning_rate=0.0, whole=True)
    begun = training_tool.train(then, training, tmp_path / "outline_whole").state_dict()
    kept = training_tool.averaged(first, tmp_path / "outline").state_dict()
    assert all(torch.equal(begun[name], kept[name]) for name in begun if "weight" in name)
    again = training_tool.train(first, training, tmp_path / "outline").state_dict()
    assert all(torch.equal(again[name], kept[name]) for name in again), "run to its end, it is not run again"
