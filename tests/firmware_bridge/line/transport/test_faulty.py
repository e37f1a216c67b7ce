"""The model of a bad line against arithmetic, and the transport that is built of it."""

import math
import os
import threading
import time
import tty
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import LinkClosedError, LinkLostError, PortUnsuitableError, WriteStalledError
from firmware_bridge.line.transport.faulty import (
    IN_FLIGHT_BYTES,
    NEVER_US,
    FaultCounts,
    FaultSettings,
    FaultyLine,
    FaultyTransport,
    fault_settings,
)
from firmware_bridge.line.transport.loopback import loopback_pair
from firmware_bridge.line.transport.table import open_transport

SOON_S = 60.0
chunks = st.lists(st.binary(max_size=40), max_size=20)
rates = st.sampled_from([0.0, 0.01, 0.1, 0.33])


def through(line: FaultyLine, data: bytes, chunk: int = 1000) -> bytes:
    for start in range(0, len(data), chunk):
        line.feed(data[start : start + chunk], 0)
    return line.due(NEVER_US)


def near_binomial(n: int, rate: float, found: int) -> bool:
    """Within five standard deviations; the seeds are fixed, so that a test cannot fail by chance."""
    return abs(found - n * rate) < 5 * math.sqrt(n * rate * (1 - rate))


@given(chunks)
def test_a_line_without_faults_changes_nothing(parts: list[bytes]) -> None:
    line = FaultyLine(1)
    out = b""
    for now_us, part in enumerate(parts):
        line.feed(part, now_us)
        out += line.due(now_us)
    assert out == b"".join(parts)
    assert line.counts == FaultCounts(len(out), 0, 0, 0, 0)


@given(chunks, rates, rates, rates, st.integers())
def test_the_faults_do_not_depend_on_the_chunks(
    parts: list[bytes], damage: float, drop: float, double: float, seed: int
) -> None:
    pieces, whole = (FaultyLine(seed, damage=damage, drop=drop, double=double) for _ in range(2))
    for part in parts:
        pieces.feed(part, 0)
    whole.feed(b"".join(parts), 0)
    assert pieces.due(0) == whole.due(0)
    assert pieces.counts == whole.counts


@pytest.mark.no_cover
@pytest.mark.parametrize("rate", [0.001, 0.01, 0.5])
def test_damage_is_as_frequent_as_asked_and_always_a_change(rate: float) -> None:
    sent = os.urandom(1) * 1_000_000
    line = FaultyLine(5, damage=rate)
    got = through(line, sent)
    changes = [a ^ b for a, b in zip(sent, got, strict=True) if a != b]
    assert len(changes) == line.counts.n_damaged
    assert near_binomial(len(sent), rate, len(changes))
    one_bit = sum(change.bit_count() == 1 for change in changes)
    assert near_binomial(len(changes), 0.5 + 0.5 * 8 / 255, one_bit)
    assert set(changes) == set(range(1, 256)) or rate < 0.01


def test_faults_come_independently_of_each_other() -> None:
    """As many blocks with 0, 1, 2, ... faults as coins thrown for each byte would give."""
    n, block, rate = 20_000, 100, 0.01
    got = through(FaultyLine(2, damage=rate), bytes(n * block))
    hits = [sum(map(bool, got[start : start + block])) for start in range(0, n * block, block)]
    for k in range(5):
        expected = math.comb(block, k) * rate**k * (1 - rate) ** (block - k)
        assert near_binomial(n, expected, hits.count(k))
    after_a_hit = [b for a, b in pairwise(got) if a]
    assert near_binomial(len(after_a_hit), rate, sum(map(bool, after_a_hit)))


def test_dropped_bytes_are_missing_and_the_others_stay_in_order() -> None:
    sent = bytes(range(256)) * 400
    line = FaultyLine(3, drop=0.01)
    got = through(line, sent)
    assert len(got) == len(sent) - line.counts.n_dropped
    assert near_binomial(len(sent), 0.01, line.counts.n_dropped)
    rest = iter(sent)
    assert all(byte in rest for byte in got)


def test_doubled_bytes_stand_twice() -> None:
    sent = bytes(range(256)) * 400
    line = FaultyLine(4, double=0.01)
    got = through(line, sent)
    assert near_binomial(len(sent), 0.01, line.counts.n_doubled)
    assert len(got) == len(sent) + line.counts.n_doubled
    once = bytes([got[0]]) + bytes(b for a, b in pairwise(got) if a != b)
    assert once == sent


