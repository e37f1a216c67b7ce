"""How the tracking fares against single frames: real series that three observers measured, and the phantom's cycles.

    python -m tools.muscle.courses --pathway deep | classical [--cycles 200] [--seeds 1]

Set 2's frames are numbered by the recording: every thirtieth of a sweep, every second of jumps. At the 30 frames a
second taken here the sweep's are a second apart, too long for one to follow from the other; so it is also taken as if
they were neighbours, and in a shuffled order, where the tracking must let go at once.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.app.opening import folder_of, open_task
from edge.frame import Frame
from edge.runtime.contract import Runtime
from edge.runtime.opening import open_runtime
from edge.screen.locator import Locator
from edge.task.contract import Outputs
from edge.task.gate import admitted
from edge.task.muscle.spec import SPEC
from edge.task.muscle.task import MuscleTask
from edge.task.muscle.tracking import Track
from tools.muscle.cycles import CYCLE_HEADS, cycle_rows, lag_frames
from tools.muscle.observers import Observed, frame_of, load_observed
from tools.single_pictures import outputs_for

RECORDED_FPS: Final = 30.0
NEIGHBOURS_S: Final = 0.04
SHUFFLES: Final = 5
ORDERS: Final = ("as recorded", "as neighbours", "shuffled")


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """Fascicle angles of the frames of one series in the order in which they were shown; degrees, NaN: nothing said."""

    observers: NDArray[np.float64]
    """Mean of three."""
    single: NDArray[np.float64]
    """What each frame alone says."""
    tracked: NDArray[np.float64]
    begun: int
    """How often the tracking began anew after the first frame."""


def real_series(movement: str) -> tuple[tuple[Observed, float], ...]:
    """Set 2's pictures of `movement`, in order, with their time in seconds."""
    found = [observed for observed in load_observed() if f"gastroc_{movement}" in observed.name]
    return tuple((observed, int(observed.name[-7:-4]) / RECORDED_FPS) for observed in found)


def opened(pathway: str, runtime: str, precision: str | None) -> tuple[MuscleTask, Runtime | None]:
    task, way = open_task(SPEC, pathway), SPEC.pathway(pathway)
    assert isinstance(task, MuscleTask)
    return task, open_runtime(runtime, folder_of(way), precision=precision, threads=1)[0] if way.network else None


def followed_course(
    task: MuscleTask,
    observers: Sequence[float],
    frames: Sequence[Frame],
    outputs: Sequence[Outputs],
) -> Courses:
    """Frames in the order in which they are shown."""
    before: Track | None = None
    single, tracked, begun = [], [], 0
    for frame, output in zip(frames, outputs, strict=True):
        prepared = admitted(frame, SPEC.gate, task)
        alone = task.conclude_alone(prepared, output).measurement("fascicle_angle")
        track = task.conclude(prepared, output, before).memory
        estimate = next((each for each in track.estimates if each.name == "fascicle_angle"), None) if track else None
        single.append(alone.value if alone else np.nan)
        tracked.append(estimate.belief.value if estimate else np.nan)
        begun += before is not None and estimate is not None and not estimate.joined
        before = track
    return Courses(np.array(observers), np.array(single), np.array(tracked), begun)


def ordered(
    taken: Sequence[tuple[Observed, float]], frames: Sequence[Frame], order: str, seed: int
) -> tuple[list[int], list[Frame]]:
    """Which frames in which order, with the times at which they are shown."""
    places = list(range(len(frames)))
    if order == "shuffled":
        np.random.default_rng(seed).shuffle(places)
    times = [taken[place][1] if order == "as recorded" else n * NEIGHBOURS_S for n, place in enumerate(places)]
    return places, [
        replace(frames[place], sequence=n, exposed_ns=round(time * 1e9))
        for n, (place, time) in enumerate(zip(places, times, strict=True))
    ]


