"""What the methods say of pictures of kinds and scanners that no training saw: `python -m tools.tissue.elsewhere`.

- muscle on another scanner: a box in the middle of each picture of the muscle set (GE Logiq E9, 12 people or fewer);
- nerve and vessel of the nerve phantom, whose looks no training saw.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from rich.progress import track

from edge.app.tissue import open_tissue
from edge.frame import Frame
from edge.phantom.nerve import filled, nerve_picture
from edge.runtime.opening import open_runtime
from edge.screen.locator import Locator
from edge.task.tissue import TissueTask, kind_of
from edge.task.tissue_kinds import KINDS
from edge.task.tissue_region import Roi
from tools.recipe import MODELS

MUSCLE: Final = Path(__file__).parents[3] / "shared" / "data" / "muscle" / "images"
BOX: Final = (0.3, 0.35, 0.4, 0.2)
"""x, y, width and height in shares of the file: muscle in every picture of the set, by eye in nine of them."""
PHANTOMS: Final = range(7_000_000, 7_000_060)
GROWN: Final = 0.9
"""Of an outline's box."""


def muscle_regions() -> Iterator[tuple[str, Frame, Roi]]:
    for path in sorted(MUSCLE.glob("*.png")):
        frame = Locator().locate(Frame(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), 0, 0, path.stem))
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
            mask = filled([outline], made.pixels.shape, made.mm_per_px)
            rows, columns = np.nonzero(mask)
            if rows.size < 100:
                continue
            (x0, x1), (y0, y1) = ((float(v.min()), float(v.max()) + 1) for v in (columns, rows))
            wide, high = GROWN * (x1 - x0), GROWN * (y1 - y0)
            yield name, frame, Roi.box((x0 + x1 - wide) / 2, (y0 + y1 - high) / 2, wide, high)


def main() -> None:
    task = open_tissue()
    assert isinstance(task, TissueTask)
    runtime, _ = open_runtime("onnx", MODELS / "tissue", precision="int8", threads=1)
    said: dict[tuple[str, str], list[str]] = {}
    with runtime:
        for name, frame, roi in track([*muscle_regions(), *phantom_regions()], description="regions"):
            asked = task.asked(roi)
            outputs = runtime.infer(asked.prepare(frame))
            for method, opinion in asked.opinions(outputs, asked.see(frame)).items():
                said.setdefault((name, method), []).append(kind_of(opinion) or "unclear")
    print(f"| regions | n | method | {' | '.join((*KINDS, 'unclear'))} |")
    print("|---" * (len(KINDS) + 4) + "|")
    for (name, method), kinds in sorted(said.items()):
        shares = " | ".join(f"{100 * kinds.count(kind) / len(kinds):.0f} %" for kind in (*KINDS, "unclear"))
        print(f"| {name} | {len(kinds)} | {method} | {shares} |")


if __name__ == "__main__":
    main()
