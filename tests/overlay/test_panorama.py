"""A panorama's picture against its numbers and stored pictures. SONOEDGE_REMAKE_GOLDEN=1 writes these anew; look at
them."""

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.finding import PanoramaLabel, PanoramaMark
from edge.overlay.palette import GREEN, ORANGE, WHITE
from edge.overlay.panorama import draw_panorama
from edge.overlay.text import has_unicode_font

GOLDEN = Path(__file__).parent / "golden"
LABELS = tuple(PanoramaLabel(f"part {at + 1}", 20 + 80 * at, 80 + 80 * at, at == 2) for at in range(5))


def panorama(columns=440, rows=120, **given):
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    line = np.abs(y - rows * (0.5 + 0.15 * np.sin(x / 13))) < 3
    plane = np.where(line, 220, 60 * np.exp(-y / rows)).astype(np.uint8) // 20 * 20
    return PanoramaMark("whole", plane, **{"mm_per_px": 0.5, "labels": LABELS, "here": 300, **given})


SCENES = {
    "panorama": lambda: draw_panorama(panorama()),
    "panorama_middle": lambda: draw_panorama(panorama(), 640),
    "panorama_narrow": lambda: draw_panorama(panorama(), 320),
    "panorama_begun": lambda: draw_panorama(panorama(80, labels=LABELS[:1], here=79), 640),
    "panorama_bare": lambda: draw_panorama(panorama(mm_per_px=None, labels=(), here=None), 640),
}


@pytest.mark.parametrize("name", SCENES)
def test_picture_is_as_stored(name):
    if not has_unicode_font():
        pytest.skip("OpenCV 4 draws texts with another font; the stored pictures need OpenCV 5")
    picture = SCENES[name]()
    path = GOLDEN / f"{name}.png"
    if os.environ.get("SONOEDGE_REMAKE_GOLDEN"):
        cv2.imwrite(str(path), picture, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    stored = cv2.imread(str(path))
    assert stored is not None, f"{path} is missing; remake it and look at it"
    assert stored.shape == picture.shape
    differing = np.abs(stored.astype(int) - picture).max(axis=2) > 48
    assert differing.mean() < 0.0005, f"{differing.sum()} pixels of {name} differ from {path}"


def columns_of(picture, colour, rows):
    return np.flatnonzero((picture[rows] == colour).all(axis=2).any(axis=0))


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_the_bar_is_twenty_millimetres_and_the_line_lies_at_its_column(width):
    mark = panorama()
    picture, plain = draw_panorama(mark, width), draw_panorama(replace(mark, here=None, mm_per_px=None), width)
    scale = width / 440
    own = (picture != plain).any(axis=2)
    line = columns_of(picture, ORANGE, slice(picture.shape[0] // 2, picture.shape[0] // 2 + 1))
    assert line.mean() == pytest.approx(300.5 * scale, abs=1.5)
    foot = np.flatnonzero(own.any(axis=1))[-1]
    rows = [columns_of(picture, WHITE, slice(y, y + 1)) for y in range(foot - 30, foot + 1)]
    runs = [run for row in rows for run in np.split(row, np.flatnonzero(np.diff(row) > 1) + 1)]
    assert max(map(len, runs)) - 1 == pytest.approx(20 / 0.5 * scale, abs=1)
    assert columns_of(picture, GREEN, slice(0, 60))[[0, -1]] == pytest.approx((180 * scale, 240 * scale), abs=3)


def test_texts_never_lie_over_each_other_and_the_emphasised_one_is_there():
    crowd = tuple(PanoramaLabel(f"a long text {at}", 10 * at, 10 * at + 9, at == 20) for at in range(40))
    picture = draw_panorama(panorama(labels=crowd), 320)
    alone = draw_panorama(panorama(labels=crowd[20:21]), 320)
    text = (alone[:12] == GREEN).all(axis=2)
    assert text.any() and (picture[:12][text] == GREEN).all()


@pytest.mark.parametrize("shape", [(1, 1), (2000, 3), (3, 2000)])
def test_planes_of_any_shape_have_a_picture(shape):
    plane = np.full(shape, 90, np.uint8)
    mark = PanoramaMark("whole", plane, 0.5, labels=(PanoramaLabel("x", 0, shape[1]),), here=shape[1] - 1)
    picture = draw_panorama(mark, 320)
    assert picture.shape[1] == 320 and picture.shape[0] <= 320


def test_a_text_moves_aside_for_its_neighbour() -> None:
    wide, beside = PanoramaLabel("sacrum", 300, 330), PanoramaLabel("L5-S1", 258, 298)
    both = draw_panorama(panorama(labels=(wide, beside), here=None, mm_per_px=None), 640)
    alone = draw_panorama(panorama(labels=(wide, replace(beside, text="")), here=None, mm_per_px=None), 640)
    assert (columns_of(both, WHITE, slice(0, 12)).size) > columns_of(alone, WHITE, slice(0, 12)).size
