"""Time on the device: microseconds that wrap at 2^32, about every 71 minutes."""

from typing import Final

MASK: Final = 0xFFFF_FFFF


def since(now_us: int, then_us: int) -> int:
    """Microseconds from `then_us` to `now_us`, below 2^32."""
    return (now_us - then_us) & MASK


class Grid:
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
