"""Lumbar level by the network: what lies under the probe in each frame, counted from the sacrum."""

from edge.frame import Frame
from edge.task.contract import Concluded, Given, Outputs, Prepared
from edge.task.spine.evidence import FILE, KindJudge
from edge.task.spine.marks import marks_of, stages_of
from edge.task.spine.planes import Spoken, Window, seen_by_network, spoken_by, window_of
from edge.task.spine.reading import SpineMemory, missed, told
from edge.task.spine.seen import SpineSeen
from edge.task.spine.spec import PARAMEDIAN, SpineOptions

NOTHING_GIVEN = Given(SpineOptions())


class SpineTask:
    """Reads the network's planes."""

    def __init__(self, given: Given[SpineOptions] = NOTHING_GIVEN) -> None:
        self._given = given
        self._judge = KindJudge.of(given.arrays) if FILE in given.arrays else KindJudge.untaught()
        self._along = given.options.plane == PARAMEDIAN

    def prepare(self, frame: Frame) -> Prepared[Window]:
        window = window_of(frame)
        if window is None:
            return Prepared(frame)
        return Prepared(frame, window.tensor(frame.ultrasound.crop(frame.pixels)), window)

    def conclude(
        self, prepared: Prepared[Window], outputs: Outputs, memory: SpineMemory | None
    ) -> Concluded[SpineMemory]:
        frame, given = prepared.frame, self._given
        if prepared.faults:
            return missed(frame, prepared.faults, memory)
        seen, window = self.seen_in(prepared, outputs), prepared.seen
        if window is None or prepared.tensor is None or seen is None:
            return told(frame, None, None, memory, given.options, given.figures)
        square, output = prepared.tensor[0, 0], outputs[0][0]
        marks = marks_of(frame, window, seen, output)
        if given.stages:
            marks += stages_of(frame, window, square, output)
        return told(frame, seen, square, memory, given.options, given.figures, marks)

    def seen_in(self, prepared: Prepared[Window], outputs: Outputs) -> SpineSeen | None:
        """What the network saw in a frame that the gate admits. None: the frame has no scale."""
        if prepared.tensor is None or not outputs:
            return None
        return seen_by_network(self.spoken(outputs), prepared.tensor[0, 0], self._judge, along=self._along)

    def spoken(self, outputs: Outputs) -> Spoken:
        """What the network says of a frame, before it is judged."""
        return spoken_by(outputs[0][0], along=self._along)
