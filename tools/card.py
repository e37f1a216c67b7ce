"""Write a model's card from its manifest: `python -m tools.card cartilage`.

The words stand in the `card.md` of the task's tools. `{figures}`, `{files}`, `{sets}`, where there is a network
`{speed}` (made by `tools.speed_of_models`), and where the training has one `{recipe}` are filled in, so that a figure
in the card is always the one that was measured.
"""

import argparse
from pathlib import Path

from edge.runtime.manifest import Manifest, load_manifest
from tools.lesson import MODELS, facts_folder
from tools.speed_of_models import ModelSpeed, load_speed, speed_section


def shipped_card(name: str) -> str:
    """The card of the model of this name in models/."""
    folder = facts_folder(name)
    recipe = folder / "recipe.json"
    words = (folder / "card.md").read_text()
    return card(load_manifest(MODELS / name), words, recipe.read_text() if recipe.is_file() else "", load_speed(name))


def card(manifest: Manifest, words: str, recipe: str, speed: ModelSpeed | None) -> str:
    """The card's text. recipe: empty for a model that is trained without one; speed: None without a network."""
    figures = "\n".join(f"| {n.name.replace('_', ' ')} | {n.value:g} {n.unit} | {n.note} |" for n in manifest.metrics)
    intervals = "\n".join(
        f"| {n.name.replace('_', ' ')} | {n.value:g} {n.unit} | {n.note} |" for n in manifest.calibration
    )
    files = "\n".join(f"| `{f.name}` | {f.bytes / 1024:.0f} KiB | `{f.sha256}` |" for f in manifest.files())
    sets = "\n".join(f"| {s.name} | {s.licence} | {s.attribution} |" for s in manifest.training_sets)
    return words.format(
        name=manifest.name,
        version=manifest.version,
        intended_use=manifest.intended_use,
        not_intended_for=manifest.not_intended_for,
        figures=f"| figure | value | measured on |\n|---|---|---|\n{figures}\n{intervals}",
        files=f"| file | size | SHA-256 |\n|---|---|---|\n{files}",
        sets=f"| set | licence | attribution |\n|---|---|---|\n{sets}",
        speed=speed_section(speed, manifest) if speed else "",
        recipe=f"```json\n{recipe.strip()}\n```",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    name = parser.parse_args().model
    Path(MODELS / name / "CARD.md").write_text(shipped_card(name))
    print(f"wrote {MODELS / name / 'CARD.md'}")


if __name__ == "__main__":
    main()
