"""The run's folder, and disks that are full or read-only."""

import errno
import os
import subprocess
from contextlib import contextmanager

import av
import cv2
import numpy as np
import pytest

from edge.errors import SinkError
from edge.finding import Finding, Verdict
from edge.frame import Frame
from edge.sink.folder import claim_folder, write_whole
from edge.sink.pictures import MasksSink, StillsSink
from edge.sink.records import RecordsSink, read_records
from edge.sink.video import VideoSink

RNG = np.random.default_rng(0)


@contextmanager
def small_disk(folder, options):
    """A disk in memory; needs the right to mount."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def write_until_full(sink):
    """How many results were written before SinkError, and its text."""
    for number in range(5000):
        pixels = RNG.integers(0, 255, (60, 80), np.uint8)
        frame = Frame(pixels, number * 40_000_000, number, "test")
        try:
            sink.write(frame, Finding("t", number, frame.exposed_ns, Verdict.MEASURED), np.dstack([pixels] * 3))
        except SinkError as error:
            return number, str(error)
    raise AssertionError("the disk never filled")


def close_quietly(sink):
    try:
        sink.close()
    except SinkError:
        return


def pictures_that_open(folder, kind):
    pictures = list((folder / kind).iterdir())
    assert all(cv2.imread(str(path)) is not None for path in pictures)
    return len(pictures)


def frames_that_play(folder):
    with av.open(str(folder / "video-001.mkv")) as container:
        return sum(1 for _ in container.decode(video=0))


def records_that_read(folder):
    reader = read_records(folder / "findings.jsonl")
    count = len(list(reader))
    assert reader.left_out is None
    return count


@pytest.mark.parametrize(
    ("make", "readable", "lost"),
    [
        (RecordsSink, records_that_read, 0),
        (StillsSink, lambda folder: pictures_that_open(folder, "stills"), 0),
        (MasksSink, lambda folder: pictures_that_open(folder, "masks"), 0),
        (VideoSink, frames_that_play, 3),
    ],
    ids=["records", "stills", "masks", "video"],
)
def test_full_disk_is_said_and_what_was_written_stays_whole(tmp_path, make, readable, lost):
    with small_disk(tmp_path, "size=160k"):
        sink = make(tmp_path)
        written, message = write_until_full(sink)
        close_quietly(sink)
        assert "the disk is full; free some space" in message
        assert str(tmp_path) in message
        assert written > 0
        assert written - lost <= readable(tmp_path) <= written


def test_records_go_on_when_the_disk_has_room_again(tmp_path, monkeypatch):
    real_write = os.write
    with RecordsSink(tmp_path) as sink:
        finding = Finding("t", 1, 1, Verdict.MEASURED)
        frame = Frame(np.zeros((4, 4), np.uint8), 1, 1, "test")
        sink.write(frame, finding, np.zeros((4, 4, 3), np.uint8))

        def full_after_ten_bytes(descriptor, content):
            if len(content) <= 10:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real_write(descriptor, bytes(content)[: len(content) - 10])

        monkeypatch.setattr(os, "write", full_after_ten_bytes)
        with pytest.raises(SinkError, match="disk is full"):
            sink.write(frame, finding, np.zeros((4, 4, 3), np.uint8))
        monkeypatch.undo()
        sink.write(frame, finding, np.zeros((4, 4, 3), np.uint8))
    assert records_that_read(tmp_path) == 2


@pytest.mark.parametrize("make", [RecordsSink, StillsSink, MasksSink])
def test_read_only_disk_is_said(tmp_path, make):
    with small_disk(tmp_path, "size=160k,ro"), pytest.raises(SinkError, match="read-only; choose a folder on another"):
        make(tmp_path)


def test_read_only_disk_is_said_for_a_video_too(tmp_path):
    with (
        small_disk(tmp_path, "size=160k,ro"),
        VideoSink(tmp_path) as sink,
        pytest.raises(SinkError, match="read-only; choose a folder on another"),
    ):
        pixels = np.zeros((4, 4), np.uint8)
        sink.write(Frame(pixels, 0, 0, "t"), Finding("t", 0, 0, Verdict.MEASURED), np.dstack([pixels] * 3))


def test_new_folder_is_made_with_its_parents_and_left_empty(tmp_path):
    folder = claim_folder(tmp_path / "a" / "b")
    assert folder.is_dir()
    assert list(folder.iterdir()) == []
    assert claim_folder(folder) == folder


def test_folder_with_results_is_refused_and_left_alone(tmp_path):
    for name in ("findings.jsonl", "b", "c", "d"):
        (tmp_path / name).write_text("kept")
    with pytest.raises(SinkError, match=r"already holds b, c, d and 1 more; .* choose a new folder"):
        claim_folder(tmp_path)
    assert {path.read_text() for path in tmp_path.iterdir()} == {"kept"}


def test_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    for path in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(SinkError, match="file"):
            claim_folder(path)
    assert (tmp_path / "out").read_text() == "mine"


def test_read_only_folder_is_refused_when_it_is_claimed(tmp_path):
    with small_disk(tmp_path, "size=64k,ro"), pytest.raises(SinkError, match="read-only"):
        claim_folder(tmp_path)


def test_failed_write_leaves_no_part_behind(tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SinkError, match="the disk reports an error"):
        write_whole(tmp_path / "a.png", b"content")
    assert list(tmp_path.iterdir()) == []
