"""Each task's lesson: found by name, whole, and without the training's libraries until they are needed."""

import subprocess
import sys
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from edge.registry import resolve
from edge.runtime.manifest import list_models, load_manifest, model_folder
from tools.lesson import UNetTraining, facts_folder, facts_folders, lesson_of, lessons, load_recipe
from tools.muscle import dl_track
from tools.nerve import usgra_seg

NETWORKS = [name for name in list_models() if load_manifest(model_folder(name)).variants]


def test_every_shipped_network_has_a_lesson_and_every_model_its_facts():
    assert set(NETWORKS) <= set(lessons())
    assert set(list_models()) <= set(facts_folders())
    assert all((folder / "card.md").is_file() for folder in facts_folders().values())


@pytest.mark.parametrize("task", lessons())
def test_a_phantom_picture_and_its_truth_fit_the_network(task):
    manifest = load_manifest(model_folder(task))
    example = lesson_of(task).phantom(7)
    assert example.picture.dtype == np.uint8
    assert example.picture.reshape(-1, *example.picture.shape[-2:]).shape == manifest.input.shape[1:]
    assert set(np.unique(example.target)) <= {0, 1}
    (output,) = manifest.outputs
    assert example.target.shape[0] <= len(manifest.classes)
    assert example.target.shape[1] % output.shape[2] == 0


@pytest.mark.parametrize("task", lessons())
def test_a_recipe_is_the_tasks_own(task):
    assert load_recipe(task).task == task


def test_lessons_need_no_training_library():
    code = (
        "from tools.lesson import lesson_of, lessons\n"
        "for task in lessons(): lesson_of(task)\n"
        "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert not {"torch", "sklearn", "onnx"} & set(run.stdout.split())


@pytest.mark.parametrize("task", lessons())
def test_targets_are_functions(task):
    lesson = lesson_of(task)
    assert callable(resolve(lesson.calibrate)) and callable(resolve(lesson.evaluate))
    if isinstance(lesson.training, str):
        pytest.importorskip("torch", reason="the training tools are not installed")
        assert callable(resolve(lesson.training))


@pytest.mark.parametrize("name", ["lesson", "recipe", "facts"])
def test_an_unknown_task_is_told_with_the_known_ones(name):
    find = {"lesson": lesson_of, "recipe": load_recipe, "facts": facts_folder}[name]
    with pytest.raises(SystemExit, match=r"'spleen'.*; there are: "):
        find("spleen")


@pytest.mark.parametrize("task", [task for task in lessons() if isinstance(lesson_of(task).training, UNetTraining)])
def test_a_loss_falls_along_its_gradient(task, monkeypatch):
    torch = pytest.importorskip("torch", reason="the training tools are not installed")
    for dataset in (dl_track, usgra_seg):
        monkeypatch.setattr(dataset, "load_pictures", missing_set)
    training, recipe = lesson_of(task).training, load_recipe(task)
    target = torch.from_numpy(np.float32(first_phantom(training).target))[None]
    side = load_manifest(model_folder(task)).input.shape[2] // 2
    raw = torch.zeros(1, 4 * recipe.classes, side, side, requires_grad=True)
    before = training.loss(raw, target)
    before.backward()
    assert training.loss(raw - 10 * raw.grad, target) < before


def missing_set():
    raise SystemExit("the real pictures take a minute to load")


def first_phantom(training):
    """The first training picture that needs no real ones."""
    examples = (drawn_or_none(training, seed) for seed in count())
    return next(example for example in examples if example is not None)


def drawn_or_none(training, seed):
    try:
        return training.draw(seed)
    except SystemExit:
        return None
