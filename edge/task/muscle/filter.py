"""What is believed of one quantity of a muscle, from frame to frame: a scalar Kalman filter without state.

Its process noise grows with the movement that was seen, since optical flow errs the more the more it has to follow (the
idea of UltraTimTrack, PeerJ Computer Science 2025), and with what could not be followed. The measurement noise is what
the frame's own evidence says, or what its measurements were seen to scatter about the movement, where that is more.

Angles in degrees from the picture's horizontal, counter-clockwise positive as seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import atan2, cos, degrees, hypot, radians, sin, sqrt
from types import MappingProxyType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from edge.finding import Measurement, SeriesMark
from edge.task.muscle.evidence import Floats, folded_deg

FLOW_ERROR: Final = 0.5
"""Standard deviation of a predicted change as a share of it."""
DEPARTED: Final = 4.0
"""Standard deviations from which a measurement is too far off to be believed."""
DEPARTED_FRAMES: Final = 3
"""Measurements in a row that are too far off, from which the next is believed all the same."""
MEMORY: Final = 0.1
"""Weight of the newest frame in the running measurement noise."""
LEARNING_SHARE: Final = 0.8
"""Of the points: so many must be followed for a frame to tell the measurement noise."""
Z90: Final = 1.645
WINDOW_NS: Final = 10_000_000_000
"""Of the course that is kept of each estimate."""


@dataclass(frozen=True, slots=True)
class Nature:
    """How a quantity may change; standard deviations in its unit, or as shares of its value where `relative`."""

    relative: bool
    wander: float
    """In one second, unseen while every point is followed."""
    unfollowed: float
    """From one frame to the next where no point is followed."""
    blind: float
    """In one second in which nothing is seen."""


_ANGLE = Nature(relative=False, wander=0.5, unfollowed=6.0, blind=12.0)
_BORDER = Nature(relative=False, wander=0.3, unfollowed=2.0, blind=4.0)
_LENGTH = Nature(relative=True, wander=0.02, unfollowed=0.2, blind=0.4)
_THICKNESS = Nature(relative=True, wander=0.01, unfollowed=0.05, blind=0.1)
NATURES: Mapping[str, Nature] = MappingProxyType(
    {
        "fascicle_angle": _ANGLE,
        "pennation_angle": _ANGLE,
        "superficial_aponeurosis_angle": _BORDER,
        "deep_aponeurosis_angle": _BORDER,
        "fascicle_length": _LENGTH,
        "straight_fascicle_length": _LENGTH,
        "muscle_thickness": _THICKNESS,
    }
)
"""What is followed, by a measurement's name without `_px`."""
_DIRECTIONS: Final = ("fascicle_angle", "superficial_aponeurosis_angle", "deep_aponeurosis_angle")
"""Quantities that are directions of lines: they have a sign, and no ends."""


@dataclass(frozen=True, slots=True)
class Strain:
    """The linear part of an affine movement, x to the right and y down, in square units of length: what it does to
    directions, lengths along them, and the thickness of a layer."""

    xx: float
    xy: float
    """What a step in y adds to x."""
    yx: float
    yy: float

    @classmethod
    def of(cls, linear: Floats, squeeze: float) -> Self:
        """From (2, 2) in pixels that are `squeeze` times as high as wide."""
        (xx, xy), (yx, yy) = linear.tolist()
        return cls(xx, xy / squeeze, yx * squeeze, yy)

    def _moved(self, angle_deg: float) -> tuple[float, float]:
        """What becomes of a step of length 1 in a direction."""
        x, y = cos(radians(angle_deg)), -sin(radians(angle_deg))
        return self.xx * x + self.xy * y, self.yx * x + self.yy * y

    def turn_deg(self, angle_deg: float) -> float:
        """By how much a direction turns, in (-90, 90]."""
        x, y = self._moved(angle_deg)
        return folded_deg(degrees(atan2(-y, x)) - angle_deg)

    def stretch(self, angle_deg: float) -> float:
        """A length along a direction afterwards as a multiple of what it was."""
        return hypot(*self._moved(angle_deg))

    def thickening(self, angle_deg: float) -> float:
        """The thickness afterwards, as a multiple, of a layer whose borders run in a direction."""
        return abs(self.xx * self.yy - self.xy * self.yx) / max(self.stretch(angle_deg), 1e-6)


@dataclass(frozen=True, slots=True)
class Belief:
    """A value that is believed, in any unit, and the variance of its error in that unit squared."""

    value: float
    variance: float

    def moved(self, change: float, variance: float) -> "Belief":
        """After a change that is itself known to within `variance`."""
        return Belief(self.value + change, self.variance + variance)

    def corrected(self, innovation: float, noise: float) -> "Belief":
        """After a measurement that lies `innovation` above the value; `noise` is the measurement's variance."""
        gain = self.gain(noise)
        return Belief(self.value + gain * innovation, gain * noise)

    def gain(self, noise: float) -> float:
        """How far a measurement of this variance pulls the value to itself, 0 to 1."""
        total = self.variance + noise
        return self.variance / total if total > 0 else 1.0

    def deviations(self, innovation: float, noise: float) -> float:
        """`innovation` in standard deviations of what is expected of it."""
        return abs(innovation) / sqrt(max(self.variance + noise, 1e-12))


