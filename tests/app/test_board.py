import pytest

from edge.app import board as board_files
from edge.app.board import memory_mb, processor_name, read_board, slowed_by, slowed_by_firmware, temperature_c
from edge.app.checks import State, board_checks, writable_check
from edge.app.settings import usable_cores


def test_memory_of_a_board():
    text = "MemTotal:        3884632 kB\nMemFree:          123456 kB\nMemAvailable:    2048000 kB\n"
    assert memory_mb(text) == (3793, 2000)
    assert memory_mb("") == (None, None)


def test_names_of_processors():
    assert processor_name("processor\t: 0\nmodel name\t: Intel(R) N100\n") == "Intel(R) N100"
    assert (
        processor_name("processor\t: 0\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n")
        == "Raspberry Pi 5 Model B Rev 1.0"
    )
    assert processor_name("processor\t: 0\n") is None


@pytest.mark.parametrize(("text", "degrees"), [("48312", 48.312), ("-5000", -5.0), ("", None), ("hot", None)])
def test_temperature(text, degrees):
    assert temperature_c(text) == degrees


def test_an_idle_processor_is_not_slowed_down_and_one_that_may_not_run_fast_is(tmp_path, monkeypatch):
    files = {"scaling_cur_freq": "600000", "scaling_max_freq": "1800000", "cpuinfo_max_freq": "1800000"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(board_files, "_FREQUENCY", tmp_path)
    monkeypatch.setattr(board_files, "_TEMPERATURE", tmp_path / "none")
    monkeypatch.setattr(board_files, "_FIRMWARE", tmp_path / "none")
    assert slowed_by() == ""
    (tmp_path / "scaling_max_freq").write_text("1200000")
    assert slowed_by() == "; it may run at 1200 of 1800 MHz"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0", 0),
        ("50000", 0),
        ("50005", 2),
        ("1", 1),
        ("8", 1),
        ("", 0),
        ("broken", 0),
    ],
)
def test_what_a_firmware_says_of_now_counts_and_not_what_has_been(text, said):
    assert len(slowed_by_firmware(text)) == said


def test_this_board():
    board = read_board()
    assert 1 <= board.cores_usable == usable_cores() <= board.cores
    assert board.machine and board.python.count(".") == 2


def test_a_board_short_of_memory_is_broken_and_a_hot_one_is_told(monkeypatch):
    from dataclasses import replace

    poor = replace(read_board(), free_memory_mb=120, memory_mb=512, temperature_c=91.0)
    states = {check.name: check for check in board_checks(poor)}
    assert states["memory"].state is State.BROKEN and "close" in states["memory"].cure
    assert states["temperature"].state is State.NOTE and "cool" in states["temperature"].cure


def test_a_folder_that_cannot_be_written_is_a_note_with_its_cure(tmp_path):
    (tmp_path / "file").touch()
    check = writable_check("cache", tmp_path / "file" / "cache", "move it")
    assert (check.state, check.cure) == (State.NOTE, "move it")
    assert writable_check("cache", tmp_path / "new", "").state is State.GOOD
