"""A run keeps to what it may cost, and never measures less well for it."""

import time

import pytest

from edge.clock import ManualClock
from edge.errors import SettingError
from edge.loop.budget import Budget, Keeper, cadence_for, read_budget
from edge.loop.runner import Loop
from edge.source.fake import FakeSource, fake_frame
from tests.loop.test_runner import draw_grey, make_step


@pytest.mark.parametrize(
    ("text", "budget", "written"),
    [("20ms", Budget(ms=20), "20 ms"), (" 12.5 ms", Budget(ms=12.5), "12.5 ms"), ("50%", Budget(share=0.5), "50 %")],
)
def test_a_budget_is_read_and_written(text, budget, written):
    assert read_budget(text) == budget
    assert str(budget) == written
    assert read_budget(written) == budget


@pytest.mark.parametrize("text", ["", "20", "ms", "0ms", "-5%", "120%", "nan%", "inf ms", "1e9ms", "20s"])
def test_what_is_no_budget_is_told(text):
    with pytest.raises(SettingError, match=r"--budget is '.*'; it must be"):
        read_budget(text)


@pytest.mark.parametrize(
    ("every", "spent_ms", "most", "cadence"),
    [
        (1, 9.9, 30, 1),
        (1, 10.1, 30, 2),
        (2, 35.0, 30, 7),
        (1, 1000.0, 30, 30),  # however dear it is, the picture is measured once a second
        (2, 4.9, 30, 2),  # every frame would only just be in the budget
        (2, 4.4, 30, 1),
        (7, 1.0, 30, 1),
        (3, 0.0, 30, 1),
    ],
)
def test_the_cadence_follows_the_cost(every, spent_ms, most, cadence):
    assert cadence_for(every, spent_ms, 10.0, most) == cadence


class Machine:
    """A clock and a meter: a frame of the source takes `decoding_ms` of processor time, one that is measured
    `measuring_ms` more."""

    def __init__(self, frame_ms=40.0, decoding_ms=1.0):
        self.clock, self.spent_ns = ManualClock(), 0
        self.frame_ms, self.decoding_ms = frame_ms, decoding_ms
        self.told = []

    def keeper(self, budget, cores=2, live=True):
        return Keeper(
            budget,
            cores,
            self.clock,
            lambda: self.spent_ns,
            live=live,
            tell=self.told.append,
            why=lambda: "; it is hot",
        )

    def run(self, keeper, numbers, measuring_ms):
        """The numbers of the frames that were measured."""
        measured = []
        for number in numbers:
            self.clock.ns = max(self.clock.ns, round(number * self.frame_ms * 1e6))
            self.spent_ns += round(self.decoding_ms * 1e6)
            if not keeper.skips(fake_frame(number)):
                self.spent_ns += round(measuring_ms * 1e6)
                measured.append(number)
                keeper.measured(fake_frame(number))
        return measured


def test_a_processor_that_slows_down_measures_less_often_and_says_so_and_comes_back():
    machine = Machine()
    keeper = machine.keeper(Budget(ms=12))
    assert machine.run(keeper, range(90), 8.0) == list(range(90))
    assert machine.told == []
    slow = machine.run(keeper, range(90, 300), 40.0)
    assert keeper.every == 4
    assert {after - before for before, after in zip(slow[-20:], slow[-19:], strict=False)} == {4}
    assert machine.told[-1].startswith("measuring one of 4 frames: a frame cost ")
    assert "12 ms allow 12 ms" in machine.told[-1] and machine.told[-1].endswith("; it is hot")
    assert keeper.left_out == 210 - len(slow)
    machine.run(keeper, range(300, 500), 8.0)
    assert keeper.every == 1 and "measuring every frame" in machine.told[-1]


def test_a_share_of_the_processor_is_kept():
    machine = Machine()
    keeper = machine.keeper(Budget(share=0.25))
    machine.run(keeper, range(100), 50.0)
    before_ns = machine.spent_ns
    machine.run(keeper, range(100, 400), 50.0)
    assert (machine.spent_ns - before_ns) / 1e6 / (300 * machine.frame_ms * 2) <= 0.25
    assert keeper.every == 3


def test_a_recording_is_slowed_down_and_measured_whole():
    machine = Machine(frame_ms=0.0)
    keeper = machine.keeper(Budget(share=0.5), live=False)
    assert machine.run(keeper, range(100), 9.0) == list(range(100))
    assert machine.spent_ns / (2 * machine.clock.ns) == pytest.approx(0.5, abs=0.01)
    assert keeper.every == 1 and machine.told == []


def test_the_picture_at_which_it_is_frozen_is_not_left_out():
    clock = ManualClock()
    keeper = Keeper(Budget(ms=1), 1, clock, lambda: 0, live=True)
    keeper.every = 3
    source = FakeSource([fake_frame(number) for number in (0, 1, 2, 3, 4, 4, 4)], live=True)
    step = make_step(clock, draw=draw_grey)
    # Each is waited for: the mailbox of a live source keeps the newest alone.
    with Loop(_OneByOne(source), step, {}, clock, keeper=keeper, stall_timeout_s=0.5) as loop:
        seen = [result.frame.sequence for result in loop]
    assert seen == [0, 3, 4]
    drops = {drop.place: drop.frames for drop in loop.statistics().dropped}
    assert drops["budget"] == 3 and loop.statistics().lost == 0


class _OneByOne:
    """A live source, slow enough for every frame to be taken."""

    live = True

    def __init__(self, source):
        self._source = source

    def read(self, timeout_s):
        time.sleep(0.02)
        return self._source.read(timeout_s)
