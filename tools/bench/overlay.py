"""The overlay of one mask, held against one addWeighted of the picture."""

import statistics
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tools.bench.plan import Plan
from tools.bench.process import run
from tools.bench.tables import markdown, number, ratio

TITLE = "Overlay of one mask"
SIZES = ((640, 480), (1280, 960))
SHARE = 0.24
"""Of the picture, that the mask covers."""


class Row(msgspec.Struct, frozen=True):
    width: int
    height: int
    draw_ms: float
    """The whole picture from grey to colour, with the mask, the title and the state."""
    mask_ms: float
    """The mask alone, mixed into a picture that is coloured already."""
    blend_ms: float
    """One cv2.addWeighted of the whole picture."""


Result = tuple[Row, ...]


def measure(plan: Plan) -> Result:
    spec = plan.tasks[0]
    rows = []
    for size in SIZES:
        clip = plan.clip(spec, size)
        given = {"clip": str(clip.path), "task": spec.name, "marks": 1, "share": SHARE, "frames": plan.frames}
        told = [run("drawing", given, plan.cores(1)) for _ in range(plan.rounds)]
        rows.append(Row(*size, *(statistics.median(one[name] for one in told) for name in FIGURES)))
        plan.tell(f"  {size[0]} x {size[1]}: {rows[-1].draw_ms:.2f} ms, one blend {rows[-1].blend_ms:.2f}")
    return tuple(rows)


FIGURES = ("draw_ms", "mask_ms", "blend_ms")


def page(rows: Result, images: Path) -> Iterator[str]:
    yield (
        f"One mask on {SHARE:.0%} of the picture, one thread and the time that it ran, in turns in one process with "
        "one `cv2.addWeighted` of that whole picture: the mask mixed in, and everything that a run draws (grey to "
        "colour, the mask, texts)."
    )
    head = ("picture", "addWeighted, ms", "the mask, ms", "to addWeighted", "everything, ms", "to addWeighted")
    yield markdown(
        head,
        (
            (
                f"{one.width} x {one.height}",
                number(one.blend_ms),
                number(one.mask_ms),
                ratio(one.mask_ms / one.blend_ms),
                number(one.draw_ms),
                ratio(one.draw_ms / one.blend_ms),
            )
            for one in rows
        ),
    )
    from tools.bench.figures import lines, saved

    drawn = {
        "everything": [(one.width * one.height / 1e6, one.draw_ms) for one in rows],
        "the mask": [(one.width * one.height / 1e6, one.mask_ms) for one in rows],
        "one addWeighted": [(one.width * one.height / 1e6, one.blend_ms) for one in rows],
    }
    panels = [("Overlay of one mask", "megapixels", "ms", drawn)]
    yield f"![Overlay of one mask against one addWeighted](images/{saved(lines(panels, 1), images / NAME).name})"


NAME = "bench-overlay.png"
