"""The few lines that the device logs: a table, and the lines noted during one call of the device."""

from collections.abc import Callable
from typing import Final

from firmware_bridge.line.messages import LogLevel, LogLine

_INFO, _WARNING, _ERROR = LogLevel.INFO, LogLevel.WARNING, LogLevel.ERROR

LOG_LINES: Final = (
    (_INFO, "armed"),
    (_INFO, "transmit off: none"),
    (_INFO, "transmit off: not armed"),
    (_INFO, "transmit off: disarmed"),
    (_WARNING, "transmit off: heartbeat lost"),
    (_INFO, "transmit off: frozen"),
    (_WARNING, "transmit off: too hot"),
    (_WARNING, "transmit off: noisy line"),
    (_WARNING, "transmit off: battery low"),
    (_ERROR, "transmit off: fault"),
    (_INFO, "transmit off: new session"),
    (_INFO, "transmit off: stopped"),
    (_ERROR, "fault: none"),
    (_ERROR, "fault: front end"),
    (_ERROR, "fault: over temperature"),
    (_ERROR, "fault: watchdog"),
    (_ERROR, "fault: self test"),
    (_ERROR, "fault: flash"),
    (_INFO, "update: receiving"),
    (_INFO, "update: pending"),
    (_INFO, "update: confirmed"),
    (_WARNING, "update: refused"),
)
"""Level and text by number. The reasons and faults stand in the order of their enumerations."""

LINE_ARMED: Final = 0
LINE_OFF: Final = 1
"""Plus the TransmitOff."""
LINE_FAULT: Final = 12
"""Plus the FaultCode."""
LINE_UPDATE_RECEIVING: Final = 18
LINE_UPDATE_PENDING: Final = 19
LINE_UPDATE_CONFIRMED: Final = 20
LINE_UPDATE_REFUSED: Final = 21

MAX_LINES: Final = 8
"""Lines noted in one call; what comes on top is not logged."""


class Log:
    """Lines of the present call; without a session they are lost."""

    def __init__(self) -> None:
        self._noted: list[tuple[int, int]] = []

    def note(self, line: int, now_us: int) -> None:
        if len(self._noted) < MAX_LINES:
            self._noted.append((line, now_us))

    def emit(self, send_plain: Callable[[bytes], bool]) -> None:
        """Send the noted lines, the oldest first, and forget them."""
        for line, noted_us in self._noted:
            level, text = LOG_LINES[line]
            send_plain(LogLine(level, noted_us, text).pack())
        self._noted.clear()
