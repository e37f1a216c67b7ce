"""A recorded line is what went over the line, also after a power cut. As a transport: tests/contract."""

import errno
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import TraceError
from firmware_bridge.line.transport.loopback import loopback_pair
from firmware_bridge.line.transport.recorded import (
    LineDirection,
    RecordingTransport,
    TraceEntry,
    TraceFile,
    read_trace,
)

TO, FROM = LineDirection.TO_PROBE, LineDirection.FROM_PROBE
EXAMPLE = b"sonoedge-line 1\n5 > 0e31\n17 < 00ff\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "line.trace"


class Steps:
    """A clock that counts its readings."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        self.now_ns += 1
        return self.now_ns


def record(path: Path, steps: list[tuple[LineDirection, bytes]]) -> None:
    near, far = loopback_pair()
    with TraceFile(path, clock_ns=Steps()) as trace, RecordingTransport(near, trace) as line, far:
        for direction, data in steps:
            if direction is TO:
                line.write(data)
                assert far.read(0.0) == data
            else:
                far.write(data)
                assert line.read(0.0) == data
        assert line.read(0.0) == b""


@given(steps=st.lists(st.tuples(st.sampled_from(LineDirection), st.binary(min_size=1, max_size=30)), max_size=8))
def test_a_recorded_line_is_read_back(tmp_path_factory: pytest.TempPathFactory, steps: list) -> None:
    path = tmp_path_factory.mktemp("trace") / "line.trace"
    record(path, steps)
    reader = read_trace(path)
    assert list(reader) == [TraceEntry(n, *step) for n, step in enumerate(steps, start=1)]
    assert reader.cut is None


def test_the_file_is_plain_text(path: Path) -> None:
    record(path, [(TO, b"\x0e1"), (FROM, b"\x00\xff")])
    assert path.read_bytes() == b"sonoedge-line 1\n1 > 0e31\n2 < 00ff\n"


@pytest.mark.parametrize("whole_bytes", range(len(EXAMPLE.split(b"\n")[0]) + 1, len(EXAMPLE)))
def test_a_power_cut_costs_the_last_line_alone(path: Path, whole_bytes: int) -> None:
    path.write_bytes(EXAMPLE[:whole_bytes])
    reader = read_trace(path)
    entries = [TraceEntry(5, TO, b"\x0e1"), TraceEntry(17, FROM, b"\x00\xff")]
    assert list(reader) == entries[: EXAMPLE[:whole_bytes].count(b"\n") - 1]
    if EXAMPLE[:whole_bytes].endswith(b"\n"):
        assert reader.cut is None
    else:
        assert reader.cut == f"the last line of {path} was cut short, most likely by a power cut, and is left out"


@pytest.mark.parametrize("rubbish", [b"\0" * 4096, b"17 < 00f\n", b"17 ? 00\n", b"x < 00\n", b"17 <00\n", b"\xff\n"])
def test_a_last_line_of_rubbish_is_skipped_and_said(path: Path, rubbish: bytes) -> None:
    path.write_bytes(EXAMPLE + rubbish)
    reader = read_trace(path)
    assert [entry.time_ns for entry in reader] == [5, 17]
    assert reader.cut is not None


def test_damage_before_the_last_line_is_an_error(path: Path) -> None:
    path.write_bytes(EXAMPLE.replace(b"> 0e", b"> 0g"))
    with pytest.raises(TraceError, match="damaged at line 2"):
        list(read_trace(path))


@pytest.mark.parametrize("content", [b"", b"{}\n", EXAMPLE.replace(b"line 1", b"line 2"), b"\x00" * 100])
def test_a_file_that_is_no_recorded_line(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(TraceError, match="its first line must be 'sonoedge-line 1'"):
        list(read_trace(path))


def test_no_file(path: Path) -> None:
    with pytest.raises(TraceError, match=r"cannot read .*No such file"):
        list(read_trace(path))


def test_an_earlier_recording_is_kept(path: Path) -> None:
    path.write_bytes(b"precious")
    with pytest.raises(TraceError, match="exists already and is kept; choose another name"):
        TraceFile(path)
    assert path.read_bytes() == b"precious"


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"cannot write .*No such file.*choose another folder"):
        TraceFile(tmp_path / "no" / "line.trace")


def test_one_file_outlives_a_reconnection(path: Path) -> None:
    with TraceFile(path) as trace:
        for word in (b"one", b"two"):
            near, far = loopback_pair()
            with RecordingTransport(near, trace) as line, far:
                line.write(word)
    assert [entry.data for entry in read_trace(path)] == [b"one", b"two"]


def test_a_full_recording_says_so_and_the_line_goes_on(path: Path) -> None:
    near, far = loopback_pair()
    with TraceFile(path, largest_bytes=60, clock_ns=Steps()) as trace, RecordingTransport(near, trace) as line, far:
        for _ in range(9):
            line.write(b"abc")
        assert far.read(0.0) == b"abc" * 9
        assert "has reached its limit of 60 bytes" in trace.stopped
        assert trace.n_left_out == 9 - len(list(read_trace(path)))
    assert len(list(read_trace(path))) == 4
    assert path.stat().st_size <= 60


def test_a_disk_that_fills_in_the_middle_of_a_line_leaves_whole_lines(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    room = [3, 0]

    def fill(fd: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[: room.pop(0)])

    near, far = loopback_pair()
    with TraceFile(path) as trace, RecordingTransport(near, trace) as line, far:
        line.write(b"kept")
        monkeypatch.setattr(os, "write", fill)
        line.write(b"torn")
        monkeypatch.undo()
        line.write(b"after")
        assert far.read(0.0) == b"kepttornafter"
        assert "No space left on device" in trace.stopped
        assert trace.n_left_out == 2
    reader = read_trace(path)
    assert [entry.data for entry in reader] == [b"kept"]
    assert reader.cut is None


def test_threads_share_a_file(path: Path) -> None:
    with TraceFile(path) as trace:
        threads = [
            threading.Thread(target=lambda d=d: [trace.add(d, bytes([n])) for n in range(200)]) for d in LineDirection
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    entries = list(read_trace(path))
    times_ns = [entry.time_ns for entry in entries]
    assert times_ns == sorted(times_ns)
    for direction in LineDirection:
        assert [e.data[0] for e in entries if e.direction is direction] == list(range(200))


def test_a_closed_recording_takes_nothing_more(path: Path) -> None:
    with TraceFile(path) as trace:
        trace.add(TO, b"x")
    trace.add(TO, b"y")
    assert [entry.data for entry in read_trace(path)] == [b"x"]
    assert trace.n_left_out == 1
    assert trace.stopped == ""
