"""MediaPipe's ImageSegmenter, drawn with OpenCV. Its confidence mask costs it less than its category mask."""

from typing import Any

import cv2
import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from tools.bench.contenders.laps import asked, laps_of
from tools.bench.contenders.script import COLOUR, SHARE, frames_of


def main() -> None:
    given = asked()
    cv2.setNumThreads(given["threads"])
    laps = laps_of(given)
    options = vision.ImageSegmenterOptions(
        base_options=BaseOptions(model_asset_path=given["model"]),
        running_mode=vision.RunningMode.VIDEO,
        output_confidence_masks=True,
        output_category_mask=False,
    )
    solid: Any = None
    with vision.ImageSegmenter.create_from_options(options) as segmenter:
        for number, frame in enumerate(frames_of(given["clip"], given["frames"])):
            if solid is None:
                solid = np.full(frame.shape, COLOUR, np.uint8)
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frame)
            found = segmenter.segment_for_video(picture, number * 33)
            mask = cv2.compare(found.confidence_masks[0].numpy_view(), 0.5, cv2.CMP_GT)
            cv2.copyTo(cv2.addWeighted(solid, SHARE, frame, 1 - SHARE, 0), mask, frame)
            laps.lap()
    laps.report(painted=float(np.mean(mask > 0)))


if __name__ == "__main__":
    main()
