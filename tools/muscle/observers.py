"""How a pathway reads the real muscle pictures that three observers measured (van der Zee and Kuo, CC0).

    python -m tools.muscle.observers --pathway deep | network | classical | tensor [--subjects 1 2 3] [--list]

`network` is the deep pathway without the lines that sharpen its field.

Set 1: six people, vastus lateralis. Set 2: one person's gastrocnemius, a sweep and jumps. The observers' thickness is
that of the picture's left edge, times the cosine of the superficial aponeurosis' angle: measured there it scatters by
1 to 3 % about theirs, in the middle or at the right edge by up to 14 %.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, LineMark, MaskMark
from edge.frame import Frame
from edge.runtime.manifest import model_folder
from edge.runtime.opening import open_runtime
from edge.screen.locator import Locator
from edge.task.muscle.evidence import SIDE, Evidence
from edge.task.muscle.fascicles import Direction
from edge.task.muscle.image_analysis import structure_angle_deg
from edge.task.muscle.spec import SPEC
from edge.task.muscle.task import Chosen, MuscleSight, MuscleTask
from edge.task.tensor import Fit, fitted_tensor
from tools.single_pictures import DATA, Measure, measured_by, open_measure

FOLDER: Final = DATA / "muscle"
RANGES_DEG: Final = ((0, 10), (10, 20), (20, 30), (30, 50))
GASTROCNEMIUS: Final = "GL1"
"""Set 2's person."""
PATHWAYS: Final = ("deep", "network", "classical", "tensor")
Reader = Callable[[Frame], "PathwayReading | None"]


@dataclass(frozen=True, slots=True)
class Observed:
    """A picture with the mean of its observers; NaN where none measured."""

    name: str
    subject: str
    fascicle_deg: float
    superficial_deg: float
    thickness_px: float


@dataclass(frozen=True, slots=True)
class PathwayReading:
    """What a pathway says of a picture; low and high: its interval."""

    fascicle_deg: float
    superficial_deg: float
    thickness_px: float
    fascicle_low_deg: float
    fascicle_high_deg: float


@dataclass(frozen=True, slots=True)
class ObservedPair:
    """A picture's truth and what was read; None: nothing."""

    observed: Observed
    read: PathwayReading | None


def load_observed(folder: Path = FOLDER) -> tuple[Observed, ...]:
    """Raises SystemExit where the set is missing."""
    if not folder.is_dir():
        raise SystemExit(f"the observers' pictures are not at {folder}; put the set there to measure on it")
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (folder / "labels.csv").open() as file:
        for row in csv.DictReader(file):
            rows[row["file"]].append(row)
    names = ("fascicle_angle_deg", "superficial_aponeurosis_angle_deg", "thickness_px")
    return tuple(
        Observed(file, seen[0]["subject"], *(_mean(row[name] for row in seen) for name in names))
        for file, seen in sorted(rows.items())
    )


def _mean(cells: Iterator[str]) -> float:
    numbers = [float(cell) for cell in cells if cell]
    return float(np.mean(numbers)) if numbers else float("nan")


def frame_of(observed: Observed, locator: Locator, sequence: int = 0) -> Frame:
    """The picture as a source would give it, its ultrasound region found."""
    pixels = cv2.imread(str(FOLDER / "images" / observed.name), cv2.IMREAD_GRAYSCALE)
    return locator.locate(Frame(np.asarray(pixels, np.uint8), sequence, sequence, observed.name))


class NetworkAlone(MuscleTask):
    """The network's field as it is."""

    def sharpened(self, look: MuscleSight, chosen: Chosen, other: Direction | None) -> tuple[Evidence, Chosen]:
        return look.evidence, chosen


def task_reader(pathway: str, runtime: str = "onnx", precision: str | None = None) -> Reader:
    """Through the task, as in a run."""
    if pathway == "network":
        opened, _ = open_runtime(runtime, model_folder(SPEC.name), precision=precision, threads=1)
        return reader_of(measured_by(NetworkAlone(), SPEC.gate, opened))
    return reader_of(open_measure(SPEC.name, pathway, runtime=runtime, precision=precision))


def reader_of(measure: Measure) -> Reader:
    return lambda frame: reading_of(measure(frame))


def reading_of(finding: Finding) -> PathwayReading | None:
    """What a finding says, None where it refuses."""
    fascicle, superficial = (finding.measurement(name) for name in ("fascicle_angle", "superficial_aponeurosis_angle"))
    if fascicle is None or superficial is None:
        return None
    upper, lower = (
        next(mark.points for mark in finding.marks if isinstance(mark, LineMark) and mark.name == name)
        for name in ("superficial aponeurosis", "deep aponeurosis")
    )
    thickness = float(lower[0, 1] - upper[0, 1]) * float(np.cos(np.radians(superficial.value)))
    return PathwayReading(fascicle.value, superficial.value, thickness, fascicle.low, fascicle.high)


