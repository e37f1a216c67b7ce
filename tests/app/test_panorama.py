"""What is left of a scan whose task makes a panorama."""

import cv2
import numpy as np
import pytest

from edge.app.exams import Exams
from edge.app.session import open_session
from edge.exam.folder import RunFolder
from edge.finding import Finding, PanoramaMark, Verdict
from edge.frame import Frame
from edge.terms import Terms
from edge.viewer.from_page import ExamFields
from tests.sweeping import use_sweep

PICTURES = np.random.default_rng(1).integers(0, 255, (30, 60, 80), np.uint8)


def test_a_run_keeps_its_last_panorama_and_the_names_of_what_it_measured(tmp_path, monkeypatch):
    use_sweep(monkeypatch)
    with open_session(PICTURES, task="sweep", mm_per_px=0.5, out=tmp_path / "kept", video=False) as session:
        found = list(session)
    picture = cv2.imread(str(tmp_path / "kept" / "panorama.png"))
    mark = found[-1].marks[0]
    assert mark.plane.shape == (60, 80 + 2 * 29)
    assert picture.shape[1] == 1280 and picture[picture.shape[0] // 2, :600].std() > 10
    kept = [finding.measurements[0].named for finding in RunFolder(tmp_path / "kept").findings()]
    assert kept == [finding.measurements[0].named for finding in found] and set(kept) == {"P2", "P3", "P4"}


def test_a_task_without_panoramas_keeps_none(tmp_path):
    with open_session("phantom:hip,frames=2,paced=no", task="hip", pathway="classical",
                      out=tmp_path / "kept", video=False) as session:  # fmt: skip
        list(session)
    assert not (tmp_path / "kept" / "panorama.png").exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_save_keeps_the_panorama_beside_its_picture(tmp_path, there):
    exams = Exams(tmp_path)
    mark = PanoramaMark("whole", np.full((20, 90), 120, np.uint8), 0.5) if there else None
    for number in range(2):
        frame = Frame(PICTURES[number], number, number, "test")
        finding = Finding("t", number, number, Verdict.MEASURED)
        folder = exams.save(frame, finding, Terms(), dict, who="Ada", fields=ExamFields(), edits=(),
                            before_newest_s=0.0, panorama=mark)  # fmt: skip
    exams.end(None)
    kept = sorted(path.name for path in folder.glob("panoramas/*"))
    assert kept == (["000001.png", "000002.png"] if there else [])
