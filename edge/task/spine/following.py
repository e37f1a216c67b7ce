"""How far the probe went between frames, by their pictures and by its inertial sensor.

Across its plane a probe's way is told by how fast speckle changes (Chen 1997, IEEE Trans Biomed Eng 44:1049): a frame
resembles another the less, the farther apart they were taken. That it has turned back is told by frames that it comes
back to: they resemble the new one more than frames do that lie as far behind. Along its plane the picture itself moves.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Motion
from edge.task.spine.planes import MM_PER_PX
from edge.task.spine.recalling import Passed, Spot
from edge.task.spine.spec import BEAM_MM
from edge.task.spine.travel import Travelled

Tile = NDArray[np.float32]
FADES: Final = (0.516, 1.66)
"""Of the beam's height, over which resemblance fades to 1/e, and the power by which it does: of pictures on a
logarithmic grey scale, whose speckle a Gaussian beam makes."""
ROWS, COLUMNS = slice(12, 118), slice(62, 194)
"""Of the network's square, that are compared across the plane: 3 to 40 mm deep, 24 mm to either side."""
LONG_ROWS, LONG_COLUMNS = slice(14, 190), slice(28, 228)
"""The same along the plane: 4 to 67 mm deep, 36 mm to either side."""
COARSE_PX: Final = 6.0
"""What is smoother than this sideways is taken away: it stays where it is."""
ASIDE_PX: Final = 8
"""That a hand may stray sideways between two frames."""
NEAR_PX: Final = 2
"""About where the last frame was found, in which those kept are looked for."""
LONGEST_PX: Final = 24
"""That it may go along the plane."""
TOP, FLOOR = 0.99, 0.2
"""Resemblance of two frames of one place, and of two that are far apart, until it was seen."""
LEARNED: Final = 0.2
"""Of each frame, by which the floor follows what is seen."""
FAR_MM: Final = 4.0
SATURATED: Final = 0.1
"""Above the floor, as a share of what lies between: less tells no distance."""
REST_MM: Final = 0.12
"""What is less is noise."""
NEXT_MM: Final = 0.5
"""From the frame that is compared with, until another is taken."""
KEPT: Final = 14
KEPT_APART_MM: Final = 0.35
ERROR: Final = 0.06
"""Standard deviation of a resemblance about what its distance lets expect."""
WHOLE: Final = 0.95
"""Contact from which pictures are compared with those kept."""
MOST_A_FRAME: Final = 3.0
"""Log odds that one frame's places may add: one that resembles by chance decides nothing."""
SPOKEN: Final = 1.0
"""Log odds with which a frame speaks for going on."""
COMPARED: Final = 8
"""Of the kept pictures."""
MOST_WORDS: Final = 5.0
TURNED: Final = -4.0
"""Log odds from which it is held to have turned."""
SLOW: Final = 0.6
"""Of its usual speed."""
EVENLY_MM: Final = 4.5
"""After it was slow, within which its turn shows."""
TOGETHER: Final = 0.5
"""Weight of each kept frame's word: neighbours say the same."""
LEAST_ALONG: Final = 0.25
"""Resemblance along the plane from which a shift is believed."""
USUAL_MM_PER_S: Final = 14.0
SHARE_ERROR: Final = 0.15
"""Standard deviation of a way across the plane, as a share of it."""
STEADY_S: Final = (0.9, 0.25)
"""Before a stop, between which the hand went evenly and the sensor tells its own error."""
LEAST_STEADY, LEAST_OVER = 10, 3
"""Samples before a stop and over it."""
LONGEST_STOP_S: Final = 1.6
SENSOR_MM_PER_S: Final = 13.0
"""Standard deviation of a change of speed by the sensor over a stop."""
MOST_OF_SENSOR: Final = 2.0
"""Log odds that the sensor may add: a hand that tilts feigns what it feels."""
G_MM: Final = 9806.65


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A picture of a place that was passed."""

    tile: Tile
    at_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What the next frame is compared with. Places are along the way, from where it began."""

    reference: Kept
    at_mm: float = 0.0
    way: int = 1
    """1: as it began; -1: back."""
    kept: tuple[Kept, ...] = ()
    top: float = TOP
    floor: float = FLOOR
    speed_mm_per_s: float = USUAL_MM_PER_S
    moved_ns: int = 0
    """When it moved last."""
    rested: bool = False
    words: float = 0.0
    """Log odds that it goes on, gathered over frames."""
    pivot_mm: float = 0.0
    """Where it would have turned: where it was slow, or a frame spoke for going on, last."""
    evenly_mm: float = 0.0
    """Path since it was last slow: a hand does not turn at full speed."""
    unseen_s: float = 0.0
    """Without a picture that can be compared."""
    path_mm: float = 0.0
    """Length of the path."""
    chart: int = 0
    """Number of the piece of the way in which `at_mm` counts."""
    charts: int = 1
    passed: Passed = field(default_factory=Passed)
    again: tuple[tuple[Spot, float, bool], ...] = ()
    """Places that the last frames showed again, the path until then, whether it was thought to be elsewhere."""


