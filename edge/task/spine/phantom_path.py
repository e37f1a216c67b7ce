"""How a hand leads the probe along the spine, well or badly, and what the probe's inertial sensor feels of it.

A path is sampled evenly in time. The sensor's axes: x to the picture's right, y across the picture's plane, z into the
body; a resting upright probe reads (0, 0, 1) g.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge.task.spine.seen import Floats

RATE_HZ: Final = 100.0
SMOOTH_S: Final = 0.12
"""Within which a hand changes its speed."""
G_MM: Final = 9806.65
NOISE_G: Final = 0.004
BIAS_G: Final = 0.004
NOISE_DEG_PER_S: Final = 0.3
LIFT, STALL, REVERSE, DRIFT, POOR = FAULTS = ("lift", "stall", "reverse", "drift", "poor")


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """(n,) at RATE_HZ from time 0 on; later the probe stays where it is."""

    s_mm: Floats
    """Place along the spine."""
    beside_mm: Floats
    """To the right of the line that it began on."""
    tilt_deg: Floats
    """Of the plane towards the head."""
    contact: Floats
    """Share of the array that touches skin, 0 to 1."""

    def at(self, t_s: float) -> tuple[float, float, float, float]:
        """Place, place beside, tilt and contact at a time."""
        where = min(max(t_s * RATE_HZ, 0.0), len(self.s_mm) - 1.0)
        low = min(int(where), len(self.s_mm) - 2)
        part = where - low
        s, beside, tilt, contact = (
            float(of[low] + part * (of[low + 1] - of[low]))
            for of in (self.s_mm, self.beside_mm, self.tilt_deg, self.contact)
        )
        return s, beside, tilt, contact

    @property
    def seconds(self) -> float:
        return (len(self.s_mm) - 1) / RATE_HZ


@dataclass(frozen=True, slots=True)
class Sweep:
    """How the probe is led. Lengths in mm."""

    start_mm: float
    end_mm: float
    speed_mm_per_s: float
    faults: tuple[str, ...] = ()


def draw_path(rng: np.random.Generator, sweep: Sweep) -> Path:
    """The faults happen at random places on the way."""
    way = 1.0 if sweep.end_mm >= sweep.start_mm else -1.0
    length = abs(sweep.end_mm - sweep.start_mm)
    places = np.sort(rng.uniform(0.25, 0.9, len(sweep.faults))) * length
    speed, lifted, poor = [np.zeros(int(0.4 * RATE_HZ))], [], []
    gone = 0.0

    def go(distance: float, pace: float) -> None:
        nonlocal gone
        count = max(1, round(abs(distance) / pace * RATE_HZ))
        speed.append(np.full(count, distance / count * RATE_HZ))
        gone += distance

    def now() -> int:
        return sum(part.size for part in speed)

    for place, fault in zip(places, sweep.faults, strict=True):
        if place > gone:
            go(place - gone, sweep.speed_mm_per_s)
        if fault == STALL:
            speed.append(np.zeros(int(rng.uniform(0.6, 3.0) * RATE_HZ)))
        elif fault == REVERSE:
            back = float(rng.uniform(8, 45))
            if rng.random() < 0.5:
                speed.append(np.zeros(int(rng.uniform(0.1, 1.0) * RATE_HZ)))
            go(-min(back, max(gone - 5, 2.0)), sweep.speed_mm_per_s)
        elif fault == LIFT:
            begun = now()
            go(float(rng.uniform(-45, 55)), 60.0)
            speed.append(np.zeros(int(rng.uniform(0.25, 0.8) * RATE_HZ)))
            lifted.append((begun, now()))
        elif fault == POOR:
            begun = now()
            go(0.2 * length, sweep.speed_mm_per_s)
            poor.append((begun, now()))
    if length > gone:
        go(length - gone, sweep.speed_mm_per_s)
    speed.append(np.zeros(int(0.4 * RATE_HZ)))
    pace = _smooth(np.concatenate(speed) * (1 + 0.15 * _wander(rng, now(), 0.8)), SMOOTH_S)
    s = sweep.start_mm + way * np.concatenate(((0.0,), np.cumsum(pace) / RATE_HZ))
    count = s.size
    drift = 9.0 if DRIFT in sweep.faults else 1.5
    contact = np.ones(count)
    for begun, ended in lifted:
        contact[begun:ended] = 0.0
    for begun, ended in poor:
        contact[begun:ended] = np.clip(0.45 + 0.4 * _wander(rng, ended - begun, 0.5), 0.05, 1)
    contact = np.clip(_smooth(contact, 0.06), 0, 1)
    return Path(s, drift * _wander(rng, count, 4.0), 2.5 * _wander(rng, count, 2.5), contact)


def _smooth(values: Floats, seconds: float) -> Floats:
    blurred = cv2.GaussianBlur(
        values[None].astype(np.float64), (0, 0), seconds * RATE_HZ, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(blurred[0], np.float64)


def _wander(rng: np.random.Generator, count: int, seconds: float) -> Floats:
    """(count,) a smooth course of standard deviation about 1, from 0 on."""
    knots = rng.standard_normal(max(4, int(count / RATE_HZ / seconds) + 3))
    knots[0] = 0.0
    course = np.interp(np.arange(count), np.arange(knots.size) * seconds * RATE_HZ, knots)
    return _smooth(course, seconds / 2)


def felt(path: Path, t_s: float, seed: int, *, along: bool) -> tuple[float, ...]:
    """Acceleration in g and turning rate in degrees a second, x y z each, at a time. along: the picture's plane runs
    along the spine, so that the way is the sensor's x."""
    step = 1 / RATE_HZ
    before, here, after = (path.at(t_s + one * step) for one in (-1, 0, 1))
    along_g = (after[0] - 2 * here[0] + before[0]) / step**2 / G_MM
    beside_g = (after[1] - 2 * here[1] + before[1]) / step**2 / G_MM
    tilt = np.radians(here[2])
    rate = (after[2] - before[2]) / (2 * step)
    noise = np.random.default_rng([411, seed, round(t_s * 1e4)]).standard_normal(6)
    bias = np.random.default_rng([412, seed]).standard_normal(3) * BIAS_G
    x, y = (along_g, beside_g) if along else (beside_g, along_g)
    lean = np.sin(tilt)
    gravity = (lean, 0.0, np.cos(tilt)) if along else (0.0, lean, np.cos(tilt))
    jolt = 0.15 * (1 - here[3]) * noise[2]
    acceleration = np.array((x, y, jolt)) + gravity + bias + NOISE_G * noise[:3]
    turning = np.array((0.0, rate, 0.0) if along else (rate, 0.0, 0.0)) + NOISE_DEG_PER_S * noise[3:]
    return tuple(float(one) for one in (*acceleration, *turning))
