"""Start and size: from the command to the first picture, memory while it runs, and what has to be installed for it."""

import statistics
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
from packaging.requirements import Requirement

from edge.runtime.opening import installed
from edge.task.spec import TaskSpec
from tools.bench.plan import Plan
from tools.bench.process import ContenderError, run
from tools.bench.tables import markdown

TITLE = "Start and size"
FRAMES = 60
"""Of a clip; afterwards the memory held is the steady one."""
EXTRAS = ("onnx", "openvino", "tflite")


class Start(msgspec.Struct, frozen=True):
    """One task with one runtime, int8, one thread, nothing kept."""

    task: str
    runtime: str
    start_s: float
    """From the start of the process to the first picture that shows a finding; files are in the system's cache."""
    start_cpu_s: float
    """Of all threads, until then: what does not depend on what else the machine does."""
    rss_mib: float
    """After FRAMES frames."""
    peak_rss_mib: float


class Result(msgspec.Struct, frozen=True):
    starts: tuple[Start, ...]
    installs: dict[str, dict[str, float]]
    """For sonoedge with each extra alone: MB on disk of each distribution that it brings."""


def measure(plan: Plan) -> Result:
    runtimes = [one.name for one in installed() if one.problem is None]
    starts = []
    for spec in plan.tasks:
        for runtime in runtimes:
            try:
                starts.append(_start(spec, runtime, plan))
            except ContenderError as error:
                plan.tell(f"  {spec.name} {runtime}: left out, {error}")
                continue
            plan.tell(f"  {spec.name} {runtime}: {starts[-1].start_s:.2f} s, {starts[-1].rss_mib:.0f} MiB")
    return Result(tuple(starts), {extra: installed_mb(extra) for extra in EXTRAS})


def _start(spec: TaskSpec, runtime: str, plan: Plan) -> Start:
    clip = plan.clip(spec)
    told: list[Mapping[str, Any]] = []
    for _ in range(plan.rounds + 1):
        command = ["run", spec.name, "--source", str(clip.path), "--depth-mm", str(clip.depth_mm)]
        command += ["--runtime", runtime, "--precision", "int8", "--threads", "1"]
        frames = min(FRAMES, plan.frames)
        told.append(run("command", {"command": [*command, "--frames", str(frames)]}, plan.cores(2)))
    # The first fetches from the disk what the others find in memory.
    return Start(spec.name, runtime, **{key: statistics.median(one[key] for one in told[1:]) for key in told[0]})


def installed_mb(extra: str) -> dict[str, float]:
    """What `sonoedge[extra]` brings with all that it needs, as it lies here: MB of each distribution."""
    wanted, found = [("sonoedge", (extra,))], dict[str, float]()
    while wanted:
        name, extras = wanted.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # it is needed on another system only
        if name in found:
            continue
        found[name] = sum(_bytes(Path(str(file.locate()))) for file in distribution.files or ()) / 1e6
        for line in distribution.requires or ():
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({"extra": one}) for one in ("", *extras)):
                wanted.append((need.name.lower().replace("_", "-"), tuple(need.extras)))
    return found


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def page(result: Result, images: Path) -> Iterator[str]:
    """The section's lines."""
    yield (
        f"`sonoedge run TASK --source CLIP --depth-mm D --threads 1`, int8, a clip of 640 x 480, with {FRAMES} frames; "
        "each a process of its own, the files in the system's cache. Start: from the start of the process to the first "
        "picture with its finding; its CPU: of all threads until then. Memory: resident after the last frame, and at "
        "its highest."
    )
    yield markdown(
        ("task, runtime", "start s", "its CPU s", "RSS MiB", "highest MiB"),
        (
            (
                f"{one.task}, {one.runtime}",
                f"{one.start_s:.2f}",
                f"{one.start_cpu_s:.2f}",
                f"{one.rss_mib:.0f}",
                f"{one.peak_rss_mib:.0f}",
            )
            for one in result.starts
        ),
    )
    yield "What one runtime takes on disk, with Python's compiled files, in MB; less than 0.5 is left out:"
    names = dict.fromkeys(name for sizes in result.installs.values() for name in sizes)
    names = sorted(names, key=lambda name: -max(sizes.get(name, 0) for sizes in result.installs.values()))
    rows = [(name, *(_mb(sizes.get(name, 0)) for sizes in result.installs.values())) for name in names]
    totals = ("**all**", *(f"**{sum(sizes.values()):.0f}**" for sizes in result.installs.values()))
    head = ("distribution", *(f"sonoedge[{extra}]" for extra in result.installs))
    yield markdown(head, [*(row for row in rows if any(row[1:])), totals])


def _mb(size: float) -> str:
    return f"{size:.1f}" if size >= 0.5 else ""
