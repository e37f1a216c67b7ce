"""How a stored picture must be turned to be seen as it was meant: EXIF's orientation and a video's display matrix.

Viewers turn pictures; a scan stored upside down or mirrored would else be measured with depth and side wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.frame import Region


@dataclass(frozen=True, slots=True)
class Orientation:
    """Rows and columns swapped first, then mirrored."""

    swapped: bool = False
    left_right: bool = False
    upside_down: bool = False

    def turned(self, picture: NDArray[Any]) -> NDArray[Any]:
        """(height, width[, channels]) as it shall be seen; the same array where nothing is to be done."""
        if self == UPRIGHT:
            return picture
        seen = picture.swapaxes(0, 1) if self.swapped else picture
        seen = seen[:, ::-1] if self.left_right else seen
        return np.ascontiguousarray(seen[::-1] if self.upside_down else seen)

    def turned_box(self, box: Region, width: int, height: int) -> Region:
        """A box in the stored picture of that size, in the picture as it shall be seen."""
        x, y, across, down = box.x, box.y, box.width, box.height
        if self.swapped:
            x, y, across, down, width, height = y, x, down, across, height, width
        x = width - x - across if self.left_right else x
        y = height - y - down if self.upside_down else y
        return Region(x, y, across, down)

    def turned_aspect(self, aspect: float) -> float:
        """Width of a pixel over its height, as it shall be seen."""
        return 1 / aspect if self.swapped else aspect


UPRIGHT: Final = Orientation()
_EXIF: Final = {
    1: UPRIGHT,
    2: Orientation(left_right=True),
    3: Orientation(left_right=True, upside_down=True),
    4: Orientation(upside_down=True),
    5: Orientation(swapped=True),
    6: Orientation(swapped=True, left_right=True),
    7: Orientation(swapped=True, left_right=True, upside_down=True),
    8: Orientation(swapped=True, upside_down=True),
}


def of_exif(number: int) -> Orientation:
    """By EXIF's tag 0x0112; what is out of its range is upright, as viewers take it."""
    return _EXIF.get(number, UPRIGHT)


def of_matrix(matrix: Sequence[int]) -> Orientation:
    """By the nine numbers of a display matrix, row by row (ISO/IEC 14496-12).

    Raises ValueError for one that slants, stretches or tilts: that picture has no rows and columns to measure along.
    """
    a, b, u, c, d, v, _, _, _ = matrix
    if a == b == c == d == 0:
        return UPRIGHT  # never written
    if u == v == 0 and b == c == 0 != a and abs(a) == abs(d):
        return Orientation(left_right=a < 0, upside_down=d < 0)
    if u == v == 0 and a == d == 0 != b and abs(b) == abs(c):
        return Orientation(swapped=True, left_right=c < 0, upside_down=b < 0)
    raise ValueError("its display matrix slants or stretches the picture")
