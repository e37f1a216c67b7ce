"""A runtime for tests: no library, no file; its output is a plain function of its input."""

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing


class FakeRuntime(Closing):
    """Gives the input back as float32, 0 to 1: a "network" whose right answer everybody knows."""

    name = "fake"
    precision = "float"
    digest = "0" * 64

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self.closed = False

    def infer(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        return (tensor.astype(np.float32) / np.float32(255),)

    def close(self) -> None:
        self.closed = True
