"""The queue: order, drops, waiting, errors."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import SettingError, SinkError
from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.sink.fake import FakeSink
from edge.sink.queueing import QueuedSink

PICTURE = np.zeros((2, 2, 3), np.uint8)
PATIENCE_S = 30.0


def result(sequence):
    frame = Frame(np.zeros((2, 2), np.uint8), sequence, sequence, "test")
    return frame, Finding("t", sequence, sequence, Verdict.MEASURED), PICTURE


class GatedSink(FakeSink):
    """Holds its thread inside `write` until the gate is opened."""

    def __init__(self, **given):
        super().__init__(**given)
        self.inside = threading.Event()
        self.gate = threading.Event()

    def write(self, *given):
        self.inside.set()
        assert self.gate.wait(PATIENCE_S)
        super().write(*given)


def sequences(sink):
    return [frame.sequence for frame in sink.frames]


@given(count=st.integers(0, 60), capacity=st.integers(1, 5), lossless=st.booleans())
@settings(max_examples=40, deadline=None)
def test_order_is_kept_and_every_result_is_accounted_for(count, capacity, lossless):
    kept = FakeSink()
    with QueuedSink(kept, capacity, lossless) as sink:
        for sequence in range(count):
            sink.write(*result(sequence))
    assert sequences(kept) == sorted(sequences(kept))
    assert sink.written == len(kept.frames)
    assert sink.written + sink.dropped == count
    assert kept.closed
    if lossless:
        assert sequences(kept) == list(range(count))


def test_slow_sink_drops_its_oldest_and_never_holds_the_loop():
    slow = GatedSink()
    sink = QueuedSink(slow, capacity=2, lossless=False)
    sink.write(*result(0))
    assert slow.inside.wait(PATIENCE_S)
    for sequence in range(1, 8):
        sink.write(*result(sequence))
    assert sink.dropped == 5
    slow.gate.set()
    sink.close()
    assert sequences(slow) == [0, 6, 7]
    assert sink.written == 3


def test_lossless_queue_makes_the_loop_wait():
    slow = GatedSink()
    sink = QueuedSink(slow, capacity=1, lossless=True)
    done = threading.Event()

    def feed():
        for sequence in range(4):
            sink.write(*result(sequence))
        done.set()

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    assert slow.inside.wait(PATIENCE_S)
    assert not done.wait(0.2)
    slow.gate.set()
    assert done.wait(PATIENCE_S)
    feeder.join()
    sink.close()
    assert sequences(slow) == [0, 1, 2, 3]
    assert sink.dropped == 0


@pytest.mark.parametrize("lossless", [True, False])
def test_error_of_the_sink_is_kept_and_raised_once_at_close(lossless):
    failing = FakeSink(fails_at=0)
    sink = QueuedSink(failing, capacity=4, lossless=lossless)
    sink.write(*result(0))
    with pytest.raises(SinkError, match="told to fail"):
        sink.close()
    assert isinstance(sink.error, SinkError)
    assert failing.closed
    sink.close()


@pytest.mark.parametrize("lossless", [True, False])
def test_next_write_raises_what_the_thread_met(lossless):
    sink = QueuedSink(FakeSink(fails_at=1), capacity=1, lossless=lossless)

    def write_until_it_raises():
        for sequence in range(1_000_000):
            sink.write(*result(sequence))

    with pytest.raises(SinkError, match="told to fail"):
        write_until_it_raises()
    sink.close()
    assert sink.written == 1


def test_waiting_write_is_woken_by_the_error():
    failing = GatedSink(fails_at=0)
    sink = QueuedSink(failing, capacity=1, lossless=True)
    sink.write(*result(0))
    assert failing.inside.wait(PATIENCE_S)
    sink.write(*result(1))
    opener = threading.Timer(0.05, failing.gate.set)
    opener.start()
    with pytest.raises(SinkError, match="told to fail"):
        sink.write(*result(2))
    opener.join()
    sink.close()


def test_results_that_an_error_loses_are_counted():
    failing = GatedSink(fails_at=1)
    sink = QueuedSink(failing, capacity=5, lossless=False)
    for sequence in range(5):
        sink.write(*result(sequence))
    failing.gate.set()
    with pytest.raises(SinkError, match="told to fail"):
        sink.close()
    assert (sink.written, sink.dropped) == (1, 4)


def test_hung_sink_is_reported_at_close():
    hung = GatedSink()
    sink = QueuedSink(hung, capacity=3, lossless=False)
    for sequence in range(3):
        sink.write(*result(sequence))
    assert hung.inside.wait(PATIENCE_S)
    with pytest.raises(SinkError, match=r"did not finish within 0\.05 s"):
        sink.close(timeout_s=0.05)
    hung.gate.set()
    sink.close()


def test_closed_queue_takes_nothing_more():
    sink = QueuedSink(FakeSink(), capacity=1, lossless=False)
    sink.close()
    with pytest.raises(SinkError, match="closed"):
        sink.write(*result(0))


def test_capacity_must_hold_something():
    with pytest.raises(SettingError, match="at least 1"):
        QueuedSink(FakeSink(), capacity=0, lossless=False)
