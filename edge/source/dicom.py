"""Frames from a DICOM file, through pydicom."""

import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, FileDataset, dcmread
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from edge.clock import Clock
from edge.errors import BackendUnavailableError, SettingError, SonoedgeError, SourceFormatError
from edge.frame import Frame, Region
from edge.source import jpeg
from edge.source.dicom_content import content_of, damaged_streams
from edge.source.dicom_scale import frame_times_ns, scale_of
from edge.source.grey import colour_of, coloured_region, to_grey
from edge.source.recording import Recording, checked_file, position_ns, shown

_SUPPORTED = "uncompressed, RLE, JPEG baseline and JPEG 2000"


def open_dicom(rest: str, *, fps: float | None, clock: Clock) -> Recording:
    """Frames of the DICOM file `rest`, decoded one at a time; `fps` paces them and times them where the file does not.

    Raises SourceNotFoundError, SettingError for a cine without times where `fps` is none, or SourceFormatError where it
    is no DICOM, holds no picture, or cannot be decoded. Where it holds fewer pictures than it states, this is raised
    after those that there are.
    """
    return Recording(dicom_frames(checked_file(rest, "a DICOM file"), fps, is_cine=True), fps=fps, clock=clock)


def dicom_frames(path: Path, fps: float | None, *, is_cine: bool) -> Generator[Frame]:
    """All pictures of one file. Without times where neither the file nor `fps` tells them, which a cine may not be."""
    header = _header(path)
    syntax = _syntax(header)
    _check_decodable(path, syntax)
    stated = stated_frames(header)
    with _quiet():
        content = content_of(path, header, syntax)
        scale = scale_of(header, int(header.Columns), int(header.Rows))
        count = content.whole if content is not None and content.whole else stated or 1
        times = frame_times_ns(header, count) if count > 1 else None
    if is_cine and count > 1 and times is None and fps is None:
        raise SettingError(
            f"'{shown(path)}' does not say when its {count} pictures were exposed; say how many a second: --fps"
        )
    unscaled = (
        "; ".join((*scale.notes, "state the depth or the mm per px")) if scale.notes and not scale.spacing else ""
    )
    notes = scale.notes if scale.spacing else ()
    if stated is not None and count > stated:
        notes += (f"the DICOM states {stated} pictures and holds {count}: all are read",)
    pictures = _pictures(path, header, syntax, count)
    for sequence in range(count):
        grey, coloured, colour = _next(path, pictures, sequence, count)
        yield Frame(
            grey,
            times[sequence] if times else position_ns(sequence, fps),
            sequence,
            f"dicom:{shown(path.name)}",
            scale.spacing,
            scale.region,
            notes=notes,
            coloured=coloured,
            colour=colour,
            unscaled=unscaled,
            pixel_aspect=scale.pixel_aspect,
            doubts=scale.doubts,
            timed=times is not None or fps is not None,
        )
    if stated is not None and count < stated:
        raise SourceFormatError(f"'{shown(path)}' states {stated} pictures and holds {count}: export it again")
    if content is not None and content.has_rest:
        raise SourceFormatError(f"'{shown(path)}' holds {count} pictures and a part of one more: export it again")


def stated_size(path: Path) -> tuple[int, int] | None:
    """Columns and rows of its pictures; None where it cannot be read."""
    with suppress(SonoedgeError), _quiet():
        header = _header(path)
        return int(header.Columns), int(header.Rows)
    return None


def _header(path: Path) -> FileDataset:
    try:
        with _quiet():
            # Some archives strip the preamble; what is read without it must still look like a picture.
            header = dcmread(path, stop_before_pixels=True, force=True)
            kind = header.get("SOPClassUID")
            has_picture = bool(header.get("Rows") and header.get("Columns"))
    except Exception as error:  # pydicom raises what the damaged bytes lead it to
        raise SourceFormatError(f"'{shown(path)}' is a damaged DICOM file ({error}); export it again") from error
    if has_picture:
        return header
    if kind is None:
        raise SourceFormatError(f"'{shown(path)}' is no DICOM file; expected one with ultrasound pictures")
    name = getattr(kind, "name", str(kind))
    raise SourceFormatError(f"'{shown(path)}' holds no picture (it is a {name}); choose the image object of the exam")


