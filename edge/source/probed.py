"""A source whose frames learn from the probe's own line what the probe was doing when they were exposed."""

from dataclasses import replace

from edge.closing import Closing
from edge.frame import Frame, ProbeState
from edge.source.contract import FrameSource
from edge.source.probe_feed import StateAt

SCREEN_LAG_S = 0.25
"""A picture grabbed from a scanner's screen may be this much older than its stamp: exposure, processing, display."""


class ProbedSource(Closing):
    """Frames of `inner`, each with the probe's state at its exposure in place of what `inner` said of it.

    `lag_s`: how much earlier than its stamp a frame may have been exposed. Where the parameters were not the same all
    that time, the state is in doubt. A frame is given when the next one came: only the report of a later exposure
    proves that nothing was changed, and by then it is there.
    """

    def __init__(self, inner: FrameSource, states: StateAt, *, lag_s: float = 0.0) -> None:
        self.live = inner.live
        self._inner, self._states, self._lag_s = inner, states, lag_s
        self._held: Frame | None = None
        self._closed = False

    def read(self, timeout_s: float) -> Frame | None:
        frame, self._held = self._held or self._inner.read(timeout_s), None
        if frame is None or self._closed:
            return None
        self._held = self._inner.read(timeout_s)
        return replace(frame, probe=self._state(frame.exposed_ns))

    def close(self) -> None:
        self._closed = True
        self._inner.close()

    def _state(self, exposed_ns: int) -> ProbeState:
        state = self._states.state_at(exposed_ns)
        if state.doubt or not self._lag_s:
            return state
        earlier = self._states.state_at(exposed_ns - round(self._lag_s * 1e9))
        if not earlier.doubt and earlier.epoch == state.epoch:
            return state
        doubt = earlier.doubt or f"the probe was set anew within {self._lag_s:g} s before the picture came"
        return ProbeState(doubt=doubt, battery_percent=state.battery_percent, temperature_c=state.temperature_c)
