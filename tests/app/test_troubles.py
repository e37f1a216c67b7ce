"""What is in the way of a live picture, as the page tells it."""

from pathlib import Path

import pytest

from edge.app import troubles
from edge.app.troubles import Troubles, trouble_code
from edge.errors import SinkError, SourceLostError, SourceNotFoundError, SourceStalledError
from firmware_bridge.errors import NoAnswerError


def test_each_end_of_a_run_has_its_state() -> None:
    errors = (
        SourceStalledError("a"),
        SourceLostError("a"),
        SourceNotFoundError("a"),
        NoAnswerError("a"),
        SinkError("a"),
    )
    assert [trouble_code(error) for error in errors] == ["no frames", "lost", "no probe", "no probe", "error"]


def test_it_is_told_until_it_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "LOW_DISK_MB", 0)
    told = Troubles(tmp_path)
    told.add("lost", "no more pictures")
    told.add("disk", "it is full")
    told.add("told", "for a while", 0.0)
    assert [one.code for one in told.present() if one.code != "slowed"] == ["lost", "disk"]
    told.picture_came()
    assert "lost" not in told and "disk" in told, "a picture makes no room on a disk"
    told.over("disk")
    assert "disk" not in told


def test_a_disk_that_is_nearly_full_is_told_before_anything_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(troubles, "free_disk_mb", lambda folder: 12 if folder == tmp_path else 9999)
    (one,) = [one for one in Troubles(tmp_path / "not" / "yet").present() if one.code == "low disk"]
    assert one.text == "12 MB"
