"""A task for tests: measures how bright the picture is, which everybody can check."""

import cv2
import numpy as np

from edge.finding import MaskMark, Measurement, Verdict
from edge.frame import Frame
from edge.option import NoOptions
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.gate import Gate
from edge.task.spec import Pathway, TaskSpec
from edge.terms import MarkTerm, MeasurementTerm, Terms

MIN_GREY_LEVEL = 8.0
"""Below this mean the picture counts as black."""
INPUT_SIZE_PX = 32
NOTHING_GIVEN = Given(NoOptions())


SPEC = TaskSpec(
    name="brightness",
    sentence="How bright the picture is.",
    labels=("bright",),
    pathways=(Pathway("deep", "by a network", "edge.task.fake:FakeTask", model="fake"),),
    terms=Terms((MeasurementTerm("mean_brightness", "grey level", "Brightness"),), (MarkTerm("bright"),)),
    gate=Gate(any_picture=True),
)


class FakeTask:
    """`brightness`: the region's mean grey level, and a mask of what is brighter than half."""

    def __init__(self, given: Given[NoOptions] = NOTHING_GIVEN) -> None:
        self._darkest = given.figures.get("min_grey_level", MIN_GREY_LEVEL)

    def prepare(self, frame: Frame) -> Prepared[None]:
        size = (INPUT_SIZE_PX, INPUT_SIZE_PX)
        picture = cv2.resize(frame.ultrasound.crop(frame.pixels), size, interpolation=cv2.INTER_AREA)
        return Prepared(frame, np.asarray(picture, np.uint8)[None, None])

    def conclude(self, prepared: Prepared[None], outputs: Outputs, memory: None) -> Concluded[None]:
        frame = prepared.frame
        if prepared.faults:
            return Concluded(refused(SPEC.name, frame, prepared.faults))
        mean = float(outputs[0].mean()) * 255
        if mean < self._darkest:
            reason = f"the picture is black: mean grey level {mean:.0f}, at least {self._darkest:.0f} is needed"
            return Concluded(refused(SPEC.name, frame, (reason,)))
        region = frame.ultrasound
        mask = (region.crop(frame.pixels) > 127).astype(np.uint8)
        measured = (Measurement("mean_brightness", mean, "grey level", mean - 1, mean + 1),)
        marks = (MaskMark("bright", 1, mask, (region.x, region.y)),)
        return Concluded(finding_of(SPEC.name, frame, Verdict.MEASURED, (), measured, marks))
