"""What a person changes at the page, and what of it is kept."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.app.exam_desk import ExamDesk
from edge.app.exams import Exams, read_exam
from edge.errors import SettingError
from edge.frame import ProbeState, Region
from edge.terms import Terms
from edge.viewer.from_page import Edit, ExamFields
from edge.viewer.pictures import Pictures
from tests.viewer.watching import finding_of, frame_of


def desk_with(folder: Path, *, pictures: int, coloured: bool = False) -> tuple[ExamDesk, Pictures]:
    """A frozen picture and those before it."""
    shown = Pictures(lambda: 10**9)
    for number in range(1, pictures + 1):
        frame = frame_of(number)
        if coloured:
            picture = np.repeat(frame.pixels[:, :, np.newaxis], 3, axis=2)
            picture[10:40, 10:40] = (20, 30, 220)
            frame = replace(frame, coloured=Region(10, 10, 30, 30), colour=lambda picture=picture: picture)
        finding = finding_of(frame)
        shown.add(frame, finding, Terms())
    if pictures:
        shown.add(replace(frame, probe=ProbeState(frozen=True)), finding, Terms())
    return ExamDesk(Exams(folder), shown), shown


def moved(n: int = 1) -> Edit:
    return Edit(n=n, kind="caliper", mark=0, points=((10.0, 10.0), (10.0, 30.0)))


def test_nothing_is_saved_or_changed_before_there_is_a_picture(tmp_path: Path) -> None:
    desk, _ = desk_with(tmp_path, pictures=0)
    with pytest.raises(SettingError, match="no picture yet"):
        desk.save(Terms(), dict, "Ada")
    with pytest.raises(SettingError, match="freeze it first"):
        desk.edit(moved(), "Ada")
    assert (desk.edits(), desk.folder, desk.saved) == ((), "", 0)


def test_changes_belong_to_their_picture_and_who_examines_stays(tmp_path: Path) -> None:
    desk, pictures = desk_with(tmp_path, pictures=3)
    desk.edit(moved(), "Ada")
    assert len(desk.edits()) == 1
    pictures.scroll(0)
    assert desk.edits() == ()
    desk.edit(moved(), "Ada")
    desk.undo()
    assert desk.edits() == ()
    desk.fields = ExamFields(patient="P", examiner="Dr E")
    folder = desk.save(Terms(), dict, "Ada")
    assert read_exam(folder).saves[0].who == "Dr E" and (desk.saved, desk.folder) == (1, str(folder))
    desk.new(None)
    assert desk.fields == ExamFields(examiner="Dr E") and (desk.saved, desk.folder) == (0, "")


@pytest.mark.parametrize("place", [0, 1])
def test_what_was_coloured_is_kept_in_colour(tmp_path: Path, place: int) -> None:
    desk, pictures = desk_with(tmp_path, pictures=2, coloured=True)
    assert pictures.scroll(place)
    folder = desk.save(Terms(), dict, "Ada")
    desk.close(None)
    for kind in ("pictures", "stills"):
        blue, _, red = cv2.imread(str(folder / kind / "000001.png"))[15, 15].astype(int)
        assert red > blue + 120
