"""What a file holds: pictures, a video or DICOM, told from its first bytes, else from its name."""

from pathlib import Path
from typing import Final

from edge.source.picture_file import PICTURE_SUFFIXES, looks_like_picture

VIDEO_SUFFIXES = frozenset((".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv", ".gif"))
DICOM_SUFFIXES = frozenset((".dcm", ".dicom", ".dic"))
_BARE_DICOM: Final = (b"\x02\0", b"\x08\0")
"""Groups that a DICOM file begins with which lost its preamble."""


def file_kind(path: Path) -> str | None:
    """`stills`, `video` or `dicom`; None: it cannot be told."""
    return _of_content(file_head(path)) or _of_suffix(path.suffix.lower())


def file_head(path: Path) -> bytes:
    """Its first bytes; none where it cannot be read, which opening it tells."""
    try:
        with path.open("rb") as file:
            return file.read(512)
    except OSError:
        return b""


def _of_content(head: bytes) -> str | None:
    if head[128:132] == b"DICM" or (head[:2] in _BARE_DICOM and head[3:4] == b"\0" and b"1.2.840.10008." in head):
        return "dicom"
    if looks_like_picture(head):
        return "stills"
    is_video = head[4:8] == b"ftyp" or head.startswith((b"\x1aE\xdf\xa3", b"GIF8")) or head[8:12] == b"AVI "
    return "video" if is_video else None


def _of_suffix(suffix: str) -> str | None:
    kinds = {"stills": PICTURE_SUFFIXES, "video": VIDEO_SUFFIXES, "dicom": DICOM_SUFFIXES}
    return next((kind for kind, suffixes in kinds.items() if suffix in suffixes), None)
