"""Sweeps along simulated spines as a counting of levels gets them: what frames said, and how far the probe went."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from edge.task.spine.count import Count
from edge.task.spine.counting import counted
from edge.task.spine.levels import SEGMENTS, kind_of
from edge.task.spine.seen import SpineSeen
from edge.task.spine.travel import Travelled

FRAME_S = 0.05


@dataclass(frozen=True)
class Faults:
    """What goes wrong in a sweep."""

    poor: float = 0.05
    """Share of frames that show nothing reliable."""
    stalls: int = 0
    reversals: int = 0
    noticed: float = 0.9
    """Chance that a turn is noticed by pictures or inertia."""
    lift: bool = False
    hidden_space: float = 0.0
    hidden_bone: float = 0.0
    transitional: bool = False
    start_mm: float = 25.0
    """Below the sacrum's upper end; negative: the sacrum is not under the sweep's start."""


@dataclass(frozen=True)
class Spine:
    """Borders of the segments in mm from the sacrum's upper end, and what each looks like."""

    borders: np.ndarray
    looks: np.ndarray = field(repr=False)
    """(segment, 3): mean chances."""

    def segment(self, at_mm: float) -> int:
        return int(np.searchsorted(self.borders, at_mm, side="right"))

    def edge(self, at_mm: float) -> float:
        """Distance to the nearest border."""
        return float(np.abs(self.borders - at_mm).min())


def spine(rng: np.random.Generator, faults: Faults) -> Spine:
    lengths = []
    looks = [np.eye(3)[0]]
    pitch = rng.uniform(32, 42)
    for segment in range(1, len(SEGMENTS) + 4):
        if segment % 2:
            level = np.clip(pitch + rng.normal(0, 2), 30, 45)
            bone = np.clip(rng.normal(17, 3), 9, 24)
            space = level - bone
        lengths.append(space if segment % 2 else bone)
        hidden = rng.random() < (faults.hidden_space if segment % 2 else faults.hidden_bone)
        looks.append(np.eye(3)[(3 - kind_of(segment)) if hidden else kind_of(segment)])
    if faults.transitional:
        if rng.random() < 0.5:
            lengths[0] = rng.uniform(2, 5)
        else:
            looks[1] = np.array([0.4, 0.5, 0.1])
        looks[2] = np.array([0.5, 0.45, 0.05])
    return Spine(np.concatenate([[0.0], np.cumsum(lengths)]), np.array(looks))


def path(rng: np.random.Generator, faults: Faults) -> Iterator[tuple[float, float, float]]:
    """(place_mm, contact, chance of the same direction) per frame."""
    at, end = -faults.start_mm, rng.uniform(200, 240)
    speed = rng.uniform(8, 18)
    events = sorted(
        [(rng.uniform(10, 190), "stall") for _ in range(faults.stalls)]
        + [(rng.uniform(20, 190), "turn") for _ in range(faults.reversals)]
        + ([(rng.uniform(20, 190), "lift")] if faults.lift else [])
    )
    while at < end:
        if events and at >= events[0][0]:
            _, event = events.pop(0)
            if event == "stall":
                for _ in range(rng.integers(5, 60)):
                    yield at, 1.0, 0.5
            elif event == "lift":
                goal = at + rng.normal(0, 25)
                frames = int(max(6, abs(goal - at) / 40 / FRAME_S))
                for step in range(frames):
                    yield at + (goal - at) * step / frames, 0.0, 0.5
                at = goal
            else:
                back = at - rng.uniform(10, 50)
                for sign, limit in ((-1, back), (1, at)):
                    for _ in range(rng.integers(2, 12)):
                        yield at, 1.0, 0.5
                    noticed, gone = rng.random() < faults.noticed, 0.0
                    while sign * (limit - at) > 0:
                        step = speed * FRAME_S * rng.uniform(0.7, 1.3)
                        at, gone = at + sign * step, gone + step
                        if gone - step < 1 <= gone and noticed:
                            yield at, 1.0, rng.uniform(0.0002, 0.004)
                        else:
                            yield at, 1.0, 0.5 if gone < 5 else rng.uniform(0.9, 0.99)
        at += speed * FRAME_S * rng.uniform(0.6, 1.4)
        yield at, 1.0, rng.uniform(0.9, 0.99)


def sweep(seed: int, faults: Faults) -> Iterator[tuple[int, float, Count]]:
    """(true segment, distance to its border in mm, count) per frame; segments above T12 are len(SEGMENTS) and more."""
    rng = np.random.default_rng(seed)
    anatomy = spine(rng, faults)
    scale = np.clip(rng.normal(1, 0.08), 0.85, 1.15)
    count, last = None, -faults.start_mm
    off, gone = 0.0, 0.0
    for at, contact, onward in path(rng, faults):
        moved = abs(at - last)
        last = at
        gone += moved
        # Where the classes change is itself seen to within a millimetre or two, alike in neighbouring frames.
        off += 0.3 * moved**0.5 * rng.normal() - 0.1 * off
        looks = anatomy.looks[min(anatomy.segment(at + off), len(anatomy.looks) - 1)]
        poor = rng.random() < faults.poor
        sharp = 0.0 if poor else rng.uniform(0.6, 1.0)
        noise = rng.dirichlet(np.ones(3) * 0.5)
        chances = sharp * looks + (1 - sharp) * noise
        clear = rng.uniform(0.1, 0.7) if poor else rng.uniform(0.6, 1.0)
        measured = moved * scale * max(0.0, rng.normal(1, 0.2)) if moved else 0.0
        seen = SpineSeen(chances, clear, contact, 1.0)
        count = counted(
            count, seen, Travelled(measured, 0.25 * measured + 0.02 * bool(measured), None, onward), FRAME_S
        )
        true = anatomy.segment(at)
        yield true, anatomy.edge(at), count


@dataclass
class Shares:
    """Frames by what was told of them."""

    frames: int = 0
    right: int = 0
    unsure: int = 0
    above: int = 0
    """The truth lies above what is told: dangerous."""
    below: int = 0
    edge: int = 0
    """The neighbour is told, within 3 mm of the border."""
    late: int = 0
    """The neighbour is told, further from its border."""

    def __str__(self) -> str:
        parts = ("right", "edge", "late", "unsure", "above", "below")
        return "  ".join(f"{part} {100 * getattr(self, part) / max(self.frames, 1):6.2f} %" for part in parts)


def shares(seeds: range, faults: Faults) -> Shares:
    """Of all frames of the sweeps."""
    out = Shares()
    for seed in seeds:
        for true, edge, count in sweep(seed, faults):
            # On the sacrum's first millimetres and above T12 nothing can be told.
            if count.segment is None and ((not count.started and true == 0) or true >= len(SEGMENTS)):
                continue
            out.frames += 1
            told = count.segment
            if told is None:
                out.unsure += 1
            elif told == true:
                out.right += 1
            elif abs(told - true) == 1 and edge < 3:
                out.edge += 1
            elif abs(told - true) == 1:
                out.late += 1
            elif told < true:
                out.above += 1
            else:
                out.below += 1
    return out
