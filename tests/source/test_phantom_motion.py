"""What the hand that holds the simulated probe does is on its frames."""

import numpy as np
import pytest

from edge.frame import Frame, Motion
from edge.phantom.records import Imaging
from edge.source.fake import FakeFeed
from edge.source.phantom import open_phantom
from edge.source.probe_feed import Exposure
from edge.task.table import anatomies
from tests.phantom.rail import RAIL, RailCine, shown_ns

START_NS = 10**12


def frames_at(*exposed_ms: float) -> list[Frame]:
    exposures = [Exposure(START_NS + round(ms * 1e6), k, Imaging()) for k, ms in enumerate(exposed_ms)]
    with open_phantom("rail", anatomies=RAIL, feed=FakeFeed(exposures)) as source:
        return [source.read(1.0) for _ in exposures]


def motion_of(frame: Frame) -> Motion:
    assert frame.probe is not None and frame.probe.motion is not None
    return frame.probe.motion


def test_motion_is_the_cines_at_50_hz_up_to_the_exposure() -> None:
    for frame, n_samples in zip(frames_at(0, 40, 95), (1, 3, 5), strict=True):
        motion = motion_of(frame)
        assert motion.times_ns.tolist() == [START_NS + k * 20_000_000 for k in range(n_samples)]
        for k in range(n_samples):
            six = (*motion.acceleration_g[k], *motion.rate_deg_per_s[k])
            assert six == RailCine().felt(k * 0.02)


def test_motion_and_picture_have_one_zero() -> None:
    frame = frames_at(0, 2_500)[1]
    motion, zero_ns = motion_of(frame), frame.exposed_ns - shown_ns(frame.pixels)
    assert np.allclose(motion.acceleration_g[:, 0], (motion.times_ns - zero_ns) / 1e9, atol=1e-9)


@pytest.mark.parametrize("gap_ms", [2_030, 60_000])
def test_it_reaches_back_two_seconds_however_long_nobody_looked(gap_ms) -> None:
    frame = frames_at(0, gap_ms)[1]
    motion = motion_of(frame)
    assert len(motion.times_ns) == 100
    assert set(np.diff(motion.times_ns)) == {20_000_000}
    assert 0 <= frame.exposed_ns - motion.times_ns[-1] < 20_000_000


def test_a_phantom_of_its_own_pace_has_it_too() -> None:
    with open_phantom("rail,frames=3,paced=no", anatomies=RAIL) as source:
        frames = [source.read(1.0) for _ in range(3)]
    assert [len(motion_of(frame).times_ns) for frame in frames] == [1, 3, 5]


def test_a_frozen_picture_keeps_its_motion() -> None:
    shown, again = frames_at(40, 40)
    assert motion_of(shown).times_ns.tolist() == motion_of(again).times_ns.tolist()


def test_a_cine_without_a_word_on_the_hand_has_none() -> None:
    with open_phantom("cartilage,frames=1,paced=no", anatomies=anatomies()) as source:
        assert source.read(1.0).probe.motion is None
        assert source.felt_at(0) is None


def test_a_sensor_is_told_what_the_cine_begins_with_until_its_zero_is_known() -> None:
    feed = FakeFeed([Exposure(START_NS, 0, Imaging())])
    with open_phantom("rail", anatomies=RAIL, feed=feed) as source:
        assert source.felt_at(START_NS + 10**9) == RailCine().felt(0.0)
        source.read(1.0)
        assert source.felt_at(START_NS + 10**9) == RailCine().felt(1.0)
        assert source.felt_at(START_NS - 10**9) == RailCine().felt(0.0)
    assert source.felt_at(START_NS) is None, "it is closed"
