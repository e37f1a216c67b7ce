"""A scanner left out of the training altogether: `python -m tools.muscle.left_out "431 x 512" [--steps 1200]`.

Trains the muscle network anew, on a short schedule, without any picture of one size of file (it stands for a scanner),
and compares it with what was drawn on those. The shipped model is not touched.
"""

import argparse
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edge.app.opening import open_task
from edge.task.muscle.spec import SPEC
from tools.lesson import UNetTraining, load_recipe
from tools.muscle.dl_track import split
from tools.muscle.lesson import loss
from tools.muscle.mask_comparison import compare_masks, mask_table
from tools.muscle.pictures import draw_muscle_picture
from tools.train import train

STEPS = 1200


class NetworkRuntime:
    """A network as the task wants to have a runtime."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network

    def infer(self, grey: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        with torch.no_grad():
            return (self._network(torch.from_numpy(grey).float() / 255).numpy(),)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("layout", help="height and width of the scanner's files, as in the tables")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, default=None, help="folder of log and checkpoints")
    arguments = parser.parse_args()
    recipe = msgspec.structs.replace(load_recipe(SPEC.name), steps=arguments.steps)
    folder = arguments.out or Path("out/train") / f"muscle-without-{arguments.layout.replace(' ', '')}"
    draw = partial(draw_muscle_picture, layouts_out=(arguments.layout,))
    network = train(recipe, UNetTraining(draw, loss), folder)
    task, runtime = open_task(SPEC), NetworkRuntime(network)
    print(mask_table([compare_masks(one, task, runtime) for one in split("test", (arguments.layout,))]))


if __name__ == "__main__":
    main()
