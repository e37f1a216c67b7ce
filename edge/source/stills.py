"""Pictures from a file or a folder."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Final

import imagesize
import numpy as np

from edge.clock import Clock
from edge.errors import SourceError, SourceFormatError, SourceNotFoundError
from edge.frame import Frame
from edge.source import tiff
from edge.source.file_kind import file_head, file_kind
from edge.source.grey import DEPTHS, colour_of, coloured_region, to_grey
from edge.source.picture_file import StoredPictures, read_pictures
from edge.source.picture_tags import samples_are_deep
from edge.source.recording import Recording, checked_file, located, natural_key, position_ns, shown, special

_STRAY_SHARE: Final = 1e-4
"""Pixels brighter than the depth that all others keep to, such as a stuck one: they become white."""
_NAMED: Final = 5
"""Folders in a folder that are told by name."""
_INDEX: Final = "DICOMDIR"
"""An exam's table of contents."""


class StillsSource(Recording):
    """One picture, or a folder's pictures in natural order (`f2` before `f10`); DICOM files in it are read too.

    `fps` paces them as a cine and gives each its time; without it they have none, unless the file itself tells. In a
    folder what cannot be read is passed over and named in `skipped`.
    """

    def __init__(self, rest: str, *, fps: float | None, clock: Clock) -> None:
        """Raises SourceNotFoundError, or SourceFormatError where there is no picture that can be read."""
        self._skipped: list[str] = []
        super().__init__(self._pictures(rest, fps), fps=fps, clock=clock)

    @property
    def skipped(self) -> tuple[str, ...]:
        """What was passed over so far, one line per file, with the reason."""
        return tuple(self._skipped)

    def _pictures(self, rest: str, fps: float | None) -> Generator[Frame]:
        path = located(rest)
        if not path.is_dir():
            file = checked_file(rest, "a picture or a folder of pictures")
            stored = read_pictures(file)
            sizes_differ = len({picture.shape[:2] for picture in stored.pictures}) > 1
            yield from _marked(_of_pictures(file, stored, _depth([stored]), 0, fps), sizes_differ)
            return
        files = self._files(path)
        bits = _depth(_deep_ones(files))
        sizes_differ = len({size for file in files if (size := _stated_size(file))}) > 1
        sequence = 0
        for file in files:
            try:
                for frame in _marked(_of_file(file, bits, sequence, fps), sizes_differ):
                    yield frame
                    sequence += 1
            except SourceError as error:
                self._skipped.append(str(error))
        if sequence == 0:
            raise SourceFormatError(
                f"none of the {len(files)} files in '{shown(rest)}' is a picture: {self._skipped[0]}"
            )

    def _files(self, folder: Path) -> list[Path]:
        """The files in it that may be pictures; all else is told."""
        try:
            found = [path for path in folder.iterdir() if not path.name.startswith(".") and path.name != _INDEX]
        except OSError as error:
            raise SourceError(
                f"the folder '{shown(folder)}' cannot be read ({error}); check its permissions"
            ) from error
        files, folders = [], []
        for path in sorted(found, key=lambda path: natural_key(path.name)):
            if path.is_file():
                files.append(path)
            elif path.is_dir():
                folders.append(shown(path.name))
            else:
                what = f"a {special(path)}" if path.exists() else "a link to what is not there"
                self._skipped.append(f"'{shown(path)}' is {what}; expected a picture")
        if folders:
            more = f" and {len(folders) - _NAMED} more" if len(folders) > _NAMED else ""
            named = ", ".join(folders[:_NAMED]) + more
            self._skipped.append(f"folders in it are not looked into ({len(folders)}: {named}); name each alone")
        if not files:
            told = f": {self._skipped[0]}" if self._skipped else ""
            raise SourceNotFoundError(
                f"the folder '{shown(folder)}' holds no files; expected pictures (not folders of them){told}"
            )
        return files


def open_stills(rest: str, *, fps: float | None, clock: Clock) -> StillsSource:
    """Pictures from the file or folder `rest`."""
    return StillsSource(rest, fps=fps, clock=clock)


def _marked(frames: Iterable[Frame], sizes_differ: bool) -> Iterator[Frame]:
    return (replace(frame, sizes_differ=True) for frame in frames) if sizes_differ else iter(frames)


