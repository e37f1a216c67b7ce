"""The line that says what the probe was doing at the exposure."""

from collections.abc import Callable
from functools import lru_cache
from math import ceil
from typing import Final

from edge.frame import ProbeState
from edge.overlay.layout import UPPER_LEFT
from edge.overlay.palette import ICE, ORANGE, WARNING, WHITE, Colour
from edge.overlay.sheet import Sheet
from edge.overlay.sprite import Sprite, blank, paste, paste_over
from edge.overlay.text import BOLD, REGULAR, line_height, sprite, text_width

LOW_BATTERY_PERCENT: Final = 15.0
WARM_PROBE_C: Final = 41.0
"""IEC 60601-2-37 allows 43 °C at the skin."""

DISPLAY_FROM: Final = 0.4
"""Output display rule (IEC 60601-2-37): an index that can exceed 1 is shown from here on, in steps of at most 0.2."""
LONGEST_MIN: Final = ((0.7, None), (1.0, 60), (1.5, 30), (2.0, 15), (2.5, 4), (3.0, 1))
"""Thermal index up to the first figure: minutes of scanning at most, None without a limit; above, not recommended
(British Medical Ultrasound Society)."""

Piece = tuple[str, Colour, int]
"""Text, colour, weight."""
_SIMULATED: Final[Piece] = ("SIMULATED", ORANGE, BOLD)


def draw_state(sheet: Sheet, probe: ProbeState | None, simulated: bool) -> None:
    """Writes SIMULATED, FROZEN or NO TRANSMIT, depth, frequency, gain, MI, TI, temperature and battery, as the probe
    says them."""
    pieces = ((_SIMULATED,) if simulated else ()) + (state_pieces(probe) if probe else ())
    if not pieces:
        return
    lines, widths = _lines(pieces, sheet.size, sheet.picture.shape[1] - 2 * sheet.gap)
    for count in range(len(lines), 0, -1):
        box = sheet.claim("state", max(widths[:count]), count * line_height(sheet.size), UPPER_LEFT, covering=False)
        if box is not None:
            paste(sheet.picture, _sprite(lines[:count], sheet.size, box.width), box.x, box.y)
            return


@lru_cache(maxsize=8)
def _sprite(lines: tuple[tuple[Piece, ...], ...], size: int, width: int) -> Sprite:
    whole = blank(width, len(lines) * line_height(size))
    for row, line in enumerate(lines):
        x = 0
        for piece in line:
            text, colour, weight = piece
            paste_over(whole, sprite(text, size, colour, weight, edge=True), x, row * line_height(size))
            x += _width(piece, size)
    return whole


def _width(piece: Piece, size: int) -> int:
    """Pixels of a piece with the gap after it."""
    text, _, weight = piece
    return text_width(text, size, weight) + size


@lru_cache(maxsize=8)
def state_pieces(probe: ProbeState) -> tuple[Piece, ...]:
    """What is known of the probe, in the order in which it is shown."""
    numbers = (("Depth {:g} mm", probe.depth_mm), ("{:g} MHz", probe.frequency_mhz), ("Gain {:g} dB", probe.gain_db))
    known: tuple[Piece, ...] = tuple(
        (form.format(value), WHITE, REGULAR) for form, value in numbers if value is not None
    )
    return (
        *_standing_still(probe),
        *known,
        *_output(probe),
        *_watched("Probe", probe.temperature_c, "°C", _is_warm),
        *_watched("Battery", probe.battery_percent, "%", _is_low),
    )


def _standing_still(probe: ProbeState) -> tuple[Piece, ...]:
    """Why the picture does not move, or why its scale is not known."""
    off: Piece = (f"NO TRANSMIT: {probe.transmit_off_reason}".removesuffix(": "), WARNING, BOLD)
    if probe.frozen:
        return (("FROZEN", ICE, BOLD), *((off,) if probe.transmit_off_reason else ()))
    if probe.transmitting is False:
        return (off,)
    return (("Probe state unknown", WARNING, REGULAR),) if probe.doubt else ()


def _output(probe: ProbeState) -> tuple[Piece, ...]:
    """MI, TIS, TIB. The time limit goes by TIB, since bone is near in these scans; by TIS where there is no TIB.
    Nothing limits the time while nothing is sent out."""
    named = (("MI", probe.mi), ("TIS", probe.tis), ("TIB", probe.tib))
    judged = "" if probe.frozen or probe.transmitting is False else "TIB" if probe.tib is not None else "TIS"
    return tuple(
        _index(name, value, limit_text(value) if name == judged else "") for name, value in named if value is not None
    )


def _index(name: str, value: float, limit: str) -> Piece:
    text = f"{name} {index_text(value)}"
    return (f"{text}: {limit}", WARNING, BOLD) if limit else (text, WHITE, REGULAR)


def index_text(value: float) -> str:
    """`<0.4`, then steps of 0.1, always upward: never less than it is."""
    return f"<{DISPLAY_FROM:g}" if value < DISPLAY_FROM else f"{_in_tenths(value):.1f}"


def limit_text(thermal_index: float) -> str:
    """`max 30 min` for the index as it is shown; empty where time is not limited."""
    shown = _in_tenths(thermal_index)
    for highest, minutes in LONGEST_MIN:
        if shown <= highest:
            return "" if minutes is None else f"max {minutes} min"
    return "not recommended"


def _in_tenths(value: float) -> float:
    # Less a millionth, or 0.7 as telemetry's float would be shown as 0.8.
    return ceil(value * 10 - 1e-6) / 10


def _watched(name: str, value: float | None, unit: str, warns: Callable[[float], bool]) -> tuple[Piece, ...]:
    if value is None:
        return ()
    text = f"{name} {value:.0f} {unit}"
    return ((text, WARNING, BOLD),) if warns(value) else ((text, WHITE, REGULAR),)


def _is_warm(temperature_c: float) -> bool:
    return temperature_c >= WARM_PROBE_C


def _is_low(battery_percent: float) -> bool:
    return battery_percent < LOW_BATTERY_PERCENT


@lru_cache(maxsize=8)
def _lines(pieces: tuple[Piece, ...], size: int, width: int) -> tuple[tuple[tuple[Piece, ...], ...], tuple[int, ...]]:
    """The pieces in lines of at most `width` pixels, and how wide each line is."""
    lines: list[list[Piece]] = []
    room = 0
    for piece in pieces:
        needed = _width(piece, size)
        if needed > room + size or not lines:
            lines.append([])
            room = width
        lines[-1].append(piece)
        room -= needed
    widths = tuple(sum(_width(piece, size) for piece in line) - size for line in lines)
    return tuple(map(tuple, lines)), widths
