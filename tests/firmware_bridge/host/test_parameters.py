"""Physical units and raw values: nothing rounded, nothing left unsaid."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import ParameterRefusedError
from firmware_bridge.host.parameters import (
    Pair,
    describe_change,
    packed,
    parameters_from_raw,
    raw_changes,
    refused_setting,
)
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETERS, PRESETS, Refusal
from firmware_bridge.line.packing import PresetRow

NUMBERS = {row.name: k for k, row in enumerate(PARAMETERS)}
UNITS = {"depth_mm": "depth", "frequency_mhz": "frequency", "gain_db": "gain", "focus_mm": "focus"}
UNITS |= {"dynamic_range_db": "dynamic_range", "frame_rate_hz": "frame_rate", "imu_rate_hz": "imu_rate"}
UNITS |= {"transmit_power_db": "transmit_power"} | {f"tgc_{k}_db": f"tgc_{k}" for k in range(1, 9)}


@given(st.sampled_from(sorted(UNITS)), st.data())
def test_every_allowed_value_travels_exactly(keyword: str, data: st.DataObject):
    row = PARAMETERS[NUMBERS[UNITS[keyword]]]
    raw = data.draw(st.integers(0, (row.maximum - row.minimum) // row.step)) * row.step + row.minimum
    asked = float(Fraction(raw, 10**row.decimals))
    assert raw_changes({keyword: asked}) == (Pair(NUMBERS[row.name], raw),)


@given(st.sampled_from(sorted(UNITS)), st.data())
def test_a_value_between_two_steps_is_refused_with_its_neighbours(keyword: str, data: st.DataObject):
    row = PARAMETERS[NUMBERS[UNITS[keyword]]]
    step = Fraction(row.step, 10**row.decimals)
    low = Fraction(row.minimum, 10**row.decimals)
    n = data.draw(st.integers(0, (row.maximum - row.minimum) // row.step - 1))
    off = data.draw(st.fractions(Fraction(1, 1000), Fraction(999, 1000)))
    with pytest.raises(ParameterRefusedError, match="Nothing was changed") as error:
        raw_changes({keyword: float(low + (n + off) * step)})
    assert error.value.refusal == Refusal.OFF_STEP
    below, above = low + n * step, low + (n + 1) * step
    assert f"nearest allowed are {float(below):g} and {float(above):g} " in str(error.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"depth": 30}, "no parameter 'depth'; there are: depth_mm, "),
        ({}, "no parameter was named"),
        ({"preset": "knee"}, "no preset 'knee'; there are: musculoskeletal, nerve"),
        ({"preset": 1}, "no preset 1"),
        ({"depth_mm": "30"}, "takes a number in mm, not '30'"),
        ({"depth_mm": True}, "takes a number"),
        ({"depth_mm": math.nan}, "takes a number"),
        ({"depth_mm": math.inf}, "takes a number"),
        ({"tgc_db": (1, 2)}, "tgc_db takes 8 numbers"),
        ({"tgc_db": 3.0}, "tgc_db takes 8 numbers"),
        ({"tgc_db": "12345678"}, "tgc_db takes 8 numbers"),
        ({"tgc_db": (0, 0, 0.5, 0, 0, 0, 0, 0)}, "nearest allowed are 0 and 1"),
        ({"depth_mm": 1e12}, "allowed: 15 to 80 mm in steps of 0.5"),
        ({"depth_mm": 80.2}, "allowed: 15 to 80 mm in steps of 0.5"),
        ({"gain_db": 3, "depth_mm": 30.1}, "nearest allowed are 30 and 30.5"),
    ],
)
def test_what_cannot_be_said_to_the_probe_is_refused_here(changes, said: str):
    with pytest.raises(ParameterRefusedError, match="Nothing was changed") as error:
        raw_changes(changes)
    assert said in str(error.value)


def test_a_range_is_left_to_the_probe():
    assert raw_changes({"depth_mm": 99}) == (Pair(NUMBERS["depth"], 990),)


def test_the_preset_comes_first_and_sliders_can_be_set_alone_or_together():
    pairs = raw_changes({"depth_mm": 40, "tgc_db": range(8), "preset": "nerve", "tgc_3_db": -2})
    assert pairs[0] == (NUMBERS["preset"], 1)
    assert pairs[1:] == (
        (NUMBERS["depth"], 400),
        *((NUMBERS[f"tgc_{k + 1}"], 10 * k) for k in range(8)),
        (NUMBERS["tgc_3"], -20),
    )


def test_pairs_are_packed_as_the_layout_says():
    assert packed([Pair(0, 400), Pair(2, -5)]) == b"\x00\x90\x01\x00\x00\x02\xfb\xff\xff\xff"


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_raw_values_read_as_what_they_are(preset: PresetRow):
    values = [value + row.step * (row.name == "tgc_8") for value, row in zip(preset.values, PARAMETERS, strict=True)]
    parameters = parameters_from_raw(values, 7)
    for keyword, name in UNITS.items():
        if not name.startswith("tgc"):
            assert getattr(parameters, keyword) * 10 ** PARAMETERS[NUMBERS[name]].decimals == values[NUMBERS[name]]
    assert parameters.tgc_db == (0.0,) * 7 + (1.0,)
    assert (parameters.preset, parameters.epoch) == (preset.name, 7)


def test_parameters_are_equal_where_their_values_are():
    first = parameters_from_raw(PRESETS[0].values, 1)
    assert first == replace(first, epoch=2)
    assert first != replace(first, gain_db=1.0)


def test_changes_in_words():
    before = parameters_from_raw(PRESETS[0].values, 1)
    assert describe_change(before, replace(before, depth_mm=40.5)) == "the depth was changed from 30 to 40.5 mm"
    both = describe_change(before, replace(before, tgc_db=(1.0,) * 8, preset="nerve"))
    assert both == "the depth gain was changed and the preset was changed from musculoskeletal to nerve"
    assert describe_change(before, before) == "the settings were sent again"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (
            wire.SetResult(1, Refusal.OUT_OF_RANGE, NUMBERS["depth"], 990, 150, 800, 3),
            "depth cannot be 99 mm; allowed: 15 to 80 mm in steps of 0.5",
        ),
        (
            wire.SetResult(1, Refusal.MI_TOO_HIGH, NUMBERS["transmit_power"], 2239, 0, 1900, 3),
            "mechanical index would be 2.239, at most 1.9 is allowed; lower transmit_power, or",
        ),
        (
            wire.SetResult(1, Refusal.ISPTA_TOO_HIGH, NUMBERS["transmit_power"], 801, 0, 720, 3),
            "ISPTA.3 would be 801 mW/cm2, at most 720 mW/cm2 is allowed; lower transmit_power or frame_rate, or",
        ),
        (
            wire.SetResult(1, Refusal.TI_TOO_HIGH, NUMBERS["transmit_power"], 2100, 0, 2000, 3),
            "thermal index would be 2.1, at most 2 is allowed",
        ),
        (wire.SetResult(1, Refusal.MALFORMED, 0, 0, 0, 0, 3), "could not read the message"),
        (wire.SetResult(1, Refusal.REPEATED_PARAMETER, 0, 0, 0, 0, 3), "named twice"),
    ],
)
def test_the_probes_refusals_in_words(result: wire.SetResult, said: str):
    error = refused_setting(result)
    assert said in str(error)
    assert str(error).endswith("Nothing was changed.")
    assert error.refusal == result.refusal
