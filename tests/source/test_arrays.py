"""A program's own pictures as frames."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.clock import ManualClock
from edge.errors import SettingError, SourceFormatError
from edge.frame import Frame
from edge.source.arrays import ArraySource
from edge.source.stills import StillsSource

_GREY = np.random.default_rng(3).integers(0, 256, (5, 40, 60), dtype=np.uint8)
_BGR = np.random.default_rng(4).integers(0, 256, (5, 40, 60, 3), dtype=np.uint8)


def _all(pictures: Any, fps: float | None = None) -> list[Frame]:
    with ArraySource(pictures, fps=fps, clock=ManualClock()) as source:
        return list(iter(lambda: source.read(1), None))


def test_one_picture() -> None:
    (frame,) = _all(_GREY[0])
    assert (frame.pixels == _GREY[0]).all()
    assert (frame.origin, frame.sequence, frame.exposed_ns) == ("arrays", 0, 0)
    assert frame.spacing is None and frame.region is None and frame.probe is None and frame.notes == ()


@pytest.mark.parametrize("stack", [_GREY, _BGR], ids=["grey", "colour"])
def test_a_stack_a_list_and_a_generator_give_the_same(stack: np.ndarray) -> None:
    frames = _all(stack)
    assert [frame.sequence for frame in frames] == [0, 1, 2, 3, 4]
    for others in (_all(list(stack)), _all(picture for picture in stack)):
        assert [frame.pixels.tobytes() for frame in others] == [frame.pixels.tobytes() for frame in frames]


def test_an_array_of_which_the_last_axis_is_3_is_one_picture_in_colour() -> None:
    (frame,) = _all(_BGR[0])
    assert frame.pixels.shape == (40, 60)


def test_grey_and_doppler_colour_are_those_of_the_same_picture_in_a_file(tmp_path: Path) -> None:
    picture = np.repeat(np.random.default_rng(5).integers(0, 200, (400, 600, 1), np.uint8), 3, axis=2)
    cv2.circle(picture, (300, 200), 40, (220, 30, 20), -1)
    cv2.imwrite(str(tmp_path / "flow.png"), picture)
    with StillsSource(str(tmp_path / "flow.png"), fps=None, clock=ManualClock()) as stills:
        still = stills.read(1)
    (frame,) = _all(picture)
    assert still is not None and (frame.pixels == still.pixels).all()
    assert frame.coloured is not None and frame.coloured == still.coloured
    assert _all(_GREY[0])[0].coloured is None


def test_times_follow_from_the_rate() -> None:
    assert [frame.exposed_ns for frame in _all(_GREY, fps=25)] == [n * 40_000_000 for n in range(5)]
    assert [frame.exposed_ns for frame in _all(_GREY)] == [n * 1_000_000_000 for n in range(5)]


def test_a_buffer_may_be_used_again_and_pictures_may_differ_in_size() -> None:
    def pictures() -> Iterator[np.ndarray]:
        buffer = np.zeros((40, 60), np.uint8)
        for level in (1, 2, 3):
            buffer[:] = level
            yield buffer
        yield np.full((3, 5), 4, np.uint8)

    frames = _all(pictures())
    assert [int(frame.pixels.max()) for frame in frames] == [1, 2, 3, 4]
    assert [frame.pixels.shape for frame in frames] == [(40, 60)] * 3 + [(3, 5)]


def test_a_picture_that_is_cut_from_a_larger_one_works() -> None:
    assert (_all(_GREY[0, 3:9, 4:11])[0].pixels == _GREY[0, 3:9, 4:11]).all()
    assert _all(_BGR[0, ..., ::-1])[0].pixels.shape == (40, 60)


def test_the_callers_iterator_is_not_read_ahead_and_stays_open() -> None:
    pictures = (picture for picture in _GREY)
    with ArraySource(pictures, clock=ManualClock()) as source:
        source.read(1)
        source.read(1)
    assert (next(pictures) == _GREY[2]).all()


def test_what_the_callers_iterator_raises_comes_out_as_it_is() -> None:
    def pictures() -> Iterator[np.ndarray]:
        yield _GREY[0]
        raise ZeroDivisionError

    with ArraySource(pictures(), clock=ManualClock()) as source:
        assert source.read(1) is not None
        with pytest.raises(ZeroDivisionError):
            source.read(1)
        assert source.read(1) is None


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (_GREY[0].astype(np.uint16), r"pictures\[0\] is uint16; expected uint8.*astype"),
        (_GREY[0] / 255, r"pictures\[0\] is float64; expected uint8"),
        (_GREY.astype(np.float32), r"pictures\[0\] is float32; expected uint8"),
        (_GREY[0] > 9, r"pictures\[0\] is bool; expected uint8"),
        (_GREY[0, 0], r"pictures\[0\] has the shape \(60,\); expected uint8 of the shape \(height, width\)"),
        (np.zeros((40, 60, 4), np.uint8), r"pictures\[0\] has the shape \(40, 60, 4\).*BGR"),
        (np.zeros((40, 60, 1), np.uint8), r"pictures\[0\] has the shape \(40, 60, 1\)"),
        (np.zeros((2, 40, 60, 4), np.uint8), r"pictures\[0\] has the shape \(40, 60, 4\)"),
        (np.zeros((2, 2, 40, 60, 3), np.uint8), r"pictures\[0\] has the shape"),
        (np.zeros((), np.uint8), r"pictures\[0\] has the shape \(\); expected uint8"),
        (np.zeros((0, 60), np.uint8), r"pictures\[0\] has the shape \(0, 60\).*none of them 0"),
        (np.zeros((0, 40, 60), np.uint8), "there is no picture"),
        ([], "there is no picture"),
        (iter(()), "there is no picture"),
        ("knee.png", r"pictures\[0\] is a str, no array"),
        ([[1, 2], [3, 4]], r"pictures\[0\] is a list, no array"),
        (7, "from 'int'; expected an array or an iterable"),
        (None, "from 'NoneType'"),
    ],
)
def test_what_is_no_picture_is_told_on_opening(picture: Any, told: str) -> None:
    with pytest.raises(SourceFormatError, match=told):
        ArraySource(picture)


def test_a_later_picture_that_is_none_is_told_by_its_place() -> None:
    with ArraySource([*_GREY[:3], np.zeros((40, 60, 2), np.uint8)], clock=ManualClock()) as source:
        assert [source.read(1) is not None for _ in range(3)] == [True] * 3
        with pytest.raises(SourceFormatError, match=r"pictures\[3\] has the shape \(40, 60, 2\)"):
            source.read(1)
        assert source.read(1) is None


def test_a_bad_rate() -> None:
    with pytest.raises(SettingError, match="frame rate"):
        ArraySource(_GREY, fps=0)
