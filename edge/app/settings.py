"""What a run is asked to do, as one record; every value checked where it comes in."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

from edge.errors import SettingError

PRECISIONS = ("int8", "float")
RUNTIME_AUTO = "auto"
PATHWAYS = ("deep", "classical")


@dataclass(frozen=True, slots=True)
class Settings:
    """One run's settings. Raises SettingError for a value out of range or two that contradict each other."""

    source: str
    """`NAME:REST` such as `camera:/dev/video0`, or the path of a picture, folder, video or DICOM file."""
    task: str = "cartilage"
    pathway: str = "deep"
    """`deep`: by the network. `classical`: by image analysis alone, for tasks that can."""
    runtime: str = RUNTIME_AUTO
    precision: str | None = None
    """None: int8, or what `auto` found to be the fastest."""
    threads: int | None = None
    """None: as many as the process may use cores."""
    out: Path | None = None
    """Folder for the results. None: nothing is kept."""
    video: bool = True
    stills: bool = False
    masks: bool = False
    fps: float | None = None
    """Pace of a recording in frames/s. None: as fast as it goes."""
    mm_per_px: float | None = None
    depth_mm: float | None = None
    stages: bool = False
    """Whether each picture shows all steps of the chain; for the task `nerve` without a network."""
    mirrored: bool = False
    """Whether the picture's right side is medial; else its left side is."""
    max_frames: int | None = None
    view_port: int | None = None
    """Port of the page with the live picture; 0: any free one. None: no page."""
    roi: str | None = None
    """For the task `tissue`: `x,y,width,height` or `x1,y1;x2,y2;...` in pixels. None: it proposes one."""
    reference: str | None = None
    """Name of a recorded reference (`sonoedge reference`) for the echo intensity's z-score."""
    device: str | None = None
    """The scanner in use, as it was named when the reference was recorded."""
    preset: str | None = None
    """Its preset; None: what the probe says."""
    probe: str | None = None
    """Serial port, `socket://host:port` or `sim:` of the probe whose picture the source shows. None: no line to it."""
    arm: bool = True
    """Whether the probe is armed, so that it transmits, when the run starts. It is never armed again within a run."""

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise SettingError("no source was given; name a file, a folder or a device, such as --source knee.png")
        if self.precision not in (None, *PRECISIONS):
            raise SettingError(f"--precision is '{self.precision}'; it must be one of: {', '.join(PRECISIONS)}")
        if self.pathway not in PATHWAYS:
            raise SettingError(f"--pathway is '{self.pathway}'; it must be one of: {', '.join(PATHWAYS)}")
        if self.pathway == "classical" and (self.runtime != RUNTIME_AUTO or self.precision is not None):
            raise SettingError("--pathway classical runs no network; leave out --runtime and --precision")
        if self.stages and (self.task, self.pathway) != ("nerve", "classical"):
            raise SettingError("--stages shows the steps of a chain; add --task nerve --pathway classical")
        self._check_tissue()
        _check_range("--threads", self.threads, 1, 256)
        _check_range("--frames", self.max_frames, 1, math.inf)
        _check_range("--fps", self.fps, 0.1, 1000)
        _check_range("--mm-per-px", self.mm_per_px, 0.001, 10)
        _check_range("--depth-mm", self.depth_mm, 5, 500)
        _check_range("--view", self.view_port, 0, 65535)
        if self.probe is not None and not self.probe.strip():
            raise SettingError("--probe names no probe; give its serial port, socket://host:port, or sim:")
        if self.out is None and (self.masks or self.stills):
            asked = "--masks" if self.masks else "--stills"
            raise SettingError(f"{asked} needs a folder to write to; add --out FOLDER")

    def _check_tissue(self) -> None:
        asked = {"--roi": self.roi, "--reference": self.reference, "--device": self.device, "--preset": self.preset}
        given = [option for option, value in asked.items() if value is not None]
        if given and self.task != "tissue":
            raise SettingError(f"{given[0]} is for --task tissue, not for {self.task}; leave it out or change the task")
        if self.reference is None and (self.device or self.preset):
            raise SettingError(f"{given[0]} says which reference fits; name that one with --reference NAME")


def _check_range(option: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        span = f"from {low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
        raise SettingError(f"{option} is {value:g}; it must be {span}")


def usable_cores() -> int:
    """Cores that this process may run on, which a container or `taskset` makes fewer than the board has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
