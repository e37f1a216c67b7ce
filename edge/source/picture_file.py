"""One picture file to its pictures (a TIFF, an animated PNG or WebP may hold many), damage told from what was meant."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceFormatError
from edge.source import jpeg, tiff
from edge.source.orientation import of_exif
from edge.source.picture_tags import BMP, PNG, PNM, nearly_square, picture_tags
from edge.source.recording import checked_file, shown

PICTURE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm", ".pnm")
)
_PNG_END = b"IEND\xaeB`\x82"
_SIGNATURES = (PNG, b"\xff\xd8\xff", BMP, *tiff.SIGNATURES, *PNM)
_RAW_PNM: Final = re.compile(rb"(P[456])(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:(?:\s|#[^\n]*\n)+(\d+))?\s")
Pictures = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True, eq=False)
class StoredPictures:
    """What one file holds."""

    pictures: Pictures
    """(height, width[, channels]) as they shall be seen, colour as BGR[A]."""
    pixel_aspect: float = 1.0
    """Width of a pixel over its height."""
    doubts: tuple[str, ...] = ()
    """Against the shape of the pixels."""
    bits: int | None = None
    """Of a sample, where the file says that they are fewer than it has room for."""
    durations_ms: tuple[int, ...] = ()
    """Of an animated file's pictures."""
    problem: str = ""
    """Why there are fewer pictures than the file promises: `is truncated (4 of its 12 pictures are there)`."""


