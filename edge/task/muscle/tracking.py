"""Muscle measurements over time: predicted by the picture's movement, corrected by each frame's own measurement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import hypot, radians, tan
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.finding import CaliperMark, Finding, LineMark, Mark, Measurement, SeriesMark, Verdict
from edge.frame import Frame, PixelSpacing, Region
from edge.image.flow import PictureMovement, movement_between, reduced
from edge.task.continuity import same_scale, soon_after
from edge.task.muscle.cadence import Thorough
from edge.task.muscle.filter import (
    Directions,
    Estimate,
    FrameReading,
    Strain,
    TissueMovement,
    begun,
    can_be_followed,
    corrected,
    lengthened,
    moved,
    waited,
)
from edge.task.muscle.quantiles import mean

PREDICTED_NS: Final = 500_000_000
"""A quantity that no frame measured for longer is lost."""
MESSAGE_NS: Final = 1_000_000_000
"""How long it is said that tracking was regained or began anew."""
SAME_REGION: Final = 0.9
"""Shared area of two regions as a share of their joint area."""
POINTS: Final = (12, 4)
"""Across and down, that are followed."""
MARGIN: Final = 0.06
"""Of the muscle's width and thickness that is kept clear of points."""
ALONE_SHARE: Final = 0.4
"""Of the points that must be followed where nothing was measured; with fewer, angles went off by 8 to 13 degrees."""
EMPTY_SHARE: Final = 0.3
"""A picture with less of the contrast of the one before shows no tissue, as when the probe is lifted for a moment."""
INDEPENDENT_FASCICLES: Final = 9
"""How many are reckoned to err each on its own."""
LEAST_DEG: Final = 0.3
"""Standard deviation of an aponeurosis' angle; no angle is read more steadily."""
LEAST_SHARE: Final = 0.01
"""The same of a length, as a share of it."""
FLATTEST_DEG: Final = 2.0
"""Pennation that a length's deviation is reckoned with at least."""

ANOTHER_TIME: Final = "the frame before is more than 0.5 s away"
ANOTHER_REGION: Final = "another part of the screen is seen"
ANOTHER_SCALE: Final = "the scale changed"
ANOTHER_PICTURE: Final = "the picture does not follow from the one before"
ANOTHER_COURSE: Final = "three frames in a row were measured far from the course"
UNMEASURED: Final = "nothing was measured for 0.5 s"
BEGAN_ANEW: Final = "tracking began anew: "
LOST: Final = "tracking lost: "
REGAINED: Final = "tracking regained"
BY_MOVEMENT: Final = "followed by the picture's movement alone"
HELD: Final = "last values held: there is no picture to follow"

Line = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Muscle:
    """Where a muscle lies in the frame."""

    superficial: Line
    deep: Line
    """(n, 2) its borders from left to right, in pixels of the frame."""
    directions: Directions


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What one frame alone says."""

    muscle: Muscle
    readings: tuple[FrameReading, ...]
    """Of what can be followed."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The last picture whose movement could be followed, made small, and the muscle in it."""

    picture: NDArray[np.uint8]
    scale: float
    """Its pixels per pixel of the frame."""
    region: Region
    """Of the frame: what the picture shows."""
    muscle: Muscle


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What is known of a muscle at one frame by all frames so far."""

    frame_shape: tuple[int, ...]
    exposed_ns: int
    spacing: PixelSpacing | None
    view: View | None = None
    """None: nothing is followed."""
    estimates: tuple[Estimate, ...] = ()
    courses: tuple[SeriesMark, ...] = ()
    lost: str = ""
    """Why nothing is followed any more; empty where something is, or never was."""
    held: bool = False
    """Whether the last frame showed nothing that could be followed."""
    message: str = ""
    message_until_ns: int = 0
    thorough: Thorough | None = None
    """What stands of the last thorough look; None: the next frame needs one."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it rests on less than a measurement of this frame."""
        if self.lost:
            return (LOST + self.lost,)
        plain = (
            estimate.name.removesuffix("_px").replace("_", " ") for estimate in self.estimates if estimate.departed
        )
        if departed := tuple(f"the {name} departs from its course" for name in plain):
            return departed
        if not self.estimates or not all(estimate.predicted for estimate in self.estimates):
            return ()
        return (HELD if self.held else BY_MOVEMENT,)

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.message,) if self.exposed_ns < self.message_until_ns else ()

    @property
    def goes_on(self) -> bool:
        return any(estimate.joined for estimate in self.estimates)


def measured_of(finding: Finding) -> Measured | None:
    """What the finding of one frame hands to the tracking; None where the frame measured no muscle."""
    angle = finding.measurement("fascicle_angle")
    lines = {mark.name: mark.points for mark in finding.marks if isinstance(mark, LineMark)}
    if finding.verdict is Verdict.REFUSED or angle is None:
        return None
    directions = Directions(
        angle.value, _value(finding, "superficial_aponeurosis_angle"), _value(finding, "deep_aponeurosis_angle")
    )
    turn = hypot(LEAST_DEG, _value(finding, "fascicle_angle_spread") / INDEPENDENT_FASCICLES**0.5)
    steepness = tan(radians(max(directions.pennation_deg, FLATTEST_DEG)))
    readings = tuple(
        FrameReading(one, _deviation(one.name.removesuffix("_px"), one.value, turn, steepness))
        for one in finding.measurements
        if can_be_followed(one.name)
    )
    muscle = Muscle(lines["superficial aponeurosis"], lines["deep aponeurosis"], directions)
    return Measured(muscle, readings)


