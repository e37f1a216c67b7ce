"""A published set of lumbar sweeps with the truth of CT, laid out as described here: how often the level is right.

    python -m tools.spine.paired_set FOLDER

Meant for the paired handheld and robotic ultrasound of 63 volunteers (Scientific Data 2025, s41597-025-06047-9).
Written from the paper's abstract, which names what is in the set and no file: **never run on the real files**, which
are first to be arranged like this, a folder a volunteer:

    vertebrae/L1.stl ... L5.stl, sacrum.stl   surfaces from CT, binary STL, mm; T12.stl where it was scanned
    ct_to_tracker.txt                         4 x 4, the registration of CT to the tracker
    sweeps/NAME/picture_to_probe.txt          4 x 4, from pixels (x right, y down, 0, 1) to the tracked body, mm
    sweeps/NAME/poses.csv                     file, time_s, then 16 numbers: tracked body to tracker, row by row
    sweeps/NAME/*.png                         the pictures

A sweep that came down from the head is read backwards, times too, as the task counts from the sacrum up.
"""

import argparse
import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.app.opening import folder_of, open_task
from edge.finding import Finding
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.runtime.contract import Runtime
from edge.runtime.opening import open_runtime
from edge.task.contract import Task
from edge.task.gate import Gate, admitted
from edge.task.spine.levels import SEGMENTS
from edge.task.table import task_spec
from tools.single_pictures import outputs_for

Floats = NDArray[np.float64]
Follow = Callable[[Iterable[Frame]], Iterable[Finding]]
"""A task on frames in their order: one finding a frame."""

OUTSIDE: Final = -1
"""The level of a frame beyond the bones that were segmented."""
TIP_MM: Final = 10.0
"""What of a bone counts as its spinous process: as deep as its hindmost point, or by so much deeper."""
HEADS: Final = "| sweep | levels | right | unsure | too high | too low | frames | right | unsure |\n|---|" + "---|" * 8
_STL_HEADER: Final = 84
_STL_TRIANGLE: Final = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


@dataclass(frozen=True, slots=True, eq=False)
class Bones:
    """Where each bone's spinous process lies along the spine."""

    origin_mm: Floats
    """(3,) in the tracker's space."""
    up: Floats
    """(3,) unit vector towards the head."""
    spans_mm: Mapping[int, tuple[float, float]]
    """By place in SEGMENTS, from and to along `up`, from below; the sacrum's begins at minus infinity."""

    def along_mm(self, points_mm: Floats) -> Floats:
        """(n,) of (n, 3) points of the tracker."""
        return np.asarray((points_mm - self.origin_mm) @ self.up)

    def level(self, s_mm: float) -> int:
        """Place in SEGMENTS of what lies there, or OUTSIDE. Processes that overlap meet halfway."""
        for (below, (_, end)), (above, (start, _)) in pairwise(self.spans_mm.items()):
            if s_mm <= (end if start >= end else (start + end) / 2):
                return below
            if s_mm < start:
                return below + 1 if above == below + 2 else OUTSIDE
        last = max(self.spans_mm)
        return last if s_mm <= self.spans_mm[last][1] else OUTSIDE


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """One sweep, from the sacrum up."""

    name: str
    files: tuple[Path, ...]
    times_ns: NDArray[np.int64]
    """(n,) of exposure, from 0."""
    spacing: PixelSpacing
    along_mm: Floats
    """(n,) place of the picture's upper middle along the spine."""
    levels: NDArray[np.int64]
    """(n,) truth: places in SEGMENTS, or OUTSIDE."""

    @property
    def travel_mm(self) -> Floats:
        """(n,) since the frame before, towards the head; the first 0."""
        return np.diff(self.along_mm, prepend=self.along_mm[:1])

    def frames(self) -> Iterator[Frame]:
        """Read as they are asked for. Raises OSError for a picture that cannot be read."""
        for k, path in enumerate(self.files):
            pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if pixels is None:
                raise OSError(f"{path} is no picture that can be read")
            grey = np.asarray(pixels, np.uint8)
            origin = f"stills:{path.name}"
            yield Frame(grey, int(self.times_ns[k]), k, origin, self.spacing, Region.whole(grey))


@dataclass(frozen=True, slots=True)
class Score:
    """Levels that a sweep passed, and its frames with a truth."""

    levels: int
    right: int
    unsure: int
    too_high: int
    too_low: int
    frames: int
    frames_right: int
    frames_unsure: int


