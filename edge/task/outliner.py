"""Outlines what is pointed at, and follows it from frame to frame.

One network answers for one structure at a time: in a square about the place that was pointed at, then once more,
nearer, about what it found. From then on the last frame's outline points at the structure in the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame
from edge.image.rings import Floats
from edge.pointed import Pointed
from edge.task.contract import Asked
from edge.task.outlines import filled
from edge.task.prompt import SIDE, Points, Square, no_points, prompt_plane, prompted_tensor, square_picture
from edge.task.scores import Outline, outlines_of

FIRST_WIDTH: Final = 0.7
"""Of the square that a point is first looked up in, as a share of the picture's longer side."""
FILLED: Final = 0.4
"""Share of the square's width that a structure takes once it was found."""
LEAST_WIDTH: Final = 0.12
"""Of a square, as a share of the picture's longer side: nearer there are only pixels to be seen."""
SAME: Final = 0.5
"""Overlap over union from which two outlines are one structure."""
STAYS: Final = 0.25
"""Overlap over union with the last frame's outline, below which it was something else that was found."""
TOUCHES: Final = 0.05
"""The same for one that was lost, and may have moved meanwhile."""
DARK: Final = 0.4
"""Of the picture's mean grey: darker, a structure sends no echoes."""
NOTHING_BELOW: Final = 0.15
"""Of the picture's mean grey, that what lies below is brighter by at least. A vessel's far wall is, by 0.6 and more."""
BELOW: Final = 0.5
"""Of a structure's height, that is looked at below it."""
MIDDLE: Final = 0.2, 0.8
"""Of a structure's width, below which is looked: beside it a shadow ends."""
LOOKED_PX: Final = 48
"""Longest side at which a structure is looked at, so that single grains do not count."""


def point_at(asked: Asked, frame: Frame, pointed: Pointed) -> Outline | None:
    """What is pointed at in a frame; None where nothing there has a border."""
    longer = max(frame.ultrasound.width, frame.ultrasound.height)
    inside, outside = (np.array(points, np.float64).reshape(-1, 2) for points in (pointed.inside, pointed.outside))
    if pointed.box is None:
        square = first_square(frame, pointed.corners)
        found = _answer(asked, frame, square, inside, outside, None)
    else:
        square = Square.around(pointed.corners, 0.6, LEAST_WIDTH * longer)
        found = _answer(asked, frame, square, inside, outside, pointed.corners)
    if found is None:
        return None
    nearer = Square.around(np.concatenate((found.points, inside)), FILLED, LEAST_WIDTH * longer)
    return _answer(asked, frame, nearer, inside, outside, found.points) or found


def first_square(frame: Frame, points: Points) -> Square:
    """Where a tap is first looked up: about it, but no farther beyond the picture than need be."""
    region = frame.ultrasound
    width = FIRST_WIDTH * max(region.width, region.height)
    middle = points.mean(axis=0)
    for axis, (start, length) in enumerate(((region.x, region.width), (region.y, region.height))):
        slack = max(0.0, (length - width) / 2)
        middle[axis] = np.clip(middle[axis], start + length / 2 - slack, start + length / 2 + slack)
    return Square(float(middle[0]), float(middle[1]), max(width, float(np.ptp(points, axis=0).max()) * 1.25))


def follow(asked: Asked, frame: Frame, last: Floats, least: float = STAYS) -> Outline | None:
    """The structure that had the outline `last` (n, 2) one frame ago; None where it is not seen there any more.
    least: overlap over union that the two must have."""
    longer = max(frame.ultrasound.width, frame.ultrasound.height)
    square = Square.around(last, FILLED, LEAST_WIDTH * longer)
    found = _answer(asked, frame, square, no_points(), no_points(), last)
    return found if found is not None and overlap(found.points, last) >= least else None


def _answer(
    asked: Asked, frame: Frame, square: Square, inside: Points, outside: Points, within: Points | None
) -> Outline | None:
    """What the network outlines in a square. within: a ring (n, 2) in pixels of the frame."""
    fit, region = square.fit, frame.ultrasound
    ring = None if within is None else filled((SIDE, SIDE), square.inward(within))
    plane = prompt_plane(square.inward(inside), square.inward(outside), ring)
    (logits,) = asked.infer(prompted_tensor(square_picture(frame.pixels, region, square), plane))
    found = outlines_of(logits[0], fit, region, asked.figures.get("inside_logit", 0.0))
    return meant(found, inside, within)


def meant(found: Sequence[Outline], inside: Points, within: Points | None) -> Outline | None:
    """Of several pieces the one that is pointed at; None without any. It holds the most points, or lies most within."""
    if not found:
        return None
    if len(found) == 1:
        return found[0]
    if len(inside):
        return max(found, key=lambda one: sum(_reach(one.points, point) for point in inside))
    return max(found, key=lambda one: 0.0 if within is None else overlap(one.points, within))


def _reach(ring: Floats, point: NDArray[np.float64]) -> float:
    """How far inside a ring a point lies, in pixels; below 0 outside."""
    return cv2.pointPolygonTest(ring.astype(np.float32), (float(point[0]), float(point[1])), measureDist=True)


