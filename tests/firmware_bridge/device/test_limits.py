"""The acoustic model against floating point, and the limits at their borders."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmware_bridge.device.limits import acoustic_output, check, pressure_factor
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETER_NUMBERS

ROWS = wire.PARAMETERS


@pytest.fixture(scope="module", params=["python", "c"])
def limits(request):
    """`acoustic_output` and `check` in Python, and what core/limits.c has for them."""
    if request.param == "python":
        return SimpleNamespace(acoustic_output=acoustic_output, check=check)
    core = request.getfixturevalue("core")
    return SimpleNamespace(acoustic_output=core.c.limits_output, check=core.c.limits_check)


@st.composite
def settings(draw):
    return [
        row.minimum + row.step * draw(st.integers(0, (row.maximum - row.minimum) // row.step), label=row.name)
        for row in ROWS
    ]


def floating_output(values):
    """The docstring's model in floating point: MI, ISPTA.3 mW/cm2, TIS, TIB."""
    f_mhz, z_cm = values[PARAMETER_NUMBERS["frequency"]] / 10, values[PARAMETER_NUMBERS["focus"]] / 100
    power_db, rate_hz = values[PARAMETER_NUMBERS["transmit_power"]] / 10, values[PARAMETER_NUMBERS["frame_rate"]]
    p3_mpa = wire.PRESSURE_KPA / 1000 * 10 ** ((power_db - 0.3 * f_mhz * z_cm) / 20)
    intensity_w_cm2 = (p3_mpa * 1e6) ** 2 / (2 * 1.5e6) / 1e4
    ispta = intensity_w_cm2 * 1000 * (2 / f_mhz * 1e-6) * rate_hz * 64
    emitted_mw = wire.SOURCE_POWER_UW / 1000 * rate_hz / 30 * 10 / f_mhz
    w01_mw = emitted_mw * 10 ** (power_db / 10)
    w3_mw = emitted_mw * 10 ** ((power_db - 0.3 * f_mhz * z_cm) / 10)
    tib = min(math.sqrt(w3_mw * ispta) / 50, w3_mw / 4.4)
    return p3_mpa / math.sqrt(f_mhz), ispta, w01_mw * f_mhz / 210, tib


@given(settings())
@example([150, 40, -300, *(-200,) * 8, 50, 30, 47, -40, 0, 0])
def test_the_integers_follow_the_model_on_the_safe_side(limits, values):
    """To within the pressure factor's own step of 1/65536, which at -20 dB is 0.015 % of it."""
    output = limits.acoustic_output(values)
    mi, ispta, tis, tib = floating_output(values)
    assert 1000 * mi <= output.mi_milli + 1e-6 <= 1000 * mi * 1.003 + 3
    assert ispta <= output.ispta_mw_cm2 + 1e-6 <= ispta * 1.006 + 2
    assert 1000 * tis <= output.tis_milli * 1.0004 + 1e-6 <= 1000 * tis * 1.007 + 2
    assert 1000 * tib <= output.tib_milli * 1.001 + 1 and output.tib_milli <= 1000 * tib * 1.02 + 30


@given(st.integers(0, 79_999))
def test_the_pressure_factor_is_never_too_small(mdb):
    assert 65536 * 10 ** (-mdb / 20000) - 1 <= pressure_factor(mdb) <= 65536 * 10 ** (-mdb / 20000) * 1.002 + 2


@given(settings())
def test_what_is_allowed_keeps_every_limit(limits, values):
    verdict, output = limits.check(values), limits.acoustic_output(values)
    preset = wire.PRESETS[values[PARAMETER_NUMBERS["preset"]]]
    kept = (
        output.mi_milli <= min(1900, preset.mi_cap_milli)
        and output.ispta_mw_cm2 <= min(720, preset.ispta_cap_mw_cm2)
        and max(output.tis_milli, output.tib_milli) <= preset.ti_cap_milli
    )
    assert (verdict.refusal == wire.Refusal.NONE) == kept


@pytest.mark.parametrize("preset", wire.PRESETS, ids=lambda preset: preset.name)
def test_every_preset_starts_within_its_own_caps(limits, preset):
    assert limits.check(preset.values).refusal == wire.Refusal.NONE
    assert preset.mi_cap_milli < wire.MI_LIMIT_MILLI and preset.ispta_cap_mw_cm2 < wire.ISPTA_LIMIT_MW_CM2


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row.name for row in ROWS])
@pytest.mark.parametrize("side", ["minimum", "maximum"])
def test_one_step_outside_is_refused_and_named(limits, number, side):
    row, values = ROWS[number], list(wire.PRESETS[0].values)
    outward = row.step if side == "maximum" else -row.step
    values[number] = getattr(row, side) + outward
    verdict = limits.check(values)
    expected = wire.Refusal.UNKNOWN_PRESET if row.name == "preset" else wire.Refusal.OUT_OF_RANGE
    assert (verdict.refusal, verdict.parameter) == (expected, number)
    assert (verdict.asked, verdict.low, verdict.high) == (values[number], row.minimum, row.maximum)


def test_between_two_steps_is_refused_and_not_rounded(limits):
    values = list(wire.PRESETS[0].values)
    values[PARAMETER_NUMBERS["depth"]] = 301
    assert limits.check(values).refusal == wire.Refusal.OFF_STEP


def changed(**raw):
    values = list(wire.PRESETS[0].values)
    for name, value in raw.items():
        values[PARAMETER_NUMBERS[name]] = value
    return values


@pytest.mark.parametrize(
    ("raw", "refusal", "high"),
    [
        ({"frequency": 60, "focus": 50}, wire.Refusal.MI_TOO_HIGH, wire.MI_LIMIT_MILLI),
        ({"frequency": 90, "focus": 50}, wire.Refusal.MI_TOO_HIGH, 1500),
        ({"frequency": 80, "focus": 50}, wire.Refusal.ISPTA_TOO_HIGH, wire.ISPTA_LIMIT_MW_CM2),
        ({"frequency": 100, "focus": 50}, wire.Refusal.ISPTA_TOO_HIGH, 500),
        ({"frequency": 110, "focus": 50}, wire.Refusal.TI_TOO_HIGH, 2000),
    ],
)
def test_each_limit_of_the_output_can_be_the_one_that_refuses(limits, raw, refusal, high):
    verdict = limits.check(changed(**raw, transmit_power=0, frame_rate=60))
    assert (verdict.refusal, verdict.high) == (refusal, high)
    assert verdict.asked > high