def _value(finding: Finding, name: str) -> float:
    found = finding.measurement(name)
    return found.value if found else 0.0


def _deviation(name: str, value: float, turn: float, steepness: float) -> float:
    """Of one quantity, by `turn`, the deviation of the fascicles' angle: a length is the thickness over the sine of the
    pennation."""
    if name == "fascicle_angle":
        return turn
    if name == "pennation_angle":
        return hypot(turn, LEAST_DEG)
    if name.endswith("fascicle_length"):
        return value * hypot(LEAST_SHARE, radians(hypot(turn, LEAST_DEG)) / steepness)
    return value * LEAST_SHARE if name == "muscle_thickness" else LEAST_DEG


def follow(before: Track | None, frame: Frame, measured: Measured | None) -> Track:
    """The track at this frame. before: at the frame before, None at the first. measured: None where it is refused."""
    cause = "" if before is None else _interruption(before, frame)
    if before is None or cause:
        return _begun(before, frame, measured, cause)
    if before.view is None:
        return _begun(before, frame, measured, "") if measured else _passed(before, frame, (), None)
    picture = _seen(frame, before.view)
    if np.array_equal(picture, before.view.picture):
        return _passed(before, frame, _as_before(before.estimates, frame.exposed_ns), before.view)
    elapsed_s = (frame.exposed_ns - before.exposed_ns) / 1e9
    movement = movement_between(before.view.picture, picture, _points(before.view))
    if movement is None or (measured is None and movement.share < ALONE_SHARE):
        if measured is not None:
            return _begun(before, frame, measured, ANOTHER_PICTURE)
        if picture.std() > EMPTY_SHARE * before.view.picture.std():
            # Other tissue, or the same too far away: what is believed says nothing of it.
            return _begun(before, frame, None, ANOTHER_PICTURE)
        kept = tuple(waited(each, elapsed_s) for each in before.estimates)
        return replace(_passed(before, frame, kept, before.view), held=True)
    strain = Strain.of(movement.linear, _squeeze(frame.spacing))
    tissue = TissueMovement(strain, movement.share, before.view.muscle.directions)
    estimates = tuple(moved(each, tissue, elapsed_s) for each in before.estimates)
    muscle = _carried(before.view, movement, strain) if measured is None else measured.muscle
    view = View(picture, before.view.scale, before.view.region, muscle)
    if measured is not None:
        estimates = tuple(map(_corrected_by(measured.readings, frame.exposed_ns), estimates))
        if not all(each.joined for each in estimates):
            return _begun(before, frame, measured, ANOTHER_COURSE)
        known = {each.name for each in estimates}
        new = (reading for reading in measured.readings if reading.measurement.name not in known)
        estimates += tuple(begun(reading, frame.exposed_ns) for reading in new)
    return _passed(before, frame, estimates, view)


def followed(finding: Finding, track: Track) -> Finding:
    """A frame's finding with what the track says: values followed over time, their courses, how far to trust them."""
    values = {estimate.name: estimate.measurement for estimate in track.estimates}
    limited = finding.verdict is Verdict.MEASURED and bool(track.reasons)
    return replace(
        finding,
        verdict=Verdict.LIMITED if limited else finding.verdict,
        reasons=finding.reasons + track.reasons,
        measurements=tuple(values.get(each.name, each) for each in finding.measurements),
        marks=tuple(_retold(mark, values) for mark in finding.marks) + track.courses,
        notes=finding.notes + track.notes,
    )


def _retold(mark: Mark, values: Mapping[str, Measurement]) -> Mark:
    """A calliper says what the table says."""
    value = values.get(mark.name.replace(" ", "_"))
    if value is None or not isinstance(mark, CaliperMark):
        return mark
    return replace(mark, text=f"{value.value:.1f} {value.unit}")


def held_in(track: Track | None, frame: Frame) -> tuple[float, float] | None:
    """Mean depths, in pixels, of the superficial and the deep border of the muscle followed so far; None: of none."""
    if track is None or track.view is None or _interruption(track, frame):
        return None
    muscle = track.view.muscle
    return mean(muscle.superficial[:, 1]), mean(muscle.deep[:, 1])


def _interruption(before: Track, frame: Frame) -> str:
    """Why this frame does not continue the one before; empty where it does."""
    if not soon_after(frame.exposed_ns, before.exposed_ns):
        return ANOTHER_TIME
    if frame.pixels.shape != before.frame_shape:
        return ANOTHER_REGION
    if before.view is not None and _overlap(before.view.region, frame.ultrasound) < SAME_REGION:
        return ANOTHER_REGION
    return "" if same_scale(before.spacing, frame.spacing) else ANOTHER_SCALE


