"""Doppler colour is told from grey, tinted maps, letters and thin lines."""

import av
import cv2
import numpy as np
import pytest

from edge.clock import ManualClock
from edge.frame import Region
from edge.source.colour import coloured_region
from edge.source.stills import open_stills
from edge.source.video import open_video


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
