"""An archive of recordings: what in a folder tree is one, and what tells that it is still the same."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from edge.errors import SourceNotFoundError
from edge.sink.records import FILE_NAME
from edge.source.file_kind import file_kind
from edge.source.recording import natural_key, shown

BATCH_FILE: Final = "batch.json"
"""What a batch was; a folder that holds it is no part of an archive."""
_INDEX: Final = "DICOMDIR"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is seen of a recording without reading it. Equal: it is taken to be the same still."""

    bytes: int
    modified_ns: int
    """Of a folder: of its newest file."""


@dataclass(frozen=True, slots=True)
class ArchivedRecording:
    """A video, a DICOM file, a picture, or a folder of pictures."""

    path: str
    """Below the archive, as the system has it: bytes of a name that are no UTF-8 are surrogates."""
    kind: str
    """`video`, `dicom`, `picture`, `pictures`."""
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Archive:
    """What was found, in natural order."""

    recordings: tuple[ArchivedRecording, ...]
    passed_over: Mapping[str, int]
    """What is no recording and how often it came: `.txt`, `an earlier run`, `a link to a folder`."""


def find_recordings(
    root: Path, *, each_picture: bool = False, seen: Callable[[int], object] = lambda number: None
) -> Archive:
    """All recordings below `root`.

    A video is one, and so is a DICOM file. Pictures in one folder are one together, unless the folder holds videos or
    DICOM files too, or each_picture asks for it. Folders of earlier runs and batches, hidden files and what is told
    neither by content nor by name are none. `seen` is called with the number so far.
    Raises SourceNotFoundError where `root` is no folder.
    """
    if not root.is_dir():
        raise SourceNotFoundError(f"there is no folder '{shown(root)}'; name the one that holds the recordings")
    found: list[ArchivedRecording] = []
    passed_over: Counter[str] = Counter()

    def unreadable(error: OSError) -> None:
        # A row of the results with its reason, like every recording that cannot be read.
        folder = Path(os.fsdecode(error.filename)).relative_to(root)
        found.append(ArchivedRecording(str(folder), "pictures", Stamp(0, 0)))

    for text, folders, names in os.walk(root, onerror=unreadable):
        folder = Path(text)
        if {FILE_NAME, BATCH_FILE} & set(names):
            passed_over["an earlier run"] += 1
            folders.clear()
            continue
        links = [name for name in folders if (folder / name).is_symlink()]
        passed_over["a link to a folder"] += len(links)
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_key)
        found += _in_folder(root, folder, names, each_picture, passed_over)
        seen(len(found))
    ordered = sorted(found, key=lambda one: [natural_key(part) for part in PurePath(one.path).parts])
    return Archive(tuple(ordered), {what: number for what, number in passed_over.items() if number})


def _in_folder(
    root: Path, folder: Path, names: Collection[str], each_picture: bool, passed_over: Counter[str]
) -> Iterator[ArchivedRecording]:
    pictures, others = [], []
    for name in names:
        path = folder / name
        if name.startswith(".") or name == _INDEX:
            continue
        kind = file_kind(path) if path.is_file() else None
        if kind is None:
            passed_over[Path(name).suffix.lower() or "without ending"] += 1
        elif kind == "stills":
            pictures.append(path)
        else:
            others.append((path, kind))
    if pictures and not others and not each_picture:
        yield ArchivedRecording(str(folder.relative_to(root)), "pictures", _stamp(_pictures_of(folder)))
        pictures = []
    for path, kind in (*others, *((path, "picture") for path in pictures)):
        yield ArchivedRecording(str(path.relative_to(root)), kind, _stamp([path]))


def _stamp(files: Collection[Path]) -> Stamp:
    states = []
    for file in files:
        try:
            states.append(file.stat())
        except OSError:
            continue  # gone meanwhile, which measuring it tells
    return Stamp(sum(state.st_size for state in states), max((state.st_mtime_ns for state in states), default=0))


def digest_of(root: Path, recording: ArchivedRecording) -> str:
    """SHA-256 of the content, hexadecimal; of a folder over its files' names and digests, in natural order.

    Raises OSError.
    """
    path = root / recording.path
    if recording.kind != "pictures":
        return _file_digest(path)
    whole = hashlib.sha256()
    for file in _pictures_of(path):
        whole.update(os.fsencode(file.name) + b"\0" + _file_digest(file).encode())
    return whole.hexdigest()


def _pictures_of(folder: Path) -> list[Path]:
    """The files that measuring the folder reads."""
    files = (path for path in folder.iterdir() if not path.name.startswith(".") and path.name != _INDEX)
    return sorted((path for path in files if path.is_file()), key=lambda path: natural_key(path.name))


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_device(recording: ArchivedRecording, level: int) -> str:
    """The folder that a recording lies in, or is, the `level`th below the archive; empty where there is none."""
    parts = PurePath(recording.path).parts
    folders = parts if recording.kind == "pictures" else parts[:-1]
    return shown(folders[level - 1]) if 0 < level <= len(folders) else ""