def tensor_reader() -> Reader:
    """The bare structure tensor inside the muscle that the classical pathway finds."""
    measure = open_measure(SPEC.name, "classical")

    def read(frame: Frame) -> PathwayReading | None:
        finding = measure(frame)
        reading = reading_of(finding)
        if reading is None:
            return None
        region = frame.ultrasound
        square = fitted_tensor(region.crop(frame.pixels), SIDE)[0, 0]
        mark = next(mark for mark in finding.marks if isinstance(mark, MaskMark))
        inside = np.zeros(frame.pixels.shape, np.uint8)
        x, y = (max(0, at) for at in mark.origin)
        part = mark.mask[y - mark.origin[1] :, x - mark.origin[0] :][: inside.shape[0] - y, : inside.shape[1] - x]
        inside[y : y + part.shape[0], x : x + part.shape[1]] = part
        fit = Fit.of(region.height, region.width, SIDE)
        mask = cv2.warpAffine(region.crop(inside), fit.matrix, (SIDE, SIDE), flags=cv2.INTER_NEAREST)
        angle_deg = structure_angle_deg(square, cv2.erode(mask, np.ones((7, 7))) > 0)
        return replace(reading, fascicle_deg=angle_deg, fascicle_low_deg=np.nan, fascicle_high_deg=np.nan)

    return read


def read_all(reader: Reader, subjects: Sequence[str] = ()) -> tuple[ObservedPair, ...]:
    """Every picture of these subjects (none named: of all) through a pathway."""
    locator = Locator(None, None)
    wanted = [observed for observed in load_observed() if not subjects or observed.subject in subjects]
    return tuple(ObservedPair(observed, reader(frame_of(observed, locator))) for observed in wanted)


def table(pairs: Sequence[ObservedPair]) -> str:
    """Per set, person and range of angle: answered, and error and bias of the three measures."""
    real = [p for p in pairs if p.observed.subject != GASTROCNEMIUS]
    groups = {"set 1, six people": real, "set 2, another muscle": [p for p in pairs if p not in real]}
    groups |= {f"person {name}": [p for p in real if p.observed.subject == name] for name in _subjects(real)}
    for low, high in RANGES_DEG:
        groups[f"{low} to {high} deg"] = [p for p in pairs if low <= abs(p.observed.fascicle_deg) < high]
    groups["all"] = list(pairs)
    measures = ("fascicle angle (deg)", "aponeurosis angle (deg)", "thickness (%)")
    heads = " | ".join(f"{measure}: error, bias" for measure in measures)
    lines = [f"| frames | n | answered | {heads} | r of the angle | angle in the stated interval |", "|---" * 8 + "|"]
    return "\n".join([*lines, *(_row(name, group) for name, group in groups.items() if group)])


def _subjects(pairs: Sequence[ObservedPair]) -> list[str]:
    return sorted({pair.observed.subject for pair in pairs})


def errors(pairs: Sequence[ObservedPair]) -> NDArray[np.float64]:
    """(answered, 3): degrees, degrees, percent."""
    return np.array(
        [
            (
                p.read.fascicle_deg - p.observed.fascicle_deg,
                p.read.superficial_deg - p.observed.superficial_deg,
                100 * (p.read.thickness_px / p.observed.thickness_px - 1),
            )
            for p in pairs
            if p.read is not None
        ]
    ).reshape(-1, 3)


def _row(name: str, pairs: Sequence[ObservedPair]) -> str:
    answered = [(p.observed, p.read) for p in pairs if p.read is not None]
    cells = [f"{_nanmean(np.abs(column)):.2f}, {_nanmean(column):+.2f}" for column in errors(pairs).T]
    angles = np.array([(seen.fascicle_deg, read.fascicle_deg) for seen, read in answered]).reshape(-1, 2)
    r = np.corrcoef(angles.T)[0, 1] if len(angles) > 4 else np.nan
    inside = [
        read.fascicle_low_deg <= seen.fascicle_deg <= read.fascicle_high_deg
        for seen, read in answered
        if np.isfinite(read.fascicle_low_deg)
    ]
    cells += [f"{r:.3f}", f"{100 * np.mean(inside):.0f} %" if inside else "-"]
    return f"| {name} | {len(pairs)} | {100 * len(answered) / len(pairs):.0f} % | {' | '.join(cells)} |"


def _nanmean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pathway", choices=PATHWAYS, default="classical")
    parser.add_argument("--subjects", nargs="*", default=())
    parser.add_argument("--precision", choices=("int8", "float"))
    parser.add_argument("--list", action="store_true", help="each picture too")
    arguments = parser.parse_args()
    reader = (
        tensor_reader()
        if arguments.pathway == "tensor"
        else task_reader(arguments.pathway, "onnx", arguments.precision)
    )
    pairs = read_all(reader, arguments.subjects)
    for pair in pairs if arguments.list else ():
        print(pair.observed.name, pair.observed, pair.read)
    print(table(pairs))


if __name__ == "__main__":
    main()
