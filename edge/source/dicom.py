"""Frames from a DICOM file, through pydicom."""

import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
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
from edge.errors import BackendUnavailableError, SonoedgeError, SourceFormatError
from edge.frame import Frame, Region
from edge.source.dicom_scale import frame_times_ns, scale_of
from edge.source.grey import coloured_region, to_grey
from edge.source.recording import Recording, checked_file, position_ns

_SUPPORTED = "uncompressed, RLE, JPEG baseline and JPEG 2000"


def open_dicom(rest: str, *, fps: float | None, clock: Clock) -> Recording:
    """Frames of the DICOM file `rest`, decoded one at a time; `fps` paces them and times them where the file does not.

    Raises SourceNotFoundError, or SourceFormatError where it is no DICOM, holds no picture, or cannot be decoded.
    """
    return Recording(_frames(checked_file(rest, "a DICOM file"), fps), fps=fps, clock=clock)


def _frames(path: Path, fps: float | None) -> Generator[Frame]:
    header = _header(path)
    count = int(header.get("NumberOfFrames") or 1)
    times = frame_times_ns(header, count)
    scale = scale_of(header, int(header.Columns), int(header.Rows))
    pictures = _pictures(path, header)
    for sequence in range(count):
        grey, coloured = _next(path, pictures, sequence, count)
        exposed_ns = times[sequence] if times else position_ns(sequence, fps)
        frame = Frame(grey, exposed_ns, sequence, f"dicom:{path.name}", scale.spacing, scale.region)
        yield replace(frame, notes=scale.notes, coloured=coloured)


def _header(path: Path) -> FileDataset:
    try:
        with _quiet():
            # Some archives strip the preamble; what is read without it must still look like a picture.
            header = dcmread(path, stop_before_pixels=True, force=True)
            kind = header.get("SOPClassUID")
            has_picture = bool(header.get("Rows") and header.get("Columns"))
    except Exception as error:  # pydicom raises what the damaged bytes lead it to
        raise SourceFormatError(f"'{path}' is a damaged DICOM file ({error}); export it again") from error
    if has_picture:
        return header
    if kind is None:
        raise SourceFormatError(f"'{path}' is no DICOM file; expected one with ultrasound pictures")
    name = getattr(kind, "name", str(kind))
    raise SourceFormatError(f"'{path}' holds no picture (it is a {name}); choose the image object of the exam")


_Picture = tuple[NDArray[np.uint8], Region | None]
"""Grey, and where it was coloured."""


def _pictures(path: Path, header: FileDataset) -> Iterator[_Picture]:
    syntax = _syntax(header)
    _check_decodable(path, syntax)
    # From the path only one frame at a time is in memory; a deflated file can only be read as a whole.
    source = dcmread(path) if syntax.is_deflated else path
    for pixels in iter_pixels(source, transfer_syntax_uid=syntax):
        palette = str(header.PhotometricInterpretation) == "PALETTE COLOR"
        yield _grey(pixels, header), coloured_region(apply_color_lut(pixels, header) if palette else pixels)


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
            f"'{path}' is compressed as {syntax.name}, which needs pillow; run: pip install 'sonoedge[dicom]'"
        )
    cure = "install a decoder with: pip install python-gdcm" if missing else "export it as MP4 or uncompressed"
    raise SourceFormatError(f"'{path}' is compressed as {syntax.name}; read are {_SUPPORTED}; {cure}")


def _grey(pixels: NDArray[Any], header: Dataset) -> NDArray[np.uint8]:
    photometric = str(header.PhotometricInterpretation)
    if photometric == "PALETTE COLOR":
        return to_grey(apply_color_lut(pixels, header)[..., 2::-1])
    if pixels.ndim == 3:
        return to_grey(pixels[..., ::-1], int(header.BitsStored))
    bits = int(header.BitsStored)
    if header.get("PixelRepresentation") == 1:
        pixels = (pixels.astype(np.int32) + (1 << (bits - 1))).astype(np.uint16)
    grey = to_grey(pixels, bits)
    return np.asarray(255 - grey, np.uint8) if photometric == "MONOCHROME1" else grey


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
            raise SourceFormatError(f"'{path}' holds no pixel data; choose an object with pictures") from error
        problem = f"cannot be decoded ({error})"
    raise SourceFormatError(f"frame {sequence + 1} of {count} in '{path}' {problem}; it is damaged: export it again")


@contextmanager
def _quiet() -> Iterator[None]:
    """pydicom and pillow warn of what many real scanners write; it changes nothing that is read here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
