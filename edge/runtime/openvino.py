"""OpenVINO on the processor: IR made from the quantized ONNX file for int8, the float ONNX file itself for float."""

import sys
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# The library's converter of models would take 10 MB and as long as the rest of it, report its use to its maker, and end
# where there is no home directory. The library does without where it is not installed.
sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
import openvino  # noqa: E402
from openvino.preprocess import PrePostProcessor  # noqa: E402

from edge.runtime.checked import CheckedRuntime, cannot_open, read_variant  # noqa: E402
from edge.runtime.manifest import InputSpec, Manifest, Variant  # noqa: E402


def open_openvino(folder: Path, manifest: Manifest, *, precision: str, threads: int) -> "OpenvinoRuntime":
    """Raises ModelError and ModelDigestError."""
    variant, contents = read_variant(folder, manifest, "openvino", precision)
    core = openvino.Core()
    try:
        model = _takes_grey(core.read_model(*contents), manifest.grey_input())
        compiled = _compiled(core, model, _options(threads))
    except RuntimeError as error:
        raise cannot_open(manifest, variant, error) from error
    return OpenvinoRuntime(compiled, manifest, variant, threads)


def _compiled(core: openvino.Core, model: openvino.Model, options: dict[str, str | int]) -> openvino.CompiledModel:
    """In int8; where the library lacks a kernel for a layer (depthwise ones on Arm cores without the dot product), with
    the same rounding in float."""
    try:
        return core.compile_model(model, "CPU", options)
    except RuntimeError:
        return core.compile_model(model, "CPU", options | {"LP_TRANSFORMS_MODE": "NO"})


def _takes_grey(model: openvino.Model, spec: InputSpec) -> openvino.Model:
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8)
    steps.input().preprocess().convert_element_type(openvino.Type.f32).mean(-spec.offset / spec.scale).scale(
        1 / spec.scale
    )
    return steps.build()


def _options(threads: int) -> dict[str, str | int]:
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": threads,
        # Boards with half-precision units would otherwise round the float layers, and give other masks.
        "INFERENCE_PRECISION_HINT": "f32",
    }


class OpenvinoRuntime(CheckedRuntime):
    """A compiled model with a request for each set of outputs. Requests share the network's own memory."""

    def __init__(self, compiled: openvino.CompiledModel, manifest: Manifest, variant: Variant, threads: int) -> None:
        super().__init__(manifest, variant, threads)
        names = [output.name for output in manifest.outputs]
        self._turns = cycle([self._request(compiled, names, arrays) for arrays in self._output_sets()])
        self._warm_up()

    def _request(
        self, compiled: openvino.CompiledModel, names: Sequence[str], outputs: tuple[NDArray[np.float32], ...]
    ) -> tuple[openvino.InferRequest, NDArray[np.uint8], tuple[NDArray[np.float32], ...]]:
        """A request with the arrays that it reads and writes in place: nothing is copied or unpacked at a call."""
        request, feed = compiled.create_infer_request(), np.zeros(self._shape, np.uint8)
        request.set_input_tensor(openvino.Tensor(feed, shared_memory=True))
        for name, output in zip(names, outputs, strict=True):
            request.set_tensor(compiled.output(name), openvino.Tensor(output, shared_memory=True))
        return request, feed, outputs

    def _run(self, tensor: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        request, feed, outputs = next(self._turns)
        np.copyto(feed, tensor)
        request.infer(share_outputs=True)
        return outputs
