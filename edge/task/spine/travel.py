"""How far the probe went since the last frame, and which way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Travelled:
    """Along the spine, from the last frame to this one."""

    mm: float
    """Length of the path, never negative."""
    sd_mm: float
    """Standard deviation of `mm`."""
    up: float | None = None
    """Chance that it went towards the head; None: the picture does not show which way."""
    onward: float = 0.5
    """Chance that it went the same way as the witness held it to go until now, who holds it turned from below 0.5 on.
    0.5: unknown."""
