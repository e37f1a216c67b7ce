"""What all contenders work on: clips of the phantoms, and the shipped weights in each one's own format. Made once, in
the build folder."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import numpy as np
import onnx
from onnx import helper, numpy_helper

from edge.clock import MonotonicClock
from edge.runtime.manifest import Manifest, ModelFile, Variant, load_manifest, model_folder
from edge.source.opening import open_source
from edge.task.spec import TaskSpec
from tools.bench import adapters
from tools.bench.process import ROOT, ContenderError

SIZE = (640, 480)
CLIP_FRAMES = 300
CLIP_FPS = 30


@dataclass(frozen=True, slots=True)
class Clip:
    """A video of Motion JPEG pictures, as a frame grabber or a camera gives them."""

    path: Path
    size: tuple[int, int]
    depth_mm: float


def clip_of(spec: TaskSpec, folder: Path, size: tuple[int, int] = SIZE, frames: int = CLIP_FRAMES) -> Clip:
    """The task's first phantom, resized."""
    path = folder / f"{spec.name}-{size[0]}x{size[1]}-{frames}.avi"
    told = path.with_suffix(".json")
    if not told.exists():
        folder.mkdir(parents=True, exist_ok=True)
        told.write_text(json.dumps(_write_clip(spec, path, size, frames)))
    return Clip(path, size, json.loads(told.read_text()))


def _write_clip(spec: TaskSpec, path: Path, size: tuple[int, int], frames: int) -> float:
    """Returns the depth in mm."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), CLIP_FPS, size)
    depth_mm = 30.0
    address = f"phantom:{spec.anatomies[0].name},frames={frames},paced=no"
    with open_source(address, fps=CLIP_FPS, clock=MonotonicClock()) as source:
        while (frame := source.read(5.0)) is not None:
            if frame.probe is not None and frame.probe.depth_mm is not None:
                depth_mm = frame.probe.depth_mm
            writer.write(cv2.cvtColor(cv2.resize(frame.pixels, size), cv2.COLOR_GRAY2BGR))
    writer.release()
    return depth_mm


def model_file(name: str, runtime: str, precision: str) -> Path:
    """Of a shipped model. Raises ModelError where it has none."""
    folder = model_folder(name)
    return folder / load_manifest(folder).variant(runtime, precision).files[0].name


def two_class_file(name: str, folder: Path, *, three_channels: bool) -> Path:
    """The int8 network with a map of the background and one of its first structure: IR for pictures of three channels,
    ONNX for grey ones."""
    path = folder / (f"{name}.two-classes.xml" if three_channels else f"{name}.two-classes.onnx")
    source = model_file(name, "onnx", "int8")
    if not _newer(path, source, Path(adapters.__file__)):
        folder.mkdir(parents=True, exist_ok=True)
        adapters.write_for_two_classes(source, path, three_channels=three_channels)
    return path


def _newer(path: Path, *sources: Path) -> bool:
    return path.exists() and all(path.stat().st_mtime >= source.stat().st_mtime for source in sources)


def mediapipe_file(name: str, precision: str, folder: Path, python: str) -> Path:
    """The TFLite network with what MediaPipe demands around it, made by MediaPipe's own environment. Raises
    ContenderError."""
    path = folder / f"{name}.{precision}.mediapipe.tflite"
    source = model_file(name, "tflite", precision)
    if not _newer(path, source, Path(__file__).with_name("contenders") / "mediapipe_model.py"):
        folder.mkdir(parents=True, exist_ok=True)
        command = [python, "-m", "tools.bench.contenders.mediapipe_model", str(source), str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContenderError(f"its model could not be made: {done.stderr.strip().splitlines()[-1]}")
    return path


def heavier_model(name: str, folder: Path, layers: int) -> Path:
    """A folder with the shipped int8 network and so many more convolutions, which cost time and change nothing: what
    they give is too small to move a logit. Its one variant is OpenVINO's, called float."""
    shipped = load_manifest(model_folder(name))
    target = folder / f"{name}-{layers}-layers-more"
    target.mkdir(parents=True, exist_ok=True)
    path = target / "model.onnx"
    onnx.save(_burdened(onnx.load(model_file(name, "onnx", "int8")), layers), path)
    _write_manifest(target, shipped, path)
    return target


BURDEN_SIDE = 64
"""Pixels: so small that one layer takes a fraction of a millisecond."""
BURDEN_CHANNELS = 16


def _burdened(model: onnx.ModelProto, layers: int) -> onnx.ModelProto:
    if not layers:
        return model
    graph = model.graph
    (given,) = [one for one in graph.input if one.name not in {each.name for each in graph.initializer}]
    (found,) = graph.output
    shape = [size.dim_value for size in found.type.tensor_type.shape.dim]
    producer = next(node for node in graph.node if found.name in node.output)
    producer.output[:] = ["unburdened" if name == found.name else name for name in producer.output]
    random, value, channels = np.random.default_rng(0), given.name, 1
    for number in range(layers):
        stride = max(1, given.type.tensor_type.shape.dim[2].dim_value // BURDEN_SIDE) if number == 0 else 1
        weights = random.normal(0, 0.05, (BURDEN_CHANNELS, channels, 3, 3)).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(weights, f"burden_{number}"))
        carried = [f"carried_{number}"]
        sides = {"pads": [1, 1, 1, 1], "strides": [stride, stride]}
        graph.node.append(helper.make_node("Conv", [value, f"burden_{number}"], carried, **sides))
        graph.node.append(helper.make_node("Relu", carried, [f"held_{number}"]))
        value, channels = f"held_{number}", BURDEN_CHANNELS
    closing = np.full((shape[1], channels, 1, 1), 1e-9, np.float32)
    graph.initializer.append(numpy_helper.from_array(closing, "burden_end"))
    graph.node.append(helper.make_node("Conv", [value, "burden_end"], ["burden"]))
    graph.node.append(helper.make_node("ReduceMean", ["burden"], ["burden_mean"], axes=[2, 3], keepdims=1))
    graph.node.append(helper.make_node("Add", ["unburdened", "burden_mean"], [found.name]))
    return model


def _write_manifest(target: Path, shipped: Manifest, path: Path) -> None:
    variants = (Variant(runtime="openvino", precision="float", files=(ModelFile.of(path),)),)
    manifest = msgspec.structs.replace(shipped, variants=variants, arrays=())
    (target / "manifest.json").write_bytes(msgspec.json.encode(manifest))
