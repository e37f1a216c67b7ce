"""A task for tests that makes a panorama of whatever it sees: each frame lies a little further to the right."""

from itertools import count

import numpy as np

from edge.app import opening
from edge.finding import Measurement, PanoramaLabel, PanoramaMark, Verdict
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.image.stitching import Stitched, with_frame
from edge.option import NoOptions
from edge.registry import Entry, Table
from edge.task import table
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of
from edge.task.gate import Gate
from edge.task.spec import Pathway, TaskSpec
from edge.terms import MeasurementTerm, Terms

STEP_MM = 1.0
PARTS_MM = 15.0
SPEC = TaskSpec(
    name="sweep",
    sentence="A long picture, in parts.",
    labels=(),
    pathways=(Pathway("plain", "without a network", "tests.sweeping:SweepTask", model="", network=False),),
    terms=Terms((MeasurementTerm("part", "part", "Part", lane=0, named=True),)),
    gate=Gate(any_picture=True),
    panorama=True,
)


def use_sweep(monkeypatch) -> None:
    """`sweep` is one of the tasks."""
    own = {**table.TASKS.own, SPEC.name: Entry("tests.sweeping:SPEC")}
    for module in (table, opening):
        monkeypatch.setattr(module, "TASKS", Table(own, "sonoedge.nothing"))


class SweepTask:
    """`sweep`: the part that the frame lies in, and the panorama so far."""

    def __init__(self, given: Given[NoOptions]) -> None:
        """Without options."""

    def prepare(self, frame: Frame) -> Prepared[None]:
        return Prepared(frame)

    def conclude(self, prepared: Prepared, outputs: Outputs, memory: tuple[Stitched, int] | None) -> Concluded:
        frame = prepared.frame
        before, number = memory or (None, 0)
        pixels = frame.ultrasound.crop(frame.pixels)
        spacing = frame.spacing or PixelSpacing(0.1, 0.1, SpacingOrigin.USER)
        whole = with_frame(before, np.ascontiguousarray(pixels), spacing, number * STEP_MM, frame.sequence)
        width = len(whole.sequences)
        per_part = round(PARTS_MM / whole.mm_per_px)
        here = whole.column(number * STEP_MM)
        starts = range(0, width, per_part)
        labels = tuple(
            PanoramaLabel(f"P{at}", start, min(start + per_part, width), start <= here < start + per_part)
            for at, start in zip(count(1), starts, strict=False)
        )
        mark = PanoramaMark("whole", whole.plane, whole.mm_per_px, whole.sequences, labels, here)
        part = float(here // per_part)
        one = Measurement("part", part, "part", part, part + 1, named=f"P{part + 1:.0f}")
        found = finding_of(SPEC.name, frame, Verdict.MEASURED, (), (one,), (mark,))
        return Concluded(found, (whole, number + 1))
