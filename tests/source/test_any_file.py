"""Files of random kinds, sizes, depths, orientations, pixel shapes and damage: no frame is another than was written."""

import io
import random
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image, ImageOps

from edge.errors import SourceError
from edge.source.opening import open_source

_KINDS = ("jpg", "png", "png deep", "webp", "tif", "tif deep", "tif deflate", "tif lzw", "bmp", "pgm", "apng")
_TURNING = ("jpg", "png", "webp")
_CHECKED = ("jpg", "png", "png deep", "tif deflate", "apng")
"""Kinds whose data tells that bytes were changed, whichever."""


def _tissue(rng: random.Random) -> np.ndarray:
    noise = np.random.default_rng(rng.randrange(1 << 30))
    height, width = rng.randrange(40, 200), rng.randrange(40, 260)
    soft = cv2.GaussianBlur(noise.rayleigh(60, (height, width)).astype(np.float32), (0, 0), 2.0)
    return np.clip(soft, 0, 250).astype(np.uint8)


def _written(kind: str, picture: np.ndarray, number: int, wide: float) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(picture)
    exif = Image.Exif()
    exif[0x0112], exif[0x011A], exif[0x011B] = number, 100.0, 100.0 * wide
    deep = picture.astype(np.uint16) * 16
    name, _, how = kind.partition(" ")
    if name in _TURNING and not how:
        options = {"jpg": {"quality": 95}, "webp": {"lossless": True}, "png": {}}[name]
        image.save(buffer, {"jpg": "JPEG"}.get(name, name.upper()), exif=exif, **options)
    elif name == "tif":
        compression = {"deflate": "zlib"}.get(how)
        if how == "lzw":
            image.save(buffer, "TIFF", compression="tiff_lzw", dpi=(100, 100 * wide))
        else:
            stored = deep if how == "deep" else picture
            tifffile.imwrite(
                buffer, stored, compression=compression, resolution=(100, 100 * wide), photometric="minisblack"
            )
    elif name == "bmp":
        image.save(buffer, "BMP", dpi=(100, 100 * wide))
    elif name == "apng":
        image.save(buffer, "PNG", save_all=True, append_images=[image.transpose(0)], duration=50)
    else:
        buffer.write(cv2.imencode(f".{name}", deep if how == "deep" else picture)[1].tobytes())
    return buffer.getvalue()


def _damaged(data: bytes, damage: str, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) // 2, len(data) - 4)
    if damage == "cut":
        return data[: at - len(data) // 4]
    size = min(256, len(data) - at - 1)
    return data[:at] + (bytes(size) if damage == "zeros" else rng.randbytes(size)) + data[at + size :]


def test_no_file_gives_another_picture_than_it_holds(tmp_path: Path) -> None:
    rng, counts = random.Random(11), Counter[str]()
    for turn in range(231):
        kind, damage = _KINDS[turn % len(_KINDS)], rng.choice(("", "", "cut", "zeros", "noise"))
        picture, number, wide = _tissue(rng), rng.randrange(1, 9), rng.choice((1.0, 2.0, 0.5, 1.25))
        data = _written(kind, picture, number, wide)
        turns, tells = kind in _TURNING, kind in _TURNING or kind in ("bmp",) or kind.startswith("tif")
        exif = Image.Exif()
        exif[0x0112] = number if turns else 1
        tagged = Image.fromarray(picture)
        tagged.info["exif"] = exif.tobytes()
        expected = [np.asarray(ImageOps.exif_transpose(tagged))] if turns else [picture]
        expected += [np.fliplr(picture)] if kind == "apng" else []
        path = tmp_path / f"{turn}.{kind.partition(' ')[0].removeprefix('a')}"
        path.write_bytes(_damaged(data, damage, rng) if damage else data)
        frames, told = [], False
        try:
            with open_source(str(path)) as source:
                while (frame := source.read(1)) is not None:
                    frames.append(frame)
        except SourceError:
            told = True
        counts["given"] += bool(frames)
        counts["told"] += told
        if not damage:
            assert not told and len(frames) == len(expected), (kind, number)
            aspect = (1 / wide if turns and number > 4 else wide) if tells else 1.0
            assert abs(frames[0].pixel_aspect / aspect - 1) < 0.02, (kind, number, wide)
        elif damage == "cut":
            assert told, (kind, turn)
        if not damage or kind in _CHECKED:
            for frame, meant in zip(frames, expected, strict=False):
                assert frame.pixels.shape == meant.shape
                assert (np.abs(frame.pixels.astype(int) - meant) > 30).mean() <= 0.02, (kind, damage, turn)
    assert counts["given"] >= 90 and counts["told"] >= 60, counts
