"""When the front end exposes, and the numbers of its frames."""

from typing import Final

from firmware_bridge.device.wrapping import MASK, Grid

_SECOND_US: Final = 1_000_000


class Exposing:
    """A fixed grid of moments while imaging and not frozen; else the grid and the numbers stand still.

    Frames are numbered from 0 over the whole run of the device, pauses or not. Moments that were missed count.
    """

    def __init__(self, now_us: int) -> None:
        self._grid = Grid(now_us)
        self._next_frame = 0
        self.frame = 0
        """The last frame exposed."""

    @property
    def exposed_us(self) -> int:
        """When the last frame was exposed: the moment of the grid."""
        return self._grid.last_us

    def watch(self, running: bool, rate_hz: int, now_us: int) -> bool:
        """Whether a frame was exposed since the last look; of several the newest, the others were missed."""
        if not running:
            self._grid.restart(now_us)
            return False
        n = self._grid.n_due(_SECOND_US // rate_hz, now_us)
        if n:
            self._next_frame = (self._next_frame + n) & MASK
            self.frame = (self._next_frame - 1) & MASK
        return n > 0

    def change_rate(self, rate_hz: int, now_us: int) -> None:
        """The new period counts from the last exposure; the next is not before the change."""
        self._grid.retime(_SECOND_US // rate_hz, now_us)
