"""What is in the way of a live picture, or of a save, as the page tells it until it is over."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.app.board import free_disk_mb, slowed_by
from edge.errors import SourceBusyError, SourceLostError, SourceNotFoundError, SourceStalledError
from edge.viewer.to_page import Trouble
from firmware_bridge.errors import BridgeError

TOLD_S: Final = 8.0
"""How long something that was told stays on the page."""
LOOKED_AT_S: Final = 2.0
"""How often disk and processor are looked at."""
LOW_DISK_MB: Final = 200
_OVER_WITH_A_PICTURE: Final = ("opening", "no probe", "no frames", "lost", "error")


class Troubles:
    """By their codes, for threads that each tell of their own."""

    def __init__(self, folder: Path) -> None:
        """folder: where is written, so that its disk must have room."""
        self._folder = folder
        self._told: dict[str, tuple[str, float | None]] = {}
        self._looked_s = 0.0

    def add(self, code: str, text: str, seconds: float | None = None) -> None:
        """seconds: how long it is told. None: until it is over."""
        self._told[code] = text, None if seconds is None else time.monotonic() + seconds

    def over(self, code: str) -> None:
        self._told.pop(code, None)

    def picture_came(self) -> None:
        """What was in its way is over."""
        for code in _OVER_WITH_A_PICTURE if self._told else ():
            self.over(code)

    def __contains__(self, code: str) -> bool:
        return code in self._told

    def present(self) -> tuple[Trouble, ...]:
        """With what the board itself suffers from, looked at now and then."""
        self._look_around()
        now_s = time.monotonic()
        kept = {code: one for code, one in list(self._told.items()) if one[1] is None or one[1] > now_s}
        return tuple(Trouble(code, text) for code, (text, _) in kept.items())

    def _look_around(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_s < LOOKED_AT_S:
            return
        self._looked_s = now_s
        if slowed := slowed_by().removeprefix("; "):
            self.add("slowed", slowed, 2 * LOOKED_AT_S)
        with suppress(OSError):
            there = next(path for path in (self._folder, *self._folder.parents) if path.exists())
            if (free_mb := free_disk_mb(there)) < LOW_DISK_MB:
                self.add("low disk", f"{free_mb} MB", 2 * LOOKED_AT_S)


def trouble_code(error: Exception) -> str:
    """What a page shows for an error that ended a run."""
    if isinstance(error, SourceStalledError):
        return "no frames"
    if isinstance(error, SourceLostError):
        return "lost"
    if isinstance(error, SourceNotFoundError | SourceBusyError | BridgeError):
        return "no probe"
    return "error"