def looks_like_picture(head: bytes) -> bool:
    """Whether a file's first bytes are those of a picture that can be read."""
    return head.startswith(_SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read_pictures(path: Path) -> StoredPictures:
    """The pictures of one file, turned as its tags say.

    Raises SourceNotFoundError, SourceError, or SourceFormatError where the file is empty, no picture, or so damaged
    that a decoder would make up what it shows. What is left of a file with several pictures comes with its `problem`.
    """
    data, name = checked_file(str(path), "a picture").read_bytes(), shown(path)
    if not is_complete(data):
        raise SourceFormatError(f"'{name}' is truncated: its end is missing; expected a whole picture; copy it again")
    try:
        with _quiet():
            stored = _decode(data)
    except jpeg.DamagedJpegError as error:
        raise SourceFormatError(f"'{name}' is a damaged picture ({error}); copy or save it again") from error
    except (cv2.error, MemoryError) as error:
        raise SourceFormatError(f"'{name}' cannot be decoded ({_reason(error)}); save it as a smaller PNG") from error
    if not stored.pictures:
        problem = stored.problem or _diagnosis(data)
        raise SourceFormatError(f"'{name}' {problem}; expected a picture (PNG, JPEG, TIFF, BMP, WebP, PNM)")
    return stored


def is_complete(data: bytes) -> bool:
    """False where a PNG or JPEG lacks its end mark: decoders may hand out the upper half of such a picture."""
    if data.startswith(PNG):
        return _PNG_END in data
    return not data.startswith(jpeg.START) or jpeg.whole_length(data) is not None


def _decode(data: bytes) -> StoredPictures:
    if data.startswith(tiff.SIGNATURES):
        return _decode_tiff(data)
    if data.startswith(PNM):
        return _decode_pnm(data)
    tags = picture_tags(data)
    if tags.problem:
        return StoredPictures((), problem=tags.problem)
    durations: tuple[int, ...] = ()
    problem = ""
    if tags.frames is not None:
        _, animation = cv2.imdecodeanimation(np.frombuffer(data, np.uint8))
        pictures, durations = tuple(animation.frames), tuple(int(each) for each in animation.durations)
        if len(pictures) != tags.frames:
            problem = f"is damaged ({len(pictures)} of its {tags.frames} pictures are there)"
    elif data.startswith(jpeg.START):
        pictures, problem = _decode_jpegs(data)
    else:
        pictures = _decoded(data)
    turn = of_exif(tags.orientation)
    return StoredPictures(
        tuple(turn.turned(picture) for picture in pictures),
        turn.turned_aspect(tags.pixel_aspect),
        tags.reasons_for_doubt,
        tags.bits,
        durations,
        problem,
    )


def _decoded(data: bytes) -> Pictures:
    """As stored: not turned, but for a TIFF."""
    picture: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return () if picture is None else (picture,)


def _decode_jpegs(data: bytes) -> tuple[Pictures, str]:
    """The picture, and those that simply stand behind it, with what is wrong with these; a preview that the first one
    announces is left out."""
    length = jpeg.whole_length(data)
    pictures, rest = _decode_jpeg(data[:length]), data[length:].lstrip(b"\0")
    if any(part.marker == 0xE2 and part.payload.startswith(b"MPF\0") for part in jpeg.segments(data)):
        return pictures, ""
    while rest.startswith(b"\xff\xd8\xff"):
        length = jpeg.whole_length(rest)
        try:
            further = _decode_jpeg(rest[:length])
        except jpeg.DamagedJpegError:
            further = ()
        if not further or length is None:
            return pictures, f"is truncated or damaged ({len(pictures)} whole pictures are there, and a part of one)"
        pictures, rest = pictures + further, rest[length:].lstrip(b"\0")
    return pictures, ""


def _decode_jpeg(data: bytes) -> Pictures:
    try:
        return (jpeg.decode_stored(data),)
    except jpeg.DamagedJpegError:
        raise
    except ValueError:  # four inks, and what this decoder does not know
        jpeg.check(data)
        return _decoded(data)


def _decode_tiff(data: bytes) -> StoredPictures:
    held = tiff.read_tags(data)
    is_wanted = [not tiff.is_thumbnail(page) for page in held.pages]
    is_wanted = is_wanted if any(is_wanted) else [True] * len(held.pages)
    faults = [tiff.damage(data, page) for page in held.pages]
    if len(held.pages) == 1 and faults[0]:
        return StoredPictures((), problem=f"is a damaged picture ({faults[0]})")
    _, decoded = cv2.imdecodemulti(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if len(decoded) > len(held.pages):
        return StoredPictures((), problem="is a damaged picture (its pages cannot be told apart)")
    together = zip(decoded, is_wanted, faults, strict=False)
    whole = tuple(picture for picture, wanted, fault in together if wanted and not fault)
    lost = sum(is_wanted) - len(whole)
    problem = held.problem or (
        f"is damaged ({lost} of its {sum(is_wanted)} pictures cannot be decoded)" if lost else ""
    )
    pages = [page for page, wanted in zip(held.pages, is_wanted, strict=True) if wanted]
    aspects = [of_exif(tiff.orientation(page)).turned_aspect(tiff.pixel_aspect(page) or 1.0) for page in pages] or [1.0]
    doubts = ("its pages give their pixels different shapes",) if max(aspects) / min(aspects) > 1.01 else ()
    top = max((tiff.most(page) or 0 for page in pages), default=0)
    return StoredPictures(whole, nearly_square(aspects[0]), doubts, top.bit_length() or None, problem=problem)


def _decode_pnm(data: bytes) -> StoredPictures:
    """Pictures in the binary kinds may stand one behind the other."""
    pictures: list[NDArray[Any]] = []
    at, bits = 0, None
    while (head := _RAW_PNM.match(data, at)) is not None:
        kind, width, height, top = head[1], int(head[2]), int(head[3]), int(head[4] or 1)
        line = -(-width // 8) if kind == b"P4" else width * (3 if kind == b"P6" else 1) * (2 if top > 255 else 1)
        end = head.end() + line * height
        if end > len(data):
            problem = f"is truncated ({len(pictures)} whole pictures are there, and a part of one)"
            return StoredPictures(tuple(pictures), bits=bits, problem=problem)
        pictures += _decoded(data[at:end])
        bits = top.bit_length() if top > 255 else bits
        at = end + len(data[end:]) - len(data[end:].lstrip())
    return StoredPictures(tuple(pictures) or _decoded(data), bits=bits)


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
