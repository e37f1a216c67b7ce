"""The simulated probe as a source."""

import numpy as np
import pytest

from edge.clock import ManualClock
from edge.errors import SettingError, UnknownNameError
from edge.source.phantom import open_phantom, parse_phantom


def test_unpaced_frames_come_one_by_one_and_end() -> None:
    with open_phantom("cartilage,frames=3,paced=no") as source:
        frames = [source.read(1.0) for _ in range(4)]
    assert [frame.sequence for frame in frames[:3]] == [0, 1, 2]
    assert [frame.exposed_ns for frame in frames[:3]] == [0, 40_000_000, 80_000_000]
    assert frames[3] is None
    assert not source.live


def test_the_frame_knows_the_probes_depth_and_leaves_the_scale_to_the_screen() -> None:
    with open_phantom("cartilage,frames=1,paced=no,depth=42.5") as source:
        frame = source.read(1.0)
    assert frame.probe.depth_mm == 42.5
    assert frame.spacing is None
    assert (frame.region.width, frame.region.height) == (640, 480)


def test_the_same_seed_is_the_same_cine() -> None:
    pictures = []
    for seed in (2, 2, 3):
        with open_phantom(f"cartilage,seed={seed},frames=2,paced=no") as source:
            source.read(1.0)
            pictures.append(source.read(1.0).pixels)
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


def test_a_live_phantom_keeps_the_clocks_pace() -> None:
    clock = ManualClock(5_000)
    with open_phantom("cartilage", fps=20.0, clock=clock) as source:
        times = [source.read(1.0).exposed_ns for _ in range(3)]
    assert np.diff(times).tolist() == [50_000_000, 50_000_000]
    assert clock.now_ns() == times[-1]


def test_a_late_reader_skips_frames_and_still_ends() -> None:
    clock = ManualClock()
    with open_phantom("cartilage,frames=10", fps=10.0, clock=clock) as source:
        first = source.read(1.0)
        clock.advance(0.55)
        late = source.read(1.0)
        nxt = source.read(1.0)
        assert (first.sequence, late.sequence) == (0, 1)
        assert nxt.sequence == 6
        clock.advance(5)
        source.read(1.0)
        assert source.read(1.0) is None


@pytest.mark.parametrize(
    "rest", ["cartilage,depth=3", "cartilage,seed=x", "cartilage,colour=red", "cartilage,frames=0"]
)
def test_a_wrong_setting_is_told_with_those_that_are_right(rest) -> None:
    with pytest.raises(SettingError, match="seed=NUMBER"):
        parse_phantom(rest)


def test_an_unknown_anatomy_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="cartilage"):
        parse_phantom("liver")
