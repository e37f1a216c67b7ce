"""Time on the device: microseconds that wrap at 2^32, about every 71 minutes; and when the front end exposes."""

from typing import Final

_SECOND_US: Final = 1_000_000
MASK: Final = 0xFFFF_FFFF


def since(now_us: int, then_us: int) -> int:
    """Microseconds from `then_us` to `now_us`, below 2^32."""
    return (now_us - then_us) & MASK


class PeriodicMoments:
    """Moments a period apart. What nobody looked at in time is skipped, and the rest stay where they were."""

    def __init__(self, now_us: int) -> None:
        self.last_us = now_us

    def restart(self, now_us: int) -> None:
        """The next moment is one period from now."""
        self.last_us = now_us

    def n_due(self, period_us: int, now_us: int) -> int:
        """Moments since the last look, up to now; the newest of them is then `last_us`."""
        n = since(now_us, self.last_us) // period_us
        self.last_us = (self.last_us + n * period_us) & MASK
        return n

    def retime(self, period_us: int, now_us: int) -> None:
        """The period is another one from the last moment on; where its end has passed, the next comes 1 us from now."""
        if since(now_us, self.last_us) >= period_us:
            self.last_us = (now_us + 1 - period_us) & MASK


class ExposureTimer:
    """A fixed grid of moments while imaging and not frozen; else the grid and the numbers stand still.

    Frames are numbered from 0 over the whole run of the device, pauses or not. Moments that were missed count.
    """

    def __init__(self, now_us: int) -> None:
        self._grid = PeriodicMoments(now_us)
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
