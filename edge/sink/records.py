"""Findings as JSON Lines: written line by line, read back also after a power cut."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SourceFormatError, SourceNotFoundError
from edge.finding import Finding
from edge.frame import Frame
from edge.sink.folder import make_folder, sink_error
from edge.sink.schema import SCHEMA, Record, record_of

FILE_NAME = "findings.jsonl"
SYNC_INTERVAL_S = 1.0
"""How much a power cut may cost; a kill of the program costs nothing."""
_NAMED_LINES = 8


class RecordsSink(Closing):
    """`findings.jsonl` in `folder`, one JSON object per result. Each line is with the system when `write` returns."""

    def __init__(self, folder: Path) -> None:
        self._path = make_folder(folder) / FILE_NAME
        self._encoder = msgspec.json.Encoder()
        self._whole_bytes = 0
        self._synced_s = time.monotonic()
        try:
            self._file = self._path.open("xb", buffering=0)
        except OSError as error:
            raise sink_error(error, self._path) from error

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        line = self._encoder.encode(record_of(frame, finding)) + b"\n"
        try:
            self._append(line)
            self._sync_in_time()
        except OSError as error:
            self._cut_to_whole_lines()
            raise sink_error(error, self._path) from error

    def close(self) -> None:
        if self._file.closed:
            return
        with self._file:
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise sink_error(error, self._path) from error

    def _append(self, line: bytes) -> None:
        left = memoryview(line)
        while left:
            left = left[os.write(self._file.fileno(), left) :]
        self._whole_bytes += len(line)

    def _sync_in_time(self) -> None:
        now_s = time.monotonic()
        if now_s - self._synced_s >= SYNC_INTERVAL_S:
            os.fsync(self._file.fileno())
            self._synced_s = now_s

    def _cut_to_whole_lines(self) -> None:
        with suppress(OSError):
            os.ftruncate(self._file.fileno(), self._whole_bytes)
            os.lseek(self._file.fileno(), self._whole_bytes, os.SEEK_SET)


class RecordReader:
    """Iterates over the records of a `findings.jsonl`.

    A line that is no record, such as a last one that a power cut left unfinished, is passed over; once the end was
    reached, `left_out` says which. Raises SourceNotFoundError where there is no file, SourceFormatError where a newer
    version wrote it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.left_out: str | None = None

    def __iter__(self) -> Iterator[Record]:
        decoder, versions = msgspec.json.Decoder(Record), msgspec.json.Decoder(_Version)
        damaged: list[int] = []
        number = 0
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise SourceNotFoundError(f"cannot read {self._path}: {error.strerror}; expected a {FILE_NAME}") from error
        with file:
            for number, line in enumerate(file, start=1):
                try:
                    if len(damaged) == number - 1:  # a line that can be read stands for those after it
                        self._check_schema(versions.decode(line).schema, number)
                    record = decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    damaged.append(number)
                    continue
                yield record
        self.left_out = self._told(damaged, number)

    def _check_schema(self, schema: int, number: int) -> None:
        if schema != SCHEMA:
            raise SourceFormatError(
                f"{self._path} line {number} has schema {schema}, this version reads {SCHEMA}; update sonoedge"
            )

    def _told(self, damaged: Sequence[int], lines: int) -> str | None:
        if not damaged:
            return None
        if damaged == [lines]:
            return f"the last line of {self._path} was cut short, most likely by a power cut, and is left out"
        named = ", ".join(map(str, damaged[:_NAMED_LINES]))
        more = f" and {len(damaged) - _NAMED_LINES} more" if len(damaged) > _NAMED_LINES else ""
        return f"{len(damaged)} of {lines} lines of {self._path} are damaged and left out: {named}{more}"


class _Version(msgspec.Struct):
    schema: int


def read_records(path: Path) -> RecordReader:
    """The records of a `findings.jsonl`, one after the other; see RecordReader."""
    return RecordReader(path)
