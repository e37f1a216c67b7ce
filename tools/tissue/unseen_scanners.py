"""What the methods say of scanners that no training saw: `python -m tools.tissue.unseen_scanners`.

- muscle on another scanner: a box in the middle of each picture of the muscle set (GE Logiq E9, 12 people or fewer);
- nerve and vessel of the nerve phantom, which no training saw;
- each scanner of the muscle pictures, by older methods that were trained without it.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from rich.progress import track

from edge.app.opening import open_task
from edge.frame import Frame
from edge.runtime.opening import open_runtime
from edge.task.nerve.phantom import nerve_picture
from edge.task.nerve.phantom_truth import mask_of
from edge.task.tissue.region import patch_of
from edge.task.tissue.spec import KINDS, SPEC, Roi
from edge.task.tissue.task import TissueTask, kind_of
from tools.lesson import MODELS
from tools.single_pictures import real_frames
from tools.tissue.classical_training import calibrated, train_classical
from tools.tissue.evaluation import by_older, cluster_mean, row_of
from tools.tissue.regions import RegionExamples, load_examples

MUSCLE: Final = "muscle/images/*.png"
BOX: Final = (0.3, 0.35, 0.4, 0.2)
"""x, y, width and height in shares of the file: muscle in every picture of the set, by eye in nine of them."""
PHANTOMS: Final = range(7_000_000, 7_000_060)
LEAST_REGIONS: Final = 60
GROWN: Final = 0.9
"""Of an outline's box."""


def muscle_regions() -> Iterator[tuple[str, Frame, Roi]]:
    for frame in real_frames(MUSCLE, None):
        height, width = frame.pixels.shape
        x, y, wide, high = BOX
        yield "muscle, Logiq E9", frame, Roi.box(x * width, y * height, wide * width, high * height)


def phantom_regions() -> Iterator[tuple[str, Frame, Roi]]:
    for seed in PHANTOMS:
        made = nerve_picture(np.random.default_rng([523, seed]), (256, 420))
        frame = Frame(made.pixels, 0, 0, f"phantom {seed}")
        found = [("nerve, phantom", one.outer_mm) for one in made.truth.nerves]
        found += [("vessel, phantom", one.outline_mm) for one in made.truth.vessels]
        for name, outline in found:
            mask = mask_of([outline], made.pixels.shape, made.mm_per_px)
            rows, columns = np.nonzero(mask)
            if rows.size < 100:
                continue
            (x0, x1), (y0, y1) = ((float(v.min()), float(v.max()) + 1) for v in (columns, rows))
            wide, high = GROWN * (x1 - x0), GROWN * (y1 - y0)
            yield name, frame, Roi.box((x0 + x1 - wide) / 2, (y0 + y1 - high) / 2, wide, high)


def left_out() -> Iterator[str]:
    """Rows of a table: how the older methods, trained and calibrated without one of the muscle pictures' scanners, read
    that scanner's regions."""
    train, validation, test = (load_examples(part) for part in ("train", "validation", "test"))
    for scanner in np.unique(train.scanner[~np.isin(train.scanner, ("nerve", "phantom"))]):
        parts = [part.taken((part.scanner == scanner) & ~part.varied) for part in (train, validation, test)]
        unseen = RegionExamples(
            *(np.concatenate([getattr(p, name) for p in parts]) for name in RegionExamples.__slots__)
        )
        rows = row_of(unseen)
        if np.count_nonzero(rows < len(KINDS)) < LEAST_REGIONS:
            continue
        others = [part.taken(part.scanner != scanner) for part in (train, validation)]
        model = calibrated(train_classical(others[0]), others[1])
        for method, said in by_older(model, unseen).items():
            recalls = []
            for kind in ("muscle", "fascia"):
                of_kind = rows == KINDS.index(kind)
                recalls.append(100 * cluster_mean((said.kind == rows)[of_kind], unseen.group[of_kind]))
            told = " | ".join(f"{recall:.0f} %" for recall in recalls)
            yield f"| {scanner} | {np.count_nonzero(rows < len(KINDS))} | {method} | {told} |"


def main() -> None:
    task = open_task(SPEC)
    assert isinstance(task, TissueTask)
    runtime, _ = open_runtime("onnx", MODELS / SPEC.name, precision="int8", threads=1)
    said: dict[tuple[str, str], list[str]] = {}
    with runtime:
        for name, frame, roi in track([*muscle_regions(), *phantom_regions()], description="regions"):
            seen = task.see(frame, roi)
            outputs = runtime.infer(patch_of(seen.place))
            for method, opinion in task.opinions(outputs, seen).items():
                said.setdefault((name, method), []).append(kind_of(opinion) or "unclear")
    print(f"| regions | n | method | {' | '.join((*KINDS, 'unclear'))} |")
    print("|---" * (len(KINDS) + 4) + "|")
    for (name, method), kinds in sorted(said.items()):
        shares = " | ".join(f"{100 * kinds.count(kind) / len(kinds):.0f} %" for kind in (*KINDS, "unclear"))
        print(f"| {name} | {len(kinds)} | {method} | {shares} |")
    print("\n| scanner left out | regions | method | muscle | fascia |\n|---|---|---|---|---|")
    for row in left_out():
        print(row)


if __name__ == "__main__":
    main()
