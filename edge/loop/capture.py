"""The capture thread: takes a camera's frames when they come, and not when there is time for them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from edge.clock import Clock
from edge.errors import SourceLostError
from edge.frame import Frame
from edge.loop.mailbox import Mailbox
from edge.source.contract import FrameSource

REPLUG_WAIT_S = 20.0
"""How long a probe may be unplugged: enough to push a loose connector back in."""
RETRY_S = 0.25


def ignore(message: str) -> None:
    """For those who need not be told."""


@dataclass(frozen=True, slots=True)
class Grabbed:
    """A frame as it left the source."""

    frame: Frame
    again: bool
    """It is the frame before once more: the picture is frozen."""
    grab_ms: float
    """How long `read` took; of a live or paced source this is mostly waiting for the next exposure."""
    seen_ns: int
    """Monotonic time from which the age counts: the exposure of a live frame, the arrival of a recorded one."""


class Capture:
    """Reads `source` in a thread of its own into `mailbox`, and closes the mailbox at the end or with the error.

    A live source that was unplugged is waited for; `tell` is called with what the user should know of it.
    """

    def __init__(
        self, source: FrameSource, clock: Clock, stall_timeout_s: float, tell: Callable[[str], None] = ignore
    ) -> None:
        self._source = source
        self._clock = clock
        self._stall_timeout_s = stall_timeout_s
        self._tell = tell
        self._stopping = False
        self._last_sequence: int | None = None
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self.mailbox: Mailbox[Grabbed] = Mailbox(newest_only=source.live)
        self.grabbed = 0
        self.missed = 0
        """Frames that the source itself lost: gaps in its sequence."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; a source that is inside `read` may take up to its stall time to come back."""
        self._stopping = True
        self.mailbox.close()
        if self._thread.ident is not None:
            self._thread.join(self._stall_timeout_s + 1.0)

    def _run(self) -> None:
        try:
            while (grabbed := self._grab()) is not None and self.mailbox.put(grabbed, spare=grabbed.again):
                pass
        except BaseException as error:
            self.mailbox.close(error)
        else:
            self.mailbox.close()

    def _grab(self) -> Grabbed | None:
        started_ns = self._clock.now_ns()
        frame = self._read()
        if frame is None:
            return None
        now_ns = self._clock.now_ns()
        again = self._source.live and frame.sequence == self._last_sequence
        if not again:
            self._count(frame)
        return Grabbed(frame, again, (now_ns - started_ns) / 1e6, frame.exposed_ns if self._source.live else now_ns)

    def _read(self) -> Frame | None:
        try:
            return self._source.read(self._stall_timeout_s)
        except SourceLostError as lost:
            if not self._source.live:
                raise
            return self._read_when_back(lost)

    def _read_when_back(self, lost: SourceLostError) -> Frame | None:
        lost_ns = self._clock.now_ns()
        self._tell(f"{lost}; waiting {REPLUG_WAIT_S:.0f} s for it")
        while not self._stopping and self._away_s(lost_ns) < REPLUG_WAIT_S:
            self._clock.sleep(RETRY_S)
            try:
                frame = self._source.read(self._stall_timeout_s)
            except SourceLostError:
                continue
            self._tell(f"frames come again after {self._away_s(lost_ns):.1f} s")
            return frame
        raise lost

    def _away_s(self, since_ns: int) -> float:
        return (self._clock.now_ns() - since_ns) / 1e9

    def _count(self, frame: Frame) -> None:
        self.grabbed += 1
        if self._last_sequence is not None:
            self.missed += max(0, frame.sequence - self._last_sequence - 1)
        self._last_sequence = frame.sequence
