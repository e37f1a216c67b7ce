"""Femoral cartilage in the suprapatellar transverse view: borders, thickness by thirds, area, echo intensity.

Convention: from the leading edge of the interface to fluid, or the end of the bright soft tissue, to the leading edge
of the bone. Thickness of a third is its area over its length. Speed of sound is taken as the scanner takes it
(1540 m/s), which reads cartilage some 5 to 8 % too thin; nothing is corrected in silence.
"""

from edge.finding import Finding, LineMark, MaskMark, Verdict
from edge.frame import Frame
from edge.task.cartilage.band import SIDE, Borders, in_frame, sample_bone_line, trace_band
from edge.task.cartilage.marks import marks_of, thirds_of
from edge.task.cartilage.sizes import measurements_of, sizes_of
from edge.task.cartilage.spec import SPEC, THIRDS, CartilageOptions
from edge.task.cartilage.view import band_faults, one_sided, sulcus_rise, view_faults
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of, refused
from edge.task.measured import echo_in
from edge.task.tensor import grey_tensor
from edge.trust.faults import missing_scale

NOTHING_GIVEN = Given(CartilageOptions())


class CartilageTask:
    """The picture's left side is taken for medial; `mirrored` says that its right side is."""

    def __init__(self, given: Given[CartilageOptions] = NOTHING_GIVEN) -> None:
        self._figures = given.figures
        self.border_logit = given.figures.get("border_logit", 0.0)
        self._sides = THIRDS[::-1] if given.options.mirrored else THIRDS

    def prepare(self, frame: Frame) -> Prepared[None]:
        return Prepared(frame, grey_tensor(frame.ultrasound.crop(frame.pixels), SIDE))

    def conclude(self, prepared: Prepared[None], outputs: Outputs, memory: None) -> Concluded[None]:
        if prepared.faults:
            return Concluded(refused(SPEC.name, prepared.frame, prepared.faults))
        return Concluded(self._judged(prepared.frame, outputs))

    def _judged(self, frame: Frame, outputs: Outputs) -> Finding:
        band = trace_band(outputs[0][0, 0], self.border_logit)
        if band is None:
            return refused(SPEC.name, frame, ("no femoral cartilage is seen",))
        borders = in_frame(band, frame.ultrasound)
        bone = sample_bone_line(frame.pixels, borders)
        rise = sulcus_rise(borders.lower)
        faults = view_faults(frame.ultrasound, borders, rise, band.confidence, bone)
        if faults:
            return refused(SPEC.name, frame, faults)
        marks = marks_of(borders)
        faults = band_faults(band, bone)
        if faults:
            return refused(SPEC.name, frame, faults, marks)
        sides = None if one_sided(frame.ultrasound, rise) else self._sides
        return self._measure(frame, borders, sides, marks)

    def _measure(
        self,
        frame: Frame,
        borders: Borders,
        sides: tuple[str, ...] | None,
        marks: tuple[MaskMark, LineMark, LineMark],
    ) -> Finding:
        size = sizes_of(borders, frame.spacing)
        measured = (*measurements_of(size, sides, frame, self._figures), echo_in("echo_intensity", frame, marks[0]))
        reasons: tuple[str, ...] = () if frame.spacing else (missing_scale(frame),)
        if sides is None:
            reasons += ("one condyle only is in view: no thirds; centre the sulcus",)
        thirds = thirds_of(borders, sides, frame.spacing) if frame.spacing and sides is not None else ()
        verdict = Verdict.LIMITED if reasons else Verdict.MEASURED
        return finding_of(SPEC.name, frame, verdict, reasons, measured, (*marks, *thirds))
