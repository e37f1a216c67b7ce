"""A sink's own queue and thread, so that a slow disk never holds up the loop."""

import threading
from collections import deque

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SettingError, SinkError
from edge.finding import Finding
from edge.frame import Frame
from edge.sink.contract import Sink

CLOSE_TIMEOUT_S = 60.0
"""Longer than any healthy disk needs for a full queue; after that the disk is taken for hung."""

Result = tuple[Frame, Finding, NDArray[np.uint8]]


class QueuedSink(Closing):
    """Hands results to `sink` in a thread of its own, in the order they came, at most `capacity` waiting.

    `lossless=False` (live): `write` never waits; when the queue is full the oldest waiting result is dropped, counted.
    `lossless=True` (recordings): `write` waits for room, nothing is dropped.

    When the sink fails, its error stands in `error`, and the next `write` or else `close` raises it, once. The result
    that it failed on and those that still waited are counted as dropped.
    """

    def __init__(self, sink: Sink, capacity: int, lossless: bool) -> None:
        if capacity < 1:
            raise SettingError(f"a sink's queue must hold at least 1 result, not {capacity}")
        self._sink = sink
        self._capacity = capacity
        self._lossless = lossless
        self._waiting: deque[Result] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._raised = False
        self._taken = 0
        self.written = 0
        self.dropped = 0
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"sink {type(sink).__name__}", daemon=True)
        self._thread.start()

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        """Queues one result; the arrays must not be changed afterwards. Raises what the sink's thread met before."""
        with self._changed:
            if self._closing:
                raise SinkError("the sink is closed and takes no more results; open a new one")
            if self._lossless:
                self._changed.wait_for(lambda: self.error is not None or len(self._waiting) < self._capacity)
            self._raise_once()
            self._taken += 1
            if self.error is not None:
                self.dropped += 1
                return
            if len(self._waiting) >= self._capacity:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append((frame, finding, picture_bgr))
            self._changed.notify_all()

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Writes what still waits, closes the sink, then raises an error that nobody has seen yet."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise SinkError(
                f"{self._thread.name} did not finish within {timeout_s:g} s and {len(self._waiting)} results are not "
                "written; check that the disk still answers"
            )
        self._raise_once()

    def _raise_once(self) -> None:
        if self.error is not None and not self._raised:
            self._raised = True
            raise self.error

    def _run(self) -> None:
        try:
            with self._sink:
                while (result := self._next()) is not None:
                    self._sink.write(*result)
                    with self._changed:
                        self.written += 1
        except Exception as error:
            self._fail(error)

    def _next(self) -> Result | None:
        """The oldest waiting result; None once the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or bool(self._waiting))
            result = self._waiting.popleft() if self._waiting else None
            self._changed.notify_all()
            return result

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self.error = error
            self.dropped = self._taken - self.written
            self._waiting.clear()
            self._changed.notify_all()
