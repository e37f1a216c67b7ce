"""What a source learns of a probe: when it exposed, how it was set, and what it says it was doing at a moment."""

from dataclasses import dataclass
from typing import Protocol

from edge.frame import ProbeState
from edge.phantom.records import Imaging


@dataclass(frozen=True, slots=True)
class Exposure:
    """One exposure as it truly was. While frozen the last one comes again and again, the same but for `frozen`."""

    exposed_ns: int
    """Monotonic host time; of no two exposures the same."""
    sequence: int
    """Counts up; a gap means exposures that nobody took. It may start anew when the probe was reset."""
    imaging: Imaging
    """The settings that it was made with."""
    transmitting: bool = True
    """False: transmit was off, so nothing came back but noise."""
    frozen: bool = False


class ProbeFeed(Protocol):
    """What drives the simulated picture."""

    def next_exposure(self, timeout_s: float) -> Exposure | None:
        """The newest exposure that was not given yet; waits for one. None: none came within `timeout_s`."""
        ...


class StateAt(Protocol):
    """What the probe was doing at a moment, as far as that is known."""

    def state_at(self, exposed_ns: int) -> ProbeState:
        """The state at this monotonic host time; may wait a little for the report of it.

        Where it is not known, `doubt` says why and the parameters are None. Of the exposure that is frozen, and of any
        time since, it is the state of that exposure.
        """
        ...
