"""The line that says what the probe was doing at the exposure."""

from collections.abc import Callable
from typing import Final

from edge.frame import ProbeState
from edge.overlay.layout import UPPER_LEFT, Sheet
from edge.overlay.palette import ICE, WARNING, WHITE, Colour
from edge.overlay.text import BOLD, REGULAR, line_height, paste, sprite, text_width

LOW_BATTERY_PERCENT: Final = 15.0
WARM_PROBE_C: Final = 41.0
"""IEC 60601-2-37 allows 43 °C at the skin."""

Piece = tuple[str, Colour, int]
"""Text, colour, weight."""


def draw_state(sheet: Sheet, probe: ProbeState | None) -> None:
    """Writes depth, frequency, gain, MI, TI, battery and FROZEN, as far as the probe says them."""
    if probe is None:
        return
    for line in _lines(state_pieces(probe), sheet.size, sheet.picture.shape[1] - 2 * sheet.gap):
        widths = [text_width(text, sheet.size, weight) for text, _, weight in line]
        box = sheet.claim(sum(widths) + sheet.size * (len(line) - 1), line_height(sheet.size), UPPER_LEFT)
        if box is None:
            return
        x = box.x
        for (text, colour, weight), width in zip(line, widths, strict=True):
            paste(sheet.picture, sprite(text, sheet.size, colour, weight, edge=True), x, box.y)
            x += width + sheet.size


def state_pieces(probe: ProbeState) -> tuple[Piece, ...]:
    """What is known of the probe, in the order in which it is shown."""
    frozen: tuple[Piece, ...] = (("FROZEN", ICE, BOLD),) if probe.frozen else ()
    numbers = (
        ("Depth {:g} mm", probe.depth_mm),
        ("{:g} MHz", probe.frequency_mhz),
        ("Gain {:g} dB", probe.gain_db),
        ("MI {:.1f}", probe.mi),
        ("TIS {:.1f}", probe.tis),
        ("TIB {:.1f}", probe.tib),
    )
    known: tuple[Piece, ...] = tuple(
        (form.format(value), WHITE, REGULAR) for form, value in numbers if value is not None
    )
    return (
        *frozen,
        *known,
        *_watched("Probe", probe.temperature_c, "°C", _is_warm),
        *_watched("Battery", probe.battery_percent, "%", _is_low),
    )


def _watched(name: str, value: float | None, unit: str, warns: Callable[[float], bool]) -> tuple[Piece, ...]:
    if value is None:
        return ()
    text = f"{name} {value:.0f} {unit}"
    return ((text, WARNING, BOLD),) if warns(value) else ((text, WHITE, REGULAR),)


def _is_warm(temperature_c: float) -> bool:
    return temperature_c >= WARM_PROBE_C


def _is_low(battery_percent: float) -> bool:
    return battery_percent < LOW_BATTERY_PERCENT


def _lines(pieces: tuple[Piece, ...], size: int, width: int) -> list[list[Piece]]:
    """The pieces in lines of at most `width` pixels."""
    lines: list[list[Piece]] = []
    room = 0
    for piece in pieces:
        needed = text_width(piece[0], size, piece[2]) + size
        if needed > room + size or not lines:
            lines.append([])
            room = width
        lines[-1].append(piece)
        room -= needed
    return lines
