"""What a source of frames must do."""

from typing import Protocol

from edge.closing import Closing
from edge.frame import Frame


class FrameSource(Closing, Protocol):
    """A context manager that gives frames in the order of their exposure."""

    live: bool
    """True where frames come by themselves in real time and old ones must be dropped, False for recordings."""

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None at the source's end. A live source whose picture is frozen may give the last frame
        again, with its sequence and time of exposure and the probe's newest state.

        Raises SourceStalledError where no frame came within `timeout_s`, SourceLostError where the device is gone,
        SourceFormatError where a file is damaged.
        """
        ...
