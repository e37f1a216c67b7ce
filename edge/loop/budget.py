"""What a run may cost, and how it keeps to that: a live picture is measured less often, a recording more slowly.

Nothing is ever measured less well: a frame is measured in full or left out, counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from edge.clock import Clock
from edge.errors import SettingError
from edge.frame import Frame
from edge.loop.capture import ignore

LEAST_PER_S = 1.0
"""A live picture is measured at least so often, whatever it costs."""
WINDOW_S = 0.5
WINDOW_FRAMES = 8
"""The cost is looked at over at least so much: single frames differ."""
_SURE = 0.9
"""Share of the budget that a higher cadence must be expected to keep within, so that it does not go to and fro."""


@dataclass(frozen=True, slots=True)
class Budget:
    """One of both is given."""

    ms: float | None = None
    """Processor time that each frame of the source may cost on average, be it measured or left out."""
    share: float | None = None
    """Of all cores that the process may use; 1 is all of them."""

    def __str__(self) -> str:
        return f"{self.ms:g} ms" if self.ms is not None else f"{100 * (self.share or 0):g} %"

    def allowed_ms(self, frame_ms: float, cores: int) -> float:
        """Processor time for a frame of a source that gives one in `frame_ms`."""
        return self.ms if self.ms is not None else (self.share or 0) * cores * frame_ms


def read_budget(text: str) -> Budget:
    """Of `20ms` or `50%`. Raises SettingError."""
    plain = text.strip().replace(" ", "")
    for unit, least, most in (("ms", 0.1, 60_000.0), ("%", 1.0, 100.0)):
        if plain.endswith(unit):
            try:
                value = float(plain.removesuffix(unit))
            except ValueError:
                break
            if not least <= value <= most:
                raise SettingError(f"--budget is '{text}'; it must be from {least:g} to {most:g} {unit}")
            return Budget(ms=value) if unit == "ms" else Budget(share=value / 100)
    raise SettingError(
        f"--budget is '{text}'; it must be processor time for each frame, such as 20ms, "
        "or a share of the processor, such as 50%"
    )


def cadence_for(every: int, spent_ms: float, allowed_ms: float, most: int) -> int:
    """Every how many frames one is to be measured, where at each `every`-th of them a frame cost `spent_ms`."""
    wanted = ceil(every * spent_ms / allowed_ms)
    if wanted < every:
        wanted = min(every, ceil(every * spent_ms / (_SURE * allowed_ms)))
    return max(1, min(wanted, most))


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a window begins."""

    sequence: int
    exposed_ns: int
    now_ns: int
    spent_ns: int


class Keeper:
    """Holds a run to its budget. `skips` may be asked by another thread than the one that calls `measured`.

    spent_ns: processor time of the process so far. why: what may have made it slower, for the user; empty where nothing
    is known.
    """

    def __init__(
        self,
        budget: Budget,
        cores: int,
        clock: Clock,
        spent_ns: Callable[[], int],
        *,
        live: bool,
        tell: Callable[[str], None] = ignore,
        why: Callable[[], str] = str,
    ) -> None:
        self._budget = budget
        self._cores = cores
        self._clock = clock
        self._spent_ns = spent_ns
        self._live = live
        self._tell = tell
        self._why = why
        self._mark: _Mark | None = None
        self._measured = 0
        self._last: int | None = None
        self.every = 1
        """One of so many frames is measured."""
        self.left_out = 0

    def skips(self, frame: Frame) -> bool:
        """Whether this one is left out; a recording's never are."""
        if self._live and self._last is not None and self._last < frame.sequence < self._last + self.every:
            self.left_out += 1
            return True
        self._last = frame.sequence
        return False

    def measured(self, frame: Frame) -> None:
        """Called after each frame that was measured; of a recording it waits until the next may be."""
        mark = self._mark or self._marked(frame)
        self._mark, self._measured = mark, self._measured + 1
        if self._live:
            self._set_cadence(frame, mark)
        elif self._budget.share is not None:
            spent_s = (self._spent_ns() - mark.spent_ns) / 1e9
            self._clock.sleep(max(0.0, spent_s / (self._budget.share * self._cores) - self._passed_s(mark)))
            if self._passed_s(mark) > WINDOW_S:  # what was slow long ago is not made up for
                self._mark = self._marked(frame)

    def _set_cadence(self, frame: Frame, mark: _Mark) -> None:
        frames = frame.sequence - mark.sequence
        if frames < 1 or self._measured <= WINDOW_FRAMES or self._passed_s(mark) < WINDOW_S:
            return
        spent_ms = (self._spent_ns() - mark.spent_ns) / 1e6 / frames
        frame_ms = max((frame.exposed_ns - mark.exposed_ns) / 1e6 / frames, 1e-3)
        self._mark, self._measured = self._marked(frame), 0
        allowed_ms = self._budget.allowed_ms(frame_ms, self._cores)
        every = cadence_for(self.every, spent_ms, allowed_ms, max(1, int(1000 / LEAST_PER_S / frame_ms)))
        if every != self.every:
            cost = f"a frame cost {spent_ms:.3g} ms of the processor's time, {self._budget} allow {allowed_ms:.3g} ms"
            self._tell(f"measuring {_which(every)}: {cost}{self._why()}")
            self.every = every

    def _marked(self, frame: Frame) -> _Mark:
        return _Mark(frame.sequence, frame.exposed_ns, self._clock.now_ns(), self._spent_ns())

    def _passed_s(self, mark: _Mark) -> float:
        return (self._clock.now_ns() - mark.now_ns) / 1e9


def _which(every: int) -> str:
    return "every frame" if every == 1 else f"one of {every} frames"
