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


LIVE = ProbeState(depth_mm=30.0, epoch=4, frozen=False)
FROZEN = ProbeState(depth_mm=30.0, epoch=4, frozen=True, frozen_ns=190 * MS)


def given_by(line: FakeStates, frames, **options) -> list[tuple[int, int, int, bool | None]]:
    """Sequence, exposure in ms, grey level, and whether the probe says frozen, of each frame given."""
    with ProbedSource(FakeSource(frames, live=True), line, **options) as source:
        given = iter(lambda: source.read(1.0), None)
        return [(f.sequence, f.exposed_ns // MS, int(f.pixels[0, 0]), f.probe.frozen) for f in given]


def test_a_screen_that_is_frozen_shows_one_exposure() -> None:
    """Frames at both ends of the freeze, which may show it or not, tell nothing new either; no number is missing."""
    line = FakeStates([(-(10**9), LIVE), (200 * MS, FROZEN), (600 * MS, LIVE)])
    given = given_by(line, map(fake_frame, range(20)), lag_s=0.09)
    live = [(k, 40 * k, 100 + k, False) for k in range(5)]
    before, still, after = [live[-1]] * 3, [(5, 190, 108, True)] * 10, [(6, 720, 118, False), (7, 760, 119, False)]
    assert given == [*live, *before, *still, *after]


def test_a_screen_that_is_frozen_before_the_first_frame_keeps_the_age_that_is_known() -> None:
    for frozen_ns, exposed_ms in ((-(10**9), -1000), (None, 120)):
        line = FakeStates([(0, ProbeState(frozen=True, frozen_ns=frozen_ns))])
        assert given_by(line, map(fake_frame, range(9)), lag_s=0.09) == [(0, exposed_ms, 103, True)] * 6


def test_two_freezes_without_a_frame_between_them_are_two_exposures() -> None:
    line = FakeStates([(-(10**9), FROZEN), (200 * MS, ProbeState(frozen=True, frozen_ns=195 * MS, epoch=5))])
    given = given_by(line, map(fake_frame, range(10)), lag_s=0.09)
    assert [(sequence, grey) for sequence, _, grey, _ in given] == [(0, 100)] * 8 + [(1, 108)] * 2


def test_what_the_source_gives_again_stays_one_exposure_with_the_newest_state() -> None:
    frames = [fake_frame(0), fake_frame(1), fake_frame(1), fake_frame(1), fake_frame(2)]
    line = FakeStates([(0, LIVE), (30 * MS, FROZEN), (70 * MS, LIVE)])
    assert given_by(line, frames) == [(0, 0, 100, False), *[(1, 40, 101, True)] * 3, (2, 80, 102, False)]
