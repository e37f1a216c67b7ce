"""The overlay alone: pictures of the clip with so many masks, drawn as a run draws them. Beside it, in the same loop,
one `cv2.addWeighted` of the whole picture, and the mask mixed in without anything around it."""

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from edge.app.composition import drawing
from edge.finding import Finding, MaskMark, Verdict
from edge.frame import Frame, Region
from edge.overlay import palette
from edge.overlay.buffers import Planes
from edge.overlay.mask import TINT, tint
from edge.task.spec import TaskSpec
from edge.task.table import task_spec
from tools.bench.contenders.laps import asked
from tools.bench.contenders.script import frames_of

KEPT = 20
"""Pictures, shown again and again."""


def masks(spec: TaskSpec, size: tuple[int, int], count: int, share: float) -> tuple[MaskMark, ...]:
    """Ellipses of `share` of the picture each, side by side in its quarters; one alone in its middle."""
    width, height = size
    term = next(one for one in spec.terms.marks if one.role not in palette.DASHED)
    area = share * width * height
    across = round((area * width / height / np.pi) ** 0.5)
    down = round(across * height / width)
    mask = np.zeros((2 * down + 1, 2 * across + 1), np.uint8)
    cv2.ellipse(mask, (across, down), (across, down), 0, 0, 360, 1, -1)
    centres = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    places = [(width // 2, height // 2)] if count == 1 and share > 0.1 else centres[:count]
    return tuple(MaskMark(term.name, 1 + number, mask, (x - across, y - down)) for number, (x, y) in enumerate(places))


def main() -> None:
    given = asked()
    cv2.setNumThreads(1)
    spec = task_spec(given["task"])
    greys = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in frames_of(given["clip"], KEPT)]
    height, width = greys[0].shape
    marks = masks(spec, (width, height), given["marks"], given["share"])
    draw = drawing(spec.terms, live=False)
    coloured, planes = cv2.cvtColor(greys[0], cv2.COLOR_GRAY2BGR), Planes()
    solid, mixed = np.full(coloured.shape, (0, 0, 255), np.uint8), np.empty_like(coloured)

    def drawn(number: int) -> None:
        frame = Frame(greys[number % len(greys)], number, number, "clip", region=Region.whole(greys[0]))
        draw(frame, Finding(spec.name, number, number, Verdict.MEASURED, marks=marks), 0.0)

    steps: dict[str, Callable[[int], Any]] = {
        "draw_ms": drawn,
        "blend_ms": lambda _: cv2.addWeighted(solid, TINT, coloured, 1 - TINT, 0, dst=mixed),
        "mask_ms": lambda _: [tint(coloured, mark, (0, 0, 255), TINT, planes) for mark in marks],
    }
    laps_ms: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(given["frames"]):
        for name, step in steps.items():
            before = time.thread_time()  # there is one thread, and what else the machine does is left out
            step(number)
            laps_ms[name].append((time.thread_time() - before) * 1e3)
    print(json.dumps({name: statistics.median(laps[3:]) for name, laps in laps_ms.items()}), flush=True)


if __name__ == "__main__":
    main()
