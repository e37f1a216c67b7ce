"""The annotated pictures: a film, or a PNG of what stands alone."""

import os

import av
import cv2
import numpy as np
import pytest

from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.sink.film import FilmSink


def write(folder, shapes, **options):
    with FilmSink(folder, **options) as sink:
        for number, shape in enumerate(shapes):
            frame = Frame(np.full(shape, 9, np.uint8), number * 40_000_000, number, f"stills:knee {number}.jpg")
            picture = np.full((*shape, 3), 20 * number, np.uint8)
            sink.write(frame, Finding("t", number, frame.exposed_ns, Verdict.MEASURED), picture)


def kept(folder):
    found = sorted(path for path in folder.absolute().rglob("*") if path.is_file())
    pictures = {}
    for path in found:
        if path.suffix == ".mkv":
            with av.open(str(path)) as video:
                pictures[path.name] = sum(1 for _ in video.decode(video=0))
        else:
            pictures[path.name] = cv2.imread(str(path)).shape[:2]
    return pictures


SMALL, WIDE = (48, 64), (48, 80)


@pytest.mark.parametrize(
    ("shapes", "found"),
    [
        ([], {}),
        ([SMALL], {"knee 0.png": SMALL}),
        ([SMALL] * 3, {"video-001.mkv": 3}),
        ([SMALL, WIDE, SMALL], {"knee 0.png": SMALL, "knee 1.png": WIDE, "knee 2.png": SMALL}),
        ([SMALL, SMALL, WIDE, WIDE, WIDE, SMALL], {"video-001.mkv": 2, "video-002.mkv": 3, "knee 5.png": SMALL}),
    ],
)
def test_what_stands_alone_is_a_picture_and_the_rest_is_film(tmp_path, shapes, found):
    write(tmp_path, shapes)
    assert kept(tmp_path) == found


def test_where_all_stills_are_kept_anyway_none_is_written_twice(tmp_path):
    write(tmp_path, [SMALL], stills=False)
    assert kept(tmp_path) == {}


@pytest.mark.parametrize("name", ["2026-01-05T12:30", "file:x", os.fsdecode(b"knie-\xe4"), "a b%d?#&é"])
def test_a_folders_name_is_no_protocol_and_no_pattern(tmp_path, monkeypatch, name):
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    write(Path(name), [SMALL, SMALL])
    assert kept(Path(name)) == {"video-001.mkv": 2}
