"""The clock against simulated devices whose truth is known: what it says must hold within what it claims, always."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.errors import ClockNotReadyError
from firmware_bridge.host.clock_sync import MAX_CONTRADICTIONS, MIN_SAMPLES, ClockSample, ClockSync

MS, S = 1_000_000, 1_000_000_000
MINUTE = 60 * S
WRAP = 1 << 32

Counter = Callable[[int], int]
"""Host time (ns) -> the device's counter (us), never wrapped."""


def steady(drift_ppb: int = 0, start_us: int = 0) -> Counter:
    """In integers, so that the truth has no rounding of its own."""
    return lambda host_ns: start_us + host_ns * (10**9 + drift_ppb) // 10**12


@dataclass
class Line:
    """A host and a device with the delays between them, and the clock that learns."""

    counter: Counter
    now_ns: int = 1000 * S
    clock: ClockSync = field(default_factory=ClockSync)

    def query(self, out_ns: int, back_ns: int, turnaround_ns: int = 0) -> None:
        sent_ns, read_ns = self.now_ns, self.now_ns + out_ns
        replied_ns = read_ns + turnaround_ns
        self.now_ns = replied_ns + back_ns
        device_us = self.counter(read_ns)
        turnaround_us = self.counter(replied_ns) - device_us
        self.clock.add(ClockSample(sent_ns, self.now_ns, device_us % WRAP, turnaround_us))

    def check(self, host_ns: int, near_ns: int | None = None) -> int:
        """That both directions hold at this moment; the uncertainty in ns."""
        true_us = self.counter(host_ns)
        told = self.clock.host_ns_from_device_us(true_us % WRAP, host_ns if near_ns is None else near_ns)
        assert abs(told.host_ns - host_ns) <= told.uncertainty_ns
        told_us = self.clock.device_us_from_host_ns(host_ns)
        assert told_us.device_us - told_us.uncertainty_us <= self.extended(true_us, told_us.device_us)
        assert told_us.device_us + told_us.uncertainty_us >= self.extended(true_us, told_us.device_us)
        return told.uncertainty_ns

    def extended(self, true_us: int, told_us: int) -> int:
        """The truth in the clock's own count, which starts at any multiple of 2^32."""
        return true_us + round((told_us - true_us) / WRAP) * WRAP


drifts = st.integers(-200_000, 200_000) | st.sampled_from([-200_000, 200_000])
starts = st.integers(0, WRAP - 1) | st.integers(WRAP - 20_000_000, WRAP - 1)
delays = st.integers(0, 60 * MS) | st.sampled_from([0, 60 * MS]) | st.integers(0, MS)
pauses = st.integers(100 * MS, S) | st.integers(500 * MS, S) | st.integers(MINUTE, 30 * MINUTE)
shares = st.floats(0, 1)
trips = st.tuples(pauses, delays, delays, st.integers(0, 5 * MS), shares)


@pytest.mark.no_cover
@settings(max_examples=200, deadline=None)
@given(drifts, starts, delays, delays, st.lists(trips, min_size=1, max_size=40))
def test_the_truth_lies_within_the_uncertainty(drift_ppb, start_us, always_out_ns, always_back_ns, drawn) -> None:
    line = Line(steady(drift_ppb, start_us))
    first_ns = line.now_ns
    for pause_ns, out_ns, back_ns, turnaround_ns, share in drawn:
        line.query(always_out_ns + out_ns, always_back_ns + back_ns, turnaround_ns)
        line.now_ns += pause_ns
        if line.clock.ready:
            line.check(line.now_ns)
            asked_ns = first_ns + int(share * (line.now_ns - first_ns))
            line.check(asked_ns, asked_ns + int((share - 0.5) * 60 * MINUTE))
    status = line.clock.status
    assert (status.n_used, status.n_rejected, status.n_restarts) == (len(drawn), 0, 0)
    assert abs(status.drift_ppm - drift_ppb / 1000) <= status.drift_uncertainty_ppm + 1e-6


