"""What each kind of variation in training is worth: `python -m tools.nerve.ablation [--steps 600]`.

Equal, short trainings of a network of the shipped shape at half the size, each with another choice of what is varied;
then Dice on the validation pictures in each imitation of a scanner. Short: the figures compare with each other, not
with the shipped model's.
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from edge.task.tensor import fitted_tensor
from tools.lesson import load_recipe
from tools.masks import dice
from tools.nerve.imitated_scanners import IMITATIONS, imitated
from tools.nerve.lesson import loss as loss_of
from tools.nerve.pictures import draw_nerve_picture
from tools.nerve.usgra_seg import UsgraPicture, split
from tools.network import UNet, interleave

SIDE: Final = 128
SEED: Final = 50_000_000
CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "nothing varied": frozenset(),
    "intensity": frozenset({"intensity"}),
    "speckle": frozenset({"speckle"}),
    "geometry": frozenset({"geometry"}),
    "all three": frozenset({"intensity", "speckle", "geometry"}),
}


class _Pictures(IterableDataset[tuple[Tensor, Tensor]]):
    def __init__(self, kinds: frozenset[str]) -> None:
        self.kinds = kinds

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        cv2.setNumThreads(1)
        seed = SEED
        while True:
            sample = draw_nerve_picture(seed, self.kinds)
            yield torch.from_numpy(_half(sample.picture))[None], torch.from_numpy(_half(sample.target))
            seed += 1


def _half(plane: NDArray[np.generic]) -> NDArray[np.generic]:
    """(..., 2 SIDE, 2 SIDE) averaged to (..., SIDE, SIDE)."""
    blocks = plane.reshape(*plane.shape[:-2], SIDE, 2, SIDE, 2)
    return np.ascontiguousarray(blocks.mean(axis=(-3, -1)).astype(plane.dtype))


def trained(kinds: frozenset[str], steps: int) -> UNet:
    recipe = load_recipe("nerve")
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    network = UNet(recipe.widths, recipe.classes).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, steps, pct_start=0.15)
    batches = iter(DataLoader(_Pictures(kinds), recipe.batch, num_workers=1, prefetch_factor=4))
    for _ in range(steps):
        grey, target = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            raw = network((grey.float() / 255).contiguous(memory_format=torch.channels_last))
        loss = loss_of(raw.float(), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return network.eval()


def dice_of(network: UNet, drawing: UsgraPicture) -> tuple[float, float]:
    """Of nerve and vessel, on the network's square; NaN where there is none."""
    planes = [fitted_tensor(drawing.region.crop(p), SIDE) for p in (drawing.file, drawing.nerve, drawing.vessel)]
    with torch.no_grad():
        scores = interleave(network(torch.from_numpy(planes[0]).float() / 255))[0].numpy()
    masks = [(score > 0).astype(np.uint8) for score in scores]
    truths = [(plane[0, 0] > 127).astype(np.uint8) for plane in planes[1:]]
    nerve, vessel = (
        dice(mask, truth) if truth.any() else float("nan") for mask, truth in zip(masks, truths, strict=True)
    )
    return nerve, vessel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=600)
    steps = parser.parse_args().steps
    cv2.setNumThreads(1)  # Its threads would not live on in the process that draws the pictures.
    print("nerve / vessel Dice".ljust(20) + "".join(name.rjust(18) for name in IMITATIONS))
    shown = {name: [imitated(one, name) for one in split("validation")] for name in IMITATIONS}
    for name, kinds in CHOICES.items():
        started_s, network = time.monotonic(), trained(kinds, steps)
        cells = []
        for drawings in shown.values():
            nerve, vessel = np.nanmean([dice_of(network, drawing) for drawing in drawings], axis=0)
            cells.append(f"{nerve:.3f} / {vessel:.3f}".rjust(18))
        print(name.ljust(20) + "".join(cells) + f"   {time.monotonic() - started_s:.0f} s", flush=True)


if __name__ == "__main__":
    main()
