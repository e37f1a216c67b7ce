"""The C limits give what the Python limits give, at every border, and never overflow."""

import itertools
import random
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.device.limits import acoustic_output, check
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETER_NUMBERS

ROWS = wire.PARAMETERS
ACOUSTIC = [PARAMETER_NUMBERS[name] for name in ("frequency", "focus", "transmit_power", "frame_rate", "preset")]


@pytest.fixture(scope="module")
def alike(core):
    """Checks raw values on both sides; true where they may be set."""

    def alike(values):
        verdict = core.c.limits_check(values)
        expected = check(values)
        assert (verdict.refusal, verdict.parameter, verdict.asked, verdict.low, verdict.high) == astuple(expected)
        return not expected.refusal

    return alike


def every(row, stride):
    return sorted({*range(row.minimum, row.maximum + 1, row.step * stride), row.minimum, row.maximum})


def edges(row):
    inside = {row.minimum, row.minimum + row.step, row.maximum - row.step, row.maximum, row.default}
    beside = {row.minimum - 1, row.minimum - row.step, row.minimum + 1, row.maximum + 1, row.maximum + row.step}
    return sorted(inside | beside | {-(1 << 31), (1 << 31) - 1, 0, -1})


def with_acoustics(acoustics):
    values = list(wire.PRESETS[0].values)
    for number, value in zip(ACOUSTIC, acoustics, strict=True):
        values[number] = value
    return values


@pytest.mark.parametrize("acoustics", [(65, 155, -30, 5, 0), (40, 75, -95, 43, 0), (40, 110, -175, 59, 0)])
def test_outputs_where_a_rounding_shows(core, acoustics):
    """Of the twelve million settings the few that tell one rounding of an intermediate result from its neighbour."""
    output = core.c.limits_output(with_acoustics(acoustics))
    found = (output.mi_milli, output.ispta_mw_cm2, output.tis_milli, output.tib_milli)
    assert found == astuple(acoustic_output(with_acoustics(acoustics)))


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row.name for row in ROWS])
def test_each_parameter_at_and_beside_its_borders(alike, number):
    for preset in wire.PRESETS:
        for value in edges(ROWS[number]):
            values = list(preset.values)
            values[number] = value
            alike(values)


@pytest.mark.no_cover
def test_outputs_over_the_whole_range(core):
    grid = itertools.product(
        *(every(ROWS[number], stride) for number, stride in zip(ACOUSTIC, (2, 15, 4, 11, 1), strict=True))
    )
    for acoustics in grid:
        values = with_acoustics(acoustics)
        output = core.c.limits_output(values)
        found = (output.mi_milli, output.ispta_mw_cm2, output.tis_milli, output.tib_milli)
        assert found == astuple(acoustic_output(values)), acoustics


@pytest.mark.no_cover
def test_verdicts_around_every_limit(alike):
    rng = random.Random(7)
    n_allowed = 0
    for _ in range(30_000):
        acoustics = [rng.choice(every(ROWS[number], 1)) for number in ACOUSTIC]
        n_allowed += alike(with_acoustics(acoustics))
    assert 3000 < n_allowed < 29_500


def test_the_power_at_which_each_setting_becomes_too_much(alike):
    """The border itself, where one unit of rounding would show."""
    power = ROWS[PARAMETER_NUMBERS["transmit_power"]]
    for f_dmhz, z_dmm, rate_hz, preset in itertools.product((40, 75, 100, 150), (50, 150, 400), (5, 25, 60), range(4)):
        allowed = [alike(with_acoustics((f_dmhz, z_dmm, db, rate_hz, preset))) for db in every(power, 1)]
        assert allowed == sorted(allowed, reverse=True)


@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1), min_size=len(ROWS), max_size=len(ROWS)))
def test_any_numbers_at_all(alike, values):
    alike(values)


@given(st.tuples(*(st.sampled_from(edges(row)) for row in ROWS)))
def test_borders_of_all_parameters_together(alike, values):
    alike(list(values))


def test_the_widths_of_the_c_hold_every_product():
    """The largest of each, from the tables that the C is made of; a change of them that is too bold fails here."""
    largest = {name: ROWS[number].maximum for name, number in PARAMETER_NUMBERS.items()}
    f_min, power_mdb = (
        ROWS[PARAMETER_NUMBERS["frequency"]].minimum,
        -100 * ROWS[PARAMETER_NUMBERS["transmit_power"]].minimum,
    )
    assert power_mdb + 3 * largest["frequency"] * largest["focus"] // 10 < 1000 * (len(wire.PRESSURE_FACTORS) - 1)
    assert wire.PRESSURE_FACTORS[0] * 999 < 1 << 32
    emitted = wire.SOURCE_POWER_UW * largest["frame_rate"] * 100
    assert emitted * wire.PRESSURE_FACTORS[0] ** 2 < 1 << 59
    p3_kpa = wire.PRESSURE_KPA
    ispta = p3_kpa**2 * largest["frame_rate"] * 128 // (3_000_000 * f_min) + 1
    w_uw = emitted // (30 * f_min) + 1
    assert p3_kpa**2 * largest["frame_rate"] * 128 < 1 << 59
    assert p3_kpa**2 * 10 // f_min < 1 << 32 and w_uw * ispta * 2 // 5 < 1 << 32
    loudest = acoustic_output(with_acoustics((f_min, 50, 0, largest["frame_rate"], 0)))
    assert max(astuple(loudest)) < 1 << 16 and ispta < 1 << 16 and w_uw * largest["frequency"] // 2100 < 1 << 16
