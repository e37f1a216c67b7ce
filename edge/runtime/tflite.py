"""TFLite: ai-edge-litert, or its forerunner tflite-runtime where only that is installed (it needs numpy below 2).

The files hold pictures as (1, height, width, channels); the contract's channels-first order is made here.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.runtime.checked import CheckedRuntime, cannot_open, read_variant
from edge.runtime.manifest import InputSpec, Manifest, Variant

LIBRARIES = ("ai_edge_litert", "tflite_runtime")
"""The first that is installed is used."""
_CHATTER = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
Stored = NDArray[Any]
"""int8 or float32, whichever the file's input tensor is."""


def _interpreter_class() -> Any:
    try:
        return import_module(f"{LIBRARIES[0]}.interpreter").Interpreter
    except ModuleNotFoundError:
        return import_module(f"{LIBRARIES[1]}.interpreter").Interpreter


Interpreter = _interpreter_class()


def open_tflite(folder: Path, manifest: Manifest, *, precision: str, threads: int) -> "TfliteRuntime":
    """Raises ModelError and ModelDigestError."""
    variant, (content,) = read_variant(folder, manifest, "tflite", precision)
    try:
        with _without_chatter():
            interpreter = Interpreter(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError, SystemError) as error:
        raise cannot_open(manifest, variant, error) from error
    return TfliteRuntime(interpreter, content, manifest, variant, threads)


class TfliteRuntime(CheckedRuntime):
    """An interpreter with its tensors allocated."""

    def __init__(self, interpreter: Any, content: bytes, manifest: Manifest, variant: Variant, threads: int) -> None:
        super().__init__(manifest, variant, threads)
        self._interpreter = interpreter
        self._content = content  # the interpreter reads the weights in place
        (given,) = interpreter.get_input_details()
        self._input = given["index"]
        self._input_shape = tuple(given["shape"])
        self._store = store_as(stored_levels(manifest.grey_input(), given["dtype"], given["quantization"]))
        self._outputs = [
            (output["index"], np.float32(output["quantization"][0]), output["quantization"][1])
            for output in interpreter.get_output_details()
        ]
        self._warm_up()

    def _run(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        self._interpreter.set_tensor(self._input, self._store(tensor).reshape(self._input_shape))
        self._interpreter.invoke()
        return tuple(self._output(*output) for output in self._outputs)

    def _output(self, index: int, scale: np.float32, zero_point: int) -> NDArray[np.float32]:
        values = self._interpreter.get_tensor(index)
        if values.dtype == np.int8:
            values = (values.astype(np.float32) - np.float32(zero_point)) * scale
        result: NDArray[np.float32] = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        return result


def stored_levels(spec: InputSpec, dtype: type[np.generic], quantization: tuple[float, int]) -> Stored:
    """What the file's input tensor holds for each of the 256 grey levels: (256,) float32 or int8."""
    real = np.arange(256, dtype=np.float32) * np.float32(spec.scale) + np.float32(spec.offset)
    if dtype != np.int8:
        return real
    scale, zero_point = quantization
    stored: NDArray[np.int8] = np.clip(np.rint(real / np.float32(scale)) + zero_point, -128, 127).astype(np.int8)
    return stored


def store_as(levels: Stored) -> Callable[[NDArray[np.uint8]], Stored]:
    """How a picture becomes the file's input type."""
    if levels.dtype == np.int8 and np.array_equal(levels, np.arange(-128, 128)):
        return lambda tensor: (tensor ^ 0x80).view(np.int8)  # the usual case, ten times faster than the look-up
    return lambda tensor: levels[tensor]


@contextmanager
def _without_chatter() -> Iterator[None]:
    """The library writes a line to standard error at each opening and has no switch for it: that line is left out."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with tempfile.TemporaryFile() as written:
            os.dup2(written.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(kept, 2)
                written.seek(0)
                for line in written:
                    if line.strip() != _CHATTER:
                        os.write(2, line)
    finally:
        os.close(kept)
