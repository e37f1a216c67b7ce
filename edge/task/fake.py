"""A task for tests: measures how bright the picture is, which everybody can check."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, MaskMark, Measurement, Verdict
from edge.frame import Frame

MIN_GREY_LEVEL = 8.0
"""Below this mean the picture counts as black."""
INPUT_SIZE_PX = 32


class FakeTask:
    """`brightness`: the region's mean grey level, and a mask of what is brighter than half."""

    name = "brightness"
    model = "fake"
    labels = ("bright",)

    def __init__(self, figures: Mapping[str, float] = MappingProxyType({})) -> None:
        self._darkest = figures.get("min_grey_level", MIN_GREY_LEVEL)

    def prepare(self, frame: Frame) -> NDArray[np.uint8]:
        size = (INPUT_SIZE_PX, INPUT_SIZE_PX)
        picture = cv2.resize(frame.ultrasound.crop(frame.pixels), size, interpolation=cv2.INTER_AREA)
        return np.asarray(picture, np.uint8)[None, None]

    def conclude(self, frame: Frame, outputs: tuple[NDArray[np.float32], ...], history: Sequence[Finding]) -> Finding:
        mean = float(outputs[0].mean()) * 255
        if mean < self._darkest:
            reason = f"the picture is black: mean grey level {mean:.0f}, at least {self._darkest:.0f} is needed"
            return Finding(self.name, frame.sequence, frame.exposed_ns, Verdict.REFUSED, (reason,))
        region = frame.ultrasound
        mask = (region.crop(frame.pixels) > 127).astype(np.uint8)
        return Finding(
            self.name,
            frame.sequence,
            frame.exposed_ns,
            Verdict.MEASURED,
            measurements=(Measurement("mean_brightness", mean, "grey level", mean - 1, mean + 1),),
            marks=(MaskMark("bright", 1, mask, (region.x, region.y)),),
        )
