"""Train a task's network: `python -m tools.train TASK`.

Pictures are drawn on the fly in a second process, never twice the same. The weights that ship are a running average.
A checkpoint every 250 steps lets an interrupted run go on: call the same command again. A recipe may name a teacher: a
larger network, trained first, whose word on each picture is mixed into the target (Hinton 2015). A task may train in
its own way instead (tools/TASK/lesson.py).
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

from edge.registry import resolve
from tools.lesson import MODELS, Example, Recipe, UNetTraining, lesson_of, lessons, load_recipe
from tools.network import UNet, export_float, interleave

SEEDS_PER_RUN = 10_000_000
"""Training draws seeds from here upwards; validation and test use smaller ones."""
CHECK_EVERY = 250
UNLABELLED_EVERY = 8


class Pictures(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless pictures with their targets, from a first seed upwards. unlabelled: draws one in UNLABELLED_EVERY."""

    def __init__(
        self, draw: Callable[[int], Example], first_seed: int, unlabelled: Callable[[int], Example] | None = None
    ) -> None:
        self.draw, self.first_seed, self.unlabelled = draw, first_seed, unlabelled

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        cv2.setNumThreads(1)
        seed = self.first_seed
        while True:
            unlabelled = self.unlabelled if seed % UNLABELLED_EVERY == 0 else None
            example = (unlabelled or self.draw)(seed)
            yield (
                torch.from_numpy(example.picture.reshape(-1, *example.picture.shape[-2:])),
                torch.from_numpy(np.float32(example.target)),
            )
            seed += 1


def fresh(recipe: Recipe) -> nn.Module:
    """The recipe's network as training begins with it."""
    if not recipe.encoder:
        return UNet(recipe.widths, recipe.classes, recipe.planes)
    from tools.pretrained import ENCODER, PretrainedUNet

    if recipe.encoder != ENCODER:
        raise SystemExit(f"there is no pre-trained encoder '{recipe.encoder}'; there is: {ENCODER}")
    return PretrainedUNet(recipe.widths, recipe.classes, recipe.planes)


def train(recipe: Recipe, training: UNetTraining, folder: Path, teacher: nn.Module | None = None) -> nn.Module:
    """Runs or resumes the recipe, if it was not run to its end; returns the averaged network. Writes log.jsonl and
    checkpoint.pt to `folder`.

    teacher: where it was trained already; without it the recipe's is, first.
    """
    if _is_done(recipe, folder):
        return averaged(recipe, folder)
    if recipe.teacher and teacher is None:
        print(f"the teacher first: {recipe.teacher}")
        teacher = _other(recipe.task, recipe.teacher, training, folder).to(memory_format=torch.channels_last)
    before = _other(recipe.task, recipe.after, training, folder) if recipe.after else None
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    folder.mkdir(parents=True, exist_ok=True)
    network = (before or fresh(recipe)).to(memory_format=torch.channels_last).train()
    average = AveragedModel(network, avg_fn=running_average(recipe.average), use_buffers=True)
    optimizer = torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, recipe.steps, pct_start=0.15)
    parts = {"network": network, "average": average, "optimizer": optimizer, "schedule": schedule}
    done = _resume(folder / "checkpoint.pt", parts)
    unlabelled = training.unlabelled if recipe.teacher else None
    pictures = Pictures(drawn_by(recipe, training), SEEDS_PER_RUN + recipe.seed + done * recipe.batch, unlabelled)
    batches = iter(DataLoader(pictures, recipe.batch, num_workers=1, prefetch_factor=4))
    started, recent = time.monotonic(), []
    for step in range(done + 1, recipe.steps + 1):
        grey, target = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.half):
            shown = (grey.float() / 255).contiguous(memory_format=torch.channels_last)
            raw = network(shown)
            if teacher is not None:
                with torch.no_grad():
                    target = mixed(target, interleave(teacher(shown).float()).sigmoid(), recipe.taught)
        loss = training.loss(raw.float(), target)
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
        if step % CHECK_EVERY == 0 or step == recipe.steps:
            torch.save({"step": step} | {name: part.state_dict() for name, part in parts.items()}, folder / "next.pt")
            (folder / "next.pt").replace(folder / "checkpoint.pt")
    result: nn.Module = average.module
    return result.eval()


def drawn_by(recipe: Recipe, training: UNetTraining) -> Callable[[int], Example]:
    """Raises SystemExit for a task that keeps nothing back."""
    if not recipe.whole:
        return training.draw
    if training.whole is None:
        raise SystemExit(
            f"{recipe.task} has no pictures beside those that it trains with: take `whole` from its recipe"
        )
    return training.whole


def _other(task: str, file: str, training: UNetTraining, folder: Path) -> nn.Module:
    """The network of another recipe, trained to its end; its folder stands beside this one's."""
    return train(load_recipe(task, file), training, folder.with_name(folder_name(task, file)))


def folder_name(task: str, file: str) -> str:
    """Where a recipe's log and checkpoints are."""
    return task if file == "recipe.json" else f"{task}_{Path(file).stem}"


def mixed(target: Tensor, word: Tensor, share: float) -> Tensor:
    """What was drawn and, for `share`, what the teacher says; where nothing was drawn (NaN), its word alone."""
    return torch.where(target.isnan(), word, (1 - share) * target + share * word)


def averaged(recipe: Recipe, folder: Path) -> nn.Module:
    """The averaged network of the last checkpoint."""
    saved = torch.load(folder / "checkpoint.pt", weights_only=True)["average"]
    network = fresh(recipe)
    network.load_state_dict({name.removeprefix("module."): v for name, v in saved.items() if name != "n_averaged"})
    return network.eval()


def running_average(decay: float) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Exponential, but short in the beginning, so that the first weights leave no trace."""

    def average(kept: Tensor, new: Tensor, count: Tensor) -> Tensor:
        share = min(decay, (1 + float(count)) / (10 + float(count)))
        return kept + (1 - share) * (new - kept) if kept.is_floating_point() else new

    return average


def _is_done(recipe: Recipe, folder: Path) -> bool:
    path = folder / "checkpoint.pt"
    return path.is_file() and torch.load(path, weights_only=True)["step"] >= recipe.steps


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


def train_unet(recipe: Recipe, training: UNetTraining, folder: Path, *, export_only: bool) -> None:
    """Trains, or goes on, and writes the float ONNX file."""
    network = averaged(recipe, folder) if export_only else train(recipe, training, folder)
    last = nn.PixelShuffle(2) if training.pixels else nn.Identity()
    path = MODELS / recipe.task / "model.onnx"
    export_float(nn.Sequential(network, last), path, training.side, recipe.planes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=lessons())
    parser.add_argument("--export", action="store_true", help="write the last checkpoint's weights, train no further")
    parser.add_argument("--recipe", default="recipe.json", help="another file beside it, for a comparison")
    parser.add_argument("--out", type=Path, default=None, help="folder of log and checkpoints (out/train/TASK)")
    arguments = parser.parse_args()
    training = lesson_of(arguments.task).training
    if isinstance(training, str):
        if arguments.export or arguments.out or arguments.recipe != "recipe.json":
            parser.error(
                f"{arguments.task} trains in its own way, without checkpoints: leave out --export, --recipe and --out"
            )
        resolve(training)()
    else:
        folder = arguments.out or Path("out/train") / folder_name(arguments.task, arguments.recipe)
        train_unet(load_recipe(arguments.task, arguments.recipe), training, folder, export_only=arguments.export)
    print(f"wrote {MODELS / arguments.task / 'model.onnx'}; next: python -m tools.quantize {arguments.task}")


if __name__ == "__main__":
    main()
