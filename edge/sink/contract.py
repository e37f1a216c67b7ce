"""What a sink must do."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.finding import Finding
from edge.frame import Frame


class Sink(Closing, Protocol):
    """A place where results go. A context manager; the loop calls `write` from the sink's own thread."""

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        """Keep one result. `picture_bgr` is (height, width, 3) uint8, the frame with the finding drawn.

        Raises SinkError where it cannot be kept; what was written before stays whole.
        """
        ...
