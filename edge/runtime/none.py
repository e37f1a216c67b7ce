"""What stands in for a runtime where a task needs no network."""

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing


class NoNetwork(Closing):
    """Gives no outputs."""

    name = "no network"
    precision = ""
    digest = ""
    threads = 1

    def infer(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        return ()
