"""The clock of the rim, and the one that tests turn by hand."""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Monotonic time in nanoseconds, and waiting."""

    def now_ns(self) -> int: ...

    def sleep(self, seconds: float) -> None: ...


class MonotonicClock:
    """The machine's own monotonic clock: never set back, unrelated to the date."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


@dataclass
class ManualClock:
    """A clock that moves only when it is told to: `advance`, or `sleep`, which returns at once."""

    ns: int = 0

    def now_ns(self) -> int:
        return self.ns

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.ns += round(max(0.0, seconds) * 1e9)
