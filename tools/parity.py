"""How far a model's files agree: `python -m tools.parity cartilage [--pictures FOLDER] [--json FILE]`.

Each file's mask is compared with the float ONNX file's and with the int8 ONNX file's, on phantom pictures that no
training saw and on the pictures of a folder, cropped as the task crops them; so are directions, where a model gives
them. Ends with 1 where a limit is not kept.
"""

import argparse
import sys
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from edge.runtime.manifest import load_manifest
from tools.lesson import MODELS, lesson_of
from tools.masks import Kind, agreement_percent, all_outputs, decided, dice, directions_apart_deg, has_directions

SEED = 6_000_000
"""Phantom pictures from here on are for parity only."""
FLOAT, INT8 = ("onnx", "float"), ("onnx", "int8")
LIMITS_PERCENT = {
    (INT8, FLOAT): 99.7,
    (("openvino", "float"), FLOAT): 99.95,
    (("openvino", "int8"), INT8): 99.95,
    (("tflite", "float"), FLOAT): 99.95,
    (("tflite", "int8"), INT8): 99.9,
}
"""(file, reference) -> least share of pixels that decide alike."""
LIMITS_DEG = {pair: 1.5 if pair == (INT8, FLOAT) else 0.5 for pair in LIMITS_PERCENT}
"""(file, reference) -> most that half of the directions may differ by."""
DICE_LOST = 0.01
"""Most that int8 may lose against float where the truth is known."""


class Agreement(msgspec.Struct, frozen=True):
    """One comparison of two files on one set of pictures."""

    pictures: str
    count: int
    file: Kind
    reference: Kind
    agreement_percent: float
    limit_percent: float
    dice: float
    """Of the two masks."""

    @property
    def kept(self) -> bool:
        return self.agreement_percent >= self.limit_percent


class DirectionGap(msgspec.Struct, frozen=True):
    """How far the directions of two files differ on one set of pictures, where both say that one can be read."""

    pictures: str
    file: Kind
    reference: Kind
    median_deg: float
    worst_deg: float
    """Exceeded by one in twenty."""
    limit_deg: float

    @property
    def kept(self) -> bool:
        return self.median_deg <= self.limit_deg


class TruthDice(msgspec.Struct, frozen=True):
    """How well one file marks what is known to be there."""

    file: Kind
    dice: float
    lost: float
    """Against the float ONNX file."""

    @property
    def kept(self) -> bool:
        return self.lost <= DICE_LOST


def compare(name: str, masks: dict[Kind, NDArray[np.uint8]]) -> list[Agreement]:
    """One for each limit whose two files ran."""
    return [
        Agreement(
            pictures=name,
            count=len(masks[file]),
            file=file,
            reference=reference,
            agreement_percent=round(agreement_percent(masks[file], masks[reference]), 4),
            limit_percent=limit,
            dice=round(dice(masks[file], masks[reference]), 5),
        )
        for (file, reference), limit in LIMITS_PERCENT.items()
        if file in masks and reference in masks
    ]


def compare_directions(name: str, outputs: dict[Kind, NDArray[np.float32]]) -> list[DirectionGap]:
    """As `compare`; empty where nothing can be read."""
    found = []
    for (file, reference), limit in LIMITS_DEG.items():
        if file in outputs and reference in outputs:
            apart = directions_apart_deg(outputs[file], outputs[reference])
            if apart.size:
                median, worst = (round(float(value), 3) for value in np.percentile(apart, (50, 95)))
                found.append(DirectionGap(name, file, reference, median, worst, limit))
    return found


def against_truth(masks: dict[Kind, NDArray[np.uint8]], truth: NDArray[np.uint8]) -> list[TruthDice]:
    """truth: (n, classes, height, width) uint8, at the pictures' own size."""
    found = {kind: dice(full_size(mask, truth.shape), truth) for kind, mask in masks.items()}
    return [TruthDice(kind, round(value, 4), round(found[FLOAT] - value, 4)) for kind, value in found.items()]


