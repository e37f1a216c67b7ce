"""Acoustic output after a stated model, and the limits that no setting may pass.

The device computes and enforces; the firmware's core/limits.c is the port of this file. Integers, rounded to the safe
side. The model, per setting of frequency f, focus depth z, transmit power P and frame rate:

- Peak rarefactional pressure at the focus: a constant at 0 dB, lowered by P and derated by 0.3 dB/cm/MHz.
- Mechanical index: derated pressure in MPa over the square root of f in MHz.
- ISPTA.3: derated p^2 / (2 rho c), two cycles per pulse, 64 overlapping lines per frame.
- TIS: power through the central centimetre times f / 210 mW MHz (IEC 62359, scanned mode at the surface).
- TIB: the lesser of sqrt(W.3 ISPTA.3) / 50 and W.3 / 4.4 with all of the power at the focus, as if the beam stood
  still.

Limits are those of FDA's Track 3: MI 1.9 and ISPTA.3 720 mW/cm2; a preset's own caps are lower.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETER_NUMBERS

_FREQUENCY, _FOCUS = PARAMETER_NUMBERS["frequency"], PARAMETER_NUMBERS["focus"]
_POWER, _RATE, _PRESET = (
    PARAMETER_NUMBERS["transmit_power"],
    PARAMETER_NUMBERS["frame_rate"],
    PARAMETER_NUMBERS["preset"],
)


@dataclass(frozen=True, slots=True)
class AcousticOutput:
    """What a setting emits when it transmits."""

    mi_milli: int
    ispta_mw_cm2: int
    tis_milli: int
    tib_milli: int


@dataclass(frozen=True, slots=True)
class SettingVerdict:
    """Whether values may be set. A refusal names the parameter, what was asked and what is allowed.

    For a limit of the output `asked` is what the setting would emit, `high` the limit, both in the limit's unit.
    """

    refusal: wire.Refusal = wire.Refusal.NONE
    parameter: int = 0
    asked: int = 0
    low: int = 0
    high: int = 0


def pressure_factor(attenuation_mdb: int) -> int:
    """10^(-attenuation / 20 dB) in 1/65536, never too small: a chord lies above the curve. Needs 0 to 79,999 mdB."""
    whole, rest = divmod(attenuation_mdb, 1000)
    above, below = wire.PRESSURE_FACTORS[whole], wire.PRESSURE_FACTORS[whole + 1]
    return above - (above - below) * rest // 1000


def acoustic_output(values: Sequence[int]) -> AcousticOutput:
    """Of raw values of all parameters, each within its range."""
    f_dmhz, z_dmm, rate_hz = values[_FREQUENCY], values[_FOCUS], values[_RATE]
    power_mdb = -100 * values[_POWER]
    in_source = pressure_factor(power_mdb)
    at_focus = pressure_factor(power_mdb + 3 * f_dmhz * z_dmm // 10)
    p3_kpa = (wire.PRESSURE_KPA * at_focus + 65535) >> 16
    ispta = _over(p3_kpa * p3_kpa * rate_hz * 128, 3_000_000 * f_dmhz)
    emitted = wire.SOURCE_POWER_UW * rate_hz * 100
    w01_uw = _over(emitted * in_source * in_source >> 32, 30 * f_dmhz)
    w3_uw = _over(emitted * at_focus * at_focus >> 32, 30 * f_dmhz)
    return AcousticOutput(
        mi_milli=isqrt(p3_kpa * p3_kpa * 10 // f_dmhz) + 1,
        ispta_mw_cm2=ispta,
        tis_milli=_over(w01_uw * f_dmhz, 2100),
        tib_milli=min(isqrt(w3_uw * ispta * 2 // 5) + 1, _over(w3_uw * 10, 44)),
    )


def check(values: Sequence[int]) -> SettingVerdict:
    """Whether raw values of all parameters may be set together; the first parameter in the wire's order that may not
    is named, then the first limit that they pass."""
    for number, (row, value) in enumerate(zip(wire.PARAMETERS, values, strict=True)):
        refusal = wire.Refusal.NONE
        if not row.minimum <= value <= row.maximum:
            refusal = wire.Refusal.UNKNOWN_PRESET if number == _PRESET else wire.Refusal.OUT_OF_RANGE
        elif (value - row.minimum) % row.step:
            refusal = wire.Refusal.OFF_STEP
        if refusal:
            return SettingVerdict(refusal, number, value, row.minimum, row.maximum)
    return _check_output(values)


def _check_output(values: Sequence[int]) -> SettingVerdict:
    output, preset = acoustic_output(values), wire.PRESETS[values[_PRESET]]
    ti_milli = max(output.tis_milli, output.tib_milli)
    for refusal, asked, high in (
        (wire.Refusal.MI_TOO_HIGH, output.mi_milli, wire.MI_LIMIT_MILLI),
        (wire.Refusal.ISPTA_TOO_HIGH, output.ispta_mw_cm2, wire.ISPTA_LIMIT_MW_CM2),
        (wire.Refusal.MI_TOO_HIGH, output.mi_milli, preset.mi_cap_milli),
        (wire.Refusal.ISPTA_TOO_HIGH, output.ispta_mw_cm2, preset.ispta_cap_mw_cm2),
        (wire.Refusal.TI_TOO_HIGH, ti_milli, preset.ti_cap_milli),
    ):
        if asked > high:
            return SettingVerdict(refusal, _POWER, asked, 0, high)
    return SettingVerdict()


def _over(numerator: int, denominator: int) -> int:
    """The quotient rounded up."""
    return -(-numerator // denominator)
