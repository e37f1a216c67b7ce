"""Short trainings that differ in one part each."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training tools are not installed")

from tools.outline import ablation  # noqa: E402
from tools.outline.pictures import draw_scene  # noqa: E402
from tools.train import fresh  # noqa: E402


def test_each_row_changes_one_part_and_takes_as_many_steps():
    rows = {row.name: row for row in ablation.rows(7)}
    base = rows[ablation.BASE]
    assert {row.recipe.steps for row in rows.values()} == {7} and {row.recipe.planes for row in rows.values()} == {2}
    changed = {name for name, row in rows.items() if row.recipe == base.recipe and row.sources is None}
    assert changed == {ablation.BASE}, "no other row is the base again"
    taught = next(row for row in rows.values() if row.teacher)
    assert rows[taught.teacher].recipe.encoder and taught.recipe.widths == base.recipe.widths


def test_a_source_that_is_left_out_gives_no_picture():
    shown = [draw_scene(np.random.default_rng(seed), sources={"phantom": 1.0}) for seed in range(6)]
    assert all(scene.simulated for scene in shown)


def test_a_network_answers_as_its_file_would():
    recipe = ablation.rows(7)[0].recipe
    network = fresh(recipe).eval()
    tensor = np.random.default_rng(0).integers(0, 256, (1, 2, 256, 256), np.uint8)
    (raw,) = ablation.Trained(network).infer(tensor)
    with torch.no_grad():
        assert np.allclose(raw, network(torch.from_numpy(tensor).float() / 255).numpy(), atol=1e-4)
    assert raw.shape == (1, 4, 128, 128)