def full_size(masks: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Masks that hold a block of pixels as channels (sub-pixel convolution), spread out to `shape`."""
    n, classes, height, width = shape
    block = height // masks.shape[2]
    spread = masks.reshape(n, classes, block, block, height // block, width // block)
    return spread.transpose(0, 1, 4, 2, 5, 3).reshape(shape)


def phantom_pictures(task: str, n: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(n, planes, side, side) and their truth (n, classes, height, width) 0 or 1."""
    examples = [lesson_of(task).phantom(SEED + index) for index in range(n)]
    pictures = np.stack([example.picture for example in examples])
    return pictures.reshape(n, -1, *pictures.shape[-2:]), np.stack([example.target for example in examples]).astype(
        np.uint8
    )


def folder_pictures(task: str, folder: Path) -> NDArray[np.uint8]:
    """(n, 1, H, W) grey: the pictures of a folder, their ultrasound region found and cropped as in a run."""
    from edge.app.opening import open_task
    from edge.screen.locator import Locator
    from edge.source.opening import open_source
    from edge.task.table import task_spec

    prepare, tensors = open_task(task_spec(task)).prepare, []
    with open_source(str(folder)) as source:
        while (frame := source.read(timeout_s=10.0)) is not None:
            tensors.append(prepare(Locator().locate(frame)).tensor)
    return np.concatenate(tensors)


def show(rows: list[Agreement], turned: list[DirectionGap], truths: list[TruthDice]) -> None:
    table = Table("pictures", "file", "against", "alike", "least", "Dice", "", box=None)
    for row in rows:
        cells = [f"{row.pictures} ({row.count})", " ".join(row.file), " ".join(row.reference)]
        cells += [f"{row.agreement_percent:.3f} %", f"{row.limit_percent} %", f"{row.dice:.4f}"]
        table.add_row(*cells, "ok" if row.kept else "TOO LOW")
    Console().print(table, "")
    if turned:
        table = Table("pictures", "file", "against", "directions apart: half", "19 in 20", "most", "", box=None)
        for one in turned:
            cells = [one.pictures, " ".join(one.file), " ".join(one.reference)]
            cells += [f"{one.median_deg:.2f}°", f"{one.worst_deg:.2f}°", f"{one.limit_deg}°"]
            table.add_row(*cells, "ok" if one.kept else "TOO FAR")
        Console().print(table, "")
    table = Table("file", "Dice to the phantom's truth", "lost against float", "", box=None)
    for truth in truths:
        cells = [" ".join(truth.file), f"{truth.dice:.4f}", f"{truth.lost:+.4f}"]
        table.add_row(*cells, "ok" if truth.kept else "TOO MUCH")
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a folder of models/, such as cartilage")
    parser.add_argument("--count", type=int, default=100, help="phantom pictures (100)")
    parser.add_argument("--pictures", type=Path, action="append", default=[], help="a folder or file of real pictures")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    folder = MODELS / arguments.model
    manifest = load_manifest(folder)
    pictures, truth = phantom_pictures(manifest.task, arguments.count)
    sets = {"phantom": pictures} | {path.name: folder_pictures(manifest.task, path) for path in arguments.pictures}
    rows: list[Agreement] = []
    turned: list[DirectionGap] = []
    truths: list[TruthDice] = []
    for name, shown in sets.items():
        outputs = all_outputs(folder, shown)
        masks = {kind: decided(folder, output) for kind, output in outputs.items()}
        rows += compare(name, masks)
        if has_directions(outputs[FLOAT], len(manifest.classes)):
            turned += compare_directions(name, outputs)
        if shown is pictures:
            truths = against_truth(masks, truth)
    show(rows, turned, truths)
    if arguments.json:
        figures = msgspec.json.encode({"agreement": rows, "directions": turned, "truth": truths})
        arguments.json.write_bytes(msgspec.json.format(figures, indent=2) + b"\n")
    if not all(figure.kept for figure in [*rows, *turned, *truths]):
        sys.exit("a limit is not kept; see the tables")


if __name__ == "__main__":
    main()
