"""`sonoedge serve` without a browser: one run after the other, as whoever is in control asks for them."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge.app.exams import Exams, read_exam
from edge.app.offer import offer
from edge.app.page import checked_address, own_names, page_lines
from edge.app.settings import Settings
from edge.app.workplace import Workplace
from edge.errors import SettingError, SinkError
from edge.exam.folder import RunFolder
from edge.option import options_of
from edge.task.table import TASKS, task_specs
from edge.viewer import from_page
from edge.viewer.from_page import ExamFields
from edge.viewer.pictures import Pictures

pytest.importorskip("aiohttp", reason="the page needs the extra 'viewer'")
WAIT_S = 60.0


def until(holds: Callable[[], Any]) -> Any:
    end_s = time.monotonic() + WAIT_S
    while not (found := holds()):
        assert time.monotonic() < end_s, "it did not come about"
        time.sleep(0.02)
    return found


class Served:
    """A workplace that runs."""

    def __init__(self, folder: Path, **given: Any) -> None:
        self.pictures = Pictures(time.monotonic_ns)
        self.exams, self.told = Exams(folder), []
        settings = {"fps": 25.0, "threads": 1, **given}
        self.workplace = Workplace("hip", settings, self.exams, self.pictures, self.told.append)
        self.thread = threading.Thread(target=self.workplace.run)
        self.thread.start()
        self._numbers = 0

    def do(self, what: type, **given: Any) -> str:
        return self.workplace.do(what(n=1, **given), "Ada")

    def close(self) -> None:
        self.workplace.stop("the test ends")
        self.thread.join(WAIT_S)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    one = Served(tmp_path / "exams")
    try:
        until(one.pictures.shown)
        yield one
    finally:
        one.close()


def test_a_picture_is_held_scrolled_changed_and_saved(served: Served) -> None:
    with pytest.raises(SettingError, match="freeze it first"):
        served.do(from_page.Edit, kind="caliper", mark=None, points=((1.0, 1.0), (1.0, 21.0)))
    served.do(from_page.Freeze, on=True)
    until(lambda: served.workplace.state().frozen and served.workplace.state().cine.count > 1)
    served.do(from_page.Scroll, to=0)
    served.do(from_page.Edit, kind="caliper", mark=None, points=((1.0, 1.0), (1.0, 21.0)))
    served.do(from_page.SetExam, fields=ExamFields(patient="P", side="left", examiner=""))
    until(lambda: served.workplace.state().options["side"] == "left")
    until(lambda: served.workplace.state().frozen)
    state = served.workplace.state()
    served.do(from_page.Edit, kind="caliper", mark=None, points=((1.0, 1.0), (1.0, 11.0)))
    folder = Path(served.do(from_page.Save))
    exam = read_exam(folder)
    (save,) = exam.saves
    assert (save.who, save.fields.patient, save.edits[0].who) == ("Ada", "P", "Ada") and state.task == "hip"
    (record,) = RunFolder(folder).records()
    assert record.sequence == 1 and (folder / "stills/000001.png").stat().st_size > 1000
    served.do(from_page.Save)
    assert len(read_exam(folder).saves) == 2 and served.workplace.state().saved == 2
    served.do(from_page.NewExam)
    assert served.workplace.state().exam == ExamFields()
    other = Path(served.do(from_page.Save))
    assert other != folder and len(read_exam(other).saves) == 1
    served.do(from_page.Freeze, on=False)
    until(lambda: not served.workplace.state().frozen)


def test_another_task_begins_when_it_is_open(served: Served) -> None:
    served.do(from_page.ChooseTask, task="nerve", options={"rim_every": "2"}, pathway="classical")
    until(lambda: served.pictures.shown().shown.task == "nerve")
    state = served.workplace.state()
    assert (state.task, state.pathway, state.options["rim_every"], state.pointing) == ("nerve", "classical", "2", True)
    for wrong in ({"task": "liver"}, {"task": "hip", "options": {"age_weeks": "900"}}, {"task": "hip", "pathway": "x"}):
        with pytest.raises(ValueError):
            served.do(from_page.ChooseTask, **{"options": {}, **wrong})
    assert served.workplace.state().task == "nerve" and served.thread.is_alive()


@pytest.mark.parametrize("name", [one.name for one in options_of(Settings)])
def test_what_the_program_was_started_with_is_not_the_pages_to_set(tmp_path: Path, name: str) -> None:
    workplace = Workplace("hip", {}, Exams(tmp_path), Pictures(lambda: 0), lambda text: None)
    with pytest.raises(SettingError, match=f"{name} is no option of hip"):
        workplace.do(from_page.ChooseTask(n=1, task="hip", options={name: "1"}), "Ada")


def test_the_depth_that_a_scanner_shows_is_stated_and_taken_back(tmp_path: Path) -> None:
    recording = tmp_path / "scan.png"
    Image.fromarray(np.random.default_rng(0).integers(40, 200, (300, 300), np.uint8)).save(recording)
    workplace = Workplace(
        "hip", {"source": str(recording), "mm_per_px": 0.5}, Exams(tmp_path), Pictures(lambda: 0), lambda text: None
    )
    assert workplace.state().depth_mm is None
    workplace.do(from_page.SetDepth(n=1, depth_mm=45.0), "Ada")
    assert workplace.state().depth_mm == 45.0 and workplace._settings.mm_per_px is None
    with pytest.raises(SettingError, match="500"):
        workplace.do(from_page.SetDepth(n=2, depth_mm=900.0), "Ada")
    assert workplace.state().depth_mm == 45.0
    workplace.do(from_page.SetDepth(n=3), "Ada")
    assert workplace.state().depth_mm is None
    workplace.stop("the test ends")
    workplace.run()


def test_what_no_probe_can_do_is_refused_with_its_reason(served: Served) -> None:
    for kind, given in ((from_page.SetProbe, {"changes": {"depth_mm": 30.0}}), (from_page.Act, {"action": "arm"})):
        with pytest.raises(SettingError, match="no probe is connected"):
            served.do(kind, **given)
    with pytest.raises(SettingError, match="there is no 'dance'"):
        served.do(from_page.Act, action="dance")
    with pytest.raises(SettingError, match="nothing in this picture can be pointed at"):
        served.do(from_page.Point, how="at", x=1.0, y=1.0)


def test_a_folder_that_cannot_be_written_is_told_until_it_can(served: Served, tmp_path: Path) -> None:
    served.exams.folder.write_text("a file")
    with pytest.raises(SinkError):
        served.do(from_page.Save)
    assert [one.code for one in served.workplace.state().troubles] == ["disk"]
    served.exams.folder.unlink()
    served.do(from_page.Save)
    assert served.workplace.state().troubles == ()


def test_a_source_that_is_not_there_is_looked_for(tmp_path: Path) -> None:
    one = Served(tmp_path, source="camera:/dev/video97")
    try:
        (trouble,) = until(lambda: one.workplace.state().troubles)
        assert trouble.code == "no probe" and "video97" in trouble.text
        assert len(one.told) == 1, "told once, however often it is looked for"
    finally:
        one.close()


def test_a_recording_is_measured_by_another_command(tmp_path: Path) -> None:
    workplace = Workplace(
        "hip", {"source": "phantom:hip,paced=no", "threads": 1}, Exams(tmp_path), Pictures(lambda: 0), lambda text: None
    )
    with pytest.raises(SettingError, match="sonoedge run hip"):
        workplace.run()


def test_what_was_said_for_the_first_task_is_not_said_of_another(tmp_path: Path) -> None:
    given = {"runtime": "onnx", "rim_every": "3", "pathway": "deep"}
    one = Workplace("nerve", given, Exams(tmp_path), Pictures(lambda: 0), lambda text: None)
    assert one.state().options["rim_every"] == "3"
    other = one._settings_for("hip", {})
    assert (other.pathway, other.runtime, other.source) == (None, "onnx", "phantom:hip")
    without_network = one._settings_for("hip", {}, "classical")
    assert (without_network.pathway, without_network.runtime) == ("classical", "auto")


def test_what_is_offered_is_what_the_specs_declare() -> None:
    made = offer()
    assert [task.name for task in made.tasks] == list(TASKS)
    kinds = {(task.name, one.name): one.kind for task in made.tasks for one in task.options}
    declared = {(spec.name, name) for spec in task_specs() for name in spec.options.__dataclass_fields__}
    assert set(kinds) == declared
    assert set(kinds.values()) >= {"yes or no", "number", "choice", "area", "pointed", "text"}


def test_addresses_of_this_board() -> None:
    assert "192.0.2.9" in own_names("192.0.2.9") and checked_address("::1") == "::1"
    with pytest.raises(SettingError, match="must be an address of this board"):
        checked_address("tablet.example")


def test_the_end_tells_what_was_refused_and_how_old_pictures_were() -> None:
    class Page:
        class refusals:  # noqa: N801
            @staticmethod
            def counts() -> dict[str, int]:
                return {"with too many messages a second": 2}

        @staticmethod
        def ages_ms() -> list[float]:
            return np.linspace(10, 20, 101).tolist()

    assert page_lines(Page()) == [
        "the page refused 2 with too many messages a second",
        "pictures were 15 ms old when they were seen, p99 20 ms",
    ]
