"""Sweeps over phantom spines outside of what training draws, led badly: is every level told right, or told unsure?

`python -m tools.spine.sweeps [--sweeps 100]` prints the tables. A level that is told is right where the middle of the
array lies over it, or within 4 mm of it. Wrong by a level or more are two kinds: told too low, where the true place is
higher than its name, so that a needle would go in too high; and told too high. Beside it: a space for its vertebra.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from rich.progress import track

from edge.app.opening import folder_of, open_task
from edge.finding import Finding, Verdict
from edge.frame import Frame, Motion, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.runtime.contract import Runtime
from edge.runtime.opening import open_runtime
from edge.task.contract import Task
from edge.task.gate import admitted
from edge.task.spine.levels import NEEDLE
from edge.task.spine.phantom import SpineCine
from edge.task.spine.phantom_anatomy import NONE, TRANSITIONS
from edge.task.spine.phantom_path import DRIFT, FAULTS, LIFT, POOR, REVERSE, STALL
from edge.task.spine.spec import SPEC, VIEWS, SpineOptions, SpinePhantomOptions
from tools.single_pictures import outputs_for
from tools.spine.paired_set import told_level

FIRST_SEED: Final = 6_000_000
BORDER_MM: Final = 4.0
"""To either side of where a vertebra passes into a space: half of it is a plane's thickness."""
LEVEL: Final = 2
"""Places from one vertebra to the next."""
LEAST_FRAMES: Final = 8
FPS: Final = 25.0
ROWS: Final = 240
SENSOR_HZ: Final = 50.0
SENSED_S: Final = 2.0
LOST_SACRUM: Final = "lost sacrum"
TRANSITION: Final = "transitional"
CLEAN: Final = "none"
KINDS: Final = (CLEAN, STALL, REVERSE, LIFT, DRIFT, POOR, LOST_SACRUM, TRANSITION, "several")
SEVERAL: Final = (STALL, REVERSE, POOR)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One sweep."""

    seed: int
    kind: str
    """Of KINDS: what goes wrong."""
    cine: SpineCine
    view: str


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What was said of a sweep, frame by frame."""

    case: Case
    s_mm: tuple[float, ...]
    """Where the array's middle truly was."""
    levels: tuple[int | None, ...]
    """Place in SEGMENTS that was told; None: unsure or refused."""
    verdicts: tuple[Verdict, ...]

    @property
    def errors(self) -> tuple[int, ...]:
        """Of the told ones: by how many places the truth lies higher; 0: right."""
        return tuple(
            error_of(self.case.cine, s, level)
            for s, level in zip(self.s_mm, self.levels, strict=True)
            if level is not None
        )

    @property
    def too_low(self) -> bool:
        """The dangerous way of being wrong, by a level or more."""
        return any(error >= LEVEL for error in self.errors)

    @property
    def too_high(self) -> bool:
        return any(error <= -LEVEL for error in self.errors)

    @property
    def beside(self) -> float:
        """Share of the told frames in which a vertebra is told for the space beside it, or a space for a vertebra."""
        return float(np.mean([abs(error) == 1 for error in self.errors])) if self.errors else 0.0

    @property
    def all_right(self) -> bool:
        """Every vertebra and space that was passed was told, and none a level off. What the array's middle was over for
        less than LEAST_FRAMES frames, as at a sweep's end, need not be."""
        passed = Counter(truth_at(self.case.cine, s) for s in self.s_mm)
        needed = {segment for segment, frames in passed.items() if frames >= LEAST_FRAMES}
        return not self.too_low and not self.too_high and needed <= set(self.levels)

    @property
    def needle_right(self) -> bool:
        """L3-L4 was told where it is, and nowhere else."""
        truths = [truth_at(self.case.cine, s) for s in self.s_mm]
        pairs = [(level, truth) for level, truth in zip(self.levels, truths, strict=True) if NEEDLE in (level, truth)]
        wrong = [level for level, truth in pairs if level is not None and abs(level - truth) > 1]
        return not wrong and any(level == truth for level, truth in pairs)

    @property
    def told_share(self) -> float:
        """Of the frames above the sacrum."""
        above = [level is not None for s, level in zip(self.s_mm, self.levels, strict=True) if s > 0]
        return float(np.mean(above)) if above else 0.0


def truth_at(cine: SpineCine, s_mm: float) -> int:
    return cine.spine.segment_at(s_mm)


def error_of(cine: SpineCine, s_mm: float, level: int) -> int:
    """By how many places the truth lies above what was told; near a border both are right."""
    near = [cine.spine.segment_at(s_mm + off) for off in (0.0, -BORDER_MM, BORDER_MM)]
    return 0 if level in near else near[0] - level


def case_of(number: int, *, view: str, first_seed: int = FIRST_SEED, foreign: bool = True) -> Case:
    """The sweep of a number: its fault goes by turns."""
    kind = KINDS[number % len(KINDS)]
    rng = np.random.default_rng([717, number])
    faults = {CLEAN: (), LOST_SACRUM: (), TRANSITION: (), "several": SEVERAL}.get(kind, (kind,))
    options = SpinePhantomOptions(
        view=view,
        motion="from L2" if kind == LOST_SACRUM else "sweep",
        speed=float(rng.uniform(8, 22)),
        transitional=str(rng.choice(TRANSITIONS[1:])) if kind == TRANSITION else NONE,
        scoliosis=bool(rng.random() < 0.15),
    )
    assert set(faults) <= set(FAULTS)
    cine = SpineCine(first_seed + number, options, rows=ROWS, foreign=foreign, faults=tuple(faults))
    return Case(first_seed + number, kind, cine, view)