def test_each_byte_can_be_hit() -> None:
    assert through(FaultyLine(1, drop=1.0), b"abc") == b""
    assert through(FaultyLine(1, double=1.0), b"abc") == b"aabbcc"
    assert all(a != b for a, b in zip(b"abc", through(FaultyLine(1, damage=1.0), b"abc"), strict=True))


def test_kinds_of_fault_share_as_asked() -> None:
    line = FaultyLine(6, damage=0.02, drop=0.01, double=0.005)
    through(line, bytes(1_000_000))
    counts = line.counts
    for found, rate in ((counts.n_damaged, 0.02), (counts.n_dropped, 0.01), (counts.n_doubled, 0.005)):
        assert near_binomial(1_000_000, rate, found)


def test_a_seed_is_a_line() -> None:
    data = os.urandom(10_000)
    first, again, other = (through(FaultyLine(seed, damage=0.01), data) for seed in (7, 7, 8))
    assert first == again
    assert first != other


@given(
    st.lists(st.tuples(st.integers(0, 50_000), st.binary(min_size=1, max_size=5)), max_size=30),
    st.integers(0, 20),
    st.integers(0, 60),
    st.integers(),
)
def test_a_delayed_line_keeps_the_order_and_its_limits(
    feeds: list[tuple[int, bytes]], low_ms: int, spread_ms: int, seed: int
) -> None:
    line = FaultyLine(seed, delay_ms=(low_ms, low_ms + spread_ms))
    now_us, latest_us, sent, got = 0, 0, b"", b""
    for gap_us, data in feeds:
        now_us += gap_us
        got += line.due(now_us)
        line.feed(data, now_us)
        sent += data
        latest_us = now_us + 1000 * (low_ms + spread_ms)
        if low_ms:
            assert line.next_due_us() > now_us
    assert sent.startswith(got)
    assert line.n_under_way == len(sent) - len(got)
    assert got + line.due(latest_us) == sent
    assert line.next_due_us() == NEVER_US


def test_delays_are_spread_evenly_and_nothing_leaves_early() -> None:
    line = FaultyLine(9, delay_ms=(10, 50))
    delays_us = []
    for start_us in range(0, 10**9, 10**5):
        line.feed(b"x", start_us)
        due_us = line.next_due_us()
        assert line.due(due_us - 1) == b""
        assert line.due(due_us) == b"x"
        delays_us.append(due_us - start_us)
    assert 10_000 <= min(delays_us) < 10_100
    assert 49_900 < max(delays_us) <= 50_000
    assert near_binomial(len(delays_us), 0.5, sum(delay < 30_000 for delay in delays_us))


def test_a_cut_loses_what_is_under_way_and_what_follows() -> None:
    line = FaultyLine(1, delay_ms=(5, 5))
    line.feed(b"one", 0)
    line.cut()
    line.feed(b"four", 10_000)
    assert line.due(NEVER_US - 1) == b""
    line.mend()
    line.feed(b"back", 20_000)
    assert line.due(30_000) == b"back"
    assert line.counts == FaultCounts(11, 0, 0, 0, 7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"damage": -0.1},
        {"damage": math.nan},
        {"drop": math.nan},
        {"double": 1.1},
        {"damage": 0.5, "drop": 0.6},
        {"delay_ms": (-1, 5)},
        {"delay_ms": (5, 1)},
        {"delay_ms": (0, math.inf)},
        {"delay_ms": (math.nan, 1)},
    ],
)
def test_faults_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(PortUnsuitableError, match=r"cannot be.*expected.*such as"):
        FaultyLine(1, **wrong)


def test_settings_of_an_address() -> None:
    assert fault_settings("damage=0.001,drop=0.002,double=0.003,delay=0..60,seed=5") == FaultSettings(
        0.001, 0.002, 0.003, (0.0, 60.0), 5
    )
    assert fault_settings("delay=20") == FaultSettings(delay_ms=(20.0, 20.0))
    assert fault_settings("") == FaultSettings()


