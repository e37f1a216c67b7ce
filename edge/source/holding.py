"""A live source whose picture can be held, where no probe freezes it."""

from dataclasses import replace

from edge.closing import Closing
from edge.frame import Frame, ProbeState
from edge.source.contract import FrameSource

REPEAT_S = 0.1
"""How often a held picture is given again."""


class HoldingSource(Closing):
    """Frames of `inner`; while it is held, the last one again and again, called frozen. `inner` is read on meanwhile:
    what comes is newest when it goes on."""

    def __init__(self, inner: FrameSource) -> None:
        self.live = inner.live
        self._inner = inner
        self._last: Frame | None = None
        self.held = False

    def read(self, timeout_s: float) -> Frame | None:
        """See the contract."""
        held = self._last if self.held else None
        frame = self._inner.read(timeout_s)
        if held is None:
            self._last = frame
            return frame
        started_ns = frame.exposed_ns if frame is not None else 0
        while self.held and frame is not None and frame.exposed_ns - started_ns < REPEAT_S * 1e9:
            frame = self._inner.read(timeout_s)
        if frame is None:
            return None
        state = replace(frame.probe or ProbeState(), frozen=True, frozen_ns=held.exposed_ns)
        return replace(held, probe=state)

    def close(self) -> None:
        self._inner.close()


class LentSource(Closing):
    """A source for one run of several, which the runs leave open."""

    def __init__(self, inner: FrameSource) -> None:
        self.live = inner.live
        self._inner = inner

    def read(self, timeout_s: float) -> Frame | None:
        """See the contract."""
        return self._inner.read(timeout_s)

    def close(self) -> None:
        """Nothing: whoever lent it closes it."""