def frames_of(case: Case, *, sensor: bool) -> Iterator[tuple[Frame, float]]:
    """Every frame, with where the array's middle is. sensor: with what the inertial sensor felt."""
    cine = case.cine
    felt: list[tuple[int, Sequence[float]]] = []
    for number in range(int(cine.path.seconds * FPS) + 1):
        t_s = number / FPS
        taken = cine.picture(t_s)
        while sensor and len(felt) / SENSOR_HZ <= t_s:
            at_s = len(felt) / SENSOR_HZ
            felt.append((round(at_s * 1e9), cine.felt(at_s)))
        recent = felt[-round(SENSED_S * SENSOR_HZ) :]
        state = ProbeState(motion=Motion.of(recent)) if sensor else None
        spacing = PixelSpacing(taken.mm_per_px, taken.mm_per_px, SpacingOrigin.USER)
        yield (
            Frame(taken.pixels, round(t_s * 1e9), number, "phantom:spine", spacing, Region.whole(taken.pixels), state),
            taken.held.s_mm,
        )


@dataclass(slots=True)
class Runner:
    """A task that sees one sweep."""

    task: Task
    runtime: Runtime | None
    memory: Any = None

    def __call__(self, frame: Frame) -> Finding:
        prepared = admitted(frame, SPEC.gate, self.task)
        concluded = self.task.conclude(prepared, outputs_for(prepared, self.runtime), self.memory)
        self.memory = concluded.memory
        return concluded.finding


def told_of(case: Case, runners: dict[str, Callable[[Frame], Finding]]) -> dict[str, Told]:
    """What each runner says; those whose name begins with `no sensor` are not shown what the sensor felt."""
    places: list[float] = []
    findings: dict[str, list[Finding]] = {name: [] for name in runners}
    for frame, s_mm in frames_of(case, sensor=True):
        places.append(s_mm)
        for name, runner in runners.items():
            findings[name].append(runner(replace(frame, probe=None) if name.startswith("no sensor") else frame))
    return {
        name: Told(case, tuple(places), tuple(told_level(one) for one in found), tuple(one.verdict for one in found))
        for name, found in findings.items()
    }


def runners_for(view: str, runtime: Runtime, *, classical: bool) -> dict[str, Callable[[Frame], Finding]]:
    """Fresh ones, with the shipped models."""

    def task(pathway: str) -> Task:
        return open_task(SPEC, pathway, SpineOptions(plane=view))

    found: dict[str, Callable[[Frame], Finding]] = {
        "network": Runner(task("deep"), runtime),
        "no sensor, network": Runner(task("deep"), runtime),
    }
    if classical:
        found["classical"] = Runner(task("classical"), None)
    return found


def rows_of(results: Sequence[Told]) -> list[str]:
    """A table by what goes wrong."""
    head = "| what goes wrong | sweeps | all levels right | L3-L4 right | told, frames | beside | too low | too high |"
    rows = [head, "|---|---|---|---|---|---|---|---|"]
    for kind in (*KINDS, "all"):
        some = [one for one in results if kind in (one.case.kind, "all")]
        if some:
            count = len(some)
            right, needle = sum(one.all_right for one in some), sum(one.needle_right for one in some)
            share = 100 * float(np.mean([one.told_share for one in some]))
            low, high = sum(one.too_low for one in some), sum(one.too_high for one in some)
            beside = 100 * float(np.mean([one.beside for one in some]))
            rows.append(f"| {kind} | {count} | {right} | {needle} | {share:.0f} % | {beside:.1f} % | {low} | {high} |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", type=int, default=100)
    parser.add_argument("--view", choices=VIEWS, default=VIEWS[0])
    parser.add_argument("--no-classical", action="store_true")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--kind", choices=KINDS, help="what goes wrong in all of them; without it: each by turns")
    parser.add_argument("--usual", action="store_true", help="anatomy and physics as in training")
    given = parser.parse_args()
    runtime = open_runtime("onnx", folder_of(SPEC.pathway("deep")), precision="int8", threads=1)[0]
    results: dict[str, list[Told]] = {}
    start, step = (0, 1) if given.kind is None else (KINDS.index(given.kind), len(KINDS))
    for number in track(range(start, start + step * given.sweeps, step), description="sweeps"):
        case = case_of(number, view=given.view, first_seed=given.first_seed, foreign=not given.usual)
        runners = runners_for(given.view, runtime, classical=not given.no_classical and given.view == VIEWS[0])
        for name, told in told_of(case, runners).items():
            results.setdefault(name, []).append(told)
            wrong = [error for error in told.errors if error]
            if wrong:
                print(f"{name}, {case.kind}, seed {case.seed}: {len(wrong)} frames wrong by {sorted(set(wrong))}")
    for name, told in results.items():
        print(f"\n{name}, {given.view}\n")
        print("\n".join(rows_of(told)))


if __name__ == "__main__":
    main()
