"""An archive as laboratories have them, made of phantoms: videos, DICOM files, folders of pictures; three devices."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage, generate_uid

from edge.source.opening import open_source

DEVICES = ("Alpha", "Beta", "Gamma")
PATIENT = "Doe^Jane"
"""Stands in every DICOM file, and must stand in no result."""
SIZE = (320, 240)
"""Width and height: small, so that a thousand recordings take little room."""
PERSONS = 8
FPS = 25


def make_archive(root: Path, anatomy: str, recordings: int, frames: int, persons: int = PERSONS) -> float:
    """Writes as many recordings of `anatomy` below `root`; gives the millimetres per pixel of all of them.

    Every recording is of a few persons' pictures, each with a brightness and a noise of its own, so that no two are
    alike. Of eight one is a DICOM cine and one a folder of pictures, the others are videos.
    """
    cines, mm_per_px = _cines(anatomy, frames, persons)
    rng = np.random.default_rng(1)
    for number in range(recordings):
        device = number % len(DEVICES)
        pictures = _varied(cines[number % persons], 1 - 0.08 * device, rng)
        folder = root / DEVICES[device] / f"visit-{number // 30:03}"
        folder.mkdir(parents=True, exist_ok=True)
        if number % 8 == 3:
            write_dicom(folder / f"{number:04}.dcm", pictures, DEVICES[device])
        elif number % 8 == 6:
            (folder / f"{number:04}").mkdir()
            for index, picture in enumerate(pictures):
                cv2.imwrite(str(folder / f"{number:04}" / f"{index:02}.png"), picture)
        else:
            write_video(folder / f"{number:04}.avi", pictures)
    return mm_per_px


def write_video(path: Path, pictures: list[NDArray[np.uint8]]) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE, isColor=False)
    for picture in pictures:
        writer.write(picture)
    writer.release()


def write_dicom(path: Path, pictures: list[NDArray[np.uint8]], device: str) -> None:
    """A cine with the tags that name the device, and a patient's."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[path.name])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    file.PatientName, file.PatientID = PATIENT, "4711"
    file.Manufacturer, file.ManufacturerModelName, file.StationName = "Phantom Works", device, "US1"
    file.Modality, file.NumberOfFrames, file.FrameTime = "US", len(pictures), 1000 / FPS
    file.Rows, file.Columns = pictures[0].shape
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 8, 8, 7, 0
    file.PixelData = np.stack(pictures).tobytes()
    file.save_as(path)


def _cines(anatomy: str, frames: int, persons: int) -> tuple[list[list[NDArray[np.uint8]]], float]:
    cines, mm_per_px = [], 0.0
    for person in range(persons):
        pictures = []
        with open_source(f"phantom:{anatomy},seed={person + 1},frames={frames},paced=no") as source:
            while (frame := source.read(1.0)) is not None:
                picture, scale = _small(frame.pixels)
                pictures.append(picture)
                if frame.probe is not None and frame.probe.depth_mm is not None:
                    mm_per_px = frame.probe.depth_mm / frame.pixels.shape[0] / scale
        cines.append(pictures)
    return cines, mm_per_px


def _small(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """The picture in SIZE, black around it, and how many times smaller it is."""
    height, width = pixels.shape
    scale = min(SIZE[0] / width, SIZE[1] / height)
    shape = round(height * scale), round(width * scale)
    whole = np.zeros(SIZE[::-1], np.uint8)
    whole[: shape[0], : shape[1]] = cv2.resize(pixels, shape[::-1], interpolation=cv2.INTER_AREA)
    return whole, scale


def _varied(pictures: list[NDArray[np.uint8]], gain: float, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    gain *= rng.uniform(0.9, 1.1)
    return [
        np.clip(picture * gain + rng.normal(0, 2, picture.shape) * (picture > 0), 0, 255).astype(np.uint8)
        for picture in pictures
    ]
