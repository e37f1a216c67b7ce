"""Pictures from a file or a folder."""

from collections.abc import Generator
from pathlib import Path

from edge.clock import Clock
from edge.errors import SourceError, SourceFormatError, SourceNotFoundError
from edge.frame import Frame
from edge.source.grey import bits_used, coloured_region, to_grey
from edge.source.picture_file import read_pictures
from edge.source.recording import Recording, checked_file, located, natural_key, position_ns


class StillsSource(Recording):
    """One picture, or a folder's pictures in natural order (`f2` before `f10`).

    `fps` paces them as a cine and gives each its time; without it a picture stands for one second. In a folder a file
    that cannot be read is passed over and named in `skipped`.
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
            yield from _frames(checked_file(rest, "a picture or a folder of pictures"), 0, fps)
            return
        files = _files(path)
        sequence = 0
        for file in files:
            try:
                for frame in _frames(file, sequence, fps):
                    yield frame
                    sequence += 1
            except SourceError as error:
                self._skipped.append(str(error))
        if sequence == 0:
            raise SourceFormatError(f"none of the {len(files)} files in '{rest}' is a picture: {self._skipped[0]}")


def open_stills(rest: str, *, fps: float | None, clock: Clock) -> StillsSource:
    """Pictures from the file or folder `rest`."""
    return StillsSource(rest, fps=fps, clock=clock)


def _files(folder: Path) -> list[Path]:
    try:
        files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    except OSError as error:
        raise SourceError(f"the folder '{folder}' cannot be read ({error}); check its permissions") from error
    if not files:
        raise SourceNotFoundError(f"the folder '{folder}' holds no files; expected pictures (not folders of them)")
    return sorted(files, key=lambda path: natural_key(path.name))


def _frames(path: Path, sequence: int, fps: float | None) -> Generator[Frame]:
    for number, picture in enumerate(read_pictures(path), start=sequence):
        try:
            depth = bits_used(picture)
            grey = to_grey(picture, depth)
        except ValueError as error:
            raise SourceFormatError(f"'{path}': {error}; save it as an 8 or 16 bit PNG") from error
        short = picture.dtype.itemsize * 8 > depth
        notes = (f"the 16-bit picture uses only {depth} bits; it was brightened to match",) if short else ()
        origin, coloured = f"stills:{path.name}", coloured_region(picture)
        yield Frame(grey, position_ns(number, fps), number, origin, notes=notes, coloured=coloured)
