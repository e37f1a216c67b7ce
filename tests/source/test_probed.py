"""Frames that learn from the line what the probe was doing when they were exposed."""

import pytest

from edge.errors import SourceLostError
from edge.frame import ProbeState
from edge.source.fake import FakeSource, FakeStates, fake_frame
from edge.source.probed import ProbedSource

MS = 1_000_000
SHALLOW = ProbeState(depth_mm=30.0, epoch=4, frozen=False, transmitting=True)
DEEP = ProbeState(depth_mm=60.0, epoch=5, battery_percent=70.0)
LINE = FakeStates([(0, SHALLOW), (100 * MS, DEEP)], doubt_ns=3 * MS)


def probed(count: int, **options) -> list[ProbeState | None]:
    """States of `count` frames, one every 40 ms."""
    with ProbedSource(FakeSource(map(fake_frame, range(count))), LINE, **options) as source:
        frames = [source.read(1.0) for _ in range(count)]
        assert source.read(1.0) is None
    return [frame.probe for frame in frames]


def test_each_frame_gets_the_state_of_its_exposure() -> None:
    assert probed(5) == [SHALLOW, SHALLOW, SHALLOW, DEEP, DEEP]


def test_what_the_source_said_is_replaced() -> None:
    frame = fake_frame(0)
    object.__setattr__(frame, "probe", ProbeState(depth_mm=99.0, mi=1.2))
    with ProbedSource(FakeSource([frame]), LINE) as source:
        assert source.read(1.0).probe == SHALLOW


def test_a_doubt_goes_with_the_frame() -> None:
    near = FakeStates([(0, SHALLOW), (42 * MS, DEEP)], doubt_ns=3 * MS)
    with ProbedSource(FakeSource(map(fake_frame, range(3))), near) as source:
        states = [source.read(1.0).probe for _ in range(3)]
    assert [state.depth_mm for state in states] == [30.0, None, 60.0]
    assert states[1].doubt == "the probe was set anew within 3 ms of the exposure"


def test_a_late_screen_is_in_doubt_until_all_it_may_show_has_one_setting() -> None:
    states = probed(10, lag_s=0.09)
    assert [bool(state.doubt) for state in states] == [True] * 3 + [True] * 2 + [False] * 5
    assert "told nothing" in states[0].doubt
    assert "set anew within 0.09 s" in states[3].doubt
    assert (states[3].depth_mm, states[3].battery_percent) == (None, 70.0)
    assert states[5:] == [DEEP] * 5


def test_there_and_back_within_the_screens_lag_is_in_doubt_too() -> None:
    line = FakeStates([(-(10**9), SHALLOW), (10 * MS, DEEP), (30 * MS, ProbeState(depth_mm=30.0, epoch=6))])
    with ProbedSource(FakeSource([fake_frame(1)]), line, lag_s=0.1) as source:
        assert source.read(1.0).probe.doubt


def test_it_is_live_closed_and_lost_as_its_source_is() -> None:
    inner = FakeSource([], live=True, error=SourceLostError("gone"))
    with ProbedSource(inner, LINE) as source:
        assert source.live
        with pytest.raises(SourceLostError, match="gone"):
            source.read(1.0)
    assert inner.closed


def test_a_frame_is_given_when_the_next_one_came_and_the_last_at_the_end() -> None:
    asked = []
    frames = (asked.append(k) or fake_frame(k) for k in range(3))
    with ProbedSource(FakeSource(frames), LINE) as source:
        given = [(source.read(1.0).sequence, len(asked)) for _ in range(3)]
        assert source.read(1.0) is None
    assert given == [(0, 2), (1, 3), (2, 3)]


def test_no_frame_from_before_a_loss_comes_after_it() -> None:
    class Replugged(FakeSource):
        def read(self, timeout_s):
            if self.reads.pop(0):
                return super().read(timeout_s)
            raise SourceLostError("gone")

    inner = Replugged(map(fake_frame, range(4)), live=True)
    inner.reads = [True, True, False, True, True, True]
    with ProbedSource(inner, LINE) as source:
        assert source.read(1.0).sequence == 0
        with pytest.raises(SourceLostError):
            source.read(1.0)
        assert source.read(1.0).sequence == 2


def test_after_close_there_is_nothing_more() -> None:
    source = ProbedSource(FakeSource(map(fake_frame, range(9))), LINE)
    source.read(1.0)
    source.close()
    assert source.read(1.0) is None
