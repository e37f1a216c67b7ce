"""Every parameter at its ends and beyond, and the limits of acoustic output: refused with a reason, never clamped.

What a setting emits is computed here from docs/protocol.md in floating point; the devices do it in whole numbers,
rounded to the safe side.
"""

from math import sqrt

import pytest

from firmware_bridge.errors import ParameterRefusedError
from firmware_bridge.host.events import TransmitChanged
from firmware_bridge.host.probe import Probe
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETERS, PRESETS, Refusal
from tools.bridge.raw_host import SOON_S

NUMBER = {row.name: k for k, row in enumerate(PARAMETERS)}
QUIET = (NUMBER["transmit_power"], -300)
"""At -30 dB no other parameter can reach a limit of output."""
ROUNDING = 1.01
"""The devices may say so much more than the model, never less."""


def set_raw(probe: Probe, *pairs: tuple[int, int]) -> wire.SetResult:
    packed = b"".join(bytes((number,)) + value.to_bytes(4, "little", signed=True) for number, value in pairs)
    return probe.ask(wire.SetParameters(0, packed), wire.SetResult)


def values(probe: Probe) -> tuple[int, tuple[int, ...]]:
    report = probe.ask(wire.ReportParameters(0), wire.Parameters)
    return report.epoch, report.values


def pressure_mpa(mhz: float, focus_cm: float, power_db: float = 0.0) -> float:
    return 5.5 * 10 ** ((power_db - 0.3 * mhz * focus_cm) / 20)


def mechanical_index(mhz: float, focus_cm: float, power_db: float = 0.0) -> float:
    return pressure_mpa(mhz, focus_cm, power_db) / sqrt(mhz)


def ispta_mw_cm2(mhz: float, focus_cm: float, frames_per_s: float) -> float:
    """Water of 1000 kg/m3 and 1500 m/s, two cycles per pulse, 64 lines per frame; 10 W/m2 are 1 mW/cm2."""
    intensity = (pressure_mpa(mhz, focus_cm) * 1e6) ** 2 / (2 * 1000 * 1500)
    return intensity * 2 / (mhz * 1e6) * 64 * frames_per_s / 10


def test_it_describes_every_parameter_and_preset(probe: Probe):
    told = probe.parameter_table()
    assert [row.name for row in told] == [row.name for row in PARAMETERS]
    for row, known in zip(told, PARAMETERS, strict=True):
        unit = 10**known.decimals
        assert (row.low, row.high, row.step) == (known.minimum / unit, known.maximum / unit, known.step / unit)
        assert row.value == row.default == known.default / unit
    caps = [(row.name, row.mi_cap * 1000, row.ispta_cap_mw_cm2, row.ti_cap * 1000) for row in probe.preset_table()]
    assert caps == [(row.name, row.mi_cap_milli, row.ispta_cap_mw_cm2, row.ti_cap_milli) for row in PRESETS]


@pytest.mark.parametrize("number", range(len(PARAMETERS)), ids=[row.name for row in PARAMETERS])
def test_its_ends_are_taken_and_a_step_beyond_is_refused(probe: Probe, number: int):
    row = PARAMETERS[number]
    quiet = [QUIET] if row.name != "transmit_power" else [(NUMBER["frequency"], 150), (NUMBER["focus"], 800)]
    first = [(number, row.minimum), *quiet] if row.name == "preset" else [*quiet, (number, row.minimum)]
    assert set_raw(probe, *first).refusal == Refusal.NONE
    assert set_raw(probe, (number, row.maximum)).refusal == Refusal.NONE
    before = values(probe)
    assert before[1][number] == row.maximum
    beyond = Refusal.UNKNOWN_PRESET if row.name == "preset" else Refusal.OUT_OF_RANGE
    for asked in (row.maximum + row.step, row.minimum - row.step, 2**31 - 1, -(2**31)):
        result = set_raw(probe, (number, asked))
        assert (result.refusal, result.parameter, result.asked) == (beyond, number, asked)
        assert (result.low, result.high) == (row.minimum, row.maximum)
    if row.step > 1:
        result = set_raw(probe, (number, row.minimum + 1))
        assert (result.refusal, result.parameter, result.asked) == (Refusal.OFF_STEP, number, row.minimum + 1)
    assert values(probe) == before


@pytest.mark.parametrize(
    ("pairs", "refusal"),
    [
        ([], Refusal.MALFORMED),
        ([(200, 0)], Refusal.UNKNOWN_PARAMETER),
        ([(len(PARAMETERS), 0)], Refusal.UNKNOWN_PARAMETER),
        ([(0, 300), (0, 300)], Refusal.REPEATED_PARAMETER),
        ([(0, 300), (NUMBER["preset"], 1)], Refusal.MALFORMED),
        ([(0, 300), (NUMBER["gain"], 3)], Refusal.OFF_STEP),
        ([(0, 400), (NUMBER["gain"], 305)], Refusal.OUT_OF_RANGE),
    ],
)
def test_of_several_values_all_are_set_or_none(probe: Probe, pairs: list, refusal: Refusal):
    before = values(probe)
    assert set_raw(probe, *pairs).refusal == refusal
    assert values(probe) == before


def test_a_preset_brings_its_values_and_what_follows_goes_on_top(probe: Probe):
    epoch, _ = values(probe)
    assert set_raw(probe, (NUMBER["preset"], 2), (NUMBER["gain"], 55)).refusal == Refusal.NONE
    expected = list(PRESETS[2].values)
    expected[NUMBER["gain"]] = 55
    assert values(probe) == (epoch + 1, tuple(expected))


