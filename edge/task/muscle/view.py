"""Whether a picture stands upright, and what was found in it is a muscle, seen well enough to be measured.

The gate follows what users of such programs are told to look for: both aponeuroses over most of the width, about
parallel, fascicles of one direction between them (clinical-limits.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Aponeurosis
from edge.task.muscle.architecture import Architecture, apart_deg
from edge.task.muscle.evidence import Evidence
from edge.task.muscle.fascicles import Direction
from edge.task.muscle.quantiles import mean

LEAST_COVERAGE: Final = 0.6
"""Of the lit width, of each aponeurosis."""
LEAST_CONTACT: Final = 0.5
"""Lit share of the picture's width."""
CLEARLY_SEEN: Final = 0.4
"""Strength from which a curve is called an aponeurosis."""
MOST_DIVERGING_DEG: Final = 15.0
LEAST_COHERENCE: Final = 0.75
LEAST_FILLED: Final = 0.15
"""Mean weight of the belly's cells."""
MOST_SPREAD_DEG: Final = 9.0
CLEAR_COVERAGE: Final = 0.75
CLEAR_STRENGTH: Final = 0.7
ALONG_DEG: Final = 5.0
"""Fascicles that run flatter to the deep aponeurosis may be anything that lies level."""
FAR_OUTSIDE: Final = 0.7
"""Share of a fascicle outside the picture: the same said by its length."""
THIN: Final = 0.16
"""Thickness, as a share of the picture's height, of which hardly a muscle was that somebody pictured."""
LEAST_ABOVE: Final = 0.02
"""Share of the picture's height above a muscle: skin and fat at least."""
WEAK_POINTS: Final = 3
"""So many of the seven at once are seldom met in a muscle, but in most of the nerves' and hips' pictures tried."""
MOST_EXTRAPOLATED: Final = 0.5
"""Share of a fascicle outside the picture from which its length is withheld."""
JUDGED_WIDTH_PX: Final = 256
"""Of the picture made small, by which it is told whether it stands on its head."""
LEVEL_LENGTH_PX: Final = 25
"""Length over which texture has to lie level."""
LEVEL_WEIGHTS: Final = ((0.12, 7.5), (0.3, 11.0))
"""(share of the height at either end, weight) of how level the texture is there."""
LIGHT_WEIGHTS: Final = ((0.04, 1.4), (0.25, 1.2))
"""The same of how bright it is."""
SURELY_UPSIDE_DOWN: Final = 1.0
"""Negative sum from which it is said; no upright real picture that was tried lay lower than -0.7."""


def upside_down(picture: NDArray[np.uint8]) -> tuple[str, ...]:
    """Why a picture (height, width) must be turned over first; empty where it stands as it should."""
    if uprightness(picture) > -SURELY_UPSIDE_DOWN:
        return ()
    return ("the picture looks upside down: its lower edge looks like skin and fat",)