def followed(
    before: Track | None,
    tile: Tile,
    exposed_ns: int,
    elapsed_s: float,
    *,
    beam_mm: float = BEAM_MM,
    head: int = 0,
    motion: Motion | None = None,
    contact: float = 1.0,
) -> tuple[Track, Travelled]:
    """tile: of `tile_of`, for this `head`; beam_mm: height of the beam; contact: share of the array that
    touches skin; head: 1 where it is to the right of a paramedian view, -1: to the left; 0 of a transverse view."""
    if before is None:
        first = Kept(tile, 0.0)
        return Track(first, kept=(first,), moved_ns=exposed_ns), Travelled(0.0, 0.0)
    if head:
        return _along(before, tile, exposed_ns, elapsed_s, head)
    return _across(before, tile, exposed_ns, elapsed_s, beam_mm, motion, contact)


def unseen(before: Track | None, elapsed_s: float) -> tuple[Track | None, Travelled]:
    """Of a frame that shows nothing to compare: the hand may have gone on as before, or not."""
    if before is None:
        return None, Travelled(0.0, 0.0)
    mm = before.speed_mm_per_s * elapsed_s
    return replace(before, unseen_s=before.unseen_s + elapsed_s), Travelled(mm, mm)


def tile_of(square: NDArray[np.uint8], *, along: bool) -> Tile:
    """What of the network's square is compared."""
    part = square[LONG_ROWS, LONG_COLUMNS] if along else square[ROWS, COLUMNS]
    level = part.astype(np.float32)
    # Sideways alone: what runs level, such as skin and fascia, looks the same all along the spine.
    return np.asarray(level - cv2.blur(level, (2 * round(COARSE_PX) + 1, 1)), np.float32)


def resemblance(tile: Tile, other: Tile, reach_px: int = ASIDE_PX) -> float:
    """Highest correlation over shifts to the side, -1 to 1."""
    core = np.ascontiguousarray(tile[:, reach_px:-reach_px])
    return float(cv2.matchTemplate(other, core, cv2.TM_CCOEFF_NORMED).max())


