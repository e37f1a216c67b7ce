"""One picture file to its pictures (a TIFF may hold many), with damage told apart from what was meant."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceFormatError
from edge.source.recording import checked_file

PICTURE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm", ".pnm")
)
_TIFF = (b"II*\0", b"MM\0*")
_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_SIGNATURES = (_PNG, b"\xff\xd8\xff", b"BM", *_TIFF, b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")


def looks_like_picture(head: bytes) -> bool:
    """Whether a file's first bytes are those of a picture that can be read."""
    return head.startswith(_SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read_pictures(path: Path) -> tuple[NDArray[Any], ...]:
    """The pictures of one file, (height, width[, channels]) as stored, colour as BGR[A].

    Rotation tags are not followed. Raises SourceNotFoundError, SourceError, or SourceFormatError where the file is
    empty, damaged or no picture.
    """
    data = checked_file(str(path), "a picture").read_bytes()
    if not is_complete(data):
        raise SourceFormatError(f"'{path}' is truncated: its end is missing; expected a whole picture; copy it again")
    try:
        with _quiet():
            pictures = _decode(data)
    except (cv2.error, MemoryError) as error:
        raise SourceFormatError(f"'{path}' cannot be decoded ({_reason(error)}); save it as a smaller PNG") from error
    if not pictures:
        raise SourceFormatError(f"'{path}' {_diagnosis(data)}; expected a picture (PNG, JPEG, TIFF, BMP, WebP, PNM)")
    return pictures


def is_complete(data: bytes) -> bool:
    """False where a PNG or JPEG lacks its end mark: decoders may hand out the upper half of such a picture."""
    if data.startswith(_PNG):
        return _PNG_END in data
    if data.startswith(b"\xff\xd8"):
        # Entropy-coded data never holds the start mark, a thumbnail's marks stand before the picture's own.
        return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
    return True


def decode_jpeg_grey(data: bytes) -> NDArray[np.uint8] | None:
    """(height, width) grey of a JPEG, or None where it is damaged."""
    if not is_complete(data):
        return None
    try:
        with _quiet():
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if picture is None else np.asarray(picture, np.uint8)


def _decode(data: bytes) -> tuple[NDArray[Any], ...]:
    packed = np.frombuffer(data, np.uint8)
    if data.startswith(_TIFF):
        _, pages = cv2.imdecodemulti(packed, cv2.IMREAD_UNCHANGED)
        return tuple(pages)
    picture: NDArray[Any] | None = cv2.imdecode(packed, cv2.IMREAD_UNCHANGED)
    return () if picture is None else (picture,)


def _diagnosis(data: bytes) -> str:
    if looks_like_picture(data[:16]):
        return "is a damaged picture"
    try:
        text = data[:512].decode("utf-8", errors="strict" if len(data) <= 512 else "ignore")
    except UnicodeDecodeError:
        text = "\0"
    return "is a text file" if "\0" not in text else "is no picture"


def _reason(error: Exception) -> str:
    return str(getattr(error, "err", None) or error or type(error).__name__)


@contextmanager
def _quiet() -> Iterator[None]:
    """OpenCV prints its own account of a bad file; the user gets ours."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