def overlap(one: Floats, other: Floats) -> float:
    """Intersection over union of two rings, 0 to 1; to some hundredths."""
    both = np.concatenate((one, other))
    low, size = both.min(axis=0), max(float(np.ptp(both, axis=0).max()), 1e-6)
    first, second = (filled((64, 64), (ring - low) * (62 / size) + 0.5) for ring in (one, other))
    union = cv2.countNonZero(first | second)
    return cv2.countNonZero(first & second) / union if union else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One structure that is followed, as it was in the last frame."""

    number: int
    pointed: Pointed
    last: Outline | None
    """As it was last seen; None: nothing with a border was found there."""
    lost_for: int = 0
    """Frames in which it was not seen."""
    twin_of: int | None = None
    """The number of another one that has the same outline."""
    shadow: bool = False
    """No echoes come from it, nor from below it."""

    @property
    def seen(self) -> Outline | None:
        """As the last frame shows it, if it does."""
        return self.last if self.lost_for == 0 and self.twin_of is None else None


def pursued(asked: Asked, frame: Frame, wanted: Sequence[Pointed], before: Sequence[Target] = ()) -> tuple[Target, ...]:
    """The structures that are wanted, numbered from 1, in a frame. before: as they were in the frame that it continues;
    none where it stands alone. One that was never seen is looked for at its point; one that was lost, where it was
    left."""
    known = {one.pointed: one for one in before}
    targets = [
        replace(known.get(one, Target(number, one, None)), number=number) for number, one in enumerate(wanted, start=1)
    ]
    return parted([_next(asked, frame, one) for one in targets])


def _next(asked: Asked, frame: Frame, target: Target) -> Target:
    if target.last is None:
        return _shadow_told(replace(target, last=point_at(asked, frame, target.pointed)), frame)
    found = follow(asked, frame, target.last.points, TOUCHES if target.lost_for else STAYS)
    if found is None:
        return replace(target, lost_for=target.lost_for + 1)
    return _shadow_told(replace(target, last=found, lost_for=0), frame)


def _shadow_told(target: Target, frame: Frame) -> Target:
    return replace(target, shadow=target.last is not None and is_shadow(frame, target.last.points))


def is_shadow(frame: Frame, ring: Floats) -> bool:
    """Whether what a ring (n, 2) encloses is dark, and so is what lies below it: bone or gas is above, or gel without
    contact. What is dark and no shadow, as a vessel, has a far wall, and is brighter below."""
    region = frame.ultrasound
    left, top = np.maximum(ring.min(axis=0), (region.x, region.y)).astype(int)
    right, bottom = np.ceil(ring.max(axis=0)).astype(int) + 1
    left, right = (round(left + share * (right - left)) for share in MIDDLE)
    end = min(region.y + region.height, bottom + max(6, round(BELOW * (bottom - top))))
    looked = frame.pixels[top:end, left : max(right, left + 1)]
    scale = min(1.0, LOOKED_PX / max(*looked.shape, 1))
    if min(looked.shape) * scale < 1:
        return False
    small = cv2.resize(looked, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inside = filled(small.shape, (ring - (left, top) + 0.5) * scale - 0.5) > 0
    below = (np.cumsum(inside, axis=0) > 0) & (np.cumsum(inside[::-1], axis=0)[::-1] == 0)
    columns = below.any(axis=0)
    if not columns.any():
        return False
    mean, dark = cv2.mean(region.crop(frame.pixels))[0], float(np.median(small[inside]))
    brightest = np.where(below, small, 0)[:, columns].max(axis=0)
    return bool(dark < DARK * mean and np.median(brightest) < dark + NOTHING_BELOW * mean)


def parted(targets: Sequence[Target]) -> tuple[Target, ...]:
    """With what two of them share said: the later one is the earlier one's twin."""
    done: list[Target] = []
    for one in targets:
        twin = next((before.number for before in done if before.seen is not None and _alike(before, one)), None)
        done.append(replace(one, twin_of=twin))
    return tuple(done)


def _alike(one: Target, other: Target) -> bool:
    if one.last is None or other.last is None or other.lost_for:
        return False
    return overlap(one.last.points, other.last.points) >= SAME


def least_confidence(figures: Mapping[str, float]) -> float:
    """From which an outline is told. figures: of the network's manifest."""
    return figures.get("least_confidence", 0.6)


def is_clear(target: Target, least: float) -> bool:
    return target.seen is not None and not target.shadow and target.seen.confidence >= least


def said_of(target: Target, name: str, least: float) -> tuple[str, ...]:
    """Why a target is not told. name: what it is called; least: confidence."""
    if target.last is None:
        return (f"nothing has a border at {target.pointed}: point at the middle of a structure",)
    if target.lost_for:
        return (f"{name} is lost: hold the probe where it was last seen, or point at it again",)
    if target.twin_of is not None:
        return (f"{name} is also number {target.twin_of}: both points lie on one structure",)
    if target.shadow:
        return (
            f"{name} sends no echoes, nor does what lies below it, as in a shadow: move the probe, or point elsewhere",
        )
    if target.last.confidence < least:
        return (f"{name} is not seen clearly ({100 * target.last.confidence:.0f} %): tilt the probe, or add a point",)
    return ()
