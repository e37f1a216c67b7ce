"""Pointing at structures as the user writes it: `--at 210,140`, `--not-at 250,150`, `--box 180,120,60,40`."""

from collections.abc import Sequence
from math import isfinite
from typing import Annotated

from edge.errors import SettingError
from edge.frame import Region
from edge.option import Option
from edge.pointed import MOST_POINTED, Pointed, nearest

IN_PICTURE = "in pixels of the picture"


def read_points(text: str) -> Pointed:
    """`210,140` or `210,140;225,150`. Raises SettingError."""
    groups = [_numbers(part) for part in text.split(";")]
    if not all(len(group) == 2 for group in groups):
        raise SettingError(f"'{text}' is no point; expected x,y or several as x1,y1;x2,y2, {IN_PICTURE}")
    return Pointed(inside=tuple((x, y) for x, y in groups))


def read_box(text: str) -> Pointed:
    """`180,120,60,40`. Raises SettingError."""
    numbers = _numbers(text)
    if len(numbers) != 4 or min(numbers[2:]) <= 0:
        raise SettingError(f"--box is '{text}'; expected x,y,width,height {IN_PICTURE}, width and height above 0")
    x, y, width, height = numbers
    return Pointed(box=(x, y, width, height))


def _numbers(text: str) -> list[float]:
    try:
        found = [float(number) for number in text.split(",")]
    except ValueError:
        raise SettingError(f"'{text}' is not all numbers; expected such as 210,140, {IN_PICTURE}") from None
    if not all(isfinite(number) for number in found):
        raise SettingError(f"'{text}' is not all finite numbers; expected such as 210,140, {IN_PICTURE}")
    return found


At = Annotated[
    tuple[Pointed, ...],
    Option(
        "A point within the structure that is meant, in pixels of the picture; several within one: 210,140;225,150. "
        "Give it again for a further structure.",
        metavar="X,Y",
        read=read_points,
        repeated=True,
        drawn="points",
    ),
]
NotAt = Annotated[
    tuple[Pointed, ...],
    Option(
        "A point outside, where the outline went wrong; it is said of the nearest structure that is pointed at.",
        metavar="X,Y",
        read=read_points,
        repeated=True,
        drawn="points",
    ),
]
InBox = Annotated[
    tuple[Pointed, ...],
    Option(
        "A box about the structure that is meant, in place of a point. Give it again for a further structure.",
        metavar="X,Y,WIDTH,HEIGHT",
        read=read_box,
        repeated=True,
        drawn="box",
    ),
]


def pointed_at(at: Sequence[Pointed], not_at: Sequence[Pointed], box: Sequence[Pointed]) -> tuple[Pointed, ...]:
    """One for each structure: those with points first, then those with boxes.

    Raises SettingError for more than MOST_POINTED, and for a point outside where nothing is pointed at.
    """
    found = [*at, *box]
    if len(found) > MOST_POINTED:
        raise SettingError(f"{len(found)} structures are pointed at; at most {MOST_POINTED} are followed at once")
    outside = [place for one in not_at for place in one.inside]
    if outside and not found:
        raise SettingError("--not-at says where nothing is; say with --at or --box where something is")
    for place in outside:
        index = nearest(found, place)
        found[index] = found[index].more(outside=(place,))
    return tuple(found)


def beside_faults(asked: Sequence[Pointed], region: Region) -> tuple[str, ...]:
    """Points and boxes that lie beside the ultrasound picture."""
    right, bottom = region.x + region.width, region.y + region.height
    faults = []
    for one in asked:
        middle = one.corners.mean(axis=0).tolist() if one.box is not None else None
        for x, y in [middle] if middle is not None else one.inside:
            if not (region.x <= x < right and region.y <= y < bottom):
                faults.append(
                    f"{x:g},{y:g} lies beside the ultrasound picture, which is {region.x} to {right} across and "
                    f"{region.y} to {bottom} down: point within it"
                )
    return tuple(faults)


def told_of(asked: Sequence[Pointed]) -> str:
    """`pointed at by a person: 210,140 and 320,150`, for the record."""
    return "pointed at by a person: " + " and ".join(str(one) for one in asked)
