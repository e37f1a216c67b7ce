"""Pace, end and close of recordings."""

import threading
from collections.abc import Generator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import ManualClock, MonotonicClock
from edge.errors import SourceFormatError
from edge.frame import Frame
from edge.source.recording import Recording, position_ns


def _frame(sequence: int) -> Frame:
    return Frame(np.zeros((2, 2), np.uint8), sequence, sequence, "test:")


def _frames(count: int) -> Generator[Frame]:
    yield from map(_frame, range(count))


def test_a_slow_reader_gets_no_burst_afterwards() -> None:
    clock = ManualClock()
    source = Recording(_frames(5), fps=10, clock=clock)
    times = []
    for _ in range(5):
        source.read(1)
        times.append(clock.now_ns() // 1_000_000)
        if len(times) == 2:
            clock.advance(0.35)
    assert times == [0, 100, 450, 550, 650]


def test_without_a_pace_time_does_not_pass() -> None:
    clock = ManualClock()
    source = Recording(_frames(3), fps=None, clock=clock)
    while source.read(1) is not None:
        pass
    assert clock.now_ns() == 0


def test_damage_is_raised_once_after_the_frames_before_it() -> None:
    def frames() -> Generator[Frame]:
        yield _frame(0)
        yield _frame(1)
        raise SourceFormatError("damaged")

    source = Recording(frames(), fps=None, clock=ManualClock())
    assert [source.read(1).sequence for _ in range(2)] == [0, 1]
    with pytest.raises(SourceFormatError):
        source.read(1)
    assert source.read(1) is None


def test_a_bad_first_frame_is_told_on_opening() -> None:
    def frames() -> Generator[Frame]:
        raise SourceFormatError("damaged")
        yield

    with pytest.raises(SourceFormatError):
        Recording(frames(), fps=None, clock=ManualClock())


def test_closing_lets_go_of_the_file_and_does_not_wait_for_the_pace() -> None:
    def frames() -> Generator[Frame]:
        try:
            yield from map(_frame, range(10))
        finally:
            closed.set()

    closed = threading.Event()
    source = Recording(frames(), fps=1e-3, clock=MonotonicClock())
    assert source.read(1) is not None
    answers: list[Frame | None] = []
    reader = threading.Thread(target=lambda: answers.append(source.read(1)))
    reader.start()
    source.close()
    reader.join(30)
    assert closed.is_set() and answers == [None]


@given(st.integers(0, 10**6), st.floats(0.1, 1000))
def test_position_by_rate(sequence: int, fps: float) -> None:
    assert abs(position_ns(sequence, fps) * fps - sequence * 1e9) <= fps
    assert position_ns(sequence, None) == sequence * 10**9
