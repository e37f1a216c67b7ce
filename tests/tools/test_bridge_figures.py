"""The measurements of the line measure what they say, on the simulator and without a word about time."""

from dataclasses import replace
from pathlib import Path

import pytest

from tools.bridge.bed import python_probe
from tools.bridge.devices import PythonProbe
from tools.bridge.line_rate import echo, frame_bytes
from tools.bridge.mixed import report, run
from tools.bridge.unplug import pulls


@pytest.fixture
def device(tmp_path: Path) -> PythonProbe:
    pytest.importorskip("imgtool", reason="images are made by MCUboot's imgtool: pip install imgtool")
    return python_probe(tmp_path)


def test_a_payload_costs_eleven_or_twelve_bytes_more_on_the_line():
    header, number, tag, crc, stuffing, delimiter = 3, 1, 1, 4, 2, 1
    assert frame_bytes(b"\1" * 256) == 256 + header + number + tag + crc + stuffing + delimiter
    assert frame_bytes(bytes(256)) == frame_bytes(b"\1" * 256) - 1


def test_echoes_are_counted_and_compared(device: PythonProbe):
    rate = echo(device, 40, 256)
    assert (rate.messages, rate.payload_bytes, rate.wrong) == (40, 40 * 256, 0)
    assert 40 * 256 < rate.to_probe_bytes < 45 * 256
    assert rate.from_probe_bytes > 40 * 256


def test_a_pulled_probe_comes_back_as_it_was_set_with_and_without_power(device: PythonProbe):
    found = pulls(device, 4)
    assert [each.restarted for each in found] == [False, True, False, True]
    assert all(each.kept and each.s > 0 for each in found)


def test_what_is_missing_or_came_twice_is_seen(device: PythonProbe):
    done = run(device, 0.5)
    assert done.wrong == 0 and done.round_trips_s
    done = replace(done, round_trips_s=[0.001, 0.002])
    frames, samples_us = list(range(10)), [2500 * k for k in range(10)]
    whole = "\n".join(report(replace(done, frames=frames, samples_us=samples_us)))
    assert "exposures missing: 0; twice: 0" in whole and "motion missing: 0; twice: 0" in whole
    spoiled = replace(done, frames=[0, 1, 1, 4], samples_us=[0, 2500, 2500, 10_000])
    assert "exposures missing: 2; twice: 1" in "\n".join(report(spoiled))
    assert "motion missing: 2; twice: 1" in "\n".join(report(spoiled))