def uprightness(picture: NDArray[np.uint8]) -> float:
    """Above 0: rather upright; the same picture turned over has the same below 0.

    Skin and fat lie level and so does their texture, while what is deep runs as it likes; and the near end is the
    brighter one, if only a little. The weights were fitted on upright pictures of other devices and on phantoms, not on
    the sets that results are told of.
    """
    height, width = picture.shape
    size = JUDGED_WIDTH_PX, max(16, round(JUDGED_WIDTH_PX * height / width))
    small = picture if picture.shape == size[::-1] else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    soft = cv2.blur(small.astype(np.float32), (LEVEL_LENGTH_PX, 1))
    steps, level_steps, light = (
        cv2.reduce(plane, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[:, 0].astype(np.float64)
        for plane in (cv2.absdiff(small[1:], small[:-1]), cv2.absdiff(soft[1:], soft[:-1]), small)
    )
    level = level_steps / (steps + 0.5)
    return sum(
        weight * _log_ratio(rows, share)
        for rows, weights in ((level, LEVEL_WEIGHTS), (light, LIGHT_WEIGHTS))
        for share, weight in weights
    )


def _log_ratio(rows: NDArray[np.floating], share: float) -> float:
    """Of the upper end's mean to the lower end's."""
    count = max(1, int(share * rows.size))
    return float(np.log((rows[:count].mean() + 0.5) / (rows[-count:].mean() + 0.5)))


def structure_faults(evidence: Evidence, curves: Sequence[Aponeurosis], found: bool) -> tuple[str, ...]:
    """Why there is no muscle to measure; empty where one was found."""
    if mean(evidence.lit) < LEAST_CONTACT:
        return (f"only {100 * mean(evidence.lit):.0f} % of the picture has contact with the skin",)
    if found:
        return ()
    clear = sum(curve.strength >= CLEARLY_SEEN for curve in curves)
    if clear == 0:
        return ("no muscle is seen: there is no aponeurosis",)
    if clear == 1:
        return ("only one aponeurosis is seen: bring both borders of the muscle into the picture",)
    return ("no fascicles are seen between two aponeuroses",)


def muscle_faults(muscle: Architecture) -> tuple[str, ...]:
    """Why what was found must not be measured; empty where nothing speaks against it."""
    if mean(muscle.superficial.lower) < LEAST_ABOVE * muscle.rows:
        return ("the muscle's upper border lies at the picture's edge: bring skin and fat into the picture",)
    for name, curve in (("superficial", muscle.superficial), ("deep", muscle.deep)):
        if curve.coverage < LEAST_COVERAGE:
            share = f"{100 * curve.coverage:.0f} %"
            return (f"the {name} aponeurosis is seen over only {share} of the width: move along the muscle",)
    diverging = abs(muscle.superficial_angle_deg - muscle.deep_angle_deg)
    if diverging > MOST_DIVERGING_DEG:
        return (f"the aponeuroses stand at {diverging:.0f} degrees to each other: not along the muscle",)
    return direction_faults(muscle.fascicles)


@dataclass(frozen=True, slots=True)
class Clear:
    """What a way of reading has where a muscle is seen clearly."""

    spread_deg: float
    """At most, of the fascicles."""
    filled: float
    """At least, of the belly."""
    close_deg: float
    """Two opinions that differ by no more are one."""


def clarity_faults(muscle: Architecture, seen: Direction, second: Direction | None, clear: Clear) -> tuple[str, ...]:
    """Why this may be no muscle at all, where several things are weak that are each seen in muscles too.

    seen: the fascicles' direction before it was sharpened. second: what the other pathway reads, None where there is
    none or it reads nothing.
    """
    ends = (muscle.superficial, muscle.deep)
    height = mean(muscle.deep.upper - muscle.superficial.lower) / muscle.rows
    weak = {
        "interrupted aponeuroses": min(curve.coverage for curve in ends) < CLEAR_COVERAGE,
        "faint aponeuroses": min(curve.strength for curve in ends) < CLEAR_STRENGTH,
        "uneven directions": seen.spread_deg > clear.spread_deg,
        "faint fascicles": seen.filled < clear.filled,
        "two opinions of their angle": second is not None
        and apart_deg(seen.angle_deg, second.angle_deg) > clear.close_deg,
        "fascicles along the aponeuroses": muscle.pennation_deg < ALONG_DEG or muscle.size.extrapolated > FAR_OUTSIDE,
        "a thin layer": height < THIN,
    }
    found = [name for name, there in weak.items() if there]
    return (f"no muscle is seen clearly: {', '.join(found)}",) if len(found) >= WEAK_POINTS else ()


def direction_faults(fascicles: Direction) -> tuple[str, ...]:
    """Why the fascicles' angle must not be believed."""
    if fascicles.filled < LEAST_FILLED:
        return ("fascicles can hardly be read: turn the probe until they are long and bright",)
    if fascicles.coherence < LEAST_COHERENCE or fascicles.spread_deg > MOST_SPREAD_DEG:
        return ("the fascicles' directions disagree: turn the probe into their plane",)
    return ()