_Picture = tuple[NDArray[np.uint8], Region | None, Callable[[], NDArray[np.uint8]] | None]
"""Grey, where it was coloured, and what gives its colour."""


def _pictures(path: Path, header: FileDataset, syntax: UID, count: int) -> Iterator[_Picture]:
    # From the path only one frame at a time is in memory; a deflated file can only be read as a whole.
    source = dcmread(path) if syntax.is_deflated else path
    faults = damaged_streams(path, syntax, count)
    for pixels in iter_pixels(source, transfer_syntax_uid=syntax, number_of_frames=count):
        fault = next(faults, "")
        if fault:
            raise jpeg.DamagedJpegError(fault)
        if str(header.PhotometricInterpretation) == "PALETTE COLOR":
            shown, bits = apply_color_lut(pixels, header)[..., 2::-1], None
        elif pixels.ndim == 3:
            shown, bits = pixels[..., ::-1], int(header.BitsStored)
        else:
            yield _grey(pixels, header), None, None
            continue
        yield to_grey(shown, bits), coloured_region(shown), colour_of(shown, bits)


def stated_frames(header: Dataset) -> int | None:
    """Number of Frames; None where it is missing or no number."""
    try:
        return int(header.NumberOfFrames)
    except (AttributeError, ValueError, TypeError):
        return None


def _syntax(header: FileDataset) -> UID:
    """The transfer syntax; where the file has no meta header, the one that its elements were read with."""
    stated = header.file_meta.get("TransferSyntaxUID")
    implicit, _ = header.original_encoding
    return UID(stated or (ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian))


def _check_decodable(path: Path, syntax: UID) -> None:
    try:
        decoder = get_decoder(syntax)
        missing, available = decoder.missing_dependencies, decoder.is_available
    except NotImplementedError:
        missing, available = [], False
    if available:
        return
    if any("pillow" in plugin for plugin in missing):
        raise BackendUnavailableError(
            f"'{shown(path)}' is compressed as {syntax.name}, which needs pillow; run: pip install 'sonoedge[dicom]'"
        )
    cure = "install a decoder with: pip install python-gdcm" if missing else "export it as MP4 or uncompressed"
    raise SourceFormatError(f"'{shown(path)}' is compressed as {syntax.name}; read are {_SUPPORTED}; {cure}")


def _grey(pixels: NDArray[Any], header: Dataset) -> NDArray[np.uint8]:
    """Of a picture without colour."""
    bits = int(header.BitsStored)
    if header.get("PixelRepresentation") == 1:
        pixels = (pixels.astype(np.int32) + (1 << (bits - 1))).astype(np.uint16)
    grey = to_grey(pixels, bits)
    return np.asarray(255 - grey, np.uint8) if str(header.PhotometricInterpretation) == "MONOCHROME1" else grey


def _next(path: Path, pictures: Iterator[_Picture], sequence: int, count: int) -> _Picture:
    try:
        with _quiet():
            return next(pictures)
    except SonoedgeError:
        raise
    except StopIteration:
        problem = "is missing"
    except Exception as error:  # pydicom and its decoders raise what the damaged bytes lead them to
        if "no pixel data" in str(error):
            raise SourceFormatError(f"'{shown(path)}' holds no pixel data; choose an object with pictures") from error
        problem = f"cannot be decoded ({error})"
    raise SourceFormatError(
        f"frame {sequence + 1} of {count} in '{shown(path)}' {problem}; it is damaged: export it again"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """pydicom and pillow warn of what many real scanners write; it changes nothing that is read here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
