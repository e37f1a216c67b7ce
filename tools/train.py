"""Train a task's network on the phantom: `python -m tools.train cartilage`.

Pictures are made on the fly in a second process, never twice the same. The weights that ship are a running average.
A checkpoint every 250 steps lets an interrupted run go on: call the same command again.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, IterableDataset

from tools.export import export_float
from tools.learning import LESSONS
from tools.network import UNet
from tools.recipe import MODELS, Recipe, load_recipe

SEEDS_PER_RUN = 10_000_000
"""Training draws seeds from here upwards; validation and test use smaller ones (tools/cartilage/evaluation.py)."""
CHECK_EVERY = 250


class Pictures(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless pictures with their targets, from a first seed upwards."""

    def __init__(self, task: str, first_seed: int) -> None:
        self.draw, self.first_seed = LESSONS[task].draw, first_seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        cv2.setNumThreads(1)
        seed = self.first_seed
        while True:
            picture, target = self.draw(seed)
            yield torch.from_numpy(picture)[None], torch.from_numpy(np.float32(target))
            seed += 1


def train(recipe: Recipe, folder: Path) -> UNet:
    """Runs or resumes the recipe; returns the averaged network. Writes log.jsonl and checkpoint.pt to `folder`."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    network = UNet(recipe.widths, recipe.classes).to(memory_format=torch.channels_last)
    average = AveragedModel(network, avg_fn=running_average(recipe.average), use_buffers=True)
    optimizer = torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, recipe.steps, pct_start=0.15)
    parts = {"network": network, "average": average, "optimizer": optimizer, "schedule": schedule}
    done = _resume(folder / "checkpoint.pt", parts)
    pictures = Pictures(recipe.task, SEEDS_PER_RUN + recipe.seed + done * recipe.batch)
    batches = iter(DataLoader(pictures, recipe.batch, num_workers=1, prefetch_factor=4))
    loss_of = LESSONS[recipe.task].loss
    started, recent = time.monotonic(), []
    for step in range(done + 1, recipe.steps + 1):
        grey, target = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            raw = network((grey.float() / 255).contiguous(memory_format=torch.channels_last))
        loss = loss_of(raw.float(), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        average.update_parameters(network)
        recent.append(loss.item())
        if step % 50 == 0:
            _report(folder, step, recipe.steps, recent, (time.monotonic() - started) / (step - done))
            recent = []
        if step % CHECK_EVERY == 0:
            torch.save({"step": step} | {name: part.state_dict() for name, part in parts.items()}, folder / "next.pt")
            (folder / "next.pt").replace(folder / "checkpoint.pt")
    averaged: UNet = average.module
    return averaged.eval()


def averaged(recipe: Recipe, folder: Path) -> UNet:
    """The averaged network of the last checkpoint."""
    saved = torch.load(folder / "checkpoint.pt", weights_only=True)["average"]
    network = UNet(recipe.widths, recipe.classes)
    network.load_state_dict({name.removeprefix("module."): v for name, v in saved.items() if name != "n_averaged"})
    return network.eval()


def running_average(decay: float) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Exponential, but short in the beginning, so that the first weights leave no trace."""

    def average(kept: Tensor, new: Tensor, count: Tensor) -> Tensor:
        share = min(decay, (1 + float(count)) / (10 + float(count)))
        return kept + (1 - share) * (new - kept) if kept.is_floating_point() else new

    return average


def _resume(path: Path, parts: dict[str, object]) -> int:
    if not path.is_file():
        return 0
    saved = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    print(f"goes on after step {saved['step']}")
    return int(saved["step"])


def _report(folder: Path, step: int, steps: int, losses: list[float], seconds: float) -> None:
    loss = float(np.mean(losses))
    left = (steps - step) * seconds / 60
    print(f"step {step}/{steps}  loss {loss:.4f}  {seconds:.2f} s a step  {left:.0f} min left", flush=True)
    with (folder / "log.jsonl").open("a") as log:
        log.write(json.dumps({"step": step, "loss": round(loss, 5), "seconds_per_step": round(seconds, 3)}) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", help=", ".join((*LESSONS, "tissue")))
    parser.add_argument("--export", action="store_true", help="write the last checkpoint's weights, train no further")
    parser.add_argument("--out", type=Path, default=None, help="folder of log and checkpoints (out/train/TASK)")
    arguments = parser.parse_args()
    if arguments.task == "tissue":
        # Its patches are drawn once, and the older methods learn from them too.
        from tools.tissue.training import train_tissue

        train_tissue()
        return
    folder = arguments.out or Path("out/train") / arguments.task
    recipe = load_recipe(arguments.task)
    network = averaged(recipe, folder) if arguments.export else train(recipe, folder)
    export_float(nn.Sequential(network, LESSONS[recipe.task].finish()), MODELS / recipe.task / "model.onnx")
    print(f"wrote {MODELS / recipe.task / 'model.onnx'}; next: python -m tools.quantize {recipe.task}")


if __name__ == "__main__":
    main()
