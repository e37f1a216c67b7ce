"""OpenVINO's model_api: its SegmentationModel reads, resizes and decides; the mask is drawn with OpenCV."""

from typing import Any

import cv2
import numpy as np
import openvino
from model_api.adapters import OpenvinoAdapter
from model_api.models import SegmentationModel

from tools.bench.contenders.laps import asked, laps_of
from tools.bench.contenders.script import COLOUR, SHARE, frames_of


def main() -> None:
    given = asked()
    cv2.setNumThreads(given["threads"])
    laps = laps_of(given)
    options = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": given["threads"]}
    adapter = OpenvinoAdapter(openvino.Core(), given["model"], device="CPU", plugin_config=options, max_num_requests=1)
    wished = {"blur_strength": -1, "return_soft_prediction": False, "scale_values": [255.0, 255.0, 255.0]}
    model = SegmentationModel(adapter, wished, preload=True)
    solid: Any = None
    for frame in frames_of(given["clip"], given["frames"]):
        if solid is None:
            solid = np.full(frame.shape, COLOUR, np.uint8)
        mask = np.asarray(model(frame)).astype(np.uint8)
        cv2.copyTo(cv2.addWeighted(solid, SHARE, frame, 1 - SHARE, 0), mask, frame)
        laps.lap()
    laps.report(painted=float(np.mean(mask > 0)))


if __name__ == "__main__":
    main()
