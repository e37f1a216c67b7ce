"""Frames from a program's own pictures."""

from collections.abc import Generator, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock, MonotonicClock
from edge.errors import SourceFormatError
from edge.frame import Frame
from edge.source.grey import colour_of, coloured_region, to_grey
from edge.source.recording import Recording, position_ns

Pictures = NDArray[np.uint8] | Iterable[NDArray[np.uint8]]
"""One picture, a stack of pictures, or anything that gives them one by one."""
_CLOCK = MonotonicClock()
_EXPECTED = "expected uint8 of the shape (height, width) for grey or (height, width, 3) for BGR"


class ArraySource(Recording):
    """One array, a stack of arrays, or any iterable of arrays, such as a generator.

    A picture is uint8, grey (height, width) or colour (height, width, 3) in OpenCV's order blue, green, red; a stack is
    (count, height, width) or (count, height, width, 3). Of a three-dimensional array whose last axis is 3 that axis is
    taken for the colours: it is one picture. The pictures of an iterable may differ in size. Each is copied when its
    frame is read, so that a buffer may be used again for the next one.

    `fps` paces the frames and gives each its time; without it they have none. An iterable is asked for
    no more pictures than are read, but for the first, which is asked for on opening. It stays the caller's: closing the
    source does not close it, and what it raises comes out of `read` as it is.
    """

    def __init__(self, pictures: Pictures, *, fps: float | None = None, clock: Clock = _CLOCK) -> None:
        """Raises SourceFormatError where there is no picture or the first one is of another type or shape, as `read`
        does for a later one; SettingError for a bad rate."""
        super().__init__(_frames(_listed(pictures), fps), fps=fps, clock=clock)


def _listed(pictures: Any) -> Iterable[Any]:
    """The pictures one by one, not yet checked."""
    if not isinstance(pictures, np.ndarray):
        if isinstance(pictures, Iterable):
            return pictures
        raise SourceFormatError(
            f"pictures cannot be taken from '{type(pictures).__name__}'; expected an array or an iterable of arrays"
        )
    is_stack = pictures.ndim == 4 or (pictures.ndim == 3 and pictures.shape[2] > 4)
    return pictures if is_stack else (pictures,)


def _frames(pictures: Iterable[Any], fps: float | None) -> Generator[Frame]:
    sequence = -1
    for sequence, picture in enumerate(pictures):
        _check(picture, sequence)
        grey, coloured = to_grey(picture), coloured_region(picture)
        exposed_ns, timed = position_ns(sequence, fps), fps is not None
        colour = colour_of(picture.copy()) if picture.ndim == 3 else None
        yield Frame(grey, exposed_ns, sequence, "arrays", coloured=coloured, colour=colour, timed=timed)
    if sequence < 0:
        raise SourceFormatError(f"there is no picture among the arrays; {_EXPECTED}, at least one")


def _check(picture: Any, index: int) -> None:
    if not isinstance(picture, np.ndarray):
        raise SourceFormatError(f"pictures[{index}] is a {type(picture).__name__}, no array; {_EXPECTED}")
    if picture.dtype != np.uint8:
        raise SourceFormatError(
            f"pictures[{index}] is {picture.dtype}; {_EXPECTED}: scale it to 0..255, then picture.astype('uint8')"
        )
    if picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)) or 0 in picture.shape:
        raise SourceFormatError(f"pictures[{index}] has the shape {picture.shape}; {_EXPECTED}, and none of them 0")
