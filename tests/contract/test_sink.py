"""What every sink does, the queue around one included."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from edge.errors import SinkError
from edge.finding import Finding, PanoramaMark, Verdict
from edge.frame import Frame
from edge.registry import load
from edge.sink.fake import FakeSink
from edge.sink.queueing import QueuedSink
from edge.sink.table import SINKS


@dataclass(frozen=True)
class Results:
    """`count` results of one size, 40 ms apart."""

    count: int = 5
    shape: tuple[int, int] = (48, 64)

    def __iter__(self):
        for sequence in range(self.count):
            pixels = np.full(self.shape, sequence * 9, np.uint8)
            frame = Frame(pixels, sequence * 40_000_000, sequence, "phantom")
            finding = Finding("cartilage", sequence, frame.exposed_ns, Verdict.REFUSED, ("not the trochlea",))
            finding = replace(finding, marks=(PanoramaMark("whole", pixels),))
            yield frame, finding, np.dstack([pixels] * 3)


def _queued(folder):
    return QueuedSink(load("sink", SINKS, "records")(folder), capacity=2, lossless=True)


MAKERS = {name: load("sink", SINKS, name) for name in SINKS} | {"fake": lambda _: FakeSink(), "queued": _queued}
FILES = [name for name in MAKERS if name != "fake"]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", MAKERS)
def test_results_are_taken_and_closing_twice_is_fine(name, tmp_path):
    with MAKERS[name](tmp_path / "out") as sink:
        for result in Results():
            sink.write(*result)
    sink.close()


@pytest.mark.parametrize("name", MAKERS)
def test_inputs_are_left_as_they_were(name, tmp_path):
    with MAKERS[name](tmp_path) as sink:
        for frame, finding, picture in Results():
            before = frame.pixels.copy(), picture.copy()
            picture.flags.writeable = False
            sink.write(frame, finding, picture)
            assert np.array_equal(frame.pixels, before[0])
            assert np.array_equal(picture, before[1])


@pytest.mark.parametrize("name", FILES)
def test_something_is_kept_and_nothing_half_written(name, tmp_path):
    with MAKERS[name](tmp_path) as sink:
        for result in Results():
            sink.write(*result)
    kept = content(tmp_path)
    assert kept
    assert all(kept.values())
    assert not [file for file in kept if file.endswith(".part")]


@pytest.mark.parametrize("name", FILES)
def test_nothing_written_is_an_empty_run_and_no_error(name, tmp_path):
    with MAKERS[name](tmp_path):
        pass


@pytest.mark.parametrize("name", FILES)
def test_earlier_results_stay_intact(name, tmp_path):
    with MAKERS[name](tmp_path) as sink:
        for result in Results():
            sink.write(*result)
    before = content(tmp_path)
    try:
        with MAKERS[name](tmp_path) as again:
            for result in Results(count=2):
                again.write(*result)
    except SinkError as error:
        assert "choose a new folder" in str(error)
    after = content(tmp_path)
    assert {file: after[file] for file in before} == before


@pytest.mark.parametrize("name", FILES)
def test_folder_that_is_a_file_is_refused_in_words(name, tmp_path):
    taken = tmp_path / "out"
    taken.write_text("mine")
    with pytest.raises(SinkError, match="choose another"):
        MAKERS[name](taken)
    assert taken.read_text() == "mine"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("shape", [(1, 1), (49, 63), (1200, 1920)])
def test_pictures_of_any_size_are_kept(name, shape, tmp_path):
    with MAKERS[name](tmp_path) as sink:
        for result in Results(count=2, shape=shape):
            sink.write(*result)
    assert content(tmp_path)
