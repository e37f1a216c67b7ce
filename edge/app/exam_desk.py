"""Whom the page examines, what a person changes in the pictures, and what of it is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from edge.app.exams import Exams
from edge.app.wall_clock import moment
from edge.errors import SettingError
from edge.finding import Finding
from edge.frame import Frame
from edge.loop.statistics import Statistics
from edge.terms import Terms
from edge.viewer.cine import Kept
from edge.viewer.edits import Edited
from edge.viewer.from_page import Edit, ExamFields
from edge.viewer.pictures import Pictures
from edge.viewer.to_page import Moved

MOVES: Final = "the picture moves; freeze it first"


class ExamDesk:
    """The exam that is open at the page. Not safe for threads: one carries orders out."""

    def __init__(self, exams: Exams, pictures: Pictures) -> None:
        self._exams, self._pictures = exams, pictures
        self._edited: Edited | None = None
        self.fields = ExamFields()

    @property
    def saved(self) -> int:
        """Pictures of the open exam."""
        return self._exams.saves

    @property
    def folder(self) -> str:
        """Of the open exam; empty before its first save."""
        return str(self._exams.open_folder or "")

    def edits(self) -> tuple[Moved, ...]:
        """Of the picture that is to be seen."""
        shown, edited = self._pictures.shown(), self._edited
        return edited.edits if shown and edited and edited.number == shown.number else ()

    def edit(self, asked: Edit, who: str) -> None:
        """Raises SettingError."""
        if not self._pictures.frozen:
            raise SettingError(MOVES)
        picture, frame, finding = self._seen()
        edited = self._edited
        if edited is None or edited.number != picture.number:
            edited = Edited(picture.number)
        self._edited = edited.with_edit(asked, frame, finding, who, moment().wall_clock)

    def undo(self) -> None:
        if self._edited is not None:
            self._edited = self._edited.undone()

    def save(self, terms: Terms, about: Callable[[], dict[str, Any]], who: str) -> Path:
        """The picture that is to be seen, with all that was found in it and said of it; the exam's folder. about: what
        is told of the run. Raises SettingError, SinkError."""
        _, frame, finding = self._seen()
        return self._exams.save(
            frame,
            finding,
            terms,
            about,
            who=self.fields.examiner or who,
            fields=self.fields,
            edits=self.edits(),
            before_newest_s=self._pictures.cine().before_end_s,
            panorama=self._pictures.panorama().mark,
        )

    def new(self, statistics: Statistics | None) -> None:
        """The next save begins another exam; who examines stays."""
        self._exams.end(statistics)
        self.fields = ExamFields(examiner=self.fields.examiner)
        self._edited = None

    def close(self, statistics: Statistics | None) -> None:
        self._exams.end(statistics)

    def _seen(self) -> tuple[Kept, Frame, Finding]:
        found = self._pictures.original()
        if found is None:
            raise SettingError("there is no picture yet")
        return found
