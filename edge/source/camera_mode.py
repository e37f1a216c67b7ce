"""Which of a camera's modes to use."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.source.raw_picture import RAW_FORMATS

_LARGEST_PX = 1920 * 1080
"""More than any scanner's screen shows; a 4K mode of a grabber is that screen blown up."""
_FLUENT_FPS = 20.0


@dataclass(frozen=True, slots=True)
class Mode:
    """One way that the camera can send pictures."""

    fourcc: str
    width: int
    height: int
    fps: float | None = None
    """The fastest at this size. None: the driver does not say."""


def choose_mode(modes: Sequence[Mode], size: tuple[int, int] | None, fps: float | None) -> Mode | None:
    """The largest picture up to 1920 x 1080 that comes at `fps` (20 where not asked for), else the fastest.

    A grabber squeezes the scanner's screen into its smaller modes and bends the scale with it, so large goes first; at
    the same size uncompressed goes before JPEG. `size` (width, height) leaves only that size. None: nothing fits.
    """
    wanted_fps = fps or _FLUENT_FPS

    def rank(mode: Mode) -> tuple[bool, bool, float, int]:
        area = mode.width * mode.height
        fluent = mode.fps is None or mode.fps >= 0.95 * wanted_fps
        worth = area if fluent else (mode.fps or 0.0)
        return area <= _LARGEST_PX, fluent, worth, -RAW_FORMATS.index(mode.fourcc)

    fitting = [m for m in modes if m.fourcc in RAW_FORMATS and size in (None, (m.width, m.height))]
    return max(fitting, key=rank, default=None)