def test_settings_outlive_a_session(bench):
    with bench.open() as probe:
        kept = probe.set(depth_mm=61.5, gain_db=-3, tgc_db=(1, 2, 3, 4, 5, 6, 7, 8))
    assert bench.open().parameters() == kept


def test_a_mechanical_index_over_the_limit_is_refused(probe: Probe):
    before = values(probe)
    with pytest.raises(ParameterRefusedError, match=r"mechanical index would be 2\.5.*1\.9 is allowed") as refused:
        probe.set(frequency_mhz=4, focus_mm=5, transmit_power_db=0)
    assert refused.value.refusal == Refusal.MI_TOO_HIGH
    result = set_raw(probe, (NUMBER["frequency"], 40), (NUMBER["focus"], 50), (NUMBER["transmit_power"], 0))
    truth = mechanical_index(4, 0.5) * 1000
    assert truth <= result.asked <= truth * ROUNDING
    assert result.high == 1900
    assert values(probe) == before


def test_a_presets_own_cap_is_lower_and_holds(probe: Probe):
    """MI 1.55 passes the law's limit and not the preset's."""
    assert 1.5 < mechanical_index(4, 1.0, -4) < 1.9
    result = set_raw(probe, (NUMBER["frequency"], 40), (NUMBER["focus"], 100), (NUMBER["transmit_power"], -40))
    assert (result.refusal, result.high) == (Refusal.MI_TOO_HIGH, 1500)
    assert mechanical_index(4, 1.0, -5) < 1.5
    assert set_raw(probe, *((NUMBER["frequency"], 40), (NUMBER["focus"], 100), (NUMBER["transmit_power"], -50))).epoch


def test_an_intensity_over_the_limit_is_refused(probe: Probe):
    before = values(probe)
    pairs = [(NUMBER["frequency"], 100), (NUMBER["focus"], 50), (NUMBER["transmit_power"], 0)]
    result = set_raw(probe, *pairs, (NUMBER["frame_rate"], 60))
    truth = ispta_mw_cm2(10, 0.5, 60)
    assert mechanical_index(10, 0.5) < 1.5
    assert (result.refusal, result.high) == (Refusal.ISPTA_TOO_HIGH, 500)
    assert truth <= result.asked <= truth * ROUNDING
    assert values(probe) == before
    assert ispta_mw_cm2(10, 0.5, 40) < 500
    assert set_raw(probe, *pairs, (NUMBER["frame_rate"], 40)).refusal == Refusal.NONE


def test_a_thermal_index_over_the_presets_cap_is_refused(probe: Probe):
    """TIS after the table: 20 mW at 0 dB, 30 Hz and 10 MHz through the central centimetre, times f / 210."""
    before = values(probe)
    pairs = [(NUMBER["preset"], 1), (NUMBER["frequency"], 120), (NUMBER["focus"], 800), (NUMBER["transmit_power"], 0)]
    result = set_raw(probe, *pairs, (NUMBER["frame_rate"], 60))
    truth = 20 * 60 / 30 * 10 / 12 * 12 / 210 * 1000
    assert (result.refusal, result.high) == (Refusal.TI_TOO_HIGH, 1500)
    assert truth <= result.asked <= truth * ROUNDING
    assert values(probe) == before


def test_telemetry_tells_the_output_of_the_present_setting(probe: Probe):
    probe.set(frequency_mhz=8, focus_mm=20, transmit_power_db=-6, frame_rate_hz=30)
    truth = mechanical_index(8, 2.0, -6)
    assert probe.line.wait_until(
        lambda: (now := probe.telemetry()) is not None and truth <= now.mi <= truth * ROUNDING, SOON_S
    )


def test_what_it_does_not_know_is_refused_by_name(bench):
    with bench.raw() as host:
        host.open()
        for body, refusal in (
            (bytes((0x7F, 9)), Refusal.UNKNOWN_MESSAGE),
            (bytes((wire.Identity.NUMBER, 9)), Refusal.UNKNOWN_MESSAGE),
            (bytes((wire.GetParameter.NUMBER, 9)), Refusal.MALFORMED),
            (bytes((wire.Identify.NUMBER, 9, 0)), Refusal.MALFORMED),
        ):
            n_before = len(host.heard)
            host.link.send(body)
            refused = host.next(wire.Refused, n_before)
            assert (refused.tag, refused.refusal, refused.message) == (9, refusal, body[0])
        describe = host.ask(wire.DescribeParameter(0, len(PARAMETERS)), wire.Refused)
        assert describe.refusal == Refusal.UNKNOWN_PARAMETER
        assert host.ask(wire.DescribePreset(0, len(PRESETS)), wire.Refused).refusal == Refusal.UNKNOWN_PRESET
        assert host.ask(wire.GetParameter(0, 99), wire.ParameterValue).refusal == Refusal.UNKNOWN_PARAMETER


def test_settings_do_not_touch_the_permission(probe: Probe):
    def transmits() -> bool:
        return (now := probe.doing()) is not None and now.transmitting

    probe.start_imaging()
    probe.arm()
    assert probe.line.wait_until(transmits, SOON_S)
    changes = probe.watch((TransmitChanged,))
    probe.set(depth_mm=40)
    with pytest.raises(ParameterRefusedError):
        probe.set(depth_mm=4000)
    assert probe.events(changes, 0) == []
    assert transmits()
