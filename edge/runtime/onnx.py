"""ONNX Runtime on the processor."""

import os
import platform
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# As it is imported the library would begin to report its use to its maker.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from edge.runtime.checked import CheckedRuntime, cannot_open, read_variant, scale_into
from edge.runtime.choice import processor_words
from edge.runtime.manifest import Manifest, Variant

_ERRORS_ONLY = 3
_EXACT = frozenset({"avx512_vnni", "avx_vnni"})
"""Processor flags of an instruction that multiplies and adds bytes without a limit."""


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
    multiply_exactly(options)
    return options


def multiply_exactly(options: onnxruntime.SessionOptions) -> None:
    """Of bytes: asks for the exact product where the quick one is not, since it is half as fast everywhere."""
    if saturates(platform.machine(), processor_words()):
        options.add_session_config_entry("session.x64quantprecision", "1")


def saturates(machine: str, words: frozenset[str]) -> bool:
    """Whether the processor's quick product of uint8 by int8 is cut off at 16 bits: x86 without VNNI instructions.
    machine: as `platform.machine` names it; words: of the processor. Without any, products are exact."""
    return machine in ("x86_64", "AMD64", "i686") and not words & _EXACT


class OnnxRuntime(CheckedRuntime):
    """An open session."""

    def __init__(
        self, session: onnxruntime.InferenceSession, manifest: Manifest, variant: Variant, threads: int
    ) -> None:
        super().__init__(manifest, variant, threads)
        self._session = session
        self._spec = manifest.grey_input()
        self._feed = np.zeros(self._spec.shape, np.float32)
        names = [output.name for output in manifest.outputs]
        self._turns = cycle([(self._binding(names, arrays), arrays) for arrays in self._output_sets()])
        self._warm_up()

    def _binding(self, names: Sequence[str], outputs: tuple[NDArray[np.float32], ...]) -> onnxruntime.IOBinding:
        """The arrays that the session reads and writes in place."""
        binding = self._session.io_binding()
        for bind, name, array in (
            (binding.bind_input, self._spec.name, self._feed),
            *((binding.bind_output, name, output) for name, output in zip(names, outputs, strict=True)),
        ):
            bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        return binding

    def _run(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        scale_into(self._feed, tensor, self._spec)
        binding, outputs = next(self._turns)
        self._session.run_with_iobinding(binding)
        return outputs
