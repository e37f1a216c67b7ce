"""One way to open any source: `kind:rest`, or a bare path whose kind is told from the file."""

import re

from edge.clock import Clock, MonotonicClock
from edge.errors import SourceError, SourceFormatError, SourceNotFoundError
from edge.registry import load, resolve
from edge.source.contract import FrameSource
from edge.source.file_kind import file_kind
from edge.source.recording import checked_fps, located, shown, special
from edge.source.table import SOURCES

SIMULATED = "phantom"
BODIES = "edge.task.table:anatomies"
_CLOCK = MonotonicClock()


def open_source(spec: str, *, fps: float | None = None, clock: Clock = _CLOCK) -> FrameSource:
    """The source that `spec` names: `camera:0`, `camera:/dev/video0`, `phantom:NAME`, `stills:folder`, `knee.png`.

    `fps` paces a recording and asks a camera for a rate. Raises
    SourceNotFoundError, SourceFormatError, SourceBusyError and other SourceErrors, UnknownNameError for an unknown
    kind, SettingError for a bad rate, BackendUnavailableError where a library is missing.
    """
    kind, rest = split_spec(spec)
    if fps is not None:
        checked_fps(fps)
    open_kind = load("source", SOURCES, kind)
    # The simulated probe alone needs bodies to image. They stand with the tasks, which this room does not import.
    bodies = {"anatomies": resolve(BODIES)()} if kind == SIMULATED else {}
    source: FrameSource = open_kind(rest, fps=fps, clock=clock, **bodies)
    return source


def split_spec(spec: str) -> tuple[str, str]:
    """(kind, rest) of `spec`. A kind alone (`camera`) leaves its rest empty: the kind's own first choice."""
    prefix, colon, rest = spec.partition(":")
    if prefix in SOURCES and (colon or not _exists(spec)):
        return prefix, rest
    if colon and re.fullmatch(r"[a-z][a-z0-9_-]*", prefix) and not _exists(spec):
        return prefix, rest
    return kind_of_path(spec), spec


def kind_of_path(text: str) -> str:
    """The kind of source that a bare path is, from its content, else from its name.

    Raises SourceNotFoundError, or SourceFormatError where it is none.
    """
    if re.match(r"/dev/(video\d|v4l/)", text):
        return "camera"
    if not text or not _exists(text):
        raise SourceNotFoundError(
            f"there is no file, folder or device '{shown(text)}'; give a path, or one of: "
            + ", ".join(f"{kind}:..." for kind in sorted(SOURCES))
        )
    path = located(text)
    if path.is_dir():
        return "stills"
    if not path.is_file():
        raise SourceFormatError(f"'{shown(text)}' is a {special(path)}, no file; copy what comes from it into a file")
    kind = file_kind(path)
    if kind is None:
        raise SourceFormatError(
            f"'{shown(text)}' is no picture, video or DICOM file that can be told by its content or name; "
            "say what it is: stills:..., video:... or dicom:..."
        )
    return kind


def _exists(text: str) -> bool:
    try:
        located(text)
    except SourceError:
        return False
    return True
