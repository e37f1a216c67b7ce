"""What people change in a picture: a mark moved, a caliper added. What was there before is kept beside it, with who
changed it and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees, hypot

from edge.errors import SettingError
from edge.finding import CaliperMark, Finding, LineMark
from edge.frame import Frame
from edge.viewer.from_page import Edit
from edge.viewer.to_page import Moved

MOST_EDITS = 100
"""Of one picture."""
CALIPER, LINE = "caliper", "line"
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """The picture that a person works on."""

    number: int
    edits: tuple[Moved, ...] = ()

    def with_edit(self, asked: Edit, frame: Frame, finding: Finding, who: str, when: str) -> "Edited":
        """One more; of a mark that was moved before the last place holds, and the first `before`.

        Raises SettingError for what is no mark of the picture, or a place beside it.
        """
        height, width = frame.pixels.shape
        if not all(-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5 for x, y in asked.points):
            raise SettingError("that lies beside the picture")
        before, name, text = _before(asked, finding)
        if len(asked.points) != len(before):
            raise SettingError(f"{name} has {len(before)} points, not {len(asked.points)}")
        if len(self.edits) >= MOST_EDITS:
            raise SettingError(f"a picture takes {MOST_EDITS} changes at most; save it")
        moved = Moved(
            kind=asked.kind,
            mark=asked.mark,
            name=name,
            points=asked.points,
            before=before if asked.mark is not None else (),
            value=value_text(asked.kind, asked.points, finding),
            value_before=text,
            who=who,
            when=when,
        )
        others = tuple(
            one for one in self.edits if asked.mark is None or (one.kind, one.mark) != (asked.kind, asked.mark)
        )
        return Edited(self.number, (*others, moved))

    def undone(self) -> "Edited":
        return Edited(self.number, self.edits[:-1])


def _before(asked: Edit, finding: Finding) -> tuple[Points, str, str]:
    """Points, name and text of the mark as it was found; of a new caliper as many points as it has."""
    if asked.kind == CALIPER and asked.mark is None:
        return ((0.0, 0.0), (0.0, 0.0)), "by hand", ""
    if asked.kind == CALIPER:
        calipers = [mark for mark in finding.marks if isinstance(mark, CaliperMark)]
        if asked.mark is not None and asked.mark < len(calipers):
            caliper = calipers[asked.mark]
            return (_plain(caliper.start), _plain(caliper.end)), caliper.name, caliper.text
    if asked.kind == LINE and asked.mark is not None:
        lines = [mark for mark in finding.marks if isinstance(mark, LineMark)]
        if asked.mark < len(lines):
            line = lines[asked.mark]
            points = tuple(_plain(point) for point in line.points.tolist())
            return points, line.name, value_text(LINE, points, finding)
    raise SettingError("there is no such mark in this picture")


def value_text(kind: str, points: Sequence[tuple[float, float]], finding: Finding) -> str:
    """A caliper's length, `2.4 mm` or `31 px`; of a line of two points its angle, counter-clockwise from level."""
    if len(points) != 2:
        return ""
    (x1, y1), (x2, y2) = points
    if kind == LINE:
        angle = degrees(atan2(-(y2 - y1), x2 - x1))
        return f"{(angle + 90) % 180 - 90:.0f}°"
    spacing = finding.spacing
    if spacing is None:
        return f"{hypot(x2 - x1, y2 - y1):.0f} px"
    return f"{hypot((x2 - x1) * spacing.x_mm_per_px, (y2 - y1) * spacing.y_mm_per_px):.1f} mm"


def _plain(point: Sequence[float]) -> tuple[float, float]:
    return round(float(point[0]), 2), round(float(point[1]), 2)
