"""How many pictures a DICOM file really holds, whatever it states, and whether their coded streams are whole."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pydicom import FileDataset, dcmread
from pydicom.encaps import generate_fragments, generate_frames, parse_basic_offsets
from pydicom.uid import UID, JPEGBaseline8Bit, JPEGExtended12Bit, RLELossless

from edge.source import jpeg

_PIXEL_DATA: Final = (0x7FE0, 0x0010)
_UNDEFINED: Final = 0xFFFFFFFF
_LONG_VRS: Final = (b"OB", b"OW")
_STREAM_STARTS: Final = (jpeg.START, b"\xff\x4f")
"""JPEG and its kin, JPEG 2000."""
_LOST_RUN: Final = bytes(64)
"""Neither arithmetic codes nor run lengths write so many zeros."""


@dataclass(frozen=True, slots=True)
class Content:
    """Pictures in the pixel data."""

    whole: int
    has_rest: bool = False
    """Whether a part of one more picture follows."""


def content_of(path: Path, header: FileDataset, syntax: UID) -> Content | None:
    """None: the file does not let it be told."""
    if syntax.is_deflated:
        # Its elements can only be read as a whole.
        data = dcmread(path).get("PixelData", b"")
        return _native(header, len(data), data)
    with path.open("rb") as file:
        length = _pixel_data_length(file, syntax)
        if length is None:
            return None
        if syntax.is_encapsulated:
            return _encapsulated(file, syntax)
        start = file.tell()
        available = min(length, path.stat().st_size - start)
        size = _frame_bytes(header)
        file.seek(start + (available // size * size if size else 0))
        return _native(header, available, file.read(size))


def damaged_streams(path: Path, syntax: UID, frames: int) -> Iterator[str]:
    """For each coded picture what a decoder would make up of it, or nothing."""
    if not syntax.is_encapsulated:
        return
    with path.open("rb") as file:
        if _pixel_data_length(file, syntax) is None:
            return
        for stream in generate_frames(file, number_of_frames=frames):
            yield _fault(stream, syntax)


def _fault(stream: bytes, syntax: UID) -> str:
    if syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        try:
            jpeg.check(stream)
        except jpeg.DamagedJpegError as error:
            return str(error)
    elif _LOST_RUN in stream[64:].rstrip(b"\0"):  # RLE begins with a table of zeros
        return "a part of its data is blank"
    return ""


def _native(header: FileDataset, length: int, last: bytes) -> Content | None:
    size = _frame_bytes(header)
    if not size:
        return None
    whole, rest = divmod(length, size)
    return Content(whole, rest > 0 and any(last[-rest:] if len(last) > rest else last[:rest]))


def _encapsulated(file: BinaryIO, syntax: UID) -> Content:
    offsets = parse_basic_offsets(file)
    starts = fragments = 0
    with suppress(ValueError, EOFError, OSError):  # cut: what is there is counted
        for fragment in generate_fragments(file):
            fragments += 1
            starts += fragment.startswith(_STREAM_STARTS)
    if syntax == RLELossless:
        return Content(fragments)
    return Content(min(max(starts, 1), fragments) if not offsets else max(starts, min(len(offsets), fragments)))


def _frame_bytes(header: FileDataset) -> int:
    """0: it cannot be told."""
    bits, samples = header.get("BitsAllocated"), header.get("SamplesPerPixel")
    if not isinstance(bits, int) or not isinstance(samples, int) or bits % 8:
        return 0
    shared = 2 if str(header.get("PhotometricInterpretation")) == "YBR_FULL_422" else samples
    return int(header.Rows) * int(header.Columns) * shared * bits // 8


def _pixel_data_length(file: BinaryIO, syntax: UID) -> int | None:
    """Reads on to the value of the pixel data; None where there is none."""
    dcmread(file, stop_before_pixels=True, force=True)
    order: Literal["little", "big"] = "little" if syntax.is_little_endian else "big"
    head = file.read(12)
    tag = tuple(int.from_bytes(head[at : at + 2], order) for at in (0, 2))
    if len(head) < 12 or tag != _PIXEL_DATA:
        return None
    if head[4:6] in _LONG_VRS:
        return int.from_bytes(head[8:], order)
    file.seek(-4, 1)
    return int.from_bytes(head[4:8], order)
