"""The card shows what the manifest holds."""

import pytest

from edge.runtime.manifest import list_models, load_manifest, model_folder
from tools.bundle import load_facts
from tools.card import shipped_card


@pytest.mark.parametrize("name", list_models())
def test_the_shipped_card_is_the_one_that_the_manifest_gives(name: str) -> None:
    assert (model_folder(name) / "CARD.md").read_text() == shipped_card(name)


@pytest.mark.parametrize("name", list_models())
def test_the_shipped_manifest_says_what_the_facts_say(name: str) -> None:
    manifest, facts = load_manifest(model_folder(name)), load_facts(name)
    told = {field: getattr(facts, field) for field in facts.__struct_fields__ if field != "meaning"}
    assert {field: getattr(manifest, field) for field in told} == told
    assert {output.meaning for output in manifest.outputs} == ({facts.meaning} if facts.meaning else set())


@pytest.mark.parametrize("name", list_models())
def test_every_file_and_figure_is_in_the_card(name: str) -> None:
    manifest = load_manifest(model_folder(name))
    text = (model_folder(name) / "CARD.md").read_text()
    assert all(file.sha256 in text for file in manifest.files())
    assert all(f"{number.value:g}" in text for number in (*manifest.metrics, *manifest.calibration))


def test_the_cartilage_card_says_what_was_not_trained_on() -> None:
    assert "No real knee was used for training" in (model_folder("cartilage") / "CARD.md").read_text()
