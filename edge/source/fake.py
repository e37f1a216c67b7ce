"""A source for tests: gives the frames it was given, then ends or fails."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.frame import Frame


class FakeSource(Closing):
    """Gives `frames` one by one; then ends, or raises `error`. An iterable that waits makes a source that waits."""

    def __init__(self, frames: Iterable[Frame], *, live: bool = False, error: Exception | None = None) -> None:
        self.live = live
        self.closed = False
        self._frames = iter(frames)
        self._error = error

    def read(self, timeout_s: float) -> Frame | None:
        frame = next(self._frames, None)
        if frame is None and self._error is not None:
            raise self._error
        return frame

    def close(self) -> None:
        self.closed = True


def fake_frame(sequence: int, pixels: NDArray[np.uint8] | None = None) -> Frame:
    """A frame of a cine of 25 frames/s; where no pixels are given, (48, 64) uint8 of one grey level that tells the
    sequence: 100 + sequence, modulo 256."""
    shown = np.full((48, 64), (100 + sequence) % 256, np.uint8) if pixels is None else pixels
    return Frame(shown, exposed_ns=sequence * 40_000_000, sequence=sequence, origin="fake")
