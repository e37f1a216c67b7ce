"""What each part of the outline model's recipe is worth: `python -m tools.outline.ablation [--steps 1200]`.

Equal, short trainings, each with one part changed; then Dice of the structures that a tap lies on, in validation
pictures, and of nerves in imitated looks. Short: the figures compare with each other, not with the shipped model's. One
that was interrupted goes on: call the same command again.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tools.lesson import Recipe, UNetTraining, lesson_of, load_recipe
from tools.nerve.imitated_scanners import IMITATIONS, PLAIN
from tools.outline.evaluation import SURE, answered, asked_of, of_kind, scenes
from tools.outline.pictures import draw_outline_picture
from tools.train import train

KINDS: Final = ("nerve", "vessel", "muscle", "aponeurosis", "phantom nerve", "phantom root", "phantom cartilage")
LOOKS: Final = "nerve, looks"
BASE: Final = "plain network"
PRETRAINED: Final = "pre-trained encoder, as shipped"
WIDER: Final = "wider"
CUT: Final = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One training."""

    name: str
    recipe: Recipe
    sources: Mapping[str, float] | None = None
    """Share of each source of pictures; None: as training."""
    teacher: str = ""
    """Name of the row whose network's word is a part of the target."""


def rows(steps: int) -> Sequence[Row]:
    plain = load_recipe("outline", "plain.json")
    taught = load_recipe("outline", "taught.json")

    def changed(recipe: Recipe, **given: object) -> Recipe:
        return msgspec.structs.replace(recipe, steps=steps, threads=1, **given)

    return (
        Row(BASE, changed(plain)),
        Row("nerves and vessels alone", changed(plain), {"nerve": 1.0}),
        Row("no phantoms", changed(plain), {"nerve": 0.68, "muscle": 0.32}),
        Row(WIDER, changed(plain, widths=taught.widths)),
        Row(PRETRAINED, changed(load_recipe("outline"))),
        Row("its word on unlabelled", changed(taught, widths=plain.widths), teacher=PRETRAINED),
    )


class Trained:
    """A network that answers as its file would."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network.to(memory_format=torch.channels_last)

    def infer(self, tensor: NDArray[np.uint8], /) -> tuple[NDArray[np.float32]]:
        with torch.no_grad():
            raw = self._network(torch.from_numpy(tensor).float() / 255)
        return (np.ascontiguousarray(raw.numpy()),)


def trained(row: Row, folder: Path) -> nn.Module:
    """Or taken up where it was left."""
    training = lesson_of("outline").training
    assert isinstance(training, UNetTraining)
    if row.sources is not None:
        training = replace(training, draw=partial(draw_outline_picture, sources=row.sources))
    others = {one.name: one for one in rows(row.recipe.steps)}
    teacher = trained(others[row.teacher], folder).to(memory_format=torch.channels_last) if row.teacher else None
    return train(row.recipe, training, folder / row.name.replace(" ", "_"), teacher)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--out", type=Path, default=Path("out/train/outline_ablation"))
    given = parser.parse_args()
    cv2.setNumThreads(1)  # Its threads would not live on in the process that draws the pictures.
    looks = [name for name in IMITATIONS if name != PLAIN]
    plain = list(asked_of(list(scenes("validation")), SURE))
    imitated = [
        one for look in looks for one in asked_of(list(scenes("validation", look)), SURE) if one.kind == "nerve"
    ]
    table = [f"| {given.steps} steps | {' | '.join((*KINDS, LOOKS))} | minutes |", "|---|" + "---|" * (len(KINDS) + 2)]
    for row in rows(given.steps):
        started_s, network = time.monotonic(), trained(row, given.out)
        minutes = (time.monotonic() - started_s) / 60
        told = answered(Trained(network), plain, CUT, row.name)
        dices = [float(np.mean([one.dice for one in of_kind(told, kind)])) for kind in KINDS]
        seen = answered(Trained(network), imitated, CUT, f"{row.name}, looks")
        dices.append(float(np.mean([one.dice for one in seen])))
        table.append(f"| {row.name} | {' | '.join(f'{one:.2f}' for one in dices)} | {minutes:.0f} |")
        print("\n".join(table), flush=True)


if __name__ == "__main__":
    main()
