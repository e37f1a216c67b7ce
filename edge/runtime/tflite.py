"""TFLite: ai-edge-litert, or its forerunner tflite-runtime where only that is installed (it needs numpy below 2).

The files hold pictures as (1, height, width, channels); the contract's channels-first order is made here.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.runtime.checked import CheckedRuntime, cannot_open, read_variant, scale_into
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
        self._store = storing(manifest.grey_input(), given["dtype"], given["quantization"])
        # The interpreter runs only while nobody holds its memory: these show it anew at each call.
        self._input = interpreter.tensor(given["index"])
        self._results = [
            (interpreter.tensor(output["index"]), np.float32(output["quantization"][0]), output["quantization"][1])
            for output in interpreter.get_output_details()
        ]
        self._turns = cycle(self._output_sets())
        self._warm_up()

    def _run(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        self._store(self._input().transpose(0, 3, 1, 2), tensor)
        self._interpreter.invoke()
        outputs = next(self._turns)
        for output, (result, scale, zero_point) in zip(outputs, self._results, strict=True):
            np.copyto(output, result().transpose(0, 3, 1, 2))
            if scale:  # else the file holds the values themselves
                np.subtract(output, np.float32(zero_point), out=output)
                np.multiply(output, scale, out=output)
        return outputs


def storing(
    spec: InputSpec, dtype: type[np.generic], quantization: tuple[float, int]
) -> Callable[[Stored, NDArray[np.uint8]], None]:
    """Writes grey levels, second, as what the file's input of this type and quantization holds, first."""
    if dtype != np.int8:
        return lambda stored, grey: scale_into(stored, grey, spec)
    levels = np.zeros(256, np.float32)
    scale_into(levels, np.arange(256, dtype=np.uint8), spec)
    levels = np.clip(np.rint(levels / np.float32(quantization[0])) + quantization[1], -128, 127).astype(np.int8)
    if np.array_equal(levels, np.arange(-128, 128)):
        # The usual case, ten times faster than the look-up.
        return lambda stored, grey: np.copyto(stored, (grey ^ 0x80).view(np.int8))
    return lambda stored, grey: np.copyto(stored, levels[grey])


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
