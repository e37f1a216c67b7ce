"""What a runtime must do."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing


class Runtime(Closing, Protocol):
    """A model that is open and ready. A context manager."""

    name: str
    """`onnx`, `openvino` or `tflite`."""
    precision: str
    """`int8` or `float`."""
    threads: int
    digest: str
    """SHA-256 of the model file that runs, hexadecimal."""

    def infer(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        """Outputs as float32 (1, channels, height, width) for a uint8 tensor (1, 1, H, W) as the manifest says.

        The manifest's scale turns grey levels into the network's input; every runtime applies it itself.
        The arrays stay valid until the call after the next: they may be read, in another thread too, while the next
        call runs; the one after it may overwrite them. Calls themselves follow one another.
        """
        ...
