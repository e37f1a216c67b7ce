"""The picture that the user sees: the frame with what was found in it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import CaliperMark, FieldMark, Finding, LineMark, Mark, MaskMark, Verdict
from edge.frame import Frame
from edge.overlay import palette
from edge.overlay.calipers import draw_broken, draw_label, label_box, paths_of
from edge.overlay.card import Card, draw_card
from edge.overlay.field import STRENGTH, draw_key, tint_field
from edge.overlay.layout import LOWER_LEFT, Box
from edge.overlay.lines import Line, dashed, draw_fixed, may_show, whole
from edge.overlay.mask import TINT, outline, tint, trimmed, under
from edge.overlay.palette import dimmed
from edge.overlay.panel import finding_card, title_card
from edge.overlay.scale import draw_scale
from edge.overlay.sheet import OverlayMemory, Sheet
from edge.overlay.state import draw_state
from edge.overlay.strip_chart import charted, draw_strip_chart
from edge.terms import Role, Terms

SMALLEST_FONT_PX: Final = 11
LARGEST_FONT_PX: Final = 26
_LIMITED_TINT: Final = TINT / 2
_LIMITED_STRENGTH: Final = 0.7 * STRENGTH
_CARD_HEIGHT_SHARE: Final = 0.6


def draw(
    frame: Frame,
    finding: Finding | None,
    terms: Terms,
    *,
    age_s: float | None = None,
    memory: OverlayMemory | None = None,
) -> NDArray[np.uint8]:
    """A new (height, width, 3) uint8 BGR picture of the frame's size with the finding drawn.

    `terms`: what the names in the finding mean, as its task declares them.
    `memory`: of the pictures of the scan before this one. Texts stay where they stood, what looks the same is not
    composed again, and the memory of pictures that nobody refers to any more is used again.
    `age_s`: how long ago the finding's frame was exposed. A finding of another frame than this one is drawn dim and
    dashed and called OLD; where the scale has changed since, its marks no longer fit and are left out. The marks of a
    refused finding are candidates: dim and dashed, never filled. Texts that a small picture has no room for are left
    out, and a refusal then shows as a frame around the picture.
    """
    sheet = _blank(frame, memory or OverlayMemory())
    old = finding is not None and not belongs(frame, finding)
    fits = finding is not None and (not old or finding.spacing == frame.spacing)
    courses = charted(finding, terms) if finding is not None else []
    sheet.memory.places.begin(frame, _shown(frame, finding, bool(courses)))
    if finding is not None and fits:
        _draw_marks(sheet, finding, terms, old)
    draw_state(sheet, frame.probe, frame.simulated)
    if finding is not None:
        _draw_read_out(sheet, finding, terms, age_s, old)
        draw_strip_chart(sheet, courses, terms, finding.exposed_ns, old)
        _draw_key(sheet, finding, terms, old)
    draw_scale(sheet, frame.spacing)
    if finding is not None and fits:
        _draw_labels(sheet, finding, terms, old)
    return sheet.picture


def draw_found(frame: Frame, finding: Finding, terms: Terms) -> NDArray[np.uint8]:
    """A new (height, width, 3) uint8 BGR picture of the ultrasound region with what was found in it, without texts and
    callipers: for a figure in which many are seen side by side."""
    sheet = _blank(frame, OverlayMemory())
    seen = tuple(mark for mark in finding.marks if not isinstance(mark, CaliperMark))
    _draw_marks(sheet, replace(finding, marks=seen), terms, old=False)
    return np.ascontiguousarray(sheet.region.cut(sheet.picture))


def _shown(frame: Frame, finding: Finding | None, courses: bool) -> set[str]:
    """The kinds of things that may hide, or be hidden by, others."""
    kinds = {"picture"}
    if frame.probe is not None or frame.simulated:
        kinds.add("state")
    if finding is not None and finding.verdict is not Verdict.REFUSED:
        kinds |= {"numbers", *(type(mark).__name__ for mark in finding.marks if isinstance(mark, FieldMark))}
    if courses:
        kinds.add("courses")
    return kinds


def _blank(frame: Frame, memory: OverlayMemory) -> Sheet:
    region = frame.ultrasound
    height, width = frame.pixels.shape
    picture = memory.pictures.new(height, width)
    if frame.in_colour:
        np.copyto(picture, frame.picture())
    else:
        cv2.cvtColor(frame.pixels, cv2.COLOR_GRAY2BGR, picture)
    busy = memory.planes.plane("busy", height, width)
    busy.fill(0)
    return Sheet(
        picture,
        frame.pixels,
        busy,
        Box(region.x, region.y, region.width, region.height),
        font_size(width, height),
        memory,
        in_colour=frame.in_colour,
    )


def belongs(frame: Frame, finding: Finding) -> bool:
    """Whether the finding was made on this very frame."""
    return finding.sequence == frame.sequence and finding.exposed_ns == frame.exposed_ns


def font_size(width: int, height: int) -> int:
    """Pixels; about a fortieth of the picture's height, never too small to read."""
    return min(LARGEST_FONT_PX, max(SMALLEST_FONT_PX, round(min(height / 40, width / 53))))