@dataclass(frozen=True, slots=True)
class FrameReading:
    """What one frame alone says of a quantity."""

    measurement: Measurement
    deviation: float
    """Standard deviation, in its unit, of what the next frame would see anew, as the frame's own evidence tells."""


@dataclass(frozen=True, slots=True)
class Directions:
    """Of a muscle; degrees from the picture's horizontal, counter-clockwise positive as seen."""

    fascicle_deg: float
    superficial_deg: float
    deep_deg: float

    @property
    def pennation_deg(self) -> float:
        return abs(folded_deg(self.fascicle_deg - self.deep_deg))

    def turned(self, strain: Strain) -> "Directions":
        angles = (self.fascicle_deg, self.superficial_deg, self.deep_deg)
        return Directions(*(folded_deg(angle + strain.turn_deg(angle)) for angle in angles))


@dataclass(frozen=True, slots=True)
class TissueMovement:
    """How the tissue moved from one frame to the next."""

    strain: Strain
    share: float
    """Of the points that could be followed."""
    before: Directions


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is believed of a quantity at one frame."""

    name: str
    unit: str
    belief: Belief
    noise: float
    """Variance of a frame's own measurement, as seen so far."""
    standing: float
    """That part of the squared half-width of the 90 % interval that more frames do not make smaller."""
    measured_ns: int
    """When a measurement was last believed."""
    expected: float | None
    """What this frame alone would say, by what the last one said and the movement since. None: the last one said
    nothing."""
    single: float | None
    """What this frame alone says. None: nothing."""
    predicted: bool = False
    """This frame's measurement is missing or not believed."""
    departed: int = 0
    """How many measurements in a row, up to the last, were not believed."""
    joined: bool = False
    """Whether it goes on from the frame before."""

    @property
    def measurement(self) -> Measurement:
        """The value with its 90 % interval; lengths and pennation never below zero. `single` only where frames before
        have a part in the value."""
        value, half = self.belief.value, (self.standing + Z90**2 * self.belief.variance) ** 0.5
        low = value - half if self._signed else max(0.0, value - half)
        return Measurement(self.name, value, self.unit, low, value + half, self.single if self.joined else None)

    @property
    def _signed(self) -> bool:
        return self.name in _DIRECTIONS

    def above(self, value: float) -> float:
        """How far `value` lies above what is believed."""
        off = value - self.belief.value
        return folded_deg(off) if self._signed else off


def begun(reading: FrameReading, now_ns: int) -> Estimate:
    """From one frame alone."""
    own, variance = reading.measurement, reading.deviation**2
    belief = Belief(own.value, variance)
    return Estimate(own.name, own.unit, belief, variance, _standing(reading), now_ns, own.value, own.value)


def moved(estimate: Estimate, movement: TissueMovement, elapsed_s: float) -> Estimate:
    """After a movement that was followed."""
    nature = _nature(estimate.name)
    size = abs(estimate.belief.value) if nature.relative else 1.0
    change = _change(estimate, movement)
    sources = (
        FLOW_ERROR * change,
        nature.unfollowed * size * (1 - movement.share),
        nature.wander * size * elapsed_s**0.5,
    )
    expected = None if estimate.single is None or movement.share < LEARNING_SHARE else estimate.single + change
    return _unmeasured(estimate, change, sum(source**2 for source in sources), expected)


def waited(estimate: Estimate, elapsed_s: float) -> Estimate:
    """After a time in which nothing was seen."""
    nature = _nature(estimate.name)
    size = abs(estimate.belief.value) if nature.relative else 1.0
    return _unmeasured(estimate, 0.0, (nature.blind * size) ** 2 * elapsed_s, None)


def corrected(estimate: Estimate, reading: FrameReading, now_ns: int) -> Estimate:
    """With this frame's own measurement, unless it is too far off; begun anew where it stays so."""
    own, noise = reading.measurement, _noise(estimate, reading)
    innovation = estimate.above(own.value)
    if estimate.belief.deviations(innovation, noise) <= DEPARTED:
        belief = estimate.belief.corrected(innovation, noise)
        if estimate.name in _DIRECTIONS:
            belief = Belief(folded_deg(belief.value), belief.variance)
        return Estimate(
            estimate.name,
            estimate.unit,
            belief,
            noise,
            _standing(reading),
            now_ns,
            estimate.expected,
            own.value,
            joined=estimate.joined,
        )
    if estimate.departed + 1 >= DEPARTED_FRAMES:
        return begun(reading, now_ns)
    return replace(estimate, single=own.value, departed=estimate.departed + 1)


