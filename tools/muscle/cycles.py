"""Hundreds of the phantom's contractions, each instant known: does what is followed drift away from the truth?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.image.flow import movement_between, reduced
from edge.runtime.contract import Runtime
from edge.task.gate import admitted
from edge.task.muscle.filter import FrameReading, Strain, folded_deg
from edge.task.muscle.phantom import LIVE_MUSCLE, MuscleCine
from edge.task.muscle.phantom_motion import PERIOD_US
from edge.task.muscle.spec import SPEC
from edge.task.muscle.task import MuscleTask
from edge.task.muscle.tracking import Measured, Track, follow, measured_of
from tools.single_pictures import outputs_for

FPS: Final = 12.5
"""Half of what is usual: the tissue moves twice as far from frame to frame."""
EXPOSURES: Final = 3
"""Pictures of each instant of the cycle, each with noise of its own; the cycles draw among them."""
NOISE: Final = 6.0
"""Standard deviation in grey levels of the noise that is laid over each exposure, besides the receiver's."""
LAGS: Final = np.arange(-5.0, 5.01, 0.1)
"""Frames."""
STEADY: Final = 0.1
"""Range as a share of the mean below which a course has no lag to speak of."""
ENDS: Final = 5
"""Cycles at the beginning and at the end that are compared."""
QUANTITIES: Final = ("fascicle_angle", "fascicle_length", "muscle_thickness")
ALONE: Final = 20
"""Cycles followed by the movement alone, for comparison."""
CYCLE_HEADS: Final = (
    "phantom",
    "measure",
    "error of single frames",
    "error tracked",
    "bias in the first 5 cycles",
    "bias in the last 5",
    "drift",
    "second difference, single, tracked",
    "lag (frames)",
    "begun anew",
)


@dataclass(frozen=True, slots=True, eq=False)
class CyclePicture:
    """One picture of an instant, and what it says alone."""

    frame: Frame
    measured: Measured | None


@dataclass(frozen=True, slots=True, eq=False)
class Cycle:
    """One cycle of a phantom."""

    exposures: tuple[tuple[CyclePicture, ...], ...]
    """By instant."""
    truth: NDArray[np.float64]
    """(instants, QUANTITIES) degrees, mm, mm."""
    borders: NDArray[np.float64]
    """(instants, 2) mean depth of the muscle's borders, in pixels."""

    def points(self, n: int, scale: float) -> NDArray[np.float32]:
        """(150, 2) over the muscle at an instant, in pixels of the picture made small."""
        width = self.exposures[n][0].frame.pixels.shape[1]
        top, bottom = self.borders[n] + np.array([10, -10])
        y, x = np.mgrid[top:bottom:10j, 30 : width - 30 : 15j]
        return (np.stack((x.ravel(), y.ravel()), axis=1) * scale).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FollowedCycles:
    """Many cycles, each array (cycles, instants, QUANTITIES); NaN: nothing said."""

    single: NDArray[np.float64]
    tracked: NDArray[np.float64]
    begun: int
    follow_ms: NDArray[np.float64]
    flow_ms: NDArray[np.float64]
    """Of one frame each."""


def exposed(task: MuscleTask, runtime: Runtime | None, seed: int) -> Cycle:
    """Every instant of a cycle, EXPOSURES times, measured alone by the network or the classical pathway."""
    cine, rng = MuscleCine(seed), np.random.default_rng(seed)
    mm_per_px = LIVE_MUSCLE.depth_mm / cine.shape[0]
    rows, truths, borders = [], [], []
    for n in range(round(PERIOD_US / 1e6 * FPS)):
        truth = cine.architecture(n / FPS)
        held = float(truth.superficial_mm.mean() / mm_per_px), float(truth.deep_mm.mean() / mm_per_px)
        clean = cine.picture(n / FPS).pixels
        pictures = (noisy(clean, rng) for _ in range(EXPOSURES))
        frames = (Frame(p, 0, 0, "phantom", PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.USER)) for p in pictures)
        rows.append(tuple(CyclePicture(frame, measured(task, runtime, frame, held)) for frame in frames))
        borders.append(held)
        truths.append((truth.fascicle_angle_deg, truth.fascicle_length_mm, truth.thickness_mm))
    return Cycle(tuple(rows), np.array(truths), np.array(borders))


