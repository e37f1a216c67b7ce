"""A scanner left out of the training altogether: `python -m tools.muscle.left_out "431 x 512" [--steps 1200]`.

Trains the muscle network anew, on a short schedule, without any picture of one size of file (it stands for a scanner),
and compares it with what was drawn on those. The shipped model is not touched.
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edge.app.composition import open_task
from tools.learning import LESSONS
from tools.muscle.drawings import split
from tools.muscle.drawn import compare_drawn, drawn_table
from tools.muscle.samples import draw_muscle_sample
from tools.recipe import load_recipe
from tools.train import train

STEPS = 1200


class Plain:
    """A network as the task wants to have a runtime."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network

    def infer(self, grey: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        with torch.no_grad():
            return (self._network(torch.from_numpy(grey).float() / 255).numpy(),)


def drawn_without(layout: str, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    sample = draw_muscle_sample(seed, (layout,))
    return sample.picture, sample.target


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("layout", help="height and width of the scanner's files, as in the tables")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, default=None, help="folder of log and checkpoints")
    arguments = parser.parse_args()
    recipe = msgspec.structs.replace(load_recipe("muscle"), steps=arguments.steps)
    folder = arguments.out or Path("out/train") / f"muscle-without-{arguments.layout.replace(' ', '')}"
    LESSONS["muscle"] = replace(LESSONS["muscle"], draw=partial(drawn_without, arguments.layout))
    network = train(recipe, folder)
    task, runtime = open_task("muscle"), Plain(network)
    print(drawn_table([compare_drawn(d, task, runtime) for d in split("test", (arguments.layout,))]))


if __name__ == "__main__":
    main()
