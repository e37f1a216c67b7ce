"""Parameters of the wire as people read them: by name, in their units."""

from collections.abc import Iterable

from firmware_bridge.line.messages import PARAMETERS, PRESETS

Value = float | int | str


def parameter_name(number: int) -> str:
    return PARAMETERS[number].name if number < len(PARAMETERS) else f"parameter {number}"


def unit_of(number: int) -> str:
    unit = PARAMETERS[number].unit if number < len(PARAMETERS) else ""
    return "" if unit == "none" else unit


def physical(number: int, raw: int) -> Value:
    """A raw value in its parameter's unit; a preset by name."""
    if number >= len(PARAMETERS):
        return raw
    row = PARAMETERS[number]
    if row.name == "preset" and 0 <= raw < len(PRESETS):
        return PRESETS[raw].name
    return raw / 10**row.decimals if row.decimals else raw


def value_text(number: int, raw: int) -> str:
    """`35mm`, `-3.5dB`, `nerve`."""
    value = physical(number, raw)
    return f"{value}{unit_of(number)}" if isinstance(value, str) else f"{value:g}{unit_of(number)}"


def settings_text(settings: Iterable[tuple[int, int]]) -> str:
    """Numbers of parameters and raw values as `depth=35mm gain=-3dB`."""
    return " ".join(f"{parameter_name(number)}={value_text(number, raw)}" for number, raw in settings)
