"""What of a folder tree is a recording."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.batch.archive import digest_of, find_recordings, folder_device
from edge.errors import SourceNotFoundError

PICTURE = np.full((8, 8), 90, np.uint8)


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), PICTURE)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    root = tmp_path / "archive"
    for number in (1, 2, 10):
        put(root / "Alpha" / f"clip{number}.mp4")
        put_picture(root / "Alpha" / "sweep" / f"{number}.png")
    put(root / "Beta" / "no-ending", bytes(128) + b"DICM")
    put(root / "Beta" / "DICOMDIR", bytes(128) + b"DICM")
    put_picture(root / "Beta" / "thumbnail.png")
    put(root / "Beta" / "notes.txt")
    put(root / ".trash" / "old.mp4")
    put(root / "an-earlier-run" / "video-001.mkv")
    put(root / "an-earlier-run" / "findings.jsonl")
    put(root / "a-batch" / "batch.json")
    put(root / "a-batch" / "recordings" / "clip.mp4")
    (root / "link").symlink_to(root / "Alpha")
    return root


def test_videos_dicom_files_and_folders_of_pictures_are_recordings(archive: Path) -> None:
    found = find_recordings(archive)
    assert [(one.path, one.kind) for one in found.recordings] == [
        ("Alpha/clip1.mp4", "video"),
        ("Alpha/clip2.mp4", "video"),
        ("Alpha/clip10.mp4", "video"),
        ("Alpha/sweep", "pictures"),
        # Beside others pictures are no series of their own.
        ("Beta/no-ending", "dicom"),
        ("Beta/thumbnail.png", "picture"),
    ]
    assert found.passed_over == {".txt": 1, "an earlier run": 2, "a link to a folder": 1}


def test_each_picture_may_be_one(archive: Path) -> None:
    found = find_recordings(archive, each_picture=True).recordings
    assert [one.path for one in found if one.kind == "picture"] == [
        *(f"Alpha/sweep/{number}.png" for number in (1, 2, 10)),
        "Beta/thumbnail.png",
    ]


def test_the_devices_folder_is_counted_from_the_archive(archive: Path) -> None:
    found = {one.path: one for one in find_recordings(archive).recordings}
    clip, sweep = found["Alpha/clip1.mp4"], found["Alpha/sweep"]
    assert [folder_device(clip, level) for level in (0, 1, 2)] == ["", "Alpha", ""]
    assert [folder_device(sweep, level) for level in (0, 1, 2)] == ["", "Alpha", "sweep"]


def test_an_archive_that_is_one_folder_of_pictures(archive: Path) -> None:
    (one,) = find_recordings(archive / "Alpha" / "sweep").recordings
    assert (one.path, one.kind, folder_device(one, 1)) == (".", "pictures", "")


def test_a_changed_file_changes_digest_and_stamp_of_its_folder(archive: Path) -> None:
    def look() -> tuple[str, object]:
        (one,) = (one for one in find_recordings(archive).recordings if one.kind == "pictures")
        return digest_of(archive, one), one.stamp

    digest, stamp = look()
    file = archive / "Alpha" / "sweep" / "2.png"
    os.utime(file, ns=(1, 2**62))
    assert look()[0] == digest
    assert look()[1] != stamp
    file.write_bytes(file.read_bytes() + b" ")
    changed, _ = look()
    assert changed != digest
    file.rename(file.with_name("3.png"))
    assert look()[0] not in (digest, changed)


def test_no_folder_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="name the one that holds the recordings"):
        find_recordings(tmp_path / "away")
