"""What an inertial sensor tells of a stop: whether the probe went on or back after it, and whether it was lifted.

Acceleration cannot be summed up to a place by such a sensor. Over a stop it can: at rest the sensor shows gravity alone, and
from there the change of speed before and after is known for the half second that matters. One that goes on is slowed and
sped up in opposite directions, one that turns back twice in the same.
"""

from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.task.spine.seen import Floats

G_MM_PER_S2: Final = 9806.65
LONGEST_S: Final = 1.5
"""Of a stop; over a longer one the turning rate's drift tilts gravity too far."""
PHASE_S: Final = 0.6
"""Within which a hand stops or starts."""
SPEED_SD: Final = 6.0
"""Standard deviation in mm/s of a speed that is summed up over PHASE_S: 0.05 degrees of tilt, and the sensor's noise."""
LEAST_SAMPLES: Final = 5
JOLT_G: Final = 0.35
TILT_DEG: Final = 25.0
"""A probe that is lifted is jolted, and tilted further than a hand tilts it on the skin."""


def onward_after(
    times_ns: NDArray[np.int64],
    acceleration_g: Floats,
    rate_deg_per_s: Floats,
    rest_ns: tuple[int, int],
    speeds_mm_per_s: tuple[float, float],
    *,
    transverse: bool,
) -> float:
    """Chance that the probe went on after a stop; 0.5 where it cannot be told.

    times_ns (n,), acceleration_g and rate_deg_per_s (n, 3): x lateral, y across the picture's plane, z into the body.
    rest_ns: when it came to rest and when it went again. speeds_mm_per_s: before and after, as pictures tell them.
    transverse: it moves across its plane, not along it.
    """
    start, end = rest_ns
    resting = (times_ns >= start) & (times_ns <= end)
    if np.count_nonzero(resting) < LEAST_SAMPLES or end - start > LONGEST_S * 1e9:
        return 0.5
    # Gravity along the way, from rest on, as the probe is turned about the axis across its way and its depth.
    axis, about, sign = (1, 0, -1.0) if transverse else (0, 1, 1.0)
    seconds = (times_ns - start) / 1e9
    rate = np.radians(rate_deg_per_s[:, about] - rate_deg_per_s[resting, about].mean())
    steps = np.diff(seconds, prepend=seconds[0])
    tilt = np.cumsum(rate * steps)
    tilt -= tilt[resting].mean()
    level = float(acceleration_g[resting, axis].mean())
    gravity = level + sign * float(acceleration_g[resting, 2].mean()) * tilt
    pushed = (acceleration_g[:, axis] - gravity) * G_MM_PER_S2 * steps
    slowed = float(pushed[(seconds < 0) & (seconds >= -PHASE_S)].sum())
    sped = float(pushed[(times_ns > end) & (times_ns <= end + PHASE_S * 1e9)].sum())
    before, after = speeds_mm_per_s
    on = sum(_bell(slowed + way * before) * _bell(sped - way * after) for way in (1, -1))
    back = sum(_bell(slowed + way * before) * _bell(sped + way * after) for way in (1, -1))
    return on / (on + back)


def _bell(off: float) -> float:
    """Likelihood of a speed this far off, never quite nothing."""
    return exp(-0.5 * (off / SPEED_SD) ** 2) + 0.01


def was_lifted(acceleration_g: Floats) -> bool:
    """Whether samples (n, 3) show a jolt, or a tilt against the first of them, as of a probe that is taken off."""
    size = np.linalg.norm(acceleration_g, axis=1)
    if len(size) < LEAST_SAMPLES:
        return False
    first = acceleration_g[:LEAST_SAMPLES].mean(axis=0)
    last = acceleration_g[-LEAST_SAMPLES:].mean(axis=0)
    cosine = first @ last / max(float(np.linalg.norm(first) * np.linalg.norm(last)), 1e-9)
    return bool(np.abs(size - 1).max() > JOLT_G or np.degrees(np.arccos(np.clip(cosine, -1, 1))) > TILT_DEG)
