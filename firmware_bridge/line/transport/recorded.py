"""A line recorded as text: `TIME_NS > HEX` for each write to the probe, `TIME_NS < HEX` for each read from it."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Final, Self

from firmware_bridge.errors import TraceError
from firmware_bridge.line.transport.contract import Transport

TITLE: Final = b"sonoedge-line 1\n"
"""The file's first line; the number grows when the format changes."""

LARGEST_TRACE_BYTES: Final = 256 * 1024 * 1024
"""Ten minutes of a 921,600 baud line that is full both ways."""


class LineDirection(StrEnum):
    TO_PROBE = ">"
    FROM_PROBE = "<"


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """Bytes that one read or one write carried; none are left out, frames may begin and end anywhere."""

    time_ns: int
    """Of the recording computer's monotonic clock: good for differences. Never falls from one entry to the next."""
    direction: LineDirection
    data: bytes


class TraceFile:
    """A new file that takes entries from any thread; a context manager. One file may outlive many transports.

    Each entry is with the system, as a whole line, when `add` returns: a kill of the program costs nothing, a power cut
    what the system had not yet put on the disk. Recording never stops the line: where the file is full or the disk
    fails, `stopped` says so and later entries are left out. Raises TraceError where the file exists or cannot be made.
    """

    def __init__(
        self,
        path: Path,
        largest_bytes: int = LARGEST_TRACE_BYTES,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.stopped = ""
        """Why recording ended early; empty while it goes on."""
        self.n_left_out = 0
        self._path = path
        self._largest_bytes = largest_bytes
        self._clock_ns = clock_ns
        self._adding = Lock()
        self._whole_bytes = 0
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError as error:
            raise TraceError(f"{path} exists already and is kept; choose another name for the recording") from error
        except OSError as error:
            raise TraceError(f"cannot write {path}: {error.strerror}; choose another folder") from error
        self._append(TITLE)

    def add(self, direction: LineDirection, data: bytes) -> None:
        with self._adding:
            # The time is taken inside the lock, so that it never falls from line to line.
            if not self._append(f"{self._clock_ns()} {direction} {data.hex()}\n".encode()):
                self.n_left_out += 1

    def close(self) -> None:
        with self._adding:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, line: bytes) -> bool:
        if self.stopped or self._file.closed:
            return False
        if self._whole_bytes + len(line) > self._largest_bytes:
            self.stopped = f"the recording {self._path} has reached its limit of {self._largest_bytes} bytes"
            return False
        try:
            left = memoryview(line)
            while left:
                left = left[os.write(self._file.fileno(), left) :]
        except OSError as error:
            self.stopped = f"the recording {self._path} ended early: {error.strerror}"
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), self._whole_bytes)
            return False
        self._whole_bytes += len(line)
        return True


class RecordingTransport(Transport):
    """Another transport, with what passes through it written to `trace`. Closing closes `inner` alone."""

    def __init__(self, inner: Transport, trace: TraceFile) -> None:
        self._inner = inner
        self._trace = trace

    def read(self, timeout_s: float) -> bytes:
        data = self._inner.read(timeout_s)
        if data:
            self._trace.add(LineDirection.FROM_PROBE, data)
        return data

    def write(self, data: bytes) -> None:
        # Before it goes out, so that no answer stands before its question; a write that fails may have gone in part.
        self._trace.add(LineDirection.TO_PROBE, data)
        self._inner.write(data)

    def close(self) -> None:
        self._inner.close()


class TraceReader:
    """Iterates over the entries of a recorded line.

    A last line that a power cut left unfinished is skipped; `cut` then says so, once the end was reached. Raises
    TraceError where the file is missing, is no recorded line, or is damaged before its last line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.cut: str | None = None

    def __iter__(self) -> Iterator[TraceEntry]:
        self.cut = None
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise TraceError(f"cannot read {self._path}: {error.strerror}; expected a recorded line") from error
        with file:
            self._check_title(file.readline(len(TITLE)))
            for number, line in enumerate(file, start=2):
                if self.cut is not None:
                    raise TraceError(f"{self._path} is damaged at line {number - 1}; restore the file")
                try:
                    entry = _entry(line)
                except ValueError:
                    self.cut = (
                        f"the last line of {self._path} was cut short, most likely by a power cut, and is left out"
                    )
                    continue
                yield entry

    def _check_title(self, found: bytes) -> None:
        if found != TITLE:
            raise TraceError(
                f"{self._path} is no recorded line of this version: its first line must be '{TITLE.decode().strip()}'; "
                "was it written by another program, or by a newer sonoedge?"
            )


def read_trace(path: Path) -> TraceReader:
    """The entries of a recorded line, one after the other; see TraceReader."""
    return TraceReader(path)


def _entry(line: bytes) -> TraceEntry:
    """Raises ValueError where the line is not whole."""
    if not line.endswith(b"\n"):
        raise ValueError("no end of line")
    time_ns, direction, data = line.decode("ascii").rstrip("\n").split(" ")
    return TraceEntry(int(time_ns), LineDirection(direction), bytes.fromhex(data))
