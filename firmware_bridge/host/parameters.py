"""The probe's parameters in physical units, and the raw ones that travel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import ceil, floor, isfinite
from typing import Final, NamedTuple

from firmware_bridge.errors import ParameterRefusedError
from firmware_bridge.host.reasons import REFUSALS
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETER_NUMBERS
from firmware_bridge.line.packing import PARAMETER_PAIR

Setting = float | str | Sequence[float]
"""What a parameter can be set to: a number in its unit, a preset's name, or the eight values of `tgc_db`."""

_TGC: Final = tuple(k for k, row in enumerate(wire.PARAMETERS) if row.name.startswith("tgc_"))
_TOLERANCE: Final = 1e-6
"""Steps by which a number may miss its step, since 0.1 is not exact in binary."""
_RAW_RANGE: Final = range(-(1 << 31), 1 << 31)


@dataclass(frozen=True, slots=True)
class ProbeParameters:
    """All parameters of the probe. Equal where all values are; the epoch does not count."""

    depth_mm: float
    frequency_mhz: float
    gain_db: float
    tgc_db: tuple[float, ...]
    """Eight sliders of depth gain, the shallowest first."""
    focus_mm: float
    dynamic_range_db: float
    frame_rate_hz: float
    transmit_power_db: float
    """0 is full power."""
    preset: str
    imu_rate_hz: float
    """0: the inertial sensor is off."""
    epoch: int = field(compare=False)
    """Counts the changes; each exposure names the one that it was made with."""


@dataclass(frozen=True, slots=True)
class ParameterDescription:
    """What the probe says of one parameter, in `unit`."""

    keyword: str
    """As `Probe.set` calls it: `depth_mm`."""
    name: str
    unit: str
    """Empty for a preset's number."""
    low: float
    high: float
    step: float
    default: float
    value: float


@dataclass(frozen=True, slots=True)
class PresetDescription:
    """A preset's own limits of acoustic output."""

    name: str
    mi_cap: float
    ispta_cap_mw_cm2: float
    ti_cap: float


class Pair(NamedTuple):
    """One raw value on its way to the probe."""

    parameter: int
    value: int


def _keyword(name: str, unit: str) -> str:
    return name if unit in ("", "none") else f"{name}_{unit.lower()}"


_KEYWORDS: Final = {_keyword(row.name, row.unit): k for k, row in enumerate(wire.PARAMETERS)}
KEYWORDS: Final = tuple(item.name for item in fields(ProbeParameters) if item.name != "epoch")
"""What `Probe.set` takes; also tgc_1_db to tgc_8_db, one slider each."""


def physical(parameter: int, raw: int) -> float:
    """A raw value in the parameter's unit."""
    return float(raw / 10 ** wire.PARAMETERS[parameter].decimals)


def parameters_from_raw(values: Sequence[int], epoch: int) -> ProbeParameters:
    """All parameters from the wire's values."""

    def of(name: str) -> float:
        return physical(PARAMETER_NUMBERS[name], values[PARAMETER_NUMBERS[name]])

    return ProbeParameters(
        depth_mm=of("depth"),
        frequency_mhz=of("frequency"),
        gain_db=of("gain"),
        tgc_db=tuple(physical(k, values[k]) for k in _TGC),
        focus_mm=of("focus"),
        dynamic_range_db=of("dynamic_range"),
        frame_rate_hz=of("frame_rate"),
        transmit_power_db=of("transmit_power"),
        preset=wire.PRESETS[values[PARAMETER_NUMBERS["preset"]]].name,
        imu_rate_hz=of("imu_rate"),
        epoch=epoch,
    )


def description_from_raw(info: wire.ParameterInfo) -> ParameterDescription:
    """A parameter's description from the probe's own words."""
    unit = wire.PARAMETERS[info.parameter].unit if info.unit != wire.Unit.NONE else ""
    numbers = (info.minimum, info.maximum, info.step, info.default, info.value)
    return ParameterDescription(
        _keyword(info.label, unit), info.label, unit, *(float(number / 10**info.decimals) for number in numbers)
    )


def preset_from_raw(info: wire.PresetInfo) -> PresetDescription:
    """A preset's description from the probe's own words."""
    return PresetDescription(
        info.label, info.mi_cap_milli / 1000, float(info.ispta_cap_mw_cm2), info.ti_cap_milli / 1000
    )


def raw_changes(changes: Mapping[str, Setting]) -> tuple[Pair, ...]:
    """What to send for changes in physical units, by keyword; a preset comes first, as the probe wants it.

    Raises ParameterRefusedError for an unknown keyword, a value of the wrong kind, and one between two steps: nothing
    is ever rounded. Ranges and limits are left to the probe.
    """
    pairs: list[Pair] = []
    for keyword, value in changes.items():
        if keyword == "tgc_db":
            pairs += _tgc_pairs(value)
        elif keyword == "preset":
            pairs.insert(0, Pair(PARAMETER_NUMBERS["preset"], _preset_number(value)))
        elif keyword in _KEYWORDS:
            pairs.append(_pair(_KEYWORDS[keyword], value))
        else:
            raise _refusal(
                wire.Refusal.UNKNOWN_PARAMETER, f"there is no parameter '{keyword}'; there are: {', '.join(KEYWORDS)}"
            )
    if not pairs:
        raise _refusal(wire.Refusal.MALFORMED, f"no parameter was named; there are: {', '.join(KEYWORDS)}")
    return tuple(pairs)


