"""Whole and damaged JPEG streams of many encoders. What is never to be measured is counted."""

import io
import random
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
from PIL import Image

from edge.source import jpeg

_DATA = Path(__file__).parents[2] / "../shared/data"
_BYTES = 512


def _ultrasound(seed: int) -> np.ndarray:
    """Speckle under a bright border, in a scanner's black screen."""
    rng = np.random.default_rng(seed)
    tissue = cv2.GaussianBlur(rng.rayleigh(60, (300, 400)).astype(np.float32), (0, 0), 1.2)
    tissue[120:128] += 120
    screen = np.zeros((360, 520), np.uint8)
    screen[30:330, 60:460] = np.clip(tissue, 0, 255)
    return screen


def _streams() -> dict[str, bytes]:
    grey = _ultrasound(1)
    bgr = np.repeat(grey[..., None], 3, axis=2)
    made: dict[str, bytes] = {}
    for quality in (75, 95):
        flags: dict[str, list[int]] = {
            "plain": [],
            "optimized": [cv2.IMWRITE_JPEG_OPTIMIZE, 1],
            "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
            "restarts": [cv2.IMWRITE_JPEG_RST_INTERVAL, 10],
            "4:4:4": [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444],
        }
        for name, more in flags.items():
            for colours, picture in (("grey", grey), ("colour", bgr)):
                how = [cv2.IMWRITE_JPEG_QUALITY, quality, *more]
                made[f"{name} {colours} {quality}"] = cv2.imencode(".jpg", picture, how)[1].tobytes()
        for options in ({}, {"progressive": True}, {"optimize": True}):
            buffer = io.BytesIO()
            Image.fromarray(grey).save(buffer, "JPEG", quality=quality, **options)
            made[f"pillow {options} {quality}"] = buffer.getvalue()
    whole = made["plain grey 95"]
    thumbnail = cv2.imencode(".jpg", grey[::8, ::8])[1].tobytes()
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    made["thumbnail"] = whole[:2] + segment + whole[2:]
    made["trailing"] = whole + b"\0trailing bytes \xff\xd9"
    made["padded by a camera"] = whole[:-2] + bytes(5) + whole[-2:]
    made["fill bytes"] = whole[:2] + b"\xff\xff\xff" + whole[2:-2] + b"\xff\xff" + whole[-2:]
    buffer = io.BytesIO()
    Image.merge("CMYK", [Image.fromarray(grey)] * 4).save(buffer, "JPEG", quality=95)
    made["four inks"] = buffer.getvalue()
    return made


_STREAMS = _streams()


def _is_whole(data: bytes) -> bool:
    try:
        jpeg.check(data)
    except jpeg.DamagedJpegError:
        return False
    return True


@pytest.mark.parametrize("name", _STREAMS)
def test_whole_streams_are_whole(name: str) -> None:
    assert _is_whole(_STREAMS[name])
    if name != "four inks":
        expected = cv2.imdecode(np.frombuffer(_STREAMS[name], np.uint8), cv2.IMREAD_GRAYSCALE)
        assert np.abs(jpeg.decode_grey(_STREAMS[name]).astype(int) - expected).max() <= 1


def test_real_pictures_are_whole() -> None:
    found = sorted(_DATA.rglob("*.jp*g"))[:40]
    if not found:
        pytest.skip("missing: ../shared/data")
    assert [path.name for path in found if not _is_whole(path.read_bytes())] == []


