"""The capture thread: takes a camera's frames when they come, and not when there is time for them."""

import threading
from dataclasses import dataclass

from edge.clock import Clock
from edge.frame import Frame
from edge.loop.mailbox import Mailbox
from edge.source.contract import FrameSource


@dataclass(frozen=True, slots=True)
class Grabbed:
    """A frame as it left the source."""

    frame: Frame
    grab_ms: float
    """How long `read` took; of a live or paced source this is mostly waiting for the next exposure."""
    seen_ns: int
    """Monotonic time from which the age counts: the exposure of a live frame, the arrival of a recorded one."""


class Capture:
    """Reads `source` in a thread of its own into `mailbox`, and closes the mailbox at the end or with the error."""

    def __init__(self, source: FrameSource, clock: Clock, stall_timeout_s: float) -> None:
        self._source = source
        self._clock = clock
        self._stall_timeout_s = stall_timeout_s
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
        self.mailbox.close()
        if self._thread.ident is not None:
            self._thread.join(self._stall_timeout_s + 1.0)

    def _run(self) -> None:
        try:
            while (grabbed := self._grab()) is not None and self.mailbox.put(grabbed):
                pass
        except BaseException as error:
            self.mailbox.close(error)
        else:
            self.mailbox.close()

    def _grab(self) -> Grabbed | None:
        started_ns = self._clock.now_ns()
        frame = self._source.read(self._stall_timeout_s)
        if frame is None:
            return None
        now_ns = self._clock.now_ns()
        self._count(frame)
        return Grabbed(frame, (now_ns - started_ns) / 1e6, frame.exposed_ns if self._source.live else now_ns)

    def _count(self, frame: Frame) -> None:
        self.grabbed += 1
        if self._last_sequence is not None:
            self.missed += max(0, frame.sequence - self._last_sequence - 1)
        self._last_sequence = frame.sequence
