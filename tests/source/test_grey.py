"""Any picture to 8-bit grey; Doppler colour is told from grey, tinted maps, letters and thin lines."""

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import ManualClock
from edge.frame import Region
from edge.source.grey import _small_planes, coloured_region, may_be_coloured, to_grey
from edge.source.stills import open_stills
from edge.source.video import open_video


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=64))
def test_16_bit_is_scaled_by_its_full_range_and_rounded(values: list[int]) -> None:
    grey = to_grey(np.array([values], np.uint16))
    assert grey.dtype == np.uint8
    assert grey[0].tolist() == [int(value * 255 / 65535 + 0.5) for value in values]


@given(st.integers(1, 16))
def test_black_and_white_stay_so_at_every_depth(bits: int) -> None:
    assert to_grey(np.array([[0, (1 << bits) - 1]], np.uint16), bits).tolist() == [[0, 255]]


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_colour_is_weighed_as_bt_601(blue: int, green: int, red: int) -> None:
    grey = to_grey(np.array([[[blue, green, red]]], np.uint8))
    assert abs(int(grey[0, 0]) - (0.299 * red + 0.587 * green + 0.114 * blue)) <= 1


@given(st.integers(0, 255))
def test_a_grey_colour_keeps_its_level(level: int) -> None:
    assert to_grey(np.full((2, 3, 3), level, np.uint8)).tolist() == [[level] * 3] * 2


def test_what_is_transparent_is_black() -> None:
    bgra = np.array([[[200, 200, 200, 255], [200, 200, 200, 0], [200, 200, 200, 128]]], np.uint8)
    assert to_grey(bgra).tolist() == [[200, 0, 100]]
    grey_alpha = np.array([[[200, 255], [200, 0]]], np.uint8)
    assert to_grey(grey_alpha).tolist() == [[200, 0]]


def test_a_reversed_view_works() -> None:
    rgb = np.zeros((2, 2, 3), np.uint8)
    rgb[..., 0] = 255
    assert (to_grey(rgb[..., ::-1]) == 76).all()


def test_other_kinds_of_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        to_grey(np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match="channels"):
        to_grey(np.zeros((2, 2, 5), np.uint8))


def grey_bgr(height=400, width=600, seed=0):
    grey = np.random.default_rng(seed).integers(0, 200, (height, width, 1), np.uint8)
    return np.repeat(grey, 3, axis=2)


def with_flow(picture):
    cv2.circle(picture, (300, 200), 40, (220, 30, 20), -1)
    return picture


def test_a_patch_of_flow_is_boxed():
    box = coloured_region(with_flow(grey_bgr()))
    assert box is not None
    assert (box.x, box.y) == (pytest.approx(260, abs=6), pytest.approx(160, abs=6))
    assert (box.width, box.height) == (pytest.approx(80, abs=10), pytest.approx(80, abs=10))


def test_grey_tinted_and_lettered_pictures_are_not_coloured():
    assert coloured_region(grey_bgr()) is None
    assert coloured_region(grey_bgr()[..., 0]) is None
    sepia = (grey_bgr() * np.array([0.7, 0.9, 1.0])).astype(np.uint8)
    assert coloured_region(sepia) is None
    lettered = grey_bgr()
    cv2.putText(lettered, "DEPTH 4 cm", (20, 40), 0, 0.7, (0, 200, 255), 1)
    cv2.line(lettered, (10, 0), (10, 399), (0, 255, 0), 2)
    assert coloured_region(lettered) is None


@pytest.mark.parametrize("shape", [(480, 640), (480, 641), (600, 800), (180, 320)])
def test_colour_is_looked_for_in_each_nth_row_and_column(shape):
    picture = np.random.default_rng(7).integers(0, 256, (*shape, 3), np.uint8)
    step = -(-max(shape) // 320)
    planes = _small_planes(picture, step)
    assert all((plane == picture[::step, ::step, channel]).all() for channel, plane in enumerate(planes))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_colour_is_the_difference_between_the_strongest_and_the_weakest(depth):
    """Against the plain formula, at the working scale, on pictures that are just coloured enough or not."""
    rng, found = np.random.default_rng(3), 0
    for _ in range(60):
        small = grey_bgr(150, 200, seed=int(rng.integers(1 << 30)))
        x, y, side = (int(v) for v in rng.integers((0, 0, 2), (190, 140, 12)))
        small[y : y + side, x : x + side] = rng.integers(0, 256, 3)
        vivid = (small.max(axis=2).astype(int) - small.min(axis=2) > 90).astype(np.uint8)
        opened = cv2.morphologyEx(vivid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        box = coloured_region(small if depth == np.uint8 else small.astype(np.uint16) * 257)
        assert (box is not None) == (opened.sum() >= 0.0015 * opened.size)
        found += box is not None
    assert 10 < found < 50


def test_planes_without_strong_chroma_hold_no_coloured_patch():
    """Never the other way round, in every layout of chroma and whatever the range."""
    rng, seen = np.random.default_rng(4), [0, 0]
    for number in range(48):
        picture = grey_bgr(240, 320, seed=number)
        side = int(rng.integers(4, 40))
        picture[60 : 60 + side, 90 : 90 + side] = rng.integers(0, 256, 3)
        layout = ("yuv420p", "yuvj420p", "yuv422p", "yuv444p")[number % 4]
        coded = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=layout)
        planes = [np.frombuffer(memoryview(p), np.uint8).reshape(p.height, -1)[:, : p.width] for p in coded.planes[1:]]
        is_coloured = coloured_region(coded.to_ndarray(format="bgr24")) is not None
        assert may_be_coloured(*planes) or not is_coloured
        seen[is_coloured] += 1
    assert min(seen) > 8
    assert not may_be_coloured(np.full((240, 320), 128, np.uint8), np.full((240, 320), 131, np.uint8))


def test_grey_is_no_view_of_what_may_change():
    picture = np.zeros((4, 4), np.uint8)
    grey = to_grey(picture)
    picture[:] = 9
    assert not grey.any()


def test_a_still_says_where_it_was_coloured(tmp_path):
    cv2.imwrite(str(tmp_path / "flow.png"), with_flow(grey_bgr()))
    cv2.imwrite(str(tmp_path / "grey.png"), grey_bgr())
    with open_stills(str(tmp_path), fps=None, clock=ManualClock()) as source:
        frames = [source.read(timeout_s=5.0), source.read(timeout_s=5.0)]
    assert isinstance(frames[0].coloured, Region)
    assert frames[1].coloured is None


def test_a_video_says_where_it_was_coloured(tmp_path):
    path = tmp_path / "flow.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 600, 400, "yuv420p"
        for picture in (with_flow(grey_bgr()), grey_bgr()):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    with open_video(str(path), fps=None, clock=ManualClock()) as source:
        flow, grey = source.read(1), source.read(1)
    assert flow.coloured is not None and grey.coloured is None
    assert flow.coloured.x == pytest.approx(260, abs=8) and flow.coloured.width == pytest.approx(80, abs=14)
