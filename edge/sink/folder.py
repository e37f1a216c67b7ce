"""The folder that one run writes into: how it is claimed, how files get into it, what is said when it fails."""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from edge.errors import SinkError

_CURES = {
    errno.ENOSPC: "the disk is full; free some space or choose a folder on another disk",
    errno.EDQUOT: "your disk quota is used up; free some space or choose a folder on another disk",
    errno.EROFS: "the disk is read-only; choose a folder on another disk",
    errno.EACCES: "you may not write there; choose another folder or change its permissions",
    errno.EPERM: "you may not write there; choose another folder or change its permissions",
    errno.ENOTDIR: "a part of its path is a file; choose another folder",
    errno.EEXIST: "it exists already and is not overwritten; choose a new folder",
    errno.EIO: "the disk reports an error; choose a folder on another disk",
}


def sink_error(error: OSError, path: Path) -> SinkError:
    """What to tell the user when `path` could not be written."""
    cure = _CURES.get(error.errno or 0, f"{error.strerror or error}; choose another folder")
    return SinkError(f"cannot write {path}: {cure}. What was written before is kept.")


def claim_folder(path: Path) -> Path:
    """Makes `path` the folder of a new run: created where it is missing, empty, writable.

    One run, one folder: results of an earlier run are never mixed with new ones or overwritten. Raises SinkError where
    the folder holds anything, is a file or cannot be written.
    """
    try:
        path = path.expanduser()
    except RuntimeError as error:
        raise SinkError(f"there is no home directory for {path}; write the whole path of the folder") from error
    make_folder(path)
    try:
        held = sorted(entry.name for entry in path.iterdir())
        if held:
            raise SinkError(
                f"{path} already holds {_some(held)}; earlier results are never overwritten: choose a new folder"
            )
        with tempfile.TemporaryFile(dir=path):
            pass
    except SinkError:
        raise
    except OSError as error:
        raise sink_error(error, path) from error
    return path


def make_folder(path: Path) -> Path:
    """`path`, created with its parents where it is missing. Raises SinkError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise SinkError(f"{path} is a file, and results need a folder; choose another name") from error
    except OSError as error:
        raise sink_error(error, path) from error
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Writes a new file that is either whole or not there, also after a power cut. Raises SinkError."""
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise sink_error(error, path) from error


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
