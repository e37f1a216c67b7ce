"""How fast the models' files are: `python -m tools.speed_of_models [NAME ...]`; then `python -m tools.card NAME`.

Counts each network's multiplications, times all of its files in turns in one process on one thread, and this core's
int8 matrix product beside them. Writes `speed.json` beside the task's facts, from which the card's section is made.
What is timed is the thread's own processor time, so that other work on the machine disturbs little.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnx
import onnxruntime
import openvino
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.runtime.choice import processor, processor_words
from edge.runtime.contract import Runtime
from edge.runtime.manifest import Manifest, list_models, load_manifest
from edge.runtime.opening import DISTRIBUTIONS, open_runtime, runtime_version
from tools.bundle import NETWORK
from tools.lesson import MODELS, facts_folder
from tools.tflite.reading import read_network

SPEED: Final = "speed.json"
ROUNDS: Final = 25
BURST: Final = 4
"""Calls per turn. One more, before them, is not counted: it finds the caches as another file left them."""
OPSET: Final = 17
SIDE: Final = 1024
"""Of the square matrices, and"""
CHANNELS: Final = 256
"""in and out of the convolution, whose products stand for what a core can do at most."""
PICTURE: Final = 32
"""Side of what the convolution runs over."""
TWICE: Final = 2.0
"""What int8 is to gain over float."""
SMALL: Final = 10e6
"""Multiplications below which a call is mostly something else."""
DOT_PRODUCT: Final = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})
"""Processor flags of an instruction that multiplies and adds bytes: of x86, with 512 and 256 bits, and of Arm."""
WITHOUT_DOT_PRODUCT: Final = {
    "onnx": "ONNX Runtime is told to multiply exactly there, since its quick product saturates and changes the mask.",
    "tflite": "TFLite's XNNPACK widens bytes to 16 bits there before it multiplies.",
}


class FileSpeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One variant."""

    runtime: str
    precision: str
    ms: float
    """Median over the rounds, of one call."""


class ModelSpeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model's files on one machine."""

    processor: str
    dot_product: bool
    """Whether it multiplies and adds bytes in one instruction (VNNI)."""
    libraries: tuple[str, ...]
    multiplications: int
    """And additions, of one call."""
    parameters: int
    peak_per_s: float
    """Multiplications and additions of bytes, as far as the quicker of two runtimes brings it in a large product."""
    files: tuple[FileSpeed, ...]
    gains: dict[str, float]
    """By runtime: float's time over int8's, median of the rounds' ratios."""


def counted(path: Path) -> tuple[int, int]:
    """Multiplications of one call, and parameters, of a float ONNX file."""
    network = read_network(onnx.load(path))
    multiplications, parameters = 0, 0
    for operation in network.operations:
        if operation.kind == "Conv":
            height, width = network.shapes[operation.output][2:]
            weights, bias = (network.constants[name].values.size for name in operation.inputs[1:])
            multiplications, parameters = multiplications + weights * height * width, parameters + weights + bias
    return multiplications, parameters


def timed(folder: Path, manifest: Manifest) -> tuple[tuple[FileSpeed, ...], dict[str, float]]:
    """Every variant in turns, and what int8 gains in each runtime."""
    grey = np.random.default_rng(0).integers(0, 256, manifest.grey_input().shape, dtype=np.uint8)
    with ExitStack() as opened:
        runtimes: list[Runtime] = [
            opened.enter_context(open_runtime(v.runtime, folder, precision=v.precision, threads=1)[0])
            for v in manifest.variants
        ]
        rounds = np.array([[_burst_ms(runtime, grey) for runtime in runtimes] for _ in range(ROUNDS)])
    kinds = [(v.runtime, v.precision) for v in manifest.variants]
    files = tuple(
        FileSpeed(runtime=runtime, precision=precision, ms=round(float(ms), 3))
        for (runtime, precision), ms in zip(kinds, np.median(rounds, axis=0), strict=True)
    )
    gains = {
        runtime: round(float(np.median(rounds[:, kinds.index((runtime, "float"))] / rounds[:, at])), 2)
        for at, (runtime, precision) in enumerate(kinds)
        if precision == "int8"
    }
    return files, gains


def _burst_ms(runtime: Runtime, grey: NDArray[np.uint8]) -> float:
    runtime.infer(grey)
    return _quickest_ms(lambda: runtime.infer(grey), BURST)


def _quickest_ms(call: Callable[[], object], calls: int) -> float:
    laps = []
    for _ in range(calls):
        started_s = time.thread_time()
        call()
        laps.append(time.thread_time() - started_s)
    return 1e3 * min(laps)


def peak_per_s() -> float:
    """Multiplications of bytes a second that the quicker of two runtimes brings on one thread in the quickest of two
    large products: of matrices, and a convolution of many channels."""
    matrix, filters = (SIDE, SIDE), (CHANNELS, CHANNELS, 3, 3)
    return max(
        SIDE**3 / _product_s("MatMul", matrix, matrix),
        CHANNELS**2 * 9 * PICTURE**2 / _product_s("Conv", (1, CHANNELS, PICTURE, PICTURE), filters, pads=[1] * 4),
    )


