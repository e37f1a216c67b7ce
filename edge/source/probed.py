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

    A frozen picture is one exposure: what shows it once more is given as the frame that showed it first, with the
    probe's newest state, and leaves no gap in the numbers. Of a lagging screen that is the first frame which cannot
    show anything else any more; those that may show either, at both ends of a freeze, are the frame before them again.
    """

    def __init__(self, inner: FrameSource, states: StateAt, *, lag_s: float = 0.0) -> None:
        self.live = inner.live
        self._inner, self._states, self._lag_ns = inner, states, round(lag_s * 1e9)
        self._held: Frame | None = None
        self._given: Frame | None = None
        self._read = -1
        """Of the newest frame, as `inner` counts."""
        self._repeated = 0
        """Frames that were given as an earlier one."""
        self._frozen = False
        """As far as the newest frame's stamp tells."""
        self._frozen_until_ns: int | None = None
        """The newest stamp up to which it may have been frozen."""
        self._closed = False

    def read(self, timeout_s: float) -> Frame | None:
        while True:
            frame, self._held = self._held or self._inner.read(timeout_s), None
            if frame is None or self._closed:
                return None
            self._held = self._inner.read(timeout_s)
            given = self._told(frame)
            if given is not None:
                self._given = given
                return given

    def close(self) -> None:
        self._closed = True
        self._inner.close()

    def _told(self, frame: Frame) -> Frame | None:
        """The frame to give. None: nothing certain was shown yet."""
        before, self._read = self._read, frame.sequence
        state = self._states.state_at(frame.exposed_ns)
        if self._given is not None and frame.sequence == before:
            return replace(self._given, probe=state)
        if self._lag_ns:
            earlier = self._states.state_at(frame.exposed_ns - self._lag_ns)
            may_be_frozen = self._may_be_frozen(frame, state)
            surely = bool(state.frozen and earlier.frozen) and state.frozen_ns == earlier.frozen_ns
            if may_be_frozen and (not surely or self._was_given(state)):
                self._repeated += frame.sequence - before
                return self._given if self._given is None or not surely else replace(self._given, probe=state)
            if not surely:
                state = self._of_both(earlier, state)
        sequence = frame.sequence - self._repeated
        return replace(frame, sequence=sequence, exposed_ns=self._exposed_ns(frame, state), probe=state)

    def _may_be_frozen(self, frame: Frame, state: ProbeState) -> bool:
        """Whether the screen may show the frozen picture: it is frozen, or was within the lag."""
        may_be, self._frozen = self._frozen or bool(state.frozen), bool(state.frozen)
        if may_be:
            self._frozen_until_ns = frame.exposed_ns
        return self._frozen_until_ns is not None and frame.exposed_ns - self._lag_ns <= self._frozen_until_ns

    def _was_given(self, state: ProbeState) -> bool:
        """Whether the newest frame given shows the picture that is frozen."""
        shown = self._given.probe if self._given is not None else None
        return shown is not None and bool(shown.frozen) and shown.frozen_ns == state.frozen_ns

    def _exposed_ns(self, frame: Frame, state: ProbeState) -> int:
        """Of a screen's frozen picture when it was exposed, though not before the frame given before it."""
        if not self._lag_ns or state.frozen_ns is None:
            return frame.exposed_ns
        return state.frozen_ns if self._given is None else max(state.frozen_ns, self._given.exposed_ns + 1)

    def _of_both(self, earlier: ProbeState, state: ProbeState) -> ProbeState:
        """What is certain of a picture that was exposed between the two."""
        if state.doubt or (not earlier.doubt and earlier.epoch == state.epoch):
            return state
        doubt = earlier.doubt or f"the probe was set anew within {self._lag_ns / 1e9:g} s before the picture came"
        return ProbeState(
            doubt=doubt,
            battery_percent=state.battery_percent,
            temperature_c=state.temperature_c,
            motion=state.motion,
        )