# ------------------------------------------------------------------------------------------------------------- reading
def read_volunteer(folder: Path) -> list[Sweep]:
    """All sweeps of one volunteer, by name. Raises OSError for a file that is missing, ValueError for one that is not
    as described."""
    to_tracker = _matrix(np.loadtxt(folder / "ct_to_tracker.txt"), folder)
    paths = {place: folder / "vertebrae" / f"{name}.stl" for place, name in enumerate(SEGMENTS) if place % 2 == 0}
    corners = {place: _moved(stl_corners(path), to_tracker) for place, path in paths.items() if path.exists()}
    if 0 not in corners or len(corners) < 3:
        raise ValueError(f"{folder / 'vertebrae'} needs sacrum.stl and two vertebrae or more")
    return [_read_sweep(each, corners) for each in sorted(folder.glob("sweeps/*")) if each.is_dir()]


def _read_sweep(folder: Path, corners: Mapping[int, Floats]) -> Sweep:
    to_probe = _matrix(np.loadtxt(folder / "picture_to_probe.txt"), folder)
    files, times_s, poses = _poses(folder / "poses.csv")
    first = cv2.imread(str(files[0]), cv2.IMREAD_GRAYSCALE)
    if first is None:
        raise OSError(f"{files[0]} is no picture that can be read")
    to_tracker = poses @ to_probe
    deep = to_tracker[:, :3, 1].mean(axis=0)
    bones = bones_of(corners, deep / np.linalg.norm(deep))
    middle = np.array([(first.shape[1] - 1) / 2, 0.0, 0.0, 1.0])
    along_mm = bones.along_mm((to_tracker @ middle)[:, :3])
    if along_mm[-1] < along_mm[0]:
        files, along_mm, times_s = files[::-1], along_mm[::-1], (times_s[-1] - times_s)[::-1]
    x_mm, y_mm = (float(np.linalg.norm(to_probe[:3, column])) for column in (0, 1))
    return Sweep(
        name=f"{folder.parents[1].name}/{folder.name}",
        files=tuple(files),
        times_ns=np.round((times_s - times_s[0]) * 1e9).astype(np.int64),
        spacing=PixelSpacing(x_mm, y_mm, SpacingOrigin.USER),
        along_mm=along_mm,
        levels=np.array([bones.level(float(one)) for one in along_mm], np.int64),
    )


def bones_of(corners: Mapping[int, Floats], deep: Floats) -> Bones:
    """From the corners of each bone's surface, (n, 3) in the tracker's space, and the unit vector into the body.

    The axis of the spine joins the spinous processes of the lowest and the highest vertebra.
    """
    tips = {place: points[(depth := points @ deep) <= depth.min() + TIP_MM] for place, points in corners.items()}
    lowest, highest = min(place for place in tips if place), max(tips)
    origin = tips[lowest].mean(axis=0)
    axis = tips[highest].mean(axis=0) - origin
    axis = axis - (axis @ deep) * deep
    up = axis / np.linalg.norm(axis)
    spans = {place: (float(s.min()), float(s.max())) for place, tip in tips.items() if (s := (tip - origin) @ up).size}
    spans[0] = (-np.inf, spans[0][1])
    ordered = dict(sorted(spans.items()))
    if (np.diff([end for _, end in ordered.values()]) <= 0).any():
        raise ValueError(
            "the bones do not follow each other from the sacrum up; look at the registration and the names"
        )
    return Bones(origin, up, ordered)


def stl_corners(path: Path) -> Floats:
    """(n, 3) mm of a binary STL's triangles. Raises ValueError for another file."""
    content = path.read_bytes()
    count = int.from_bytes(content[_STL_HEADER - 4 : _STL_HEADER], "little")
    if len(content) != _STL_HEADER + count * _STL_TRIANGLE.itemsize or not count:
        raise ValueError(f"{path} is no binary STL")
    return np.frombuffer(content, _STL_TRIANGLE, offset=_STL_HEADER)["corners"].reshape(-1, 3).astype(np.float64)