def _across(
    before: Track, tile: Tile, exposed_ns: int, elapsed_s: float, beam_mm: float, motion: Motion | None, contact: float
) -> tuple[Track, Travelled]:
    length = FADES[0] * beam_mm
    alike = resemblance(tile, before.reference.tile)
    share = (alike - before.floor) / (before.top - before.floor)
    saturated = share < SATURATED
    if saturated:
        gone = before.speed_mm_per_s * (elapsed_s + before.unseen_s)
        at_mm, sd = before.at_mm + before.way * gone, 0.6 * gone
    else:
        apart = length * float((-np.log(min(share, 1.0))) ** (1 / FADES[1]))
        at_mm = before.reference.at_mm + before.way * apart
        gone, sd = abs(at_mm - before.at_mm), 0.0
    if gone < REST_MM:
        top = max(before.top, min(alike, 1.0)) if gone == 0 else before.top
        # From where it rests both ways lead away: nearer to an older frame would be taken for farther on.
        reference = before.reference if before.rested else Kept(tile, before.at_mm)
        still = replace(
            before,
            reference=reference,
            top=top,
            unseen_s=0.0,
            evenly_mm=0.0,
            pivot_mm=before.at_mm,
            rested=True,
        )
        return still, Travelled(0.0, 0.0)
    back_mm = 2 * before.pivot_mm - at_mm
    # Where a part of the array has come off, pictures differ for another reason than the way.
    whole = not saturated and contact >= WHOLE
    places = 0.0 if not whole else _word_of_places(before, tile, at_mm, back_mm, length)
    places = float(np.clip(places, -MOST_A_FRAME, MOST_A_FRAME))
    slow = gone < SLOW * before.speed_mm_per_s * elapsed_s
    # While it is slow the change of speed is half of a turn's, and tells nothing.
    words = places if slow or saturated else places + _word_of_sensor(before, exposed_ns, motion)
    evenly_mm = 0.0 if slow else before.evenly_mm + gone
    least = TURNED - 2 if evenly_mm < EVENLY_MM else 0.0
    words = float(np.clip(before.words + words, least, MOST_WORDS))
    turned = words < TURNED
    way = -before.way if turned else before.way
    if turned:
        # What was taken for the way on since then was the way back.
        at_mm, words = back_mm, -words
    here = Kept(tile, at_mm)
    renew = turned or saturated or abs(at_mm - before.reference.at_mm) > NEXT_MM
    kept = before.kept
    if whole and words >= 0 and min(abs(one.at_mm - at_mm) for one in kept) > KEPT_APART_MM:
        kept = (*kept, here)[-KEPT:]
    speed = before.speed_mm_per_s
    if elapsed_s > 0 and not saturated:
        speed += 0.1 * (min(gone / elapsed_s, 60.0) - speed)
    after = replace(
        before,
        reference=here if renew else before.reference,
        at_mm=at_mm,
        way=way,
        kept=kept,
        floor=_floor(before, tile, at_mm),
        speed_mm_per_s=speed,
        moved_ns=before.moved_ns if slow else exposed_ns,
        rested=before.rested and slow,
        unseen_s=0.0,
        words=words,
        pivot_mm=at_mm if slow or turned or places > SPOKEN else before.pivot_mm,
        evenly_mm=evenly_mm,
    )
    onward = 1 / (1 + float(np.exp(-words)))
    onward = 1 - onward if turned else max(onward, 0.5)
    return after, Travelled(gone, sd + SHARE_ERROR * gone, onward=onward)


def _word_of_places(before: Track, tile: Tile, on: float, back: float, length: float) -> float:
    """Log odds that the hand is at one place, not at the other, by how much the frame resembles those kept."""

    def expected(apart: float) -> float:
        return before.floor + (before.top - before.floor) * float(np.exp(-((apart / length) ** FADES[1])))

    words = 0.0
    for one in before.kept[-COMPARED:]:
        near = min(abs(one.at_mm - on), abs(one.at_mm - back))
        if near > 2.5 * length or one is before.reference:
            continue
        alike = resemblance(tile, one.tile, NEAR_PX)
        errors = [(alike - expected(abs(one.at_mm - place))) / ERROR for place in (on, back)]
        words += TOGETHER * 0.5 * (errors[1] ** 2 - errors[0] ** 2)
    return words


def _floor(before: Track, tile: Tile, at_mm: float) -> float:
    """Resemblance of frames far apart: what does not change along the way."""
    far = [one for one in before.kept if abs(one.at_mm - at_mm) > FAR_MM]
    if not far:
        return before.floor
    alike = resemblance(tile, far[-1].tile, NEAR_PX)
    return float(np.clip(before.floor + LEARNED * (alike - before.floor), 0.05, 0.7))


