"""Lumbar level without a network, after Yu, Tan, Sng, Li and Sia (EMBC 2014; Ultrasound Med Biol 2015; 41: 2677):
templates, midline, black pixels along it, chosen features, support vector machines; every step can be shown.

It knows transverse views alone. What it sees of a frame is counted as the network's is.
"""

from dataclasses import dataclass
from typing import Final

from edge.frame import Frame
from edge.task.contract import Concluded, Given, Outputs, Prepared, refused
from edge.task.spine.features import Described, described
from edge.task.spine.judging import Judged, Judges
from edge.task.spine.levels import KINDS
from edge.task.spine.marks import lines_of
from edge.task.spine.planes import contact_of, window_of
from edge.task.spine.reading import LEAST_CLEAR, LEAST_SPACE, SpineMemory, missed, told
from edge.task.spine.seen import SpineSeen
from edge.task.spine.spec import PARAMEDIAN, SPEC, SpineOptions
from edge.task.spine.steps import stages_of
from edge.task.spine.templates import Templates, Working, matched

SPACE: Final = KINDS.index("interspinous")
LEAST_PX: Final = 32
"""Of a region's sides; in smaller ones there is nothing to match."""
TRANSVERSE_ALONE: Final = (
    "without the network only transverse views are read: leave out --plane paramedian, or leave out --pathway classical"
)


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What was seen on the way."""

    found: Described
    judged: Judged
    seen: SpineSeen


class ClassicalSpineTask:
    """Reads its model's templates and judges."""

    def __init__(self, given: Given[SpineOptions]) -> None:
        """Raises ModelError where the arrays are not this model's."""
        self._given = given
        self._templates, self._judges = Templates.of(given.arrays), Judges.of(given.arrays)

    def prepare(self, frame: Frame) -> Prepared[Looked]:
        return Prepared(frame, seen=None if self._given.options.plane == PARAMEDIAN else self._look(frame))

    def conclude(
        self, prepared: Prepared[Looked], outputs: Outputs, memory: SpineMemory | None
    ) -> Concluded[SpineMemory]:
        frame, given, looked = prepared.frame, self._given, prepared.seen
        if given.options.plane == PARAMEDIAN:
            return Concluded(refused(SPEC.name, frame, (TRANSVERSE_ALONE,)), memory)
        if prepared.faults:
            return missed(frame, prepared.faults, memory)
        if looked is None:
            return told(frame, None, None, memory, given.options, given.figures)
        marks = lines_of(frame, looked.found.work.window, looked.seen)
        if given.stages:
            marks += stages_of(frame, looked.found, looked.judged)
        return told(frame, looked.seen, looked.found.work.fine, memory, given.options, given.figures, marks)

    def seen_in(self, frame: Frame) -> SpineSeen | None:
        """What is seen in a frame that the gate admits. None: it has no scale, or hardly a pixel."""
        looked = self._look(frame)
        return None if looked is None else looked.seen

    def _look(self, frame: Frame) -> Looked | None:
        region = frame.ultrasound
        if min(region.height, region.width) < LEAST_PX:
            return None
        window = window_of(frame)
        if window is None:
            return None
        work = Working.of(region.crop(frame.pixels), window)
        found = described(work, matched(work, self._templates))
        judged = self._judges.judge(found.features)
        return Looked(found, judged, seen_of(found, judged))


def seen_of(found: Described, judged: Judged) -> SpineSeen:
    """The depth is that of the best template of a space; that the view is transverse is taken for granted."""
    clear = judged.legible
    space = clear >= LEAST_CLEAR and judged.chances[SPACE] >= LEAST_SPACE
    return SpineSeen(
        chances=judged.chances,
        clear=clear,
        contact=contact_of(found.work.fine),
        transverse=1.0,
        midline_mm=found.midline.x_mm if clear >= LEAST_CLEAR else None,
        target_mm=found.matches[SPACE].depth_mm if space else None,
    )
