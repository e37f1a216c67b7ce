"""How far the probe went since the last frame, and which way."""

from dataclasses import dataclass

from edge.task.spine.recalling import Joined, Spot


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
    spot: Spot | None = None
    """Where it is, in a chart of the way; None: not followed."""
    way: int = 1
    """In which direction of that chart it goes, 1 or -1."""
    known: bool = False
    """Whether `spot` and `way` are known for certain, by places that it passes again."""
    joined: Joined | None = None
    """What these put right."""
