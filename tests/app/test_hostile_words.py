"""Hostile words in every field of every message that the page may send: done or refused with a reason, and the scan
goes on."""

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from edge.app.exams import Exams, read_exam
from edge.app.workplace import Workplace
from edge.errors import SonoedgeError
from edge.task.table import TASKS
from edge.viewer import from_page
from edge.viewer.from_page import Asked, incoming
from edge.viewer.pictures import Pictures
from edge.viewer.to_page import State, encode
from tests.app.test_serving import Served, until

WORDS = (
    "../../etc/passwd",
    "/dev/null",
    "<script>alert(1)</script>",
    "a\0b\nc\x1b[2J",
    "'; DROP TABLE exams; --",
    "%s%n{0.__class__}$(id)`id`",
    "\u202eleft\u2066\U0001f9b4",
    "--out=/tmp/x",
    "nan",
    "x" * 200,
)
NUMBERS = (-1e5, 1e5, 0.0)


def messages() -> list[dict[str, Any]]:
    """One of each kind, each of its fields in turn hostile, as JSON has it."""
    fields = dict.fromkeys(from_page.ExamFields.__struct_fields__, "")
    some: dict[str, dict[str, Any]] = {
        "task": {"task": "hip", "options": {"side": "left"}, "pathway": None},
        "freeze": {"on": True},
        "scroll": {"to": 10**9},
        "seek": {"sequence": 10**9},
        "probe": {"changes": {"depth_mm": 1.0}},
        "depth": {"depth_mm": 45.0},
        "act": {"action": "arm"},
        "point": {"how": "at", "x": 1.0, "y": 1.0, "width": 1.0, "height": 1.0},
        "edit": {"kind": "caliper", "mark": None, "points": [[1.0, 1.0], [2.0, 2.0]]},
        "undo": {},
        "exam": {"fields": fields},
        "new": {},
        "save": {},
    }
    told = [{"type": kind, "n": 1, **given} for kind, given in some.items()]
    for kind, given in some.items():
        for name, value in given.items():
            for hostile in hostile_for(value):
                told.append({"type": kind, "n": 1, **given, name: hostile})
    return told


def hostile_for(value: Any) -> list[Any]:
    if isinstance(value, dict):
        keys = [{word: next(iter(value.values()))} for word in WORDS]
        return [*keys, *({**value, name: word} for name in value for word in WORDS)]
    if isinstance(value, list):
        return [[[number, number], [1.0, 1.0]] for number in NUMBERS]
    if isinstance(value, float):
        return list(NUMBERS)
    return list(WORDS) if isinstance(value, str) or value is None else []


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Any:
    one = Served(tmp_path_factory.mktemp("hostile") / "exams")
    try:
        until(one.pictures.shown)
        yield one
    finally:
        one.close()


def test_every_kind_is_tried() -> None:
    done_by_the_server = {"take", "give", "name", "pair"}
    kinds = {one.__struct_config__.tag for one in get_args(Asked)} - done_by_the_server
    assert {one["type"] for one in messages()} == kinds


def test_whatever_a_field_holds_the_scan_goes_on(board: Served) -> None:
    outside = set(board.exams.folder.parent.iterdir())
    for told in messages():
        try:
            asked = incoming(json.dumps(told))
        except msgspec.MsgspecError:
            continue
        try:
            board.workplace.do(asked, "<b>\0")
        except SonoedgeError as error:
            assert str(error), told
        assert encode(State(board.workplace.state(), "1", "<b>", 1))
    assert board.thread.is_alive()
    board.workplace.do(from_page.Freeze(n=1, on=False), "Ada")
    last = board.pictures.shown().number
    until(lambda: board.pictures.shown().number > last)
    folders = list(board.exams.folder.iterdir())
    assert folders and all(path.name.startswith("exam-") and read_exam(path) for path in folders)
    assert set(board.exams.folder.parent.iterdir()) <= outside | {board.exams.folder}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("task", TASKS)
def test_no_task_takes_hostile_options(task: str, word: str, tmp_path: Path) -> None:
    workplace = Workplace("hip", {}, Exams(tmp_path), Pictures(lambda: 0), lambda text: None)
    offered = next(one for one in workplace.offer().tasks if one.name == task)
    for option in offered.options:
        try:
            workplace._settings_for(task, {option.name: word})
        except SonoedgeError as error:
            assert str(error)