def test_both_directions_have_faults_of_their_own() -> None:
    data = os.urandom(10_000)
    outgoing, incoming = FaultSettings(damage=0.01, seed=1).lines()
    assert through(outgoing, data) != through(incoming, data)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("faulty:damage=0.001", "does not say what it leads to; end it with via=ADDRESS"),
        ("faulty:damage=a,via=x:", "is no number.*'a'"),
        ("faulty:damage,via=x:", "is no number"),
        ("faulty:delay=0..,seed=0.5,via=x:", "is no number.*'0.5'"),
        ("faulty:delay=a..b,via=x:", "is no number.*'a'"),
        ("faulty:noise=1,via=x:", "there is no fault 'noise'; there are: damage, drop, double, delay, seed"),
        ("faulty:damage=2,via=x:", "damage 2, drop 0 and double 0 cannot be"),
    ],
)
def test_an_address_that_cannot_be(address: str, told: str) -> None:
    with pytest.raises(PortUnsuitableError, match=told):
        open_transport(address)


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_an_address_leads_through_the_faults(pty: tuple[int, str]) -> None:
    master, path = pty
    with open_transport(f"faulty:double=1,delay=0..2,seed=1,via={path}") as near:
        near.write(b"ab")
        got = b""
        while len(got) < 4:
            got += os.read(master, 4)
        assert got == b"aabb"
        os.write(master, b"c")
        assert near.read(SOON_S) == b"cc"


def test_delayed_bytes_arrive_with_nobody_calling_and_not_early() -> None:
    inner, far = loopback_pair()
    with FaultyTransport(inner, FaultyLine(1, delay_ms=(20, 20)), FaultyLine(2, delay_ms=(20, 20))) as near, far:
        start_s = time.monotonic()
        near.write(b"there")
        assert far.read(SOON_S) == b"there"
        far.write(b"back")
        assert near.read(0.0) == b""
        assert near.read(SOON_S) == b"back"
        assert time.monotonic() - start_s >= 0.04


def test_a_chunk_that_is_lost_whole_is_silence() -> None:
    inner, far = loopback_pair()
    with FaultyTransport(inner, FaultyLine(1), FaultyLine(2, drop=1.0)) as near, far:
        far.write(b"lost")
        assert near.read(0.01) == b""
        assert near.incoming.counts.n_dropped == 4


def test_an_error_of_a_delayed_write_comes_with_a_later_one() -> None:
    inner, _ = loopback_pair(write_timeout_s=0.01)
    near = FaultyTransport(inner, FaultyLine(1, delay_ms=(1, 1)), FaultyLine(2))
    with near, pytest.raises(WriteStalledError):
        for _ in range(1000):
            near.write(b"x" * 1000)


def test_unplugging_ends_a_read_that_waits_and_all_later_use() -> None:
    inner, far = loopback_pair()
    with FaultyTransport(inner, FaultyLine(1), FaultyLine(2)) as near, far:
        outcome: list[BaseException] = []

        def wait() -> None:
            try:
                near.read(3600.0)
            except LinkLostError as error:
                outcome.append(error)

        reader = threading.Thread(target=wait, daemon=True)
        reader.start()
        near.cut()
        reader.join(SOON_S)
        assert "cut on purpose" in str(outcome[0])
        with pytest.raises(LinkLostError, match="cut on purpose"):
            near.write(b"x")
        with pytest.raises(LinkLostError):
            far.read(SOON_S)
        near.close()
        with pytest.raises(LinkClosedError):
            near.read(0.0)


@pytest.mark.parametrize(("end", "expected"), [("close", LinkClosedError), ("cut", LinkLostError)])
def test_a_write_that_waits_for_room_ends_with_the_line(end: str, expected: type[Exception]) -> None:
    inner, far = loopback_pair()
    an_hour_ms = 3_600_000
    near = FaultyTransport(inner, FaultyLine(1, delay_ms=(an_hour_ms, an_hour_ms)), FaultyLine(2))
    with near, far:
        outcome: list[BaseException] = []

        def fill() -> None:
            try:
                while True:
                    near.write(b"x" * 1000)
            except (LinkClosedError, LinkLostError) as error:
                outcome.append(error)

        writer = threading.Thread(target=fill, daemon=True)
        writer.start()
        while near.outgoing.n_under_way <= IN_FLIGHT_BYTES:
            time.sleep(0.001)
        getattr(near, end)()
        writer.join(SOON_S)
        assert [type(error) for error in outcome] == [expected]
