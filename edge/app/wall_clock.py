"""The wall clock at a moment, and how far it may be believed: a board without a battery wakes up in another year."""

import ctypes
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

_NOT_SYNCHRONISED: Final = 5
"""What adjtimex(2) gives where nobody has set the kernel's clock since the start, or not for long."""
_TIMEX_BYTES: Final = 1024
"""Room for the largest `struct timex` there is. All zeros: nothing is set."""


class ClockState(StrEnum):
    """How far the wall clock may be believed."""

    SYNCHRONISED = "synchronised"
    """By a time server or the like, as the kernel says."""
    NOT_SYNCHRONISED = "not synchronised"
    """It may have been set by hand, or kept by a battery, or be wrong."""
    WRONG = "wrong: earlier than this software was installed"
    """As on a board without a battery that found no time server."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on both clocks, so that `exposed_ns` of a live record can be placed in the day."""

    wall_clock: str
    """ISO 8601 with the zone."""
    monotonic_ns: int
    clock: ClockState


def moment() -> Moment:
    now_s = time.time()
    return Moment(datetime.fromtimestamp(now_s).astimezone().isoformat(), time.monotonic_ns(), clock_state(now_s))


def clock_state(now_s: float) -> ClockState:
    """now_s: since 1970, by the wall clock."""
    with suppress(OSError):
        if now_s < Path(__file__).stat().st_mtime:
            return ClockState.WRONG
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return ClockState.UNKNOWN
    if state < 0:
        return ClockState.UNKNOWN
    return ClockState.NOT_SYNCHRONISED if state == _NOT_SYNCHRONISED else ClockState.SYNCHRONISED


def clock_lead_s(at: Moment) -> float:
    """By how much the wall clock is before the monotonic one. It changes when the wall clock is set."""
    return datetime.fromisoformat(at.wall_clock).timestamp() - at.monotonic_ns / 1e9
