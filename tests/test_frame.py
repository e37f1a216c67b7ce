"""What a frame carries of the probe's motion."""

import numpy as np
import pytest

from edge.frame import Motion, ProbeState

SAMPLES = [(10, (0.0, 0.1, 1.0, 5.0, 6.0, 7.0)), (30, (0.2, 0.3, 0.9, 8.0, 9.0, 10.0))]


def test_samples_become_read_only_arrays() -> None:
    motion = Motion.of(SAMPLES)
    assert motion.times_ns.tolist() == [10, 30]
    assert motion.acceleration_g.tolist() == [[0.0, 0.1, 1.0], [0.2, 0.3, 0.9]]
    assert motion.rate_deg_per_s.tolist() == [[5.0, 6.0, 7.0], [8.0, 9.0, 10.0]]
    for array in (motion.times_ns, motion.acceleration_g, motion.rate_deg_per_s):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert Motion.of([]) is None


@pytest.mark.parametrize("times", [[30, 10], [10, 10]])
def test_times_that_do_not_increase_are_refused(times) -> None:
    with pytest.raises(ValueError, match="increase"):
        Motion.of([(time_ns, six) for time_ns, (_, six) in zip(times, SAMPLES, strict=True)])


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (6,)])
def test_rows_that_are_not_one_a_time_are_refused(shape) -> None:
    rows = np.zeros((2, 3))
    for acceleration, rate in ((np.zeros(shape), rows), (rows, np.zeros(shape))):
        with pytest.raises(ValueError, match=r"\(n, 3\)"):
            Motion(np.array([1, 2]), acceleration, rate)


def test_two_states_that_differ_in_motion_alone_are_the_same() -> None:
    state = ProbeState(depth_mm=30.0, motion=Motion.of(SAMPLES))
    assert state == ProbeState(depth_mm=30.0)
    assert hash(state) == hash(ProbeState(depth_mm=30.0))
    assert state != ProbeState(depth_mm=31.0, motion=state.motion)