def _damaged(data: bytes, kind: str, rng: random.Random) -> bytes:
    changed = bytearray(data)
    at = rng.randrange(data.index(b"\xff\xda") + 16, len(data) - _BYTES - 8)
    where = slice(at, at + _BYTES)
    if kind == "zeros":
        changed[where] = bytes(_BYTES)
    elif kind == "ones":
        changed[where] = b"\xff" * _BYTES
    elif kind == "noise":
        changed[where] = rng.randbytes(_BYTES)
    elif kind == "lost":
        del changed[where]
    elif kind == "cut":
        changed[at:-2] = b""
    else:
        for _ in range(10):
            changed[rng.randrange(at, len(data) - 8)] ^= 1 << rng.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize(
    ("kind", "least"),
    # Flipped bits often change nothing but one coefficient: no decoder can tell these from what was meant.
    [("zeros", 0.98), ("ones", 1.0), ("noise", 0.98), ("lost", 0.97), ("cut", 1.0), ("flips", 0.75)],
)
def test_what_changes_the_picture_is_found(kind: str, least: float) -> None:
    """Counted over every encoder: damage that changes more than 1 % of the picture visibly."""
    rng, counts = random.Random(5), Counter[str]()
    for name, data in _STREAMS.items():
        if name in ("trailing", "four inks"):
            continue
        expected = simplejpeg.decode_jpeg(data, "GRAY").astype(int)
        for _ in range(3):
            stream = _damaged(data, kind, rng)
            try:
                shown = simplejpeg.decode_jpeg(stream, "GRAY", strict=False)
            except ValueError:
                shown = np.zeros(0, np.uint8)
            changes = shown.shape != expected.shape or (np.abs(shown - expected) > 24).mean() > 0.01
            counts["changed"] += bool(changes)
            counts["found"] += bool(changes) and not _is_whole(stream)
    assert counts["changed"] >= 40
    assert counts["found"] >= least * counts["changed"], counts


def _coloured(seed: int, side: int) -> np.ndarray:
    picture = np.repeat(_ultrasound(seed)[..., None], 3, axis=2)
    picture[100 : 100 + side, 200 : 200 + side] = (40, 20, 220)
    return picture


@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("optimize", [0, 1])
def test_colour_that_a_stream_holds_is_decoded(quality: int, optimize: int) -> None:
    """Grey is what has no codes for it: only tables that were made for the picture tell."""
    how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, optimize]
    for side in (2, 8, 40):
        data = cv2.imencode(".jpg", _coloured(3, side), how)[1].tobytes()
        shown = jpeg.decode_stored(data)
        assert shown.ndim == 3 and (shown == simplejpeg.decode_jpeg(data, "BGR", fastupsample=True)).mean() > 0.99
    grey = cv2.imencode(".jpg", _coloured(3, 0), how)[1].tobytes()
    assert jpeg.decode_stored(grey).ndim == (2 if optimize and quality > 30 else 3)


def _fits_by_two_decodes(data: bytes) -> bool:
    """Whether the decoder has no complaint, and has one where the last byte is missing."""
    coded = data[: jpeg.whole_length(data)].removesuffix(jpeg.END).rstrip(b"\xff")
    try:
        simplejpeg.decode_jpeg(coded + jpeg.END, "GRAY")
    except ValueError:
        return False
    try:
        simplejpeg.decode_jpeg(coded[: -2 if coded.endswith(b"\xff\0") else -1] + jpeg.END, "GRAY")
    except ValueError:
        return True
    return False


def test_one_decode_tells_as_much_as_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes too many or too few at the very end, and flipped bits that move it; streams with restarts and without."""
    rng, decodes, told = random.Random(11), [], Counter[bool]()
    decode = simplejpeg.decode_jpeg
    rows = cv2.imencode(".jpg", _ultrasound(2)[:352, :512], [cv2.IMWRITE_JPEG_RST_INTERVAL, 64])[1].tobytes()
    for name, whole in (_STREAMS | {"restart a row": rows}).items():
        if "95" in name or name in ("four inks", "thumbnail") or name.startswith(("trailing", "padded", "fill")):
            continue
        changed = [
            whole[:-2] + rng.randbytes(extra).replace(b"\xff", b"\1") + b"\1" + jpeg.END for extra in range(0, 8, 2)
        ]
        changed += [whole[: -2 - missing] + jpeg.END for missing in (1, 2, 3)]
        changed += [_damaged(whole, "flips", rng) for _ in range(4)]
        for data in (whole, *changed):
            expected = _fits_by_two_decodes(data)
            assert _is_whole(data) == expected or data.rstrip(jpeg.END).endswith(b"\0"), name
            told[expected] += 1
        with monkeypatch.context() as patched:
            patched.setattr(simplejpeg, "decode_jpeg", lambda *a, **k: decodes.append(1) or decode(*a, **k))
            assert (jpeg.decode_grey(whole) == decode(whole, "GRAY")[..., 0]).all()
        once = name == "restart a row" or not ("progressive" in name or "restarts" in name)
        assert len(decodes) == (1 if once else 2), name
        decodes.clear()
    assert min(told.values()) > 20
