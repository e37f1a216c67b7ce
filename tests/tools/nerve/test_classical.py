"""Examples for the nerve chain: which windows count as a nerve, and how a chain's outcome is judged."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.image.classifiers import Sigmoid
from edge.image.windows import CELL_PX
from edge.image.working_picture import WorkingPicture
from edge.runtime.manifest import load_manifest, read_arrays
from edge.task.nerve.windows import FEATURES, window_model_of
from tools.nerve.classical import __main__ as classical
from tools.nerve.classical import training
from tools.nerve.classical.windows import WindowExamples, WorkingTruth, examples_of


def truth(seed: int) -> WorkingTruth:
    """A bright nerve of 14 x 7 cells at row 9, column 20, in even grain."""
    grey = np.random.default_rng(seed).integers(60, 120, (128, 256)).astype(np.uint8)
    nerve = np.zeros(grey.shape, bool)
    nerve[9 * CELL_PX : 16 * CELL_PX, 20 * CELL_PX : 34 * CELL_PX] = True
    grey[nerve] += 100
    return WorkingTruth(str(seed), seed, WorkingPicture(grey, 1.0), nerve)


@pytest.fixture(scope="module")
def examples() -> WindowExamples:
    return examples_of(truth(1))


def at(examples: WindowExamples, sides: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    windows = examples.windows
    named = zip((windows.top, windows.left, windows.bottom, windows.right), sides, strict=True)
    return np.logical_and.reduce([side == wanted for side, wanted in named])


def test_a_window_like_the_nerves_box_is_a_hit_and_one_far_away_a_miss(examples: WindowExamples) -> None:
    assert not (examples.hit & examples.miss).any()
    (near,) = np.flatnonzero(at(examples, (10, 20, 17, 34)))
    (far,) = np.flatnonzero(at(examples, (20, 0, 27, 14)))
    (part,) = np.flatnonzero(at(examples, (10, 22, 14, 30)))
    assert (examples.hit[near], examples.miss[near]) == (True, False)
    assert (examples.hit[far], examples.miss[far]) == (False, True)
    assert not examples.miss[part], "a small window wholly inside a nerve is no example against it"
    assert examples.features.shape == (len(examples.windows), len(FEATURES))


def test_training_on_bright_nerves_finds_bright_nerves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(training, "VECTORS", 30)
    monkeypatch.setattr(training, "NEIGHBOURS", 5)
    pictures = [examples_of(truth(seed)) for seed in range(4)]
    model = training.train(pictures[:2], chosen=8)
    model = training.calibrated(model, [(model, pictures[2:3])])
    assert model.sigmoid != Sigmoid(-1.0, 0.0)
    scaled = model.scaled_of_all(pictures[3].features)
    probability = model.probability(scaled)
    assert probability[pictures[3].hit].mean() > 5 * probability[pictures[3].miss].mean()
    classical.save(tmp_path, model)
    manifest = load_manifest(tmp_path)
    assert (manifest.task, manifest.input, manifest.variants) == ("nerve", None, ())
    assert np.allclose(window_model_of(read_arrays(tmp_path, manifest)).probability(scaled), probability, atol=1e-5)


def test_an_outcome_counts_the_first_candidate_and_any_of_three() -> None:
    figures = classical.figures(
        [
            classical.Judged("a", True, True, 0.5, 0.7, 80),
            classical.Judged("b", False, True, 0.1, 0.2, 90),
        ],
        "test",
    )
    assert [figure.value for figure in figures] == pytest.approx([0.5, 1, 0.3, 0.45, 0.7])