def _overlap(one: Region, other: Region) -> float:
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0, width) * max(0, height)
    return shared / (one.width * one.height + other.width * other.height - shared)


def _begun(before: Track | None, frame: Frame, measured: Measured | None, cause: str) -> Track:
    """From this frame alone. The cause is told only where something was followed before."""
    lost = before.lost if before else ""
    goes_on = before is not None and before.goes_on
    track = Track(frame.pixels.shape, frame.exposed_ns, frame.spacing, courses=before.courses if before else ())
    if measured is None:
        return replace(_passed(track, frame, (), None), lost=cause if goes_on else lost)
    message = REGAINED if lost else BEGAN_ANEW + cause if goes_on else ""
    track = replace(track, message=message, message_until_ns=frame.exposed_ns + MESSAGE_NS if message else 0)
    picture, scale = reduced(frame.ultrasound.crop(frame.pixels))
    estimates = tuple(begun(reading, frame.exposed_ns) for reading in measured.readings)
    return _passed(track, frame, estimates, View(picture, scale, frame.ultrasound, measured.muscle))


def _passed(before: Track, frame: Frame, estimates: tuple[Estimate, ...], view: View | None) -> Track:
    """The track one frame later, without what was not measured for too long."""
    kept = tuple(each for each in estimates if frame.exposed_ns - each.measured_ns <= PREDICTED_NS)
    lost = UNMEASURED if before.estimates else before.lost
    return replace(
        before,
        exposed_ns=frame.exposed_ns,
        spacing=frame.spacing,
        view=_facing(view, kept) if view and kept else None,
        estimates=kept,
        courses=lengthened(before.courses, kept, frame.exposed_ns),
        lost="" if kept else lost,
        held=False,
    )


def _facing(view: View, estimates: tuple[Estimate, ...]) -> View:
    """The view with the fascicles' direction as it is believed to be."""
    angle = next((each.belief.value for each in estimates if each.name == "fascicle_angle"), None)
    if angle is None:
        return view
    muscle, before = view.muscle, view.muscle.directions
    directions = Directions(angle, before.superficial_deg, before.deep_deg)
    return View(view.picture, view.scale, view.region, Muscle(muscle.superficial, muscle.deep, directions))


def _as_before(estimates: tuple[Estimate, ...], now_ns: int) -> tuple[Estimate, ...]:
    """The same picture again, as of a frozen probe, tells nothing new; nor does anything grow old by it."""
    return tuple(
        replace(each, joined=True, measured_ns=each.measured_ns if each.predicted else now_ns) for each in estimates
    )


def _corrected_by(readings: tuple[FrameReading, ...], now_ns: int) -> Callable[[Estimate], Estimate]:
    own = {reading.measurement.name: reading for reading in readings}
    return lambda each: corrected(each, own[each.name], now_ns) if each.name in own else each


def _seen(frame: Frame, view: View) -> NDArray[np.uint8]:
    """What the view's part of the screen shows now, as small as the view's picture."""
    return reduced(view.region.crop(frame.pixels))[0]


def _squeeze(spacing: PixelSpacing | None) -> float:
    return 1.0 if spacing is None else spacing.y_mm_per_px / spacing.x_mm_per_px


def _points(view: View) -> Line:
    """(n, 2) a grid over the muscle, in pixels of the view's picture."""
    region = view.region
    across, down = _spread()
    x = across * (region.width - 1)
    x += region.x
    top, bottom = (np.interp(x, line[:, 0], line[:, 1]) for line in (view.muscle.superficial, view.muscle.deep))
    grid = np.empty((down.size, across.size, 2))
    grid[..., 0] = x
    y = np.multiply(down[:, None], bottom - top, out=grid[..., 1])
    y += top
    places = grid.reshape(-1, 2)
    if float(y.min()) < region.y or float(y.max()) >= region.y + region.height:
        places = places[(places[:, 1] >= region.y) & (places[:, 1] < region.y + region.height)]
    return _to_small(places, view).astype(np.float32)


@lru_cache(maxsize=1)
def _spread() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the points lie across and down, as shares of the way."""
    across, down = (np.linspace(MARGIN, 1 - MARGIN, count) for count in POINTS)
    return across, down


def _to_small(points: NDArray[np.float64], view: View) -> NDArray[np.float64]:
    """From pixels of the frame to those of the view's picture; centres at whole numbers."""
    return (points - (view.region.x, view.region.y) + 0.5) * view.scale - 0.5


def _carried(view: View, movement: PictureMovement, strain: Strain) -> Muscle:
    """The muscle after a movement, each line carried with the tissue."""
    lines = []
    for line in (view.muscle.superficial, view.muscle.deep):
        there = movement.carried(_to_small(line.astype(np.float64), view).astype(np.float32))
        lines.append(((there + 0.5) / view.scale - 0.5 + (view.region.x, view.region.y)).astype(np.float32))
    return Muscle(lines[0], lines[1], view.muscle.directions.turned(strain))