def _draw_marks(sheet: Sheet, finding: Finding, terms: Terms, old: bool) -> None:
    faint = old or finding.verdict is Verdict.REFUSED
    fields = [] if faint else [mark for mark in finding.marks if isinstance(mark, FieldMark)]
    masks = [mark for mark in finding.marks if isinstance(mark, MaskMark)]
    lines = [mark for mark in finding.marks if isinstance(mark, LineMark)]
    calipers = [mark for mark in finding.marks if isinstance(mark, CaliperMark)]
    strength = _LIMITED_STRENGTH if finding.verdict is Verdict.LIMITED else STRENGTH
    for field in fields:
        tint_field(sheet.picture, field, strength, sheet.memory.planes, masks)
    for mask in masks:
        tinted = not fields and terms.mark(mask.name).role not in palette.DASHED
        _draw_mask(sheet, mask, finding.verdict, faint, outlined=not lines, tinted=tinted)
    _draw_lines(sheet, lines, paths_of(calipers, sheet.size / 3), terms, faint)
    sheet.memory.places.give_way(sheet.busy)


def _draw_key(sheet: Sheet, finding: Finding, terms: Terms, old: bool) -> None:
    """What the colours of a field mean, and the measured angle among them."""
    field = next((mark for mark in finding.marks if isinstance(mark, FieldMark)), None)
    if field is not None and not old and finding.verdict is not Verdict.REFUSED:
        angle = finding.measurement(terms.mark(field.name).measurement)
        draw_key(sheet, angle.value if angle else None)


def _draw_mask(sheet: Sheet, mark: MaskMark, verdict: Verdict, faint: bool, outlined: bool, tinted: bool) -> None:
    """`outlined`: a faint mask shows by its outline, for want of lines at its borders. `tinted`: no field has coloured
    it."""
    colour = palette.mask_colour(mark.label)
    if faint and outlined:
        outline(sheet.picture, mark, dimmed(colour), sheet.size / 2)
    seen = trimmed(mark)
    if seen is None:
        return
    target, mask = under(sheet.busy, seen)
    if target.size == 0:
        return
    if tinted and not faint:
        share = _LIMITED_TINT if verdict is Verdict.LIMITED else TINT
        # Only masks were drawn before, and each is marked as busy.
        grey = sheet.grey if not sheet.in_colour and cv2.countNonZero(target) == 0 else None
        tint(sheet.picture, seen, colour, share, sheet.memory.planes, grey)
    target |= mask


