"""supervision's MaskAnnotator around OpenVINO; its picture of the masks comes from OpenCV, which it uses where it is
installed."""

from typing import Any

import cv2
import numpy as np
import supervision

from tools.bench.contenders.laps import asked, laps_of
from tools.bench.contenders.script import SHARE, frames_of, network


def main() -> None:
    given = asked()
    cv2.setNumThreads(given["threads"])
    laps = laps_of(given)
    infer, (height, width) = network(given["model"], given["threads"])
    annotator = supervision.MaskAnnotator(color=supervision.Color.RED, opacity=SHARE)
    whole: Any = None
    for frame in frames_of(given["clip"], given["frames"]):
        if whole is None:
            whole = np.array([[0, 0, frame.shape[1], frame.shape[0]]], np.float32)
        small = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (width, height))
        output = infer(small[None, None] * np.float32(1 / 255))
        decided = cv2.compare(np.ascontiguousarray(output[0, 0], np.float32), 0, cv2.CMP_GT)
        mask = cv2.resize(decided, frame.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        found = supervision.Detections(xyxy=whole, mask=mask[None].view(bool), class_id=np.zeros(1, int))
        annotator.annotate(frame, found)
        laps.lap()
    laps.report(painted=float(np.mean(mask > 0)))


if __name__ == "__main__":
    main()
