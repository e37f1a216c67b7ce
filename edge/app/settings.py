"""What a run is asked to do, as one record: the command's options, `open_session`'s arguments, what is told of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from edge.errors import SettingError
from edge.loop.budget import Budget, read_budget
from edge.option import Asked, Option, Readers, made, options_of
from edge.sink.table import SINKS
from edge.source.recording import shown
from edge.task.spec import Reference, TaskSpec
from edge.task.table import task_spec

PRECISIONS = ("int8", "float")
RUNTIME_AUTO = "auto"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _reference_named(name: str) -> Reference:
    from edge.app.references import find_reference

    return find_reference(name)


READERS: Readers = MappingProxyType({Reference: _reference_named})
"""From what the user writes to what is kept on this board."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One run's settings. Raises SettingError for two that contradict each other; `settings_of` checks each alone."""

    task: TaskSpec
    options: Any
    """The task's own settings, as `task.options` declares them."""
    source: Annotated[
        str,
        Option(
            "A file, a folder, camera:/dev/video0, or simulated: phantom:NAME, where NAME is a task's.",
            short="-s",
        ),
    ]
    pathway: Annotated[
        str | None, Option("One of the task's ways of looking, such as classical. Without it: its first.")
    ] = None
    model: Annotated[Path | None, Option("Folder of another model for this task, with its manifest.json.")] = None
    runtime: Annotated[str, Option("onnx, openvino, tflite; auto takes the fastest on this board and says why.")] = (
        RUNTIME_AUTO
    )
    precision: Annotated[str | None, Option("int8 or float. Without it: int8, or the faster.", choices=PRECISIONS)] = (
        None
    )
    threads: Annotated[
        int | None,
        Option(
            "For the model. Without it: the process's cores or the --budget's share, one less while it looks ahead.",
            low=1,
            high=256,
        ),
    ] = None
    ahead: Annotated[
        bool, Option("Where there are two cores, infer the next frame while the last one is measured and drawn.")
    ] = True
    budget: Annotated[
        Budget | None,
        Option(
            "Processor time that a frame of a live picture may cost, such as 20ms, or share of the processor, such as "
            "50%. Frames are left out, or a recording slowed down, to keep to it.",
            metavar="TIME|SHARE",
            read=read_budget,
        ),
    ] = None
    out: Annotated[
        Path | None, Option("New folder for the results. Without it nothing is kept.", short="-o", metavar="FOLDER")
    ] = None
    video: Annotated[bool, Option("Keep the annotated video in --out; of a single picture, its PNG.")] = True
    stills: Annotated[bool, Option("Keep every annotated picture as PNG in --out.")] = False
    masks: Annotated[bool, Option("Keep each frame's label mask as PNG, in the source picture's size.")] = False
    sinks: Annotated[
        tuple[str, ...],
        Option(
            "Sinks of other distributions that write to --out too; with commas between.",
            flag="--sink",
            metavar="NAME",
            read=_names,
        ),
    ] = ()
    stages: Annotated[bool, Option("Show every step beside the finding, where the pathway has steps.")] = False
    fps: Annotated[
        float | None, Option("Pace of a recording, or of a folder of pictures, in frames/s.", low=0.1, high=1000)
    ] = None
    mm_per_px: Annotated[
        float | None, Option("Scale, where you know it better than the picture tells.", low=0.001, high=10)
    ] = None
    depth_mm: Annotated[
        float | None, Option("Depth that the probe is set to, where the picture is uncut.", low=5, high=500)
    ] = None
    max_frames: Annotated[int | None, Option("End after so many frames.", flag="--frames", low=1)] = None
    view_port: Annotated[
        int | None,
        Option(
            "Show the live picture at http://127.0.0.1:PORT/ (0: any port).",
            flag="--view",
            metavar="PORT",
            low=0,
            high=65535,
        ),
    ] = None
    probe: Annotated[
        str | None,
        Option("The probe's serial port, socket://host:port, or sim: (simulated).", metavar="ADDRESS"),
    ] = None
    script: Annotated[
        Path | None,
        Option("Timed orders to the --probe: lines such as '2.5 depth=35 gain=-3', '4 freeze'.", metavar="FILE"),
    ] = None
    arm: Annotated[bool, Option("Let the --probe transmit from the start of the run.")] = True

    def __post_init__(self) -> None:
        pathway = self.task.pathway(self.pathway)
        if not self.source.strip():
            raise SettingError("no source was given; name a file, a folder or a device, such as --source knee.png")
        if not pathway.network and (self.runtime != RUNTIME_AUTO or self.precision is not None):
            raise SettingError(f"--pathway {pathway.name} runs no network; leave out --runtime and --precision")
        if self.model is not None and not pathway.model:
            raise SettingError(f"{self.task.name} by the pathway {pathway.name} needs no model; leave out --model")
        if self.stages and not pathway.stages:
            raise SettingError(f"--stages shows the steps of a chain, and {self.task.name}: {_with_stages(self.task)}")
        if self.probe is not None and not self.probe.strip():
            raise SettingError("--probe names no probe; give its serial port, socket://host:port, or sim:")
        if self.script is not None and self.probe is None:
            raise SettingError("--script gives orders to a probe; add --probe ADDRESS, such as --probe sim:")
        for name in self.sinks:
            if name in SINKS.own:
                raise SettingError(f"--sink is for those of other distributions; --help shows how {name} is asked for")
        for asked, wanted in (("--masks", self.masks), ("--stills", self.stills), ("--sink", self.sinks)):
            if wanted and self.out is None:
                raise SettingError(f"{asked} needs a folder to write to; add --out FOLDER")


def _with_stages(task: TaskSpec) -> str:
    having = [one.name for one in task.pathways if one.stages]
    return f"only --pathway {having[0]} has any" if having else "has none"


def settings_of(task: str, given: Mapping[str, Any]) -> Settings:
    """The settings of a run from what is `given` by name: the fields of Settings, and the task's own.

    Raises UnknownNameError for a task that is not there; SettingError for a name that neither has, a value that cannot
    be read or is out of its range, and two values that contradict each other.
    """
    spec = task_spec(task)
    own = {one.name for one in options_of(spec.options)}
    common = {one.name for one in options_of(Settings)}
    if strange := [name for name in given if name not in own | common]:
        known = ", ".join(sorted(own | common))
        raise SettingError(f"{_flag(strange[0])} is no setting of {spec.name}; there are: {known}")
    options: Any = made(spec.options, {name: value for name, value in given.items() if name in own}, spec.name, READERS)
    values = {name: value for name, value in given.items() if name in common}
    return made(Settings, values, "a run", READERS, task=spec, options=options)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def common_options(*names: str) -> tuple[Asked, ...]:
    """Those of Settings with these names, in their order there; all without names."""
    return tuple(one for one in options_of(Settings) if not names or one.name in names)


def as_told(settings: Settings) -> dict[str, Any]:
    """What is written about a run: each setting by its name, the task's own among them."""
    told: dict[str, Any] = {"task": settings.task.name}
    for record in (settings, settings.options):
        asked = {one.name for one in options_of(type(record))}
        told |= {field.name: _plain(getattr(record, field.name)) for field in fields(record) if field.name in asked}
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, Reference):
        return value.name
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else shown(str(value))


def usable_cores() -> int:
    """Cores that this process may run on, which a container or `taskset` makes fewer than the board has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
