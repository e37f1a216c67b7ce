"""A teacher's word in the target, and the teacher itself."""

import pytest

from tools.lesson import load_recipe

torch = pytest.importorskip("torch", reason="the training tools are not installed")


def test_the_teachers_word_is_a_part_of_the_target_and_all_of_it_where_nothing_was_drawn():
    from tools.train import mixed

    target = torch.tensor([[1.0, 0.0, float("nan")]])
    word = torch.tensor([[0.6, 0.2, 0.7]])
    assert mixed(target, word, 0.5)[0].tolist() == pytest.approx([0.8, 0.1, 0.7])
    assert mixed(target, word, 0.0)[0].tolist() == pytest.approx([1.0, 0.0, 0.7])


def test_a_teacher_begins_with_weights_of_photographs_and_sees_what_the_student_sees():
    pytest.importorskip("efficientnet_lite_pytorch", reason="the training tools are not installed")
    from tools.train import fresh

    recipe = load_recipe("outline", load_recipe("outline", "taught.json").teacher)
    teacher = fresh(recipe).eval()
    assert teacher.stem.weight[:, 0].abs().sum() > 0 and teacher.stem.weight[:, 1].abs().sum() == 0
    with torch.no_grad():
        assert teacher(torch.zeros(2, recipe.planes, 64, 64)).shape == (2, 4 * recipe.classes, 32, 32)


def test_weights_that_ship_may_see_every_picture_only_where_some_are_kept_back():
    from dataclasses import replace as changed

    from msgspec.structs import replace

    from tools.lesson import lesson_of
    from tools.train import drawn_by

    recipe, training = load_recipe("outline", "whole.json"), lesson_of("outline").training
    assert drawn_by(recipe, training) is training.whole
    assert drawn_by(replace(recipe, whole=False), training) is training.draw
    with pytest.raises(SystemExit, match="has no pictures beside those that it trains with"):
        drawn_by(recipe, changed(training, whole=None))
