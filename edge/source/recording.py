"""What all recordings share: a file that is checked before it is opened, an optional pace, a close that is safe from
another thread."""

import re
import stat
from collections.abc import Callable, Generator
from math import isfinite
from pathlib import Path
from threading import Event, Lock

from edge.clock import Clock
from edge.closing import Closing
from edge.errors import SettingError, SourceError, SourceFormatError, SourceNotFoundError
from edge.frame import Frame

STILL_SECONDS = 1.0
"""Between pictures of which neither the user nor the file tells the rate: it keeps them in order and is no time."""
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


def shown(path: Path | str) -> str:
    """A path as it can be written and printed: bytes of a name that are no UTF-8 become `\\xe9`."""
    return str(path).encode(errors="backslashreplace").decode().replace("\\udc", "\\x")


def located(rest: str) -> Path:
    """The file or folder that `rest` names; `~` is the user's home.

    Raises SourceNotFoundError, or SourceError where it may not be looked at.
    """
    try:
        path = Path(rest).expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceNotFoundError(f"there is no file or folder '{shown(rest)}'; check the path") from error
    except (OSError, ValueError, RuntimeError) as error:
        why = shown(str(error))
        raise SourceError(f"the path '{shown(rest)}' cannot be used ({why}); check it and its permissions") from error
    return path


def checked_file(rest: str, expected: str) -> Path:
    """The file that `rest` names. `expected` says what it should hold, for the message: `a video`.

    Raises SourceNotFoundError, SourceFormatError (a folder, an empty file) or SourceError (no permission).
    """
    if not rest:
        raise SourceNotFoundError(f"no file was named; give the path of {expected}")
    path = located(rest)
    rest = shown(rest)
    if path.is_dir():
        raise SourceFormatError(f"'{rest}' is a folder; expected {expected}; name one file in it")
    if not path.is_file():
        raise SourceFormatError(f"'{rest}' is a {special(path)}, no file; expected {expected}; copy it into a file")
    try:
        path.open("rb").close()
    except OSError as error:
        raise SourceError(f"'{rest}' cannot be opened ({error}); check its permissions") from error
    if path.stat().st_size == 0:
        raise SourceFormatError(f"'{rest}' is empty (0 bytes); expected {expected}; record or copy it again")
    return path


def special(path: Path) -> str:
    """What lies at `path` that is neither a file nor a folder: `pipe`."""
    mode = path.stat().st_mode
    kinds = {"pipe": stat.S_ISFIFO(mode), "socket": stat.S_ISSOCK(mode), "device": stat.S_ISCHR(mode)}
    return next((name for name, is_kind in kinds.items() if is_kind), "special file")


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Sorts `f2` before `f10`, upper and lower case together; the name itself breaks ties."""
    texts_and_numbers = re.split(r"(\d+)", name)
    keys: list[str | int] = [text.casefold() for text in texts_and_numbers]
    keys[1::2] = [int(digits) for digits in texts_and_numbers[1::2]]
    return keys, name