def noisy(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.clip(picture + rng.normal(0, NOISE, picture.shape), 0, 255).astype(np.uint8)


def measured(task: MuscleTask, runtime: Runtime | None, frame: Frame, held: tuple[float, float]) -> Measured | None:
    prepared = admitted(frame, SPEC.gate, task)
    return measured_of(task.conclude_alone(prepared, outputs_for(prepared, runtime), held))


def run(cycle: Cycle, cycles: int, seed: int) -> FollowedCycles:
    """The cycle over and over, its exposures drawn anew each time."""
    instants, rng = len(cycle.exposures), np.random.default_rng(seed)
    single = np.full((cycles * instants, len(QUANTITIES)), np.nan)
    tracked, follow_ms, flow_ms, begun = single.copy(), [], [], 0
    track: Track | None = None
    for n in range(cycles * instants):
        exposure = cycle.exposures[n % instants][rng.integers(EXPOSURES)]
        frame = Frame(exposure.frame.pixels, round(n / FPS * 1e9), n, "phantom", exposure.frame.spacing)
        before, start = track, perf_counter()
        track = follow(before, frame, exposure.measured)
        follow_ms.append(1e3 * (perf_counter() - start))
        begun += before is not None and bool(track.estimates) and not track.goes_on
        if before is not None and n % 50 == 1:
            scale = before.view.scale if before.view else 1.0
            flow_ms.append(flow_time_ms(before, frame, cycle.points(n % instants, scale)))
        for k, name in enumerate(QUANTITIES):
            single[n, k] = next((r.measurement.value for r in own(exposure) if r.measurement.name == name), np.nan)
            tracked[n, k] = next((each.belief.value for each in track.estimates if each.name == name), np.nan)
    shape = (cycles, instants, len(QUANTITIES))
    return FollowedCycles(single.reshape(shape), tracked.reshape(shape), begun, np.array(follow_ms), np.array(flow_ms))


def own(exposure: CyclePicture) -> tuple[FrameReading, ...]:
    return exposure.measured.readings if exposure.measured else ()


def flow_time_ms(before: Track, frame: Frame, points: NDArray[np.float32]) -> float:
    """Of making a frame small and following its points, alone."""
    if before.view is None:
        return float("nan")
    start = perf_counter()
    movement_between(before.view.picture, reduced(frame.pixels)[0], points)
    return 1e3 * (perf_counter() - start)


def angle_by_flow_deg(cycle: Cycle) -> float:
    """How far the fascicles' angle is off after ALONE cycles in which it was only carried along, never measured."""
    start = float(cycle.truth[0, 0])
    picture, scale = reduced(cycle.exposures[0][0].frame.pixels)
    angle = start
    for _ in range(ALONE):
        for n in [*range(1, len(cycle.exposures)), 0]:
            later = reduced(cycle.exposures[n][n % EXPOSURES].frame.pixels)[0]
            movement = movement_between(picture, later, cycle.points(n, scale))
            if movement is not None:
                angle = folded_deg(angle + Strain.of(movement.linear, 1.0).turn_deg(angle))
            picture = later
    return folded_deg(angle - start)


def cycle_rows(task: MuscleTask, runtime: Runtime | None, seeds: Sequence[int], cycles: int) -> Iterator[str]:
    """A line of the table for each phantom and quantity; then the time it took."""
    times = []
    for seed in seeds:
        cycle = exposed(task, runtime, seed)
        done = run(cycle, cycles, seed)
        times.append((np.median(done.follow_ms), np.percentile(done.follow_ms, 95), np.nanmedian(done.flow_ms)))
        for k, name in enumerate(QUANTITIES):
            yield cycle_row(f"seed {seed}", name, done, cycle.truth[:, k], k)
        yield f"| seed {seed} | angle by movement alone, {ALONE} cycles: off by {angle_by_flow_deg(cycle):+.1f} deg |"
    median, most, flow = np.mean(times, axis=0)
    yield f"\n{cycles} cycles; tracking {median:.1f} ms per frame (95 % under {most:.1f}), {flow:.1f} ms of it flow"


def cycle_row(phantom: str, name: str, done: FollowedCycles, truth: NDArray[np.float64], k: int) -> str:
    single, tracked = done.single[..., k], done.tracked[..., k]
    off = np.nanmean(tracked - truth, axis=1)
    first, last = float(off[:ENDS].mean()), float(off[-ENDS:].mean())
    bends = (float(np.nanmean(np.abs(np.diff(said.ravel(), 2)))) for said in (single, tracked))
    moves = np.ptp(truth) > STEADY * truth.mean()
    cells = (
        f"{np.nanmean(np.abs(single - truth)):.2f}",
        f"{np.nanmean(np.abs(tracked - truth)):.2f}",
        f"{first:+.2f}",
        f"{last:+.2f}",
        f"{last - first:+.3f}",
        ", ".join(f"{value:.3f}" for value in bends),
        f"{lag_frames(np.tile(truth, len(tracked)), tracked.ravel()):+.1f}" if moves else "-",
        f"{done.begun}",
    )
    unit = "deg" if name.endswith("angle") else "mm"
    return f"| {phantom} | {name.replace('_', ' ')} ({unit}) | {' | '.join(cells)} |"


def lag_frames(truth: NDArray[np.float64], said: NDArray[np.float64]) -> float:
    """By how many frames the truth's course must be shifted to fit best, a constant error left out."""
    margin = int(LAGS[-1])
    known = np.flatnonzero(np.isfinite(said))
    at = np.arange(len(said), dtype=float)
    inner = known[(known >= margin) & (known < len(said) - margin)]
    spread = [np.std(said[inner] - np.interp(inner - lag, at, truth)) for lag in LAGS]
    return float(LAGS[int(np.argmin(spread))])