def packed(pairs: Sequence[Pair]) -> bytes:
    """Pairs as SetParameters carries them."""
    return b"".join(PARAMETER_PAIR.pack(*pair) for pair in pairs)


def allowed(parameter: int) -> str:
    """A parameter's range in words."""
    row = wire.PARAMETERS[parameter]
    low, high, step = (physical(parameter, raw) for raw in (row.minimum, row.maximum, row.step))
    return f"{low:g} to {high:g}{_unit(parameter)} in steps of {step:g}"


def refused_setting(result: wire.SetResult) -> ParameterRefusedError:
    """The probe's refusal in words: what was asked, what is allowed."""
    refusal = wire.Refusal(result.refusal)
    if refusal in _OUTPUT_LIMITS:
        what, per_unit, unit, lower = _OUTPUT_LIMITS[refusal]
        return _refusal(
            refusal,
            f"{what} would be {result.asked / per_unit:g}{unit}, at most {result.high / per_unit:g}{unit} is allowed; "
            f"lower {lower}, or take another preset",
        )
    if refusal in (wire.Refusal.OUT_OF_RANGE, wire.Refusal.OFF_STEP, wire.Refusal.UNKNOWN_PRESET):
        return _refusal(refusal, _out_of_range(result.parameter, physical(result.parameter, result.asked)))
    return _refusal(refusal, f"the probe did not take the settings: {REFUSALS[refusal]}")


def describe_change(before: ProbeParameters, after: ProbeParameters) -> str:
    """What differs between two, in words: `the depth was changed from 30 to 40 mm`."""
    changes = [
        _change(item.name, getattr(before, item.name), getattr(after, item.name))
        for item in fields(ProbeParameters)
        if item.compare and getattr(before, item.name) != getattr(after, item.name)
    ]
    return " and ".join(changes) or "the settings were sent again"


_OUTPUT_LIMITS: Final = {
    wire.Refusal.MI_TOO_HIGH: ("the mechanical index", 1000, "", "transmit_power"),
    wire.Refusal.ISPTA_TOO_HIGH: ("ISPTA.3", 1, " mW/cm2", "transmit_power or frame_rate"),
    wire.Refusal.TI_TOO_HIGH: ("the thermal index", 1000, "", "transmit_power or frame_rate"),
}
"""Quantity, raw units per unit, unit, what to lower."""


def _refusal(refusal: wire.Refusal, reason: str) -> ParameterRefusedError:
    return ParameterRefusedError(f"{reason}. Nothing was changed.", refusal)


def _tgc_pairs(value: Setting) -> list[Pair]:
    if isinstance(value, str | float | int) or len(value) != len(_TGC):
        raise _refusal(wire.Refusal.MALFORMED, f"tgc_db takes {len(_TGC)} numbers, the shallowest first, not {value!r}")
    return [_pair(parameter, number) for parameter, number in zip(_TGC, value, strict=True)]


def _preset_number(value: Setting) -> int:
    names = [preset.name for preset in wire.PRESETS]
    if value not in names:
        raise _refusal(wire.Refusal.UNKNOWN_PRESET, f"there is no preset {value!r}; there are: {', '.join(names)}")
    return names.index(str(value))


def _pair(parameter: int, value: Setting) -> Pair:
    row = wire.PARAMETERS[parameter]
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _refusal(wire.Refusal.MALFORMED, f"{row.name} takes a number in {row.unit}, not {value!r}")
    n_steps = (value * 10**row.decimals - row.minimum) / row.step
    if abs(n_steps - round(n_steps)) > _TOLERANCE:
        reason = f"{row.name} cannot be {value:g} {row.unit}; {_nearest(parameter, n_steps)}"
        raise _refusal(wire.Refusal.OFF_STEP, reason)
    raw = row.minimum + round(n_steps) * row.step
    if raw not in _RAW_RANGE:
        raise _refusal(wire.Refusal.OUT_OF_RANGE, _out_of_range(parameter, value))
    return Pair(parameter, raw)


def _unit(parameter: int) -> str:
    unit = wire.PARAMETERS[parameter].unit
    return "" if unit == "none" else f" {unit}"


def _out_of_range(parameter: int, value: float) -> str:
    name = wire.PARAMETERS[parameter].name
    return f"{name} cannot be {value:g}{_unit(parameter)}; allowed: {allowed(parameter)}"


def _nearest(parameter: int, n_steps: float) -> str:
    row = wire.PARAMETERS[parameter]
    n_most = (row.maximum - row.minimum) // row.step
    if not 0 <= n_steps <= n_most:
        return f"allowed: {allowed(parameter)}"
    below, above = (physical(parameter, row.minimum + n * row.step) for n in (floor(n_steps), ceil(n_steps)))
    return f"the nearest allowed are {below:g} and {above:g} (steps of {physical(parameter, row.step):g})"


def _change(keyword: str, before: float | str | tuple[float, ...], after: float | str | tuple[float, ...]) -> str:
    if isinstance(before, tuple):
        return "the depth gain was changed"
    if isinstance(before, str):
        return f"the {keyword} was changed from {before} to {after}"
    row = wire.PARAMETERS[_KEYWORDS[keyword]]
    return f"the {row.name.replace('_', ' ')} was changed from {before:g} to {after:g} {row.unit}"