def _draw_lines(sheet: Sheet, marks: Sequence[LineMark], calipers: list[Line], terms: Terms, faint: bool) -> None:
    """Borders, those that look the same at once, in the order of the first of each; then callipers."""
    width_px = stroke(sheet.size)
    height, width = sheet.grey.shape
    borders: list[Line] = []
    looks: dict[tuple[palette.Colour, bool], list[int]] = {}
    for index, mark in enumerate(marks):
        if may_show(mark.points, width, height):
            looks.setdefault(look(terms, mark.name, index, faint), []).append(len(borders))
            borders.append(mark.points)
    fixed = whole(borders + calipers, width_px)
    for (colour, broken), numbers in looks.items():
        if broken:
            lines = dashed([borders[number] for number in numbers], sheet.size / 2)
        else:
            lines = [fixed[number] for number in numbers]
        draw_fixed(sheet.picture, lines, colour, width_px)
    draw_fixed(sheet.busy, fixed[: len(borders)], palette.WHITE, 1)
    if faint:
        draw_broken(sheet.picture, calipers, _caliper_colour(faint), width_px, sheet.size / 3)
    else:
        draw_fixed(sheet.picture, fixed[len(borders) :], _caliper_colour(faint), width_px)


@lru_cache(maxsize=256)
def look(terms: Terms, name: str, index: int, faint: bool) -> tuple[palette.Colour, bool]:
    """The colour of a line, and whether it is dashed. index: among the lines."""
    role = terms.mark(name).role
    colour = palette.line_colour(role, index)
    if role is Role.NUMBERED and (number := terms.number(name)) is not None:
        colour = palette.mask_colour(number)
    return dimmed(colour) if faint or role in palette.DIM else colour, faint or role in palette.DASHED


def _draw_labels(sheet: Sheet, finding: Finding, terms: Terms, old: bool) -> None:
    """The calipers' lengths and the numbers of what has one, where the texts that keep their places leave room; of a
    refusal, the numbers alone."""
    refused = finding.verdict is Verdict.REFUSED
    for mark in finding.marks:
        if refused and not isinstance(mark, LineMark):
            continue
        label: Mark = mark
        colour = palette.CALIPER
        if isinstance(mark, LineMark) and (number := terms.number(mark.name)) is not None:
            colour = palette.mask_colour(number) if terms.mark(mark.name).role is Role.NUMBERED else palette.WARNING
            label = _numbered(mark, number)
        box = label_box(sheet, label) if isinstance(label, CaliperMark) else None
        if box is not None and isinstance(label, CaliperMark):
            draw_label(sheet.picture, label, box, sheet.size, dimmed(colour) if old else colour)
            sheet.taken.append(box)
            box.cut(sheet.busy)[:] = 255


def _numbered(mark: LineMark, number: int) -> CaliperMark:
    """The number of an outline, from its highest point to its lowest."""
    top, bottom = (mark.points[index] for index in (mark.points[:, 1].argmin(), mark.points[:, 1].argmax()))
    return CaliperMark(mark.name, (float(top[0]), float(top[1])), (float(bottom[0]), float(bottom[1])), str(number))


def _caliper_colour(faint: bool) -> palette.Colour:
    return dimmed(palette.CALIPER) if faint else palette.CALIPER


def stroke(size: int) -> int:
    """Width of lines for a font of `size` pixels: thin, since a border must stay visible beside its line."""
    return 1 if size < 20 else 2


def _draw_read_out(sheet: Sheet, finding: Finding, terms: Terms, age_s: float | None, old: bool) -> None:
    max_height = round(_CARD_HEIGHT_SHARE * sheet.grey.shape[0])
    card = finding_card(finding, terms, age_s, old, sheet.size, max_height, sheet.memory.card)
    sheet.memory.card = card
    if _draw_card(sheet, card) or _draw_card(sheet, title_card(finding, sheet.size)):
        return
    if finding.verdict is Verdict.REFUSED:
        height, width = sheet.grey.shape
        cv2.rectangle(sheet.picture, (0, 0), (width - 1, height - 1), palette.VERDICTS[finding.verdict], 1)


def _draw_card(sheet: Sheet, card: Card) -> bool:
    """Whether there was room."""
    box = sheet.claim("panel", card.width, card.height, LOWER_LEFT)
    if box is not None:
        draw_card(sheet.picture, card, box, sheet.memory.plate("card"))
    return box is not None