# Random rather than drawn by hypothesis: what is asked for here is many long sessions, not a small counter-example.
@pytest.mark.parametrize(("low_ns", "high_ns", "bound_ns"), [(MS // 10, MS // 2, MS), (0, 60 * MS, 30 * MS)])
def test_many_sessions_and_how_sharp_they_get(low_ns: int, high_ns: int, bound_ns: int) -> None:
    uncertainties_ns = []
    for seed in range(300):
        chance = random.Random(seed)
        line = Line(steady(chance.randint(-200_000, 200_000), chance.randrange(WRAP)))
        for _ in range(14):
            line.query(chance.randint(low_ns, high_ns), chance.randint(low_ns, high_ns))
            line.now_ns += chance.randint(S // 2, S)
            if line.clock.ready:
                line.check(line.now_ns - chance.randrange(S))
        uncertainties_ns.append(line.check(line.now_ns))
    assert max(uncertainties_ns) < bound_ns


def test_a_minute_on_a_good_line_learns_the_drift() -> None:
    for seed in range(20):
        chance = random.Random(seed)
        drift_ppb = chance.randint(-200_000, 200_000)
        line = Line(steady(drift_ppb))
        for _ in range(80):
            line.query(chance.randint(MS // 10, MS // 2), chance.randint(MS // 10, MS // 2))
            line.now_ns += S
        status = line.clock.status
        assert abs(status.drift_ppm - drift_ppb / 1000) <= status.drift_uncertainty_ppm < 20
        assert line.check(line.now_ns) < 300_000


def test_a_line_that_has_become_slower_does_not_live_on_old_round_trips() -> None:
    line = Line(steady(70_000))
    for k in range(140):
        delay_ns = MS // 10 if k < 70 else MS
        line.query(delay_ns, delay_ns)
        line.now_ns += 30 * MINUTE if k == 70 else S
    assert line.clock.status.drift_uncertainty_ppm < 40
    assert line.check(line.now_ns) < 1.1 * MS


@pytest.mark.parametrize(("out_ns", "back_ns"), [(60 * MS, 0), (0, 60 * MS), (45 * MS, 15 * MS)])
def test_a_delay_that_is_always_longer_one_way_is_bounded_by_half_the_round_trip(out_ns: int, back_ns: int) -> None:
    line = Line(steady(-200_000))
    for _ in range(100):
        line.query(out_ns, back_ns)
        line.now_ns += S
    told = line.clock.host_ns_from_device_us(line.counter(line.now_ns), line.now_ns)
    assert told.host_ns - line.now_ns == pytest.approx((back_ns - out_ns) / 2, abs=MS)
    assert 30 * MS <= line.check(line.now_ns) <= 31 * MS


@pytest.mark.no_cover
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 2 * math.pi), st.integers(20, 190))
def test_a_drift_that_follows_the_temperature_stays_inside(seed: int, phase: float, swing_ppm: int) -> None:
    chance = random.Random(seed)
    turn_per_s = 0.099 / swing_ppm

    def counter(host_ns: int) -> int:
        led_s = swing_ppm * 1e-6 / turn_per_s * math.sin(turn_per_s * host_ns / S + phase)
        return math.floor(host_ns / 1000 + led_s * 1e6)

    line = Line(counter)
    for _ in range(100):
        line.query(chance.randint(50_000, 400_000), chance.randint(50_000, 400_000))
        line.now_ns += S if chance.random() < 0.98 else 5 * MINUTE
        if line.clock.ready:
            line.check(line.now_ns)
    assert line.clock.status.n_rejected == 0


def test_the_counter_wraps_during_a_run_and_over_a_gap() -> None:
    line = Line(steady(50_000, WRAP - 1_000_000_000 - 3_000_000))  # wraps after the third query
    extended = []
    for _ in range(8):
        line.query(MS, MS)
        line.now_ns += S
        extended.append(line.clock.extended_us(line.counter(line.now_ns) % WRAP, line.now_ns))
    assert extended[0] < WRAP < extended[-1] == line.counter(line.now_ns)
    for _ in range(6):  # three hours; the counter wraps twice on the way
        line.now_ns += 30 * MINUTE
        line.query(MS, MS)
        line.check(line.now_ns)
    assert line.counter(line.now_ns) > 3 * WRAP
    assert line.clock.extended_us(line.counter(line.now_ns) % WRAP, line.now_ns) == line.counter(line.now_ns)
    assert line.clock.status.n_restarts == 0


def run_of(line: Line, n: int) -> None:
    for _ in range(n):
        line.query(2 * MS, 3 * MS)
        line.now_ns += S


jumps_us = st.integers(300_000, WRAP // 2 - 300_000)


@given(jumps_us, st.sampled_from([-1, 1]), st.integers(3, 20))
def test_a_jump_of_the_counter_is_seen_at_once_and_learned_anew(jump_us: int, sign: int, n_before: int) -> None:
    before = steady(80_000, WRAP)
    line = Line(before)
    run_of(line, n_before)
    jumped_ns = line.now_ns - S // 2
    line.counter = lambda host_ns: before(host_ns) + sign * jump_us
    for _ in range(MAX_CONTRADICTIONS - 1):
        run_of(line, 1)
        assert not line.clock.ready
        with pytest.raises(ClockNotReadyError, match="contradicts"):
            line.clock.device_us_from_host_ns(line.now_ns)
    run_of(line, 1)
    assert line.clock.ready
    line.check(line.now_ns)
    assert (line.clock.status.n_rejected, line.clock.status.n_restarts) == (MAX_CONTRADICTIONS, 1)
    with pytest.raises(ClockNotReadyError, match="before the probe's clock was known"):
        line.clock.device_us_from_host_ns(jumped_ns)
    with pytest.raises(ClockNotReadyError, match="before the probe's clock was known"):
        line.clock.host_ns_from_device_us(line.counter(jumped_ns) % WRAP, jumped_ns)


@pytest.mark.no_cover
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9))
def test_no_answer_is_wrong_however_often_the_device_starts_again(seed: int) -> None:
    chance = random.Random(seed)
    line = Line(steady())
    n_answers = 0
    # The 32-bit counts before and after a start differ by more than delays can hide: else nobody can tell it.
    for start_s in chance.sample(range(2, 4000, 2), 60):
        if chance.random() < 0.2:
            line.counter = steady(chance.randint(-200_000, 200_000), start_s * 1_000_000)
        line.query(chance.randint(0, 60 * MS), chance.randint(0, 60 * MS))
        line.now_ns += chance.randint(S // 2, S)
        if line.clock.ready:
            line.check(line.now_ns)
            n_answers += 1
    assert n_answers > 0


def test_one_outlier_is_left_out() -> None:
    line = Line(steady(30_000))
    run_of(line, 10)
    asked_ns = line.now_ns
    line.clock.add(ClockSample(line.now_ns, line.now_ns + MS, 123))
    assert not line.clock.ready
    run_of(line, 1)
    assert line.clock.ready
    assert (line.clock.status.n_used, line.clock.status.n_rejected, line.clock.status.n_restarts) == (11, 1, 0)
    assert line.check(asked_ns) < 3 * MS


def test_replies_that_agree_with_nothing_are_never_believed() -> None:
    line = Line(steady())
    run_of(line, 5)
    for k in range(12):
        line.clock.add(ClockSample(line.now_ns, line.now_ns + MS, k * k * 77_000_000))
        line.now_ns += S
        assert not line.clock.ready
    run_of(line, MAX_CONTRADICTIONS + MIN_SAMPLES)
    line.check(line.now_ns)


def test_a_turnaround_longer_than_the_round_trip_is_a_contradiction() -> None:
    line = Line(steady())
    for _ in range(MAX_CONTRADICTIONS):
        line.clock.add(ClockSample(line.now_ns, line.now_ns + MS, line.counter(line.now_ns), 5000))
    assert line.clock.status.n_rejected == MAX_CONTRADICTIONS
    run_of(line, MIN_SAMPLES)
    line.check(line.now_ns)


def test_the_turnaround_does_not_blur_the_clock() -> None:
    line = Line(steady(200_000))
    for _ in range(20):
        line.query(MS // 10, MS // 10, 40 * MS)
        line.now_ns += S
    assert line.check(line.now_ns) < MS


def test_a_device_outside_the_drift_it_may_have_never_settles_in_silence() -> None:
    line = Line(steady(5_000_000))
    run_of(line, 60)
    assert line.clock.status.n_restarts > 3


def test_a_new_boot_forgets_all() -> None:
    line = Line(steady(0, 5_000_000))
    run_of(line, 5)
    line.clock.reset()
    assert not line.clock.ready
    assert line.clock.status.drift_uncertainty_ppm == pytest.approx(200, rel=1e-3)
    restarted_us = line.now_ns // 1000
    line.counter = lambda host_ns: host_ns // 1000 - restarted_us
    run_of(line, MIN_SAMPLES - 1)
    assert not line.clock.ready
    run_of(line, 1)
    line.check(line.now_ns)
    assert line.clock.extended_us(7, line.now_ns) == 7
    assert (line.clock.status.n_rejected, line.clock.status.n_restarts) == (0, 1)


def test_it_says_what_is_missing() -> None:
    line = Line(steady())
    with pytest.raises(ClockNotReadyError, match="no clock query yet"):
        line.clock.extended_us(0, line.now_ns)
    with pytest.raises(ClockNotReadyError, match=f"0 of the {MIN_SAMPLES} clock queries"):
        line.clock.device_us_from_host_ns(line.now_ns)
    run_of(line, 1)
    with pytest.raises(ClockNotReadyError, match=f"1 of the {MIN_SAMPLES} clock queries"):
        line.clock.host_ns_from_device_us(0, line.now_ns)
