"""The folder of a batch: parts of two Parquet tables, each recording in one part of both.

Whatever is killed at whatever moment, a recording has one row or none. Its frames are written first; the part of
`recordings` under the same name makes both count. What a kill left between the two is taken away as the folder is
opened the next time.
"""

import fcntl
import io
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from edge.batch.archive import BATCH_FILE, Stamp
from edge.batch.tables import RECORDING, Measured, frame_schema, recording_schema, recording_table
from edge.closing import Closing
from edge.errors import SettingError, SourceFormatError, SourceNotFoundError
from edge.sink.folder import claim_folder, make_folder, sink_error, write_whole
from edge.terms import Terms

RECORDINGS, FRAMES = "recordings", "frames"
SCHEMA: Final = 1
"""Raised whenever a column or a field changes its meaning or goes; a new one does not raise it."""
ABOUT_KEY: Final = b"sonoedge"
"""In the metadata of each part: what `batch.json` says of how it was measured."""
_NEW: Final = "new.parquet"


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a recording that was measured."""

    outcome: str
    sha256: str
    stamp: Stamp
    part: str


class Results(Closing):
    """A batch's folder, open for writing: by one process at a time."""

    def __init__(self, path: Path, about: Mapping[str, Any], terms: Terms) -> None:
        """Begins a batch in a new folder, or goes on with the one that is there.

        about: what every row is measured with. Raises SettingError where the batch that is there was measured with
        something else, or another process writes to it; SinkError.
        """
        self._schemas = {RECORDINGS: recording_schema(terms), FRAMES: frame_schema(terms)}
        known = read_about(path) if (path / BATCH_FILE).is_file() else None
        self.path = claim_folder(path) if known is None else path
        self._lock: int | None = _locked(self.path)
        try:
            for table in (RECORDINGS, FRAMES):
                make_folder(self.path / table)
            if known is None:
                self._about = {"schema": SCHEMA, **about}
                self.tell_end(None)
            else:
                _check_same(path, known, about)
                self._about = {name: value for name, value in known.items() if name != "ended"}
            self.mended = self._mend()
            """What was found damaged and is measured again, a line each."""
            self.rows = self._read_rows()
            """By the recording's written path."""
        except BaseException:
            self.close()
            raise

    def write(self, measured: Sequence[Measured]) -> None:
        """Keeps them as one part; earlier rows of the same recordings go. Raises SinkError."""
        if not measured:
            return
        self._drop([one.recording for one in measured])
        last = max((int(path.stem.rpartition("-")[2]) for path in self._parts(RECORDINGS)), default=0)
        part = f"part-{last + 1:06}.parquet"
        self._put(FRAMES, part, pa.concat_tables([one.frames for one in measured]))
        self._put(RECORDINGS, part, recording_table(measured, self._schemas[RECORDINGS]))
        for one in measured:
            self.rows[one.recording] = _row(one.row, part)

    def tell_end(self, ended: Mapping[str, Any] | None) -> None:
        """Writes `batch.json`. ended: how the last run of it ended, None while it goes on. Raises SinkError."""
        text = msgspec.json.encode({**self._about, "ended": ended})
        write_whole(self.path / BATCH_FILE, msgspec.json.format(text) + b"\n")

    def errors(self) -> list[tuple[str, str]]:
        """(recording, error) of those that could not be measured, or not to their end; sorted."""
        cells = (pq.read_table(path, columns=[RECORDING, "error"]).to_pylist() for path in self._parts(RECORDINGS))
        return sorted((row[RECORDING], row["error"]) for part in cells for row in part if row["error"])

    def close(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def _drop(self, recordings: Iterable[str]) -> None:
        """Takes their rows away, those of `recordings` first: without one, frames do not count."""
        by_part: defaultdict[str, set[str]] = defaultdict(set)
        for one in recordings:
            if row := self.rows.pop(one, None):
                by_part[row.part].add(one)
        for part, gone in by_part.items():
            for table in (RECORDINGS, FRAMES):
                self._keep_only(table, part, set(self._column(table, part, RECORDING)) - gone)

    def _keep_only(self, table: str, part: str, recordings: Collection[str]) -> None:
        path = self.path / table / part
        if not recordings:
            _removed(path)
            return
        held = pq.read_table(path)
        self._put(table, part, held.filter(pc.is_in(held[RECORDING], pa.array(sorted(recordings), pa.string()))))

    def _put(self, table: str, part: str, content: pa.Table) -> None:
        """Whole or not at all, and never half-written where readers look for parts."""
        about = msgspec.json.encode(self._about)
        file = io.BytesIO()
        pq.write_table(content.replace_schema_metadata({ABOUT_KEY: about}), file, compression="zstd")
        new, path = self.path / _NEW, self.path / table / part
        write_whole(new, file.getvalue())
        try:
            new.replace(path)
            _synced(path.parent)
        except OSError as error:
            raise sink_error(error, path) from error

    def _mend(self) -> list[str]:
        """Leaves only parts that are whole in both tables; tells of damage."""
        for leftover in self.path.glob(f"{_NEW}*"):
            _removed(leftover)
        damaged = []
        for table in (RECORDINGS, FRAMES):
            for path in self._parts(table):
                try:
                    pq.read_metadata(path)
                except (OSError, pa.ArrowException):
                    path.replace(path.with_name(path.name + ".damaged"))
                    damaged.append(
                        f"{path} is damaged: renamed to {path.name}.damaged, its recordings are measured again"
                    )
        counted = {path.name for path in self._parts(RECORDINGS)}
        for path in self._parts(FRAMES):
            if path.name not in counted:
                _removed(path)
        for path in self._parts(RECORDINGS):
            self._mend_part(path.name)
        return damaged

    def _mend_part(self, part: str) -> None:
        frames = self.path / FRAMES / part
        told = pq.read_table(self.path / RECORDINGS / part, columns=[RECORDING, "frames"])
        expected = sum(told["frames"].to_pylist())
        held = pq.read_metadata(frames).num_rows if frames.is_file() else 0
        if held > expected:
            self._keep_only(FRAMES, part, told[RECORDING].to_pylist())
        elif held < expected:
            _removed(self.path / RECORDINGS / part)
            _removed(frames)

    def _read_rows(self) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        names = [RECORDING, "outcome", "sha256", "bytes", "modified_ns"]
        for path in self._parts(RECORDINGS):
            for cells in pq.read_table(path, columns=names).to_pylist():
                rows[cells[RECORDING]] = _row(cells, path.name)
        return rows

    def _column(self, table: str, part: str, name: str) -> list[Any]:
        path = self.path / table / part
        return pq.read_table(path, columns=[name])[name].to_pylist() if path.is_file() else []

    def _parts(self, table: str) -> list[Path]:
        return sorted((self.path / table).glob("part-*.parquet"))


def read_about(path: Path) -> dict[str, Any]:
    """What a batch was, as its `batch.json` says. Raises SourceNotFoundError, SourceFormatError."""
    file = path / BATCH_FILE
    try:
        about = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise SourceNotFoundError(
            f"{path} holds no {BATCH_FILE}, so it is no folder of a batch; name the one given to sonoedge batch --out"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SourceFormatError(f"{file} is damaged ({error}); measure the archive again into a new folder") from error
    if about.get("schema") != SCHEMA:
        raise SourceFormatError(
            f"{file} has schema {about.get('schema')}, this version reads {SCHEMA}; use the sonoedge that wrote it"
        )
    return about


def read_recordings(path: Path) -> pa.Table:
    """The table of a batch's recordings. Raises SourceFormatError where there is none yet."""
    parts = sorted((path / RECORDINGS).glob("part-*.parquet"))
    if not parts:
        raise SourceFormatError(f"{path} holds no recording yet; run sonoedge batch to its end first")
    try:
        return pa.concat_tables([pq.read_table(part) for part in parts])
    except (OSError, pa.ArrowException) as error:
        raise SourceFormatError(f"{path} is damaged ({error}); run the same sonoedge batch again") from error


SAME: Final = ("sonoedge", "settings", "model", "runtime")
"""What every row of a folder is measured with."""
_PLACES: Final = ("source", "folder", "model", "reason", "threads")
"""Of these what may change without changing a number: where things lie, and why they were chosen."""


def differences(known: Mapping[str, Any], about: Mapping[str, Any], places: tuple[str, str] = ("there", "here")) -> str:
    """In what that numbers hang on two batches differ: `sonoedge: 1.2.0 there, 1.3.0 here`; empty: in nothing."""
    there, here = (dict(_flat({name: told.get(name) for name in SAME})) for told in (known, about))
    names = [name for name in dict.fromkeys((*there, *here)) if there.get(name) != here.get(name)]
    return "; ".join(
        f"{name}: {_word(there.get(name))} {places[0]}, {_word(here.get(name))} {places[1]}" for name in names
    )


def _word(value: Any) -> str:
    """Digests by their first digits."""
    return "none" if value is None else value[:12] if isinstance(value, str) and len(value) == 64 else str(value)


def _check_same(path: Path, known: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    if differing := differences(known, about):
        raise SettingError(
            f"{path} holds a batch that was measured otherwise: {differing}. Name a new folder for --out; then hold "
            f"the two against each other with: sonoedge compare {path} NEW --out COMPARED"
        )


def _flat(told: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name} ")
        elif name not in _PLACES:
            # As it is read back: a tuple is a list there.
            yield above + name, msgspec.to_builtins(value)


def _row(cells: Mapping[str, Any], part: str) -> Row:
    return Row(cells["outcome"], cells["sha256"], Stamp(cells["bytes"], cells["modified_ns"]), part)


def _removed(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise sink_error(error, path) from error


def _synced(folder: Path) -> None:
    """A rename outlasts a power cut once its folder is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(folder: Path) -> int:
    """Holds the folder until the descriptor is closed, or the process dies. Raises SettingError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise SettingError(f"another sonoedge batch writes to {folder} now; wait for its end, or stop it") from error
    except OSError:
        pass  # a file system without locks: nothing can be told
    return descriptor
