"""The loop: takes the newest frame, makes one step, hands the result to the sinks, until something ends it."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from edge.clock import Clock
from edge.loop.budget import Keeper
from edge.loop.capture import Capture, Grabbed, ignore
from edge.loop.looking import POLL_S, Looking, LookingAhead, LookingInTurn
from edge.loop.mailbox import MailboxClosedError
from edge.loop.statistics import Drops, Statistics, Tally
from edge.loop.step import Looked, Result, Step
from edge.sink.queueing import QueuedSink
from edge.source.contract import FrameSource

STALL_TIMEOUT_S = 5.0
"""A source that gives nothing for so long has stalled."""
_NOTHING: Final[Mapping[str, QueuedSink]] = MappingProxyType({})


class Loop:
    """Runs while it is iterated. A context manager: leaving it lets every sink finish its files and ends the capture,
    whatever went wrong before. The source stays with whoever opened it, to be closed after the loop. `tell` is called
    from the capture thread with what the user should know meanwhile, such as a probe that was unplugged.

    `sinks` keep what was found, `views` show what is there now. While the picture is frozen the views alone go on: with
    the finding that was made of it, its true age and the probe's newest state. It is one exposure: measured, counted,
    remembered, kept and given once.

    `ahead`: the network looks at the next frame in another thread while the last one is concluded and drawn, which wins
    where there is a second core. `keeper`: holds the run to a budget.

    Iterating raises the source's error (stalled, lost, damaged) or a sink's; results given before stay whole.
    """

    def __init__(
        self,
        source: FrameSource,
        step: Step,
        sinks: Mapping[str, QueuedSink],
        clock: Clock,
        *,
        views: Mapping[str, QueuedSink] = _NOTHING,
        ahead: bool = False,
        keeper: Keeper | None = None,
        max_frames: int | None = None,
        stall_timeout_s: float = STALL_TIMEOUT_S,
        tell: Callable[[str], None] = ignore,
    ) -> None:
        self._step = step
        self._views = dict(views)
        self._sinks = {**sinks, **views}
        self._clock = clock
        self._max_frames = max_frames
        self._capture = Capture(source, clock, stall_timeout_s, tell)
        self._looking: Looking = (LookingAhead if ahead else LookingInTurn)(self._capture.mailbox, step, keeper)
        self._keeper = keeper
        self._tally = Tally()
        self._stopping = False
        self._closed = False

    def __iter__(self) -> Iterator[Result]:
        memory: Any = None
        result: Result | None = None
        self._capture.start()
        self._looking.start()
        while not self._finished() and (looked := self._next()) is not None:
            if looked.prepared is None:
                self._show_again(result, looked.grabbed)
                continue
            result, memory = self._step.conclude(looked, memory)
            self._tally.add(result, self._clock.now_ns())
            for sink in self._sinks.values():
                sink.write(result.frame, result.finding, result.picture_bgr)
            if self._keeper is not None:
                self._keeper.measured(result.frame)
            yield result

    def stop(self) -> None:
        """Ends the iteration after the present frame. Sets one flag and takes no lock: safe in a signal handler."""
        self._stopping = True

    def statistics(self) -> Statistics:
        drops = [Drops("source", self._capture.missed), Drops("mailbox", self._capture.mailbox.dropped)]
        if self._keeper is not None:
            drops.append(Drops("budget", self._keeper.left_out))
        drops += (Drops(name, sink.dropped) for name, sink in self._sinks.items())
        return self._tally.statistics(self._capture.grabbed, tuple(drops))

    def close(self) -> None:
        """Finishes every sink's files and ends the capture. Raises the first error that came up on the way."""
        if self._closed:
            return
        self._closed = True
        errors: list[Exception] = []
        for finish in (*(sink.close for sink in self._sinks.values()), self._capture.stop, self._looking.stop):
            try:
                finish()
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _show_again(self, result: Result | None, grabbed: Grabbed) -> None:
        if self._views and result is not None:
            shown = self._step.again(result, grabbed)
            for view in self._views.values():
                view.write(shown.frame, shown.finding, shown.picture_bgr)

    def _finished(self) -> bool:
        return self._stopping or (self._max_frames is not None and self._tally.processed >= self._max_frames)

    def _next(self) -> Looked | None:
        while not self._stopping:
            try:
                looked = self._looking.take(POLL_S)
            except MailboxClosedError:
                return None
            if looked is not None:
                return looked
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except Exception as late:
            # The error that ended the run explains more than what closing after it met.
            if error is None:
                raise
            error.add_note(str(late))