def set2_rows(task: MuscleTask, runtime: Runtime | None) -> Iterator[str]:
    """A line of the table for each movement and order."""
    locator = Locator(None, None)
    for movement in ("range_of_motion", "jumping"):
        taken = real_series(movement)
        frames = [frame_of(observed, locator) for observed, _ in taken]
        outputs = [outputs_for(admitted(frame, SPEC.gate, task), runtime) for frame in frames]
        seen = np.array([observed.fascicle_deg for observed, _ in taken])
        for order in ORDERS:
            courses = []
            for seed in range(SHUFFLES if order == "shuffled" else 1):
                places, shown = ordered(taken, frames, order, seed)
                courses.append(followed_course(task, seen[places].tolist(), shown, [outputs[at] for at in places]))
            yield row(f"{movement.replace('_', ' ')}, {order}", courses)


def row(name: str, courses: Sequence[Courses]) -> str:
    """Means over `courses`, single frames before tracked ones; errors of frames that both answer."""
    n = len(courses[0].observers)

    def pair(measure: Callable[[NDArray[np.float64], NDArray[np.float64]], float], form: str) -> str:
        values = [[measure(course.observers, said) for said in shared(course)] for course in courses]
        return ", ".join(form.format(value) for value in np.mean(values, axis=0))

    answered = np.mean([[np.isfinite(said).mean() for said in (c.single, c.tracked)] for c in courses], axis=0)
    alone = [(course.tracked - course.observers)[~np.isfinite(course.single)] for course in courses]
    bridged = np.concatenate(alone)[np.isfinite(np.concatenate(alone))]
    smooth = np.mean([bends(course.observers) for course in courses])
    jump = np.mean([largest_jump(course.observers) for course in courses])
    cells = (
        f"{100 * answered[0]:.0f}, {100 * answered[1]:.0f}",
        pair(error, "{:.2f}"),
        pair(bias, "{:+.2f}"),
        f"{np.abs(bridged).mean():.1f} of {len(bridged)}" if len(bridged) else "-",
        pair(lambda _, said: bends(said), "{:.2f}") + f" ({smooth:.2f})",
        pair(lambda _, said: largest_jump(said), "{:.1f}") + f" ({jump:.1f})",
        "-" if "shuffled" in name else pair(lag_frames, "{:+.1f}"),
        f"{np.mean([course.begun for course in courses]):.0f} of {n - 1}",
    )
    return f"| {name} | {n} | {' | '.join(cells)} |"


HEADS: Final = (
    "series",
    "n",
    "answered (%)",
    "error (deg)",
    "bias (deg)",
    "error where followed alone (deg)",
    "second difference (deg)",
    "largest step (deg)",
    "lag (frames)",
    "begun anew",
)


def shared(course: Courses) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Single and tracked where both say something."""
    both = np.isfinite(course.single) & np.isfinite(course.tracked)
    return np.where(both, course.single, np.nan), np.where(both, course.tracked, np.nan)


def error(observers: NDArray[np.float64], said: NDArray[np.float64]) -> float:
    return float(np.nanmean(np.abs(said - observers)))


def bias(observers: NDArray[np.float64], said: NDArray[np.float64]) -> float:
    return float(np.nanmean(said - observers))


def bends(said: NDArray[np.float64]) -> float:
    """Mean absolute second difference, degrees a frame squared."""
    return float(np.nanmean(np.abs(np.diff(said, 2))))


def largest_jump(said: NDArray[np.float64]) -> float:
    return float(np.nanmax(np.abs(np.diff(said))))


def table(heads: Sequence[str], rows: Iterator[str]) -> None:
    print(f"| {' | '.join(heads)} |")
    print("|" + "---|" * len(heads))
    for line in rows:
        print(line, flush=True)
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pathway", choices=[one.name for one in SPEC.pathways], default="deep")
    parser.add_argument("--runtime", default="onnx")
    parser.add_argument("--precision", choices=("int8", "float"))
    parser.add_argument("--cycles", type=int, default=200, help="0: leave the phantom out")
    parser.add_argument("--seeds", type=int, nargs="+", default=(1,), help="of the phantom")
    arguments = parser.parse_args()
    task, runtime = opened(arguments.pathway, arguments.runtime, arguments.precision)
    print(f"{arguments.pathway}: single frames, tracked (observers)\n")
    table(HEADS, set2_rows(task, runtime))
    if arguments.cycles:
        table(CYCLE_HEADS, cycle_rows(task, runtime, arguments.seeds, arguments.cycles))


if __name__ == "__main__":
    main()
