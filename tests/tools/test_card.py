"""The card shows what the manifest holds."""

import pytest

from edge.runtime.manifest import list_models, load_manifest, model_folder
from tools.bundle import FACTS
from tools.card import card
from tools.recipe import RECIPES


@pytest.mark.parametrize("name", list_models())
def test_the_shipped_card_is_the_one_that_the_manifest_gives(name: str) -> None:
    folder = model_folder(name)
    words = (FACTS / f"{name}.card.md").read_text()
    recipe = (RECIPES / f"{name}.json").read_text()
    assert (folder / "CARD.md").read_text() == card(load_manifest(folder), words, recipe)


def test_every_file_and_figure_is_in_the_card() -> None:
    manifest = load_manifest(model_folder("cartilage"))
    text = (model_folder("cartilage") / "CARD.md").read_text()
    assert all(file.sha256 in text for file in manifest.files())
    assert all(f"{number.value:g}" in text for number in (*manifest.metrics, *manifest.calibration))
    assert "No real knee was used for training" in text
