"""What a clinician does at the page, from the choice of a task to the saved picture."""

import re
from typing import Any

import pytest

from edge.app.exams import read_exam
from edge.exam.folder import RunFolder
from tests.browser.conftest import Board, Opener, until

pytestmark = pytest.mark.slow


def value(page: Any, words: str) -> float:
    """What the read-out says of a measurement."""
    text = page.locator("#values tbody tr", has=page.get_by_role("rowheader", name=words, exact=True)).inner_text()
    return float(re.findall(r"[\d.]+", text.replace(words, ""))[0])


def frozen(page: Any) -> None:
    page.get_by_role("button", name="Freeze").click()
    page.wait_for_selector("#cine:not([hidden])")


def on_picture(page: Any, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the frame, 640 x 480, is on the screen."""
    box = page.locator("#picture").bounding_box()
    scale = min(box["width"] / 640, box["height"] / 480)
    left, top = box["x"] + (box["width"] - 640 * scale) / 2, box["y"] + (box["height"] - 480 * scale) / 2
    return left + (x + 0.5) * scale, top + (y + 0.5) * scale


def drag(page: Any, *places: tuple[float, float]) -> None:
    first, *rest = [on_picture(page, *place) for place in places]
    page.mouse.move(*first)
    page.mouse.down()
    for place in rest:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def test_a_knee_is_measured_frozen_corrected_and_saved(board: Board, opened: Opener) -> None:
    page = opened(board)
    assert page.locator("#who").inner_text() == "You are in control"
    page.locator("#verdict.measured").wait_for()
    before_mm = value(page, "Mean")
    page.get_by_role("button", name="Deeper").click()
    until(lambda: "35 mm" in page.locator("#badges").inner_text())
    page.locator("#verdict.measured").wait_for()
    assert value(page, "Mean") == pytest.approx(before_mm, abs=0.4), "the same thickness at another depth"
    frozen(page)
    assert "FROZEN" in page.locator("#badges").inner_text()
    until(lambda: int(page.get_attribute("#cine-at", "max")) >= 3)
    page.get_by_role("button", name="Earlier picture").click()
    page.get_by_role("button", name="Earlier picture").click()
    until(lambda: page.locator("#cine-time").inner_text().startswith("−"))
    page.get_by_role("button", name="Correct").click()
    shown = board.pictures.shown().shown
    caliper = shown.calipers[0]
    drag(page, caliper.end, (caliper.end[0], caliper.end[1] + 20))
    page.locator("#by-hand li").wait_for()
    assert caliper.text in page.locator("#by-hand del").inner_text()
    page.get_by_role("button", name="Measure", exact=True).click()
    drag(page, (100, 100), (100, 180))
    until(lambda: page.locator("#by-hand li").count() == 2)
    page.locator("#exam-panel summary").click()
    page.get_by_label("Name").fill("Ada Probe")
    page.get_by_label("Side of the body").select_option("left")
    page.get_by_label("Examiner").fill("Dr Who")
    page.get_by_label("Examiner").blur()
    until(lambda: board.workplace.state().exam.examiner == "Dr Who")
    page.get_by_role("button", name="Save").click()
    page.locator("#toast", has_text="Saved").wait_for()
    assert "LEFT" in page.locator("#badges").inner_text()
    folder = board.exams.open_folder
    exam = read_exam(folder)
    (save,) = exam.saves
    moved, added = save.edits
    assert (exam.fields.patient, exam.fields.side, save.who) == ("Ada Probe", "left", "Dr Who")
    assert (moved.before, moved.value_before) == ((caliper.start, caliper.end), caliper.text)
    assert moved.points[1] == pytest.approx((caliper.end[0], caliper.end[1] + 20), abs=1.5)
    assert moved.value != moved.value_before and (added.mark, added.value[-2:]) == (None, "mm")
    assert save.before_newest_s > 0
    (finding,) = RunFolder(folder).findings()
    assert finding.exposed_ns == board.pictures.shown().exposed_ns and finding.measurements
    assert (folder / "stills/000001.png").exists() and (folder / "pictures/000001.png").exists()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_selector("#cine", state="hidden")


def test_another_task_and_a_region_that_is_drawn(board: Board, opened: Opener) -> None:
    page = opened(board)
    page.locator("#task-panel > summary").click()
    page.get_by_role("radio", name=re.compile("^Tissue")).click()
    until(lambda: page.title().startswith("Tissue"))
    page.locator("#area-tools").wait_for()
    page.get_by_role("button", name="Draw box").click()
    drag(page, (200, 120), (300, 220))
    x, y, width, height = until(lambda: [float(n) for n in _roi(board).split(",") if n])
    assert (x, y, width, height) == pytest.approx((200, 120, 100, 100), abs=3)
    page.get_by_role("button", name="Draw outline").click()
    drag(page, (250, 150), (350, 150), (350, 250), (250, 250), (252, 170))
    until(lambda: ";" in _roi(board))
    page.get_by_role("button", name="No region").click()
    until(lambda: _roi(board) == "")


def _roi(board: Board) -> str:
    return board.workplace.state().options["roi"]


def test_a_structure_is_pointed_at_and_corrected(board: Board, opened: Opener) -> None:
    page = opened(board)
    page.locator("#task-panel > summary").click()
    page.get_by_role("radio", name=re.compile("^Outline")).click()
    page.locator("#point-tools").wait_for()
    page.get_by_role("button", name="Tap structure").click()
    page.mouse.click(*on_picture(page, 320, 200))
    until(lambda: board.workplace.state().pointed == 1)
    assert page.locator("#tool-also").get_attribute("aria-pressed") == "true", "the next tap corrects"
    page.mouse.click(*on_picture(page, 330, 205))
    page.get_by_role("button", name="Not this").click()
    page.mouse.click(*on_picture(page, 200, 300))
    until(lambda: len(board.workplace._session.pointer.pointed()[0].outside) == 1)
    pointed = board.workplace._session.pointer.pointed()[0]
    assert len(pointed.inside) == 2 and pointed.outside[0] == pytest.approx((200, 300), abs=1)
    page.get_by_role("button", name="Clear").click()
    until(lambda: board.workplace.state().pointed == 0)


def test_all_of_it_by_the_keyboard(board: Board, opened: Opener) -> None:
    page = opened(board)
    page.locator("#verdict.measured").wait_for()
    page.keyboard.press("Space")
    page.wait_for_selector("#cine:not([hidden])")
    until(lambda: board.workplace.state().cine.count > 2)
    page.keyboard.press("ArrowLeft")
    until(lambda: board.workplace.state().cine.before_end_s > 0)
    page.get_by_role("button", name="Correct").focus()
    page.keyboard.press("Enter")
    page.locator("#picture").focus()
    page.keyboard.press("n")
    page.keyboard.press("Shift+ArrowDown")
    moved = until(lambda: board.workplace.state().edits)[0]
    assert moved.points[0][1] == pytest.approx(moved.before[0][1] + 10)
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.locator("#toast", has_text="Saved").wait_for()
    page.keyboard.press("Space")
    page.wait_for_selector("#cine", state="hidden")


def test_the_probes_own_button_freezes(board: Board, opened: Opener) -> None:
    from firmware_bridge.line.messages import Stimulus

    page = opened(board)
    page.locator("#verdict.measured").wait_for()
    for stimulus in (Stimulus.PRESS_BUTTON, Stimulus.RELEASE_BUTTON):
        board.cable.probe.stimulate(stimulus)
    page.wait_for_selector("#cine:not([hidden])")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_selector("#cine", state="hidden")
