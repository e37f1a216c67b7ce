"""What a person saves at the page: an exam's folder with the pictures, what was found in them and what was said of it.

A folder is a run's (edge.exam.folder reads it): `findings.jsonl`, a record for each save, numbered from 1, and
`stills/` with the annotated pictures; beside them `pictures/` without any drawing, `panoramas/` of a task that makes
them, and `exam.json`: who was examined, and of each save what a person changed, by whom and when, beside what was
found.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from edge.app.run_file import RunFile
from edge.app.wall_clock import Moment, moment
from edge.errors import SinkError
from edge.finding import CaliperMark, Finding, PanoramaMark
from edge.frame import Frame
from edge.loop.statistics import Statistics
from edge.overlay.draw import draw
from edge.overlay.panorama import draw_panorama
from edge.sink.folder import claim_folder, make_folder, write_whole
from edge.sink.pictures import StillsSink, png_bytes
from edge.sink.records import RecordsSink
from edge.terms import Terms
from edge.viewer.edits import CALIPER
from edge.viewer.from_page import ExamFields
from edge.viewer.to_page import Moved

NAME: Final = "exam.json"
SCHEMA: Final = 1


class Saved(Struct, frozen=True):
    """One save."""

    sequence: int
    """Of its record in findings.jsonl, and of its pictures."""
    source_sequence: int
    """Of the frame, as its source counts."""
    saved: Moment
    who: str
    task: str
    before_newest_s: float
    """How much earlier than the newest picture it was exposed; 0 unless it was scrolled back to."""
    fields: ExamFields
    edits: tuple[Moved, ...]
    """What a person changed, beside what was found. All places in pixels of the picture."""


class ExamFile(Struct, frozen=True):
    """`exam.json`."""

    schema: int
    fields: ExamFields
    """As they were at the last save."""
    saves: tuple[Saved, ...]


@dataclass(slots=True)
class _Exam:
    folder: Path
    records: RecordsSink
    stills: StillsSink
    run_file: RunFile
    saves: tuple[Saved, ...] = ()
    verdicts: dict[str, int] | None = None


class Exams:
    """Folders of exams within `folder`; a folder is made with the first save. Not safe for threads: one saves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._exam: _Exam | None = None

    @property
    def saves(self) -> int:
        """Of the exam that is open."""
        return len(self._exam.saves) if self._exam else 0

    @property
    def open_folder(self) -> Path | None:
        return self._exam.folder if self._exam else None

    def save(
        self,
        frame: Frame,
        finding: Finding,
        terms: Terms,
        about: Callable[[], dict[str, Any]],
        *,
        who: str,
        fields: ExamFields,
        edits: tuple[Moved, ...],
        before_newest_s: float,
        panorama: PanoramaMark | None = None,
    ) -> Path:
        """The exam's folder, with one more picture in it. about: what is told of the run. Raises SinkError; what was
        saved before is kept."""
        exam = self._exam or self._begin(about)
        number = len(exam.saves) + 1
        saved = Saved(number, finding.sequence, moment(), who, finding.task, before_newest_s, fields, edits)
        numbered_frame, numbered = replace(frame, sequence=number), replace(finding, sequence=number)
        picture = draw(numbered_frame, with_edits(numbered, edits), terms)
        write_whole(make_folder(exam.folder / "pictures") / f"{number:06d}.png", png_bytes(frame.picture()))
        if panorama is not None:
            whole = png_bytes(draw_panorama(panorama))
            write_whole(make_folder(exam.folder / "panoramas") / f"{number:06d}.png", whole)
        exam.stills.write(numbered_frame, numbered, picture)
        exam.records.write(numbered_frame, numbered, picture)
        written = ExamFile(SCHEMA, fields, (*exam.saves, saved))
        write_whole(exam.folder / NAME, msgspec.json.format(msgspec.json.encode(written)) + b"\n")
        exam.saves = written.saves
        exam.verdicts = {**(exam.verdicts or {}), finding.verdict: (exam.verdicts or {}).get(finding.verdict, 0) + 1}
        return exam.folder

    def end(self, statistics: Statistics | None) -> None:
        """The exam is whole; the next save begins another one. Raises SinkError."""
        exam, self._exam = self._exam, None
        if exam is None:
            return
        exam.records.close()
        if statistics is not None:
            exam.run_file.end("the exam was ended", exam.verdicts or {}, statistics)

    def _begin(self, about: Callable[[], dict[str, Any]]) -> _Exam:
        day = moment().wall_clock[:19].replace(":", "").replace("T", "-")
        folder = next(path for number in range(1, 1000) if not (path := self.folder / _named(day, number)).exists())
        folder = claim_folder(folder)
        run_file = RunFile(folder, about())
        self._exam = _Exam(folder, RecordsSink(folder), StillsSink(folder), run_file)
        return self._exam


def with_edits(finding: Finding, edits: tuple[Moved, ...]) -> Finding:
    """With what a person changed drawn beside what was found, as calipers called `by hand`."""
    by_hand = tuple(
        CaliperMark(f"{one.name} by hand", one.points[0], one.points[-1], f"{one.value} by hand".strip())
        for one in edits
        if one.kind == CALIPER or len(one.points) == 2
    )
    return replace(finding, marks=(*finding.marks, *by_hand))


def _named(day: str, number: int) -> str:
    return f"exam-{day}" if number == 1 else f"exam-{day}-{number}"


def read_exam(folder: Path) -> ExamFile:
    """What `exam.json` says. Raises SinkError where it cannot be read."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=ExamFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise SinkError(f"{folder / NAME} cannot be read: {error}") from error
