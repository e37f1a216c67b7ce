"""Bare inference: a runtime with a model and one input that never changes, nothing read and nothing drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench.contenders.laps import asked, laps_of


def openvino_call(model: str, threads: int) -> Callable[[], Any]:
    import openvino

    # As sonoedge has it: else the library rounds float layers where the processor has half-precision units.
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    options = {**hints, "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads}
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
    request.get_input_tensor(0).data[:] = _grey(request.get_input_tensor(0).shape)
    return request.infer


def onnx_call(model: str, threads: int) -> Callable[[], Any]:
    import onnxruntime

    from edge.runtime.onnx import multiply_exactly

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    multiply_exactly(options)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    feed = {given.name: _grey(given.shape)}
    return lambda: session.run(None, feed)


def tflite_call(model: str, threads: int) -> Callable[[], Any]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=model, num_threads=threads)
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    levels = _grey(given["shape"])
    if given["dtype"] == np.int8:
        scale, zero_point = given["quantization"]
        levels = np.clip(np.rint(levels / scale) + zero_point, -128, 127).astype(np.int8)
    interpreter.set_tensor(given["index"], levels)
    call: Callable[[], Any] = interpreter.invoke
    return call


CALLS = {"openvino": openvino_call, "onnx": onnx_call, "tflite": tflite_call}


def _grey(shape: Any) -> Any:
    return np.random.default_rng(0).random(tuple(shape), np.float32)


def main() -> None:
    given = asked()
    laps = laps_of(given)
    call = CALLS[given["runtime"]](str(Path(given["model"])), given["threads"])
    for _ in range(given["frames"]):
        call()
        laps.lap()
    laps.report()


if __name__ == "__main__":
    main()
