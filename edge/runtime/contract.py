"""What a runtime must do."""

from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray


class Runtime(Protocol):
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
        The arrays may be overwritten by the next call.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
