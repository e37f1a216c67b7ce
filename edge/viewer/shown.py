"""A frame and its finding as the page is told them: words, numbers, and marks as outlines in pixels of the frame."""

import base64
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import (
    CaliperMark,
    FieldMark,
    Finding,
    LineMark,
    MaskMark,
    Measurement,
    PanoramaMark,
    Verdict,
)
from edge.frame import Frame
from edge.overlay.draw import look
from edge.overlay.palette import Colour, dimmed, mask_colour
from edge.overlay.wording import said
from edge.sink.pictures import panorama_of
from edge.terms import Role, Terms, plain_unit
from edge.trust.faults import missing_scale
from edge.viewer.to_page import (
    VERSION,
    Panorama,
    Shown,
    ShownCaliper,
    ShownCheck,
    ShownField,
    ShownLabel,
    ShownLine,
    ShownMask,
    ShownValue,
)

_STRAIGHTER_PX = 0.3
"""How far a drawn line may lie from the one that was found: a third of a pixel, which nobody sees."""
_PANORAMA_QUALITY = 80
MOST_LANDMARKS = 8
"""Points of a line that a person may move one by one."""


def shown_of(frame: Frame, finding: Finding, terms: Terms, *, number: int, live: bool, age_ms: float) -> Shown:
    """number: of the picture in this run of the program."""
    faint = finding.verdict is Verdict.REFUSED
    region, height, width = frame.ultrasound, *frame.pixels.shape
    lines = [mark for mark in finding.marks if isinstance(mark, LineMark)]
    probe, spacing = frame.probe, finding.spacing
    return Shown(
        version=VERSION,
        id=number,
        live=live,
        exposed_ms=frame.exposed_ns / 1e6,
        sequence=finding.sequence,
        task=finding.task,
        verdict=finding.verdict,
        reasons=finding.reasons,
        notes=finding.notes,
        values=tuple(_value(one, terms) for one in finding.measurements),
        masks=tuple(_mask(mark, faint) for mark in finding.marks if isinstance(mark, MaskMark)),
        lines=tuple(_line(mark, index, terms, faint) for index, mark in enumerate(lines)),
        calipers=tuple(
            ShownCaliper(mark.name, _place(mark.start), _place(mark.end), mark.text)
            for mark in finding.marks
            if isinstance(mark, CaliperMark)
        ),
        fields=tuple(_field(mark) for mark in finding.marks if isinstance(mark, FieldMark)),
        checks=tuple(ShownCheck(one.checklist, one.item, one.seen) for one in finding.checks),
        place=_place_in(panorama_of(finding)),
        size=(width, height),
        region=(region.x, region.y, region.width, region.height),
        spacing=None if spacing is None else (spacing.x_mm_per_px, spacing.y_mm_per_px),
        scale_doubts=frame.doubts if spacing is not None else (missing_scale(frame),),
        simulated=frame.simulated,
        depth_mm=None if probe is None else probe.depth_mm,
        transmitting=None if probe is None else probe.transmitting,
        age_ms=round(age_ms, 1),
    )


def panorama_message(mark: PanoramaMark | None) -> Panorama:
    if mark is None:
        return Panorama()
    _, data = cv2.imencode(".jpg", mark.plane, [cv2.IMWRITE_JPEG_QUALITY, _PANORAMA_QUALITY])
    height, width = mark.plane.shape
    return Panorama(
        "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode(),
        (width, height),
        mark.mm_per_px,
        tuple(mark.sequences.tolist()),
        tuple(ShownLabel(one.text, one.start, one.end, one.emphasised) for one in mark.labels),
        mark.here,
    )


def _place_in(mark: PanoramaMark | None) -> int | None:
    """The frame of the column that lies nearest to the finding's, of those that came from a frame."""
    if mark is None or mark.here is None:
        return None
    known = np.flatnonzero(mark.sequences >= 0)
    return int(mark.sequences[known[np.abs(known - mark.here).argmin()]]) if known.size else None


def _value(one: Measurement, terms: Terms) -> ShownValue:
    wording = said(terms, one.name, one.unit)
    return ShownValue(
        name=one.name,
        words=wording.words,
        value=_finite(one.value),
        low=_finite(one.low),
        high=_finite(one.high),
        unit=plain_unit(one.unit),
        decimals=wording.decimals,
        detail=wording.detail,
        lane=terms.measurement(one.name).lane,
        named=one.named,
    )


def _line(mark: LineMark, index: int, terms: Terms, faint: bool) -> ShownLine:
    colour, dashed = look(terms, mark.name, index, faint)
    landmarks = len(mark.points) <= MOST_LANDMARKS
    points = tuple(map(_place, mark.points.tolist())) if landmarks else _sparse(mark.points)
    numbered = terms.mark(mark.name).role in (Role.NUMBERED, Role.PROPOSAL)
    number = terms.number(mark.name) if numbered else None
    return ShownLine(mark.name, points, _hex(colour), dashed, number, landmarks)


def _mask(mark: MaskMark, faint: bool) -> ShownMask:
    """Its borders along the middles of its outermost pixels."""
    found, _ = cv2.findContours(mark.mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=mark.origin)
    colour = mask_colour(mark.label)
    outlines = tuple(_sparse(contour[:, 0, :].astype(np.float32), closed=True) for contour in found)
    return ShownMask(mark.name, outlines, _hex(dimmed(colour) if faint else colour))


def _field(mark: FieldMark) -> ShownField:
    angle = np.clip(np.round((mark.angle_deg + 90) * (255 / 180)), 0, 255).astype(np.uint8)
    sure = np.clip(np.round(mark.confidence * 255), 0, 255).astype(np.uint8)
    return ShownField(
        mark.name, angle.shape[1], _base64(angle), _base64(sure), _place(mark.origin), float(mark.cell_px)
    )


def _sparse(points: NDArray[np.float32], *, closed: bool = False) -> tuple[tuple[float, float], ...]:
    kept: NDArray[Any] = points
    if len(points) > 2:
        kept = cv2.approxPolyDP(points.astype(np.float32).reshape(-1, 1, 2), _STRAIGHTER_PX, closed)[:, 0, :]
    return tuple((round(x, 1), round(y, 1)) for x, y in kept.tolist())


def _place(place: Sequence[float]) -> tuple[float, float]:
    return round(float(place[0]), 2), round(float(place[1]), 2)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _hex(colour: Colour) -> str:
    blue, green, red = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def _base64(plane: NDArray[np.uint8]) -> str:
    return base64.b64encode(np.ascontiguousarray(plane).tobytes()).decode()
