"""A source and a probe for tests: they give what they were given, then end or fail."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.frame import Frame, ProbeState
from edge.source.probe_feed import Exposure


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


class FakeFeed:
    """Gives `exposures` one by one, then none."""

    def __init__(self, exposures: Iterable[Exposure]) -> None:
        self._exposures = iter(exposures)

    def next_exposure(self, timeout_s: float) -> Exposure | None:
        return next(self._exposures, None)


class FakeStates:
    """A line that knows `states`, each (since_ns, state) in the order of time, and is in doubt before the first and
    within `doubt_ns` of each change."""

    def __init__(self, states: Sequence[tuple[int, ProbeState]], *, doubt_ns: int = 0) -> None:
        self._states, self._doubt_ns = states, doubt_ns

    def state_at(self, exposed_ns: int) -> ProbeState:
        if any(abs(exposed_ns - since_ns) < self._doubt_ns for since_ns, _ in self._states[1:]):
            return ProbeState(doubt=f"the probe was set anew within {self._doubt_ns / 1e6:g} ms of the exposure")
        known = [state for since_ns, state in self._states if since_ns <= exposed_ns]
        return known[-1] if known else ProbeState(doubt="the probe had told nothing by then")


def fake_frame(sequence: int, pixels: NDArray[np.uint8] | None = None) -> Frame:
    """A frame of a cine of 25 frames/s; where no pixels are given, (48, 64) uint8 of one grey level that tells the
    sequence: 100 + sequence, modulo 256."""
    shown = np.full((48, 64), (100 + sequence) % 256, np.uint8) if pixels is None else pixels
    return Frame(shown, exposed_ns=sequence * 40_000_000, sequence=sequence, origin="fake")
