"""What all recordings share: frames from a generator, an optional pace, a close that is safe from another thread."""

from collections.abc import Callable, Generator
from math import isfinite
from threading import Event, Lock

from edge.clock import Clock
from edge.closing import Closing
from edge.errors import SettingError
from edge.frame import Frame

STILL_SECONDS = 1.0
"""Time that one picture stands for where neither the user nor the file tells the rate."""
_NAP_S = 0.05
"""Longest sleep before a paced read looks whether the source was closed."""


class Recording(Closing):
    """Frames of a file. Reads as fast as it is asked to, or at `fps`; no frame is ever dropped.

    The first frame is read on opening, so that a bad file is told before anything else starts. `frames` owns the file
    and lets go of it when it is closed; an error that it raises ends the recording.
    """

    live = False

    def __init__(self, frames: Generator[Frame], *, fps: float | None, clock: Clock) -> None:
        self._pause = pacer(fps, clock)
        self._frames = frames
        self._reading = Lock()
        self._closed = Event()
        self._first: Frame | None = next(frames, None)

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None at the end. A file never stalls: `timeout_s` has no effect.

        Raises SourceFormatError where the file is damaged, once; then the recording is at its end.
        """
        with self._reading:
            if self._closed.is_set():
                return None
            frame, self._first = self._first or next(self._frames, None), None
        if frame is not None:
            self._pause(self._closed)
        return None if self._closed.is_set() else frame

    def close(self) -> None:
        self._closed.set()
        with self._reading:
            self._frames.close()


def pacer(fps: float | None, clock: Clock) -> Callable[[Event], None]:
    """A function that returns when the next frame is due, or early when its event is set.

    Frames that the reader was too slow for are not made up for in a burst. Raises SettingError for a bad rate.
    """
    period_ns = 0 if fps is None else round(1e9 / checked_fps(fps))
    due_ns = clock.now_ns()

    def pause(closed: Event) -> None:
        nonlocal due_ns
        while not closed.is_set() and (left_ns := due_ns - clock.now_ns()) > 0:
            clock.sleep(min(_NAP_S, left_ns / 1e9))
        due_ns = max(due_ns, clock.now_ns()) + period_ns

    return pause


def checked_fps(fps: float) -> float:
    """`fps`, or SettingError where it is no rate."""
    if not (isfinite(fps) and 0 < fps <= 10_000):
        raise SettingError(f"the frame rate must be more than 0 and at most 10000 frames/s, not {fps}")
    return fps


def position_ns(sequence: int, fps: float | None) -> int:
    """Where a frame stands in a recording that does not tell its own times."""
    return round(sequence * 1e9 * STILL_SECONDS if fps is None else sequence * 1e9 / fps)