def _stated_size(file: Path) -> tuple[int, int] | None:
    """Columns and rows that a file's first bytes state; None where they do not."""
    if file_kind(file) == "dicom":
        try:
            from edge.source.dicom import stated_size
        except ImportError:
            return None  # told when its turn comes
        return stated_size(file)
    try:
        columns, rows = imagesize.get(file)
    except (OSError, ValueError):
        return None
    return (int(columns), int(rows)) if columns > 0 and rows > 0 else None


def _of_file(file: Path, bits: int, sequence: int, fps: float | None) -> Iterator[Frame]:
    kind = file_kind(file)
    if kind == "video":
        raise SourceFormatError(f"'{shown(file)}' is a video; expected pictures; name it alone")
    return (
        _of_dicom(file, sequence, fps)
        if kind == "dicom"
        else _of_pictures(file, read_pictures(file), bits, sequence, fps)
    )


def _of_dicom(file: Path, sequence: int, fps: float | None) -> Iterator[Frame]:
    try:
        from edge.source.dicom import dicom_frames
    except ImportError as error:
        raise SourceFormatError(
            f"'{shown(file)}' is a DICOM file, which needs a library that is not installed ({error}); "
            "install it with: pip install 'sonoedge[dicom]'"
        ) from error

    # The files' own times have no common beginning.
    for number, frame in enumerate(dicom_frames(file, fps, is_cine=False), start=sequence):
        yield replace(frame, sequence=number, exposed_ns=position_ns(number, fps), timed=fps is not None)


def _of_pictures(file: Path, stored: StoredPictures, bits: int, sequence: int, fps: float | None) -> Iterator[Frame]:
    name = shown(file.name)
    # A file that tells its own times keeps them, but among others.
    tells = sequence == 0 and fps is None and len(stored.durations_ms) > 1 and min(stored.durations_ms) > 0
    starts_ms = list(accumulate(stored.durations_ms, initial=0))
    for index, picture in enumerate(stored.pictures):
        number = sequence + index
        depth = 8 if picture.dtype == np.uint8 else bits
        try:
            grey = to_grey(picture, depth)
        except ValueError as error:
            raise SourceFormatError(f"'{shown(file)}': {error}; save it as an 8 or 16 bit PNG") from error
        short = picture.dtype.itemsize * 8 > depth
        yield Frame(
            grey,
            starts_ms[index] * 1_000_000 if tells else position_ns(number, fps),
            number,
            f"stills:{name}",
            notes=(f"the 16-bit pictures use only {depth} bits; they were brightened to match",) if short else (),
            coloured=coloured_region(picture),
            colour=colour_of(picture, depth),
            pixel_aspect=stored.pixel_aspect,
            doubts=stored.doubts,
            timed=tells or fps is not None,
        )
    if stored.problem:
        raise SourceFormatError(f"'{shown(file)}' {stored.problem}; copy or save it again")


def _deep_ones(files: Iterable[Path]) -> Iterator[StoredPictures]:
    """Those of the files whose samples have 16 bits, as they are stored."""
    for file in files:
        head = file_head(file)
        if samples_are_deep(head) or (head.startswith(tiff.SIGNATURES) and _is_deep_tiff(file)):
            with suppress(SourceError):  # told when its turn comes
                yield read_pictures(file)


def _is_deep_tiff(file: Path) -> bool:
    try:
        return any(tiff.bits(page) > 8 for page in tiff.read_tags(file.read_bytes()).pages)
    except OSError:
        return False


def _depth(of: Iterable[StoredPictures]) -> int:
    """Bits of a sample, one number for a whole source: what its 16-bit files state, else the least that holds all but
    stray pixels. Scanners and converters keep 8 and 12 bits in 16, which the full scale would show as black; told
    picture by picture, the brightest pixel of each would change the brightness of the others."""
    pixels, stated = 0, 0
    over = dict.fromkeys(DEPTHS, 0)
    for stored in of:
        for picture in stored.pictures:
            if picture.dtype == np.uint16:
                stated = max(stated, stored.bits or 16)
                pixels += picture.size
                for bits in over:
                    over[bits] += int(np.count_nonzero(picture >> bits)) if bits < 16 else 0
    seen = next(bits for bits, brighter in over.items() if brighter <= _STRAY_SHARE * pixels)
    return seen if stated == 16 or seen > stated else stated
