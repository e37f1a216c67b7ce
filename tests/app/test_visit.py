"""`sonoedge visit` as a rheumatologist types it."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edge.app.cli import app
from edge.app.visit import FILE, read_visit, run_folders
from edge.errors import SettingError, SourceFormatError, SourceNotFoundError
from edge.finding import Finding, Measurement, Verdict
from edge.frame import Frame
from edge.sink.records import RecordsSink

FRAME = Frame(np.zeros((8, 8), np.uint8), 0, 0, "test")
PICTURE = np.zeros((8, 8, 3), np.uint8)
NAMES = ("combined", "grey_scale", "power_doppler")


def a_run(folder: Path, grade: int | None, task: str = "synovitis") -> Path:
    verdict = Verdict.REFUSED if grade is None else Verdict.MEASURED
    reasons = ("no finger joint is seen",) if grade is None else ()
    measured = () if grade is None else tuple(Measurement(name, grade, "grade", grade, grade) for name in NAMES)
    with RecordsSink(folder) as sink:
        sink.write(FRAME, Finding(task, 0, 0, verdict, reasons, measured), PICTURE)
    return folder


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    for when, grades in (("march", (2, 3, 1)), ("may", (1, 3, None))):
        for name, grade in zip(("mcp2", "mcp3", "pip2"), grades, strict=True):
            a_run(tmp_path / when / name, grade)
    return tmp_path


def said(*args: object) -> str:
    result = CliRunner().invoke(app, ["visit", *map(str, args)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_a_visit_is_added_up_and_compared(visits: Path) -> None:
    text = said(visits / "may", "--before", visits / "march", "--out", visits / "compared")
    sums = next(line for line in text.splitlines() if line.startswith("sum"))
    change = next(line for line in text.splitlines() if line.startswith("change"))
    assert sums.split()[3] == "4" and change.split()[1] == "-1"
    kept = json.loads((visits / "compared" / FILE).read_text())
    assert {one["measurement"]: one["sum"]["value"] for one in kept["sums"]} == dict.fromkeys(NAMES, 4)
    assert {one["change"]["value"] for one in kept["changes"]} == {-1}
    assert kept["changes"][0]["places"] == ["mcp2", "mcp3"] and kept["changes"][0]["only_before"] == ["pip2"]
    assert kept["places"][2]["reasons"] == ["no finger joint is seen"]


def test_runs_may_be_named_one_by_one(visits: Path) -> None:
    places, task = read_visit([visits / "may" / "mcp2", visits / "may" / "mcp3"])
    assert task == "synovitis" and [place.name for place in places] == ["mcp2", "mcp3"]


def test_what_cannot_be_added_is_told(visits: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="holds no run"):
        run_folders([tmp_path / "nowhere"])
    with pytest.raises(SettingError, match="two runs are called 'mcp2'"):
        read_visit([visits / "may" / "mcp2", visits / "march" / "mcp2"])
    other = a_run(tmp_path / "other" / "leg", 1, task="muscle")
    with pytest.raises(SettingError, match="nothing that the task muscle"):
        read_visit([other])
    empty = tmp_path / "empty"
    with RecordsSink(empty):
        pass
    with pytest.raises(SourceFormatError, match="holds no finding"):
        read_visit([empty])


def test_two_visits_without_a_joint_in_common_have_no_change(visits: Path, tmp_path: Path) -> None:
    a_run(tmp_path / "june" / "thumb", 2)
    text = said(visits / "may", "--before", tmp_path / "june")
    assert not [line for line in text.splitlines() if line.startswith("change")]