def _poses(path: Path) -> tuple[list[Path], Floats, Floats]:
    """Pictures, their times in seconds, and (n, 4, 4) poses; in the order of time."""
    with path.open(newline="") as file:
        rows = [(path.parent / row[0], [float(one) for one in row[1:]]) for row in csv.reader(file) if row]
    if len(rows) < 2 or {len(numbers) for _, numbers in rows} != {17}:
        raise ValueError(f"{path} needs two rows or more, each of a file, a time and 16 numbers, without a heading")
    rows.sort(key=lambda row: row[1][0])
    numbers = np.array([numbers for _, numbers in rows])
    return [file for file, _ in rows], numbers[:, 0], numbers[:, 1:].reshape(-1, 4, 4)


def _matrix(numbers: Floats, folder: Path) -> Floats:
    if numbers.shape != (4, 4) or not np.allclose(numbers[3], (0, 0, 0, 1)):
        raise ValueError(f"a transform in {folder} is no 4 x 4 matrix with the last row 0 0 0 1")
    return numbers


def _moved(points: Floats, matrix: Floats) -> Floats:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


# ----------------------------------------------------------------------------------------------------------- measuring
def open_follow(name: str, pathway: str | None = None) -> Follow:
    """The task of this name with its shipped model, which remembers from frame to frame."""
    spec = task_spec(name)
    way = spec.pathway(pathway)
    runtime = open_runtime("onnx", folder_of(way), threads=1)[0] if way.network else None
    return followed_by(open_task(spec, pathway), spec.gate, runtime)


def followed_by(task: Task, gate: Gate, runtime: Runtime | None) -> Follow:
    """runtime: None for a task that needs no network."""

    def follow(frames: Iterable[Frame]) -> Iterator[Finding]:
        memory: Any = None
        for frame in frames:
            prepared = admitted(frame, gate, task)
            concluded = task.conclude(prepared, outputs_for(prepared, runtime), memory)
            memory = concluded.memory
            yield concluded.finding

    return follow


def told_level(finding: Finding) -> int | None:
    """Place in SEGMENTS. None: unsure."""
    told = finding.measurement("level")
    return None if told is None else round(told.value)


def scored(truth: Sequence[int], told: Sequence[int | None]) -> Score:
    """Of one sweep, frame by frame. What is told of a level that was passed is what most of its frames said that said
    anything; of equally many the last."""
    pairs = [pair for pair in zip(truth, told, strict=True) if pair[0] != OUTSIDE]
    passed = [(level, [said for _, said in run if said is not None]) for level, run in groupby(pairs, lambda p: p[0])]
    answers = [(level, max(reversed(said), key=said.count) if said else None) for level, said in passed]
    return Score(
        levels=len(answers),
        right=sum(level == said for level, said in answers),
        unsure=sum(said is None for _, said in answers),
        too_high=sum(said is not None and said > level for level, said in answers),
        too_low=sum(said is not None and said < level for level, said in answers),
        frames=len(pairs),
        frames_right=sum(level == said for level, said in pairs),
        frames_unsure=sum(said is None for _, said in pairs),
    )


def score_row(name: str, score: Score) -> str:
    """A row under HEADS."""
    n = max(1, score.frames)
    levels = (score.levels, score.right, score.unsure, score.too_high, score.too_low, score.frames)
    shares = (f"{100 * count / n:.0f} %" for count in (score.frames_right, score.frames_unsure))
    return f"| {name} | {' | '.join(map(str, levels))} | {' | '.join(shares)} |"


def measured(folder: Path, follow: Follow) -> Iterator[tuple[str, Score]]:
    """Each sweep of each volunteer in `folder`. Raises as `read_volunteer`."""
    for volunteer in sorted(each for each in folder.iterdir() if (each / "vertebrae").is_dir()):
        for sweep in read_volunteer(volunteer):
            told = [told_level(finding) for finding in follow(sweep.frames())]
            yield sweep.name, scored(sweep.levels.tolist(), told)


def main(arguments: Sequence[str] | None = None, follow: Follow | None = None) -> None:
    parser = argparse.ArgumentParser(description="The spine's level on sweeps with the truth of CT.")
    parser.add_argument("folder", type=Path, help="A folder of volunteers, arranged as this module says.")
    parser.add_argument("--pathway", default=None)
    asked = parser.parse_args(arguments)
    print(HEADS)
    for name, score in measured(asked.folder, follow or open_follow("spine", asked.pathway)):
        print(score_row(name, score))


if __name__ == "__main__":
    main()
