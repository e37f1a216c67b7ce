"""ONNX Runtime on the processor."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# As it is imported the library would begin to report its use to its maker.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from edge.runtime.checked import CheckedRuntime, cannot_open, read_variant
from edge.runtime.manifest import Manifest, Variant

_ERRORS_ONLY = 3


def open_onnx(folder: Path, manifest: Manifest, *, precision: str, threads: int) -> "OnnxRuntime":
    """Raises ModelError and ModelDigestError."""
    variant, (content,) = read_variant(folder, manifest, "onnx", precision)
    try:
        session = onnxruntime.InferenceSession(content, _options(threads), providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's errors share no base of their own
        raise cannot_open(manifest, variant, error) from error
    return OnnxRuntime(session, manifest, variant, threads)


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # Spinning threads would take the cores from capture and drawing between two frames.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Without VNNI instructions the fast product of uint8 by int8 saturates; the exact one is slower there alone.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return options


class OnnxRuntime(CheckedRuntime):
    """An open session."""

    def __init__(
        self, session: onnxruntime.InferenceSession, manifest: Manifest, variant: Variant, threads: int
    ) -> None:
        super().__init__(manifest, variant, threads)
        self._session = session
        given = manifest.grey_input()
        self._input_name, self._scale, self._offset = given.name, np.float32(given.scale), np.float32(given.offset)
        self._names = [output.name for output in manifest.outputs]
        self._feed = np.zeros(given.shape, np.float32)
        self._warm_up()

    def _run(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        np.multiply(tensor, self._scale, out=self._feed)
        if self._offset:
            self._feed += self._offset
        return tuple(self._session.run(self._names, {self._input_name: self._feed}))