def _product_s(kind: str, shape: tuple[int, ...], weights: tuple[int, ...], **settings: Any) -> float:
    content = _quantized(kind, shape, weights, settings).SerializeToString()
    given = np.random.default_rng(0).random(shape, dtype=np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    one = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
    request = core.compile_model(core.read_model(content), "CPU", one).create_infer_request()
    calls = (lambda: session.run(None, {"a": given}), lambda: request.infer({0: given}))
    return min(_quickest_ms(call, ROUNDS) for call in calls) / 1e3


def _quantized(
    kind: str, shape: tuple[int, ...], weights: tuple[int, ...], settings: dict[str, Any]
) -> onnx.ModelProto:
    """Of unsigned by signed bytes, as the models' own convolutions are. The result has the input's shape."""
    held = {
        "weights": np.random.default_rng(1).integers(-127, 128, weights, dtype=np.int8),
        "scale": np.float32(1 / 255),
        "unsigned": np.uint8(0),
        "signed": np.int8(0),
        "result": np.float32(0.5),
        "middle": np.uint8(128),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["a", "scale", "unsigned"], ["a8"]),
        helper.make_node("DequantizeLinear", ["a8", "scale", "unsigned"], ["af"]),
        helper.make_node("DequantizeLinear", ["weights", "scale", "signed"], ["wf"]),
        helper.make_node(kind, ["af", "wf"], ["product"], **settings),
        helper.make_node("QuantizeLinear", ["product", "result", "middle"], ["p8"]),
        helper.make_node("DequantizeLinear", ["p8", "result", "middle"], ["out"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("a", "out")]
    initial = [numpy_helper.from_array(np.asarray(values), name) for name, values in held.items()]
    graph = helper.make_graph(nodes, "product", ends[:1], ends[1:], initial)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def load_speed(name: str) -> ModelSpeed | None:
    """What was measured of the model of this name; None for one without a network."""
    path = facts_folder(name) / SPEED
    return msgspec.json.decode(path.read_bytes(), type=ModelSpeed) if path.is_file() else None


def measure_model(folder: Path, peak: float) -> ModelSpeed:
    manifest = load_manifest(folder)
    multiplications, parameters = counted(folder / NETWORK)
    files, gains = timed(folder, manifest)
    return ModelSpeed(
        processor=processor().split(":")[-1].strip(),
        dot_product=bool(DOT_PRODUCT & processor_words()),
        libraries=tuple(f"{runtime_version(name)}" for name in DISTRIBUTIONS),
        multiplications=multiplications,
        parameters=parameters,
        peak_per_s=round(peak / 1e9, 1) * 1e9,
        files=files,
        gains=gains,
    )


def speed_section(speed: ModelSpeed, manifest: Manifest) -> str:
    """The card's words and table."""
    sizes = {(v.runtime, v.precision): sum(file.bytes for file in v.files) for v in manifest.variants}
    rows = ["| file | bytes | a call | as fast as float | share of the peak |", "|---|---|---|---|---|"]
    for file in speed.files:
        int8 = file.precision == "int8"
        gain = f"{speed.gains[file.runtime]:.2f} times" if int8 else ""
        share = f"{100 * speed.multiplications / (file.ms / 1e3) / speed.peak_per_s:.0f} %" if int8 else ""
        size = sizes[file.runtime, file.precision]
        rows.append(f"| {file.runtime} {file.precision} | {size} | {file.ms:.2f} ms | {gain} | {share} |")
    bytes_at_once = "has" if speed.dot_product else "has no"
    words = f"""\
{speed.multiplications / 1e6:.1f} million multiplications (each with an addition) a call, {speed.parameters} parameters.
`python -m tools.speed_of_models {manifest.name}` timed all files in turns in one process, on one thread and in its own
processor time, with {", ".join(speed.libraries)}. The machine's processor ({speed.processor}) {bytes_at_once}
instruction that multiplies and adds bytes at once (VNNI). The peak, {speed.peak_per_s / 1e9:.0f} thousand million
multiplications of bytes a second, is the best of a matrix product ({SIDE} x {SIDE}) and a convolution
({CHANNELS} channels, 3 x 3) in ONNX Runtime and OpenVINO on the same thread: what kernels reach there."""
    return "\n".join([words, "", *rows, *_missed(speed)])


def _missed(speed: ModelSpeed) -> list[str]:
    """Why int8 is not TWICE as fast, runtime by runtime."""
    slow = [runtime for runtime, gain in speed.gains.items() if gain < TWICE]
    if not slow:
        return []
    whys = [f"Int8 is less than {TWICE:g} times as fast as float in {', '.join(slow)}."]
    if speed.multiplications < SMALL:
        whys.append("The network is so small that most of a call is not multiplying.")
    if not speed.dot_product:
        whys.append("Without VNNI a product of bytes takes three instructions, and gains little over float's one.")
        whys += [WITHOUT_DOT_PRODUCT[runtime] for runtime in slow if runtime in WITHOUT_DOT_PRODUCT]
    return ["", " ".join(whys)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    networks = [name for name in list_models() if load_manifest(MODELS / name).variants]
    parser.add_argument("models", nargs="*", default=networks, help=f"of models/; without any: {', '.join(networks)}")
    peak = peak_per_s()
    print(f"peak {peak / 1e9:.1f} thousand million multiplications of bytes a second")
    for name in parser.parse_args().models:
        speed = measure_model(MODELS / name, peak)
        (facts_folder(name) / SPEED).write_bytes(msgspec.json.format(msgspec.json.encode(speed), indent=2) + b"\n")
        for file in speed.files:
            print(f"{name} {file.runtime} {file.precision} {file.ms:.2f} ms")
        print(f"{name} int8 over float: {speed.gains}; next: python -m tools.card {name}", flush=True)


if __name__ == "__main__":
    main()