def can_be_followed(name: str) -> bool:
    return name.removesuffix("_px") in NATURES


def _nature(name: str) -> Nature:
    return NATURES[name.removesuffix("_px")]


def _unmeasured(estimate: Estimate, change: float, variance: float, expected: float | None) -> Estimate:
    return Estimate(
        estimate.name,
        estimate.unit,
        estimate.belief.moved(change, variance),
        estimate.noise,
        estimate.standing,
        estimate.measured_ns,
        expected,
        None,
        predicted=True,
        departed=estimate.departed,
        joined=True,
    )


def _change(estimate: Estimate, movement: TissueMovement) -> float:
    """By how much the movement changes a quantity, were it carried by the tissue."""
    strain, before, value = movement.strain, movement.before, estimate.belief.value
    match estimate.name.removesuffix("_px"):
        case "fascicle_angle":
            return strain.turn_deg(before.fascicle_deg)
        case "superficial_aponeurosis_angle":
            return strain.turn_deg(before.superficial_deg)
        case "deep_aponeurosis_angle":
            return strain.turn_deg(before.deep_deg)
        case "pennation_angle":
            return before.turned(strain).pennation_deg - before.pennation_deg
        case "muscle_thickness":
            return value * (strain.thickening(before.superficial_deg) - 1)
        case _:
            return value * (strain.stretch(before.fascicle_deg) - 1)


def _noise(estimate: Estimate, reading: FrameReading) -> float:
    """The measurement noise: half the squared difference of two frames that no movement explains, over time."""
    noise = estimate.noise
    if estimate.expected is not None:
        off = reading.measurement.value - estimate.expected
        off = folded_deg(off) if estimate.name in _DIRECTIONS else off
        # One frame that is far off must not make the next ones count for nothing.
        noise += MEMORY * (min(off * off / 2, 4 * noise) - noise)
    return max(noise, reading.deviation**2)


def _standing(reading: FrameReading) -> float:
    half = (reading.measurement.high - reading.measurement.low) / 2
    return float(max(0.0, half**2 - (Z90 * reading.deviation) ** 2))


def lengthened(courses: tuple[SeriesMark, ...], estimates: tuple[Estimate, ...], now_ns: int) -> tuple[SeriesMark, ...]:
    """The courses with this frame's estimates, without what is older than the window or lies in the future."""
    news = {estimate.name: estimate for estimate in estimates}
    units = {estimate.name.removesuffix("_px"): (estimate.name, estimate.unit) for estimate in estimates}
    now = np.array([now_ns], np.int64)
    # Quantities that were measured together have their times in common, and most of them what was predicted or joined.
    times: dict[int, tuple[slice, NDArray[np.int64]]] = {}
    flags: dict[tuple[int, int, bool], NDArray[np.bool_]] = {}
    kept = {}
    for course in courses:
        own = course.name, course.unit
        if units.get(course.name.removesuffix("_px"), own) != own:
            continue
        if id(course.times_ns) not in times:
            part = slice(*course.times_ns.searchsorted((now_ns - WINDOW_NS, now_ns)).tolist())
            times[id(course.times_ns)] = part, np.concatenate((course.times_ns[part], now))
        part, whole = times[id(course.times_ns)]
        if part.start < part.stop:
            kept[course.name] = _lengthened(course, part, news.pop(course.name, None), whole, flags)
    begun_now = (
        SeriesMark(each.name, each.unit, now, _last(each), _flag(each.predicted), _flag(value=False))
        for each in news.values()
    )
    return (*kept.values(), *begun_now)


def _lengthened(
    course: SeriesMark,
    part: slice,
    estimate: Estimate | None,
    times_ns: NDArray[np.int64],
    flags: dict[tuple[int, int, bool], NDArray[np.bool_]],
) -> SeriesMark:
    """A part of a course with this frame's estimate at its end, if there is one. times_ns: with the frame's. flags:
    columns that were lengthened already, by what they were and where their part begins, and by what came last."""
    values, columns = course.values[part], (course.predicted, course.joined)
    if estimate is None:
        return SeriesMark(course.name, course.unit, course.times_ns[part], values, *(each[part] for each in columns))
    longer = []
    for column, last in zip(columns, (estimate.predicted, estimate.joined), strict=True):
        key = id(column), part.start, last
        if key not in flags:
            flags[key] = np.concatenate((column[part], _flag(last)))
        longer.append(flags[key])
    return SeriesMark(course.name, course.unit, times_ns, np.concatenate((values, _last(estimate))), *longer)


def _last(estimate: Estimate) -> Floats:
    """(1, 3) a frame's value and the ends of its interval."""
    said = estimate.measurement
    return np.array([(said.value, said.low, said.high)])


@lru_cache(maxsize=2)
def _flag(value: bool) -> NDArray[np.bool_]:
    """(1,)."""
    return np.array([value])
