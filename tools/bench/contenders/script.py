"""What one writes without sonoedge: OpenCV around OpenVINO, the mask drawn and nothing measured.

`tutorial`: as the tutorials have it, with ONNX Runtime: boolean indexing, a new array at every step.
`plain`: what a good engineer writes in an afternoon.
`tuned`: the same after a profile: smallest scale first, buffers kept, grey levels straight into the network, only the
mask's box blended, and on two cores the next frame decoded meanwhile.
`painted` is the share of the last picture that the mask covers: all who take part must find about the same.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

from tools.bench.contenders.laps import asked, laps_of

SHARE = 0.4
COLOUR = (0, 0, 255)


def frames_of(clip: str, most: int) -> Iterator[Any]:
    capture = cv2.VideoCapture(clip)
    for _ in range(most):
        came, frame = capture.read()
        if not came:
            return
        yield frame


def decoded_meanwhile(clip: str, most: int) -> Iterator[Any]:
    """One frame ahead, in a thread."""
    waiting: queue.Queue[Any] = queue.Queue(maxsize=1)

    def decode() -> None:
        for frame in frames_of(clip, most):
            waiting.put(frame)
        waiting.put(None)

    threading.Thread(target=decode, daemon=True).start()
    while (frame := waiting.get()) is not None:
        yield frame


def tutorial(given: dict[str, Any], finished: Callable[[], None]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = given["threads"]
    session = onnxruntime.InferenceSession(given["model"], options, providers=["CPUExecutionProvider"])
    (tensor,) = session.get_inputs()
    height, width = tensor.shape[2:]
    for frame in frames_of(given["clip"], given["frames"]):
        small = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (width, height))
        output = session.run(None, {tensor.name: (small[None, None] / 255).astype(np.float32)})[0]
        mask = cv2.resize((output[0, 0] > 0).astype(np.uint8), frame.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        drawn = frame.copy()
        drawn[mask > 0] = COLOUR
        cv2.addWeighted(drawn, SHARE, frame, 1 - SHARE, 0)
        finished()
    return mask


def plain(given: dict[str, Any], finished: Callable[[], None]) -> Any:
    infer, (height, width) = network(given["model"], given["threads"])
    solid = None
    for frame in frames_of(given["clip"], given["frames"]):
        if solid is None:
            solid = np.full(frame.shape, COLOUR, np.uint8)
        small = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (width, height))
        output = infer(small[None, None] * np.float32(1 / 255))
        decided = cv2.compare(np.ascontiguousarray(output[0, 0], np.float32), 0, cv2.CMP_GT)
        mask = cv2.resize(decided, frame.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        cv2.copyTo(cv2.addWeighted(solid, SHARE, frame, 1 - SHARE, 0), mask, frame)
        finished()
    return mask


def network(model: str, threads: int) -> tuple[Callable[[Any], Any], tuple[int, int]]:
    """The model as it is: a call from its input to its first output, and the height and width of its input."""
    import openvino

    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
    return lambda tensor: request.infer({0: tensor})[0], tuple(request.get_input_tensor(0).shape)[2:]


def tuned(given: dict[str, Any], finished: Callable[[], None]) -> Any:
    import openvino
    from openvino.preprocess import PrePostProcessor

    core = openvino.Core()
    steps = PrePostProcessor(core.read_model(given["model"]))
    steps.input().tensor().set_element_type(openvino.Type.u8)
    steps.input().preprocess().convert_element_type(openvino.Type.f32).scale(255.0)
    options = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": given["threads"]}
    request = core.compile_model(steps.build(), "CPU", options).create_infer_request()
    tensor = request.get_input_tensor(0).data
    height, width = tensor.shape[2:]
    output = request.get_output_tensor(0).data[0, 0]
    small, decided = np.empty((height, width, 3), np.uint8), np.empty(output.shape, np.uint8)
    solid = mask = None
    read = decoded_meanwhile if given["threads"] > 1 else frames_of
    for frame in read(given["clip"], given["frames"]):
        if solid is None:
            solid, mask = np.full(frame.shape, COLOUR, np.uint8), np.empty(frame.shape[:2], np.uint8)
        cv2.resize(frame, (width, height), dst=small)
        cv2.cvtColor(small, cv2.COLOR_BGR2GRAY, dst=tensor[0, 0])
        request.infer()
        cv2.compare(output, 0, cv2.CMP_GT, dst=decided)
        cv2.resize(decided, frame.shape[1::-1], dst=mask, interpolation=cv2.INTER_NEAREST)
        x, y, across, down = cv2.boundingRect(mask)
        if across:
            box = frame[y : y + down, x : x + across]
            blended = cv2.addWeighted(solid[:down, :across], SHARE, box, 1 - SHARE, 0)
            cv2.copyTo(blended, mask[y : y + down, x : x + across], box)
        finished()
    return mask


SCRIPTS = {"tutorial": tutorial, "plain": plain, "tuned": tuned}


def main() -> None:
    given = asked()
    cv2.setNumThreads(given["threads"])
    laps = laps_of(given)
    mask = SCRIPTS[given["script"]](given, laps.lap)
    laps.report(painted=float(np.mean(mask > 0)))


if __name__ == "__main__":
    main()
