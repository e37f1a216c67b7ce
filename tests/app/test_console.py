"""Signals: a run ends in order, also one whose terminal goes away, and nohup keeps it."""

import os
import pty
import signal
import sys
import time

import pytest

from edge.app.console import SIGNALS, stopping_by_signal

CHILD = """
import sys, time
from pathlib import Path
from edge.app.console import say, stopping_by_signal
ended = []
with stopping_by_signal(ended.append):
    print("ready", flush=True)
    while not ended:
        time.sleep(0.01)
print("a summary", flush=True)
say("a last word")
Path(sys.argv[1]).write_text(ended[0])
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_asks_for_an_end_and_the_second_is_the_systems(number):
    asked = []
    before = {each: signal.getsignal(each) for each in SIGNALS}
    with stopping_by_signal(asked.append):
        os.kill(os.getpid(), number)
        assert asked == [signal.Signals(number).name]
        assert all(signal.getsignal(each) is signal.SIG_DFL for each in SIGNALS)
    assert {each: signal.getsignal(each) for each in SIGNALS} == before


def test_who_asked_for_nohup_goes_on_without_a_terminal():
    before, asked = signal.signal(signal.SIGHUP, signal.SIG_IGN), []
    try:
        with stopping_by_signal(asked.append):
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert asked == []


def test_a_run_whose_terminal_goes_away_ends_in_order(tmp_path):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", CHILD, str(tmp_path / "ended")])
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 1024)
    time.sleep(0.05)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert (tmp_path / "ended").read_text() == "SIGHUP"