def _word_of_sensor(before: Track, exposed_ns: int, motion: Motion | None) -> float:
    """Log odds that the hand went on after a stop: its speed is what it was, or the contrary."""
    stopped_s = (exposed_ns - before.moved_ns) / 1e9
    if motion is None or not before.rested or not 0 < stopped_s <= LONGEST_STOP_S:
        return 0.0
    change = change_of_speed(motion, before.moved_ns, exposed_ns)
    if change is None:
        return 0.0
    speed = min(before.speed_mm_per_s, 40.0)
    # The sensor's y points towards the head or the feet: only the size of the change is used.
    errors = abs(change) / SENSOR_MM_PER_S, (abs(change) - 2 * speed) / SENSOR_MM_PER_S
    return float(np.clip(0.5 * (errors[1] ** 2 - errors[0] ** 2), -MOST_OF_SENSOR, MOST_OF_SENSOR))


def change_of_speed(motion: Motion, moved_ns: int, now_ns: int) -> float | None:
    """Of the sensor across its picture, mm/s, from the last movement before a stop to now; None: too few samples."""
    used = (motion.times_ns > moved_ns - STEADY_S[0] * 1e9) & (motion.times_ns <= now_ns)
    seconds = (motion.times_ns[used] - moved_ns) / 1e9
    steady, over = seconds < -STEADY_S[1], seconds >= -STEADY_S[1]
    if steady.sum() < LEAST_STEADY or over.sum() < LEAST_OVER:
        return None
    steps = np.diff(seconds, prepend=seconds[0])
    turned = np.cumsum(motion.rate_deg_per_s[used, 0] * steps)
    # Gravity comes in by as much as the sensor is tilted since it began.
    across = motion.acceleration_g[used, 1] - np.sin(np.radians(turned))
    return float(((across - across[steady].mean()) * steps)[over].sum() * G_MM)


def _along(before: Track, tile: Tile, exposed_ns: int, elapsed_s: float, head: int) -> tuple[Track, Travelled]:
    shift_px, alike = shift_of(tile, before.reference.tile)
    if alike < LEAST_ALONG:
        gone = before.speed_mm_per_s * elapsed_s
        guessed_mm = before.at_mm + before.way * gone
        lost = replace(before, reference=Kept(tile, guessed_mm), at_mm=guessed_mm)
        return lost, Travelled(gone, 0.8 * gone, up=0.5)
    at_mm = before.reference.at_mm - head * shift_px * MM_PER_PX
    moved = at_mm - before.at_mm
    if abs(moved) < 0.5 * REST_MM:
        return before, Travelled(0.0, 0.0, up=0.5)
    way = 1 if moved > 0 else -1
    speed = before.speed_mm_per_s
    if elapsed_s > 0:
        speed += 0.1 * (min(abs(moved) / elapsed_s, 60.0) - speed)
    renew = abs(shift_px) > LONGEST_PX / 2
    after = replace(
        before,
        reference=Kept(tile, at_mm) if renew else before.reference,
        at_mm=at_mm,
        way=way,
        speed_mm_per_s=speed,
        moved_ns=exposed_ns,
    )
    return after, Travelled(abs(moved), 0.05 * abs(moved) + 0.02, up=0.995 if way > 0 else 0.005)


def shift_of(tile: Tile, other: Tile) -> tuple[float, float]:
    """(shift, resemblance): by how many pixels what `other` shows lies farther to the right in `tile`."""
    core = np.ascontiguousarray(other[2:-2, LONGEST_PX:-LONGEST_PX])
    found = cv2.matchTemplate(tile, core, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(found)
    row = found[y]
    part = 0.0
    if 0 < x < row.size - 1:
        left, middle, right = (float(v) for v in row[x - 1 : x + 2])
        bend = left - 2 * middle + right
        part = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return x + part - LONGEST_PX, float(best)
