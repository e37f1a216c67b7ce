"""The region of interest as the user writes it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingError

Points = NDArray[np.float64]
FORM: Final = "expected a box x,y,width,height or three or more corners x1,y1;x2,y2;..., in pixels of the picture"


@dataclass(frozen=True, slots=True)
class Roi:
    """A polygon in pixels of the frame."""

    corners: tuple[tuple[float, float], ...]

    @property
    def points(self) -> Points:
        """(n, 2) x, y."""
        return np.array(self.corners, np.float64)

    @classmethod
    def box(cls, x: float, y: float, width: float, height: float) -> "Roi":
        return cls(((x, y), (x + width, y), (x + width, y + height), (x, y + height)))

    def __str__(self) -> str:
        (x, y), (width, height) = self.corners[0], np.ptp(self.points, axis=0)
        if self == Roi.box(x, y, width, height):
            return f"{x:g},{y:g},{width:g},{height:g}"
        return ";".join(f"{x:g},{y:g}" for x, y in self.corners)


def parse_roi(text: str) -> Roi:
    """`100,80,60,40` or `100,80;160,80;130,120`. Raises SettingError."""
    try:
        groups = [[float(number) for number in part.split(",")] for part in text.split(";")]
    except ValueError:
        raise SettingError(f"--roi is '{text}', which is not all numbers; {FORM}") from None
    if len(groups) == 1 and len(groups[0]) == 4:
        x, y, width, height = groups[0]
        if width <= 0 or height <= 0:
            raise SettingError(f"--roi is '{text}': width and height must be above 0; {FORM}")
        roi = Roi.box(x, y, width, height)
    elif len(groups) >= 3 and all(len(group) == 2 for group in groups):
        roi = Roi(tuple((x, y) for x, y in groups))
    else:
        raise SettingError(f"--roi is '{text}'; {FORM}")
    if not np.isfinite(roi.points).all():
        raise SettingError(f"--roi is '{text}', which is not all finite numbers; {FORM}")
    if enclosed(roi.points) <= 0:
        raise SettingError(f"--roi is '{text}', whose corners enclose nothing; {FORM}")
    return roi


def enclosed(points: Points) -> float:
    """The area that a polygon (n, 2) encloses, whichever way round; parts that it goes round in the other way count
    less."""
    x, y = points.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y))) / 2
