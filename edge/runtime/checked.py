"""What all runtimes share: files and tensors are checked, the first calls are made, the context closes."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import ModelError
from edge.runtime.manifest import InputSpec, Manifest, Variant, read_verified

WARM_UP_CALLS = 2
"""The first calls choose kernels and touch memory; they would stand out in every latency table."""
OUTPUT_SETS = 2
"""Sets of output arrays that calls fill in turn, so that one is read while the next is filled."""


class CheckedRuntime(Closing, ABC):
    """Base of the runtimes: `_run` gets only tensors that fit. See `edge.runtime.contract.Runtime`."""

    def __init__(self, manifest: Manifest, variant: Variant, threads: int) -> None:
        self.name = variant.runtime
        self.precision = variant.precision
        self.threads = threads
        self.digest = variant.files[0].sha256
        self._model = manifest.name
        self._shape = manifest.grey_input().shape
        self._output_shapes = tuple(output.shape for output in manifest.outputs)
        self._open = True

    def infer(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        """See the contract. Raises ModelError for a tensor of another shape or type, and after `close`."""
        if tensor.shape != self._shape or tensor.dtype != np.uint8:
            raise ModelError(
                f"model '{self._model}' takes uint8 {self._shape}, not {tensor.dtype} {tensor.shape}; "
                "the task and the model do not belong together"
            )
        if not self._open:
            raise ModelError(f"model '{self._model}' was closed; open it again")
        return self._run(tensor)

    def _output_sets(self) -> list[tuple[NDArray[np.float32], ...]]:
        return [tuple(np.zeros(shape, np.float32) for shape in self._output_shapes) for _ in range(OUTPUT_SETS)]

    @abstractmethod
    def _run(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        """What the library makes of a tensor that fits."""

    def _warm_up(self) -> None:
        for _ in range(WARM_UP_CALLS):
            self._run(np.zeros(self._shape, np.uint8))

    def close(self) -> None:
        self._open = False


def scale_into(scaled: NDArray[np.float32], grey: NDArray[np.uint8], spec: InputSpec) -> None:
    """The network's input for grey levels of the same shape."""
    np.multiply(grey, np.float32(spec.scale), out=scaled)
    if spec.offset:
        np.add(scaled, np.float32(spec.offset), out=scaled)


def read_variant(folder: Path, manifest: Manifest, runtime: str, precision: str) -> tuple[Variant, tuple[bytes, ...]]:
    """The files that a runtime opens, checked. Raises ModelError and ModelDigestError."""
    variant = manifest.variant(runtime, precision)
    return variant, tuple(read_verified(folder, file) for file in variant.files)


def cannot_open(manifest: Manifest, variant: Variant, error: Exception) -> ModelError:
    """The error for a file whose digest is right but which the library refuses."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ModelError(
        f"{variant.runtime} cannot open {variant.files[0].name} of model '{manifest.name}': {lines[0]}; "
        f"update the library of {variant.runtime}, or choose another runtime"
    )
