"""60 frames/s for minutes: whether findings grow old and memory grows."""

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tools.bench.plan import Plan
from tools.bench.process import run
from tools.bench.tables import markdown, number

TITLE = "60 frames per second"
FPS = 60.0


class Row(msgspec.Struct, frozen=True):
    task: str
    cores: int
    seconds: float
    frames: int
    """Measured."""
    lost: dict[str, int]
    """Frames that were never measured, by the place; the page may leave some out beside."""
    cpu_ms: float
    rss_mib: float
    ages_ms: dict[str, float]
    """From exposure to the finished picture: median, p95, p99, most."""
    by_second: tuple[tuple[float, float], ...]
    """(second, median age in ms)."""
    memory_mib: tuple[tuple[float, float], ...]
    """(second, held memory)."""
    seen: int = 0
    """Pictures that all viewers together were shown."""
    seen_ms: dict[str, float] = {}
    """From exposure to the viewer who was shown the picture."""


Result = tuple[Row, ...]


def measure(plan: Plan) -> Result:
    """The first of the plan's tasks, on all cores that a bench uses."""
    return (watched_run(plan, FPS, plan.minutes * 60, viewers=1),)


def watched_run(plan: Plan, fps: float, seconds: float, viewers: int) -> Row:
    """A live picture of the first of the plan's tasks, with so many viewers of the page; none: without the page."""
    spec = plan.tasks[0]
    cores = plan.core_counts()[-1]
    plan.tell(f"{spec.name}: {seconds:.0f} s, viewers: {viewers}")
    given = {
        "clip": str(plan.clip(spec).path),
        "task": spec.name,
        "frames": plan.frames,
        "fps": fps,
        "seconds": seconds,
        "settings": {"runtime": "openvino", "precision": "int8", "depth_mm": plan.clip(spec).depth_mm},
        "viewers": viewers,
        "viewer_cores": list(plan.cores(cores)),
    }
    told = run("live", given, plan.cores(cores), timeout_s=seconds + 120)
    return msgspec.convert({"task": spec.name, "cores": cores, **told}, Row)


def growth_per_minute(points: Sequence[tuple[float, float]]) -> float:
    """Of what was measured second by second, after the first tenth, in which caches and buffers fill."""
    late = points[len(points) // 10 :]
    if len(late) < 2:
        return 0.0
    return 60 * statistics.linear_regression([x for x, _ in late], [y for _, y in late]).slope


def page(rows: Result, images: Path) -> Iterator[str]:
    frame_ms = 1e3 / FPS
    yield (
        "Motion JPEG pictures of 640 x 480 come 60 times a second, whether anybody reads them or not; each is decoded, "
        "measured, drawn and served to a browser. Age: from the exposure to the finished picture. The p99 may be at "
        f"most one frame ({frame_ms:.1f} ms) above the median, and neither age nor memory may grow."
    )
    head = (
        "task",
        "cores",
        "minutes",
        "measured",
        "lost",
        "age ms, median",
        "p95",
        "p99",
        "p99 above median, frames",
        "age, ms more a minute",
        "RSS MiB",
        "MiB more a minute",
        "CPU ms a frame",
    )
    yield markdown(
        head,
        (
            (
                one.task,
                str(one.cores),
                f"{one.seconds / 60:.1f}",
                str(one.frames),
                str(sum(one.lost.values())),
                *(number(one.ages_ms[name]) for name in ("median", "p95", "p99")),
                f"{(one.ages_ms['p99'] - one.ages_ms['median']) / frame_ms:.2f}",
                f"{growth_per_minute(one.by_second):+.3f}",
                f"{one.rss_mib:.0f}",
                f"{growth_per_minute(one.memory_mib):+.3f}",
                number(one.cpu_ms),
            )
            for one in rows
        ),
    )
    from tools.bench.figures import lines, saved

    panels = [
        ("Age of the finding, median of each second", "s", "ms", {one.task: one.by_second for one in rows}),
        ("Memory", "s", "MiB", {one.task: one.memory_mib for one in rows}),
    ]
    yield f"![Age and memory at 60 frames per second](images/{saved(lines(panels), images / 'bench-live.png').name})"
