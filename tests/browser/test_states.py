"""What happens to a page: probe lost, control taken over, a slow line, the program gone, and how it says so."""

import re
from pathlib import Path
from typing import Any

import pytest

from edge.app.exams import Exams
from edge.errors import SinkError
from edge.task.table import TASKS
from tests.browser.conftest import Board, Cable, Opener, board_with, slow_down, until
from tests.browser.grabber import DEPTH_MM, SOURCE, use_grabber

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=\"document.title='taken'\">'; DROP TABLE exams; -- \\u202e ../../etc ${7*7} {{7*7}} \x00"
ENGLISH = re.compile(r"\b(?:the|of|is|are|not|seen|with|by|without|and|under|from|picture|no|to|it)\b", re.IGNORECASE)


def banner(page: Any, text: str) -> Any:
    # Another banner may say the same of the scale.
    found = page.locator(".banner", has_text=text).first
    found.wait_for()
    return found


def test_a_probe_that_is_lost_comes_back_and_transmits_after_one_tap(board: Board, opened: Opener) -> None:
    page = opened(board)
    page.locator("#verdict.measured").wait_for()
    board.rearms = False
    board.cable.pull()
    banner(page, "The line to the probe is lost")
    assert page.get_by_role("button", name="Deeper").is_disabled()
    board.cable.push_in()
    banner(page, "The probe does not transmit").get_by_role("button", name="Transmit").click()
    page.locator("#verdict.measured").wait_for()
    assert page.locator(".banner.bad").count() == 0


def test_a_program_that_starts_without_a_probe_finds_it(tmp_path: Path, cable: Cable, opened: Opener) -> None:
    cable.pulled = True
    with board_with(tmp_path, cable) as board:
        page = opened(board, shows=".banner")
        assert "No probe or camera" in page.locator("#banners").inner_text()
        cable.push_in()
        page.locator("#verdict.measured").wait_for()


def test_a_second_viewer_watches_and_takes_over(board: Board, opened: Opener) -> None:
    first = opened(board)
    second = opened(board, viewport={"width": 390, "height": 800}, has_touch=True)
    until(lambda: second.locator("#who").inner_text() == "Watching – viewer 1 is in control")
    until(lambda: first.locator("#who").inner_text() == "You are in control · 2 screens")
    assert second.get_by_role("button", name="Freeze").is_disabled()
    second.get_by_role("button", name="Take over control").tap()
    until(lambda: "You are in control" in second.locator("#who").inner_text())
    assert "Control was taken over" in first.locator("#toast").inner_text()
    until(lambda: first.get_by_role("button", name="Freeze").is_disabled())
    second.get_by_role("button", name="Freeze").tap()
    first.wait_for_selector("#cine:not([hidden])")


def test_a_viewer_on_a_slow_line_gets_less_and_holds_up_nobody(board: Board, opened: Opener) -> None:
    fast = opened(board)
    slow = opened(board)
    session = slow.context.new_cdp_session(slow)
    session.send("Network.enable")
    rate = 200_000 / 8
    limits = {"offline": False, "latency": 20, "downloadThroughput": rate, "uploadThroughput": rate}
    session.send("Network.emulateNetworkConditions", limits)
    viewers = board.page._streams._control.viewers()
    until(lambda: viewers[1].pace.level >= 4)
    slow.locator("#badges", has_text="slow connection").wait_for()
    drawn = [viewer.pace.drawn for viewer in viewers]
    until(lambda: viewers[0].pace.drawn > drawn[0] + 60)
    slow_one = viewers[1].pace.drawn - drawn[1]
    assert 0 < slow_one < viewers[0].pace.drawn - drawn[0], "the slow one sees new pictures too, but fewer"
    assert viewers[0].pace.level < viewers[1].pace.level
    assert fast.locator("#values tbody tr").count() > 0


def test_the_page_finds_a_program_that_was_gone(tmp_path: Path, cable: Cable, opened: Opener) -> None:
    with board_with(tmp_path / "one", cable) as board:
        page, port = opened(board), board.page.port
    banner(page, "The program cannot be reached")
    with board_with(tmp_path / "two", cable, port=port):
        page.locator("#verdict.measured").wait_for()
        until(lambda: page.locator(".banner.bad").count() == 0)


def test_a_full_disk_is_told_and_the_picture_stays(board: Board, opened: Opener, monkeypatch: Any) -> None:
    def full(*given: Any, **named: Any) -> None:
        raise SinkError("cannot write exam: the disk is full; free some space or choose a folder on another disk")

    page = opened(board)
    page.locator("#verdict.measured").wait_for()
    page.get_by_role("button", name="Freeze").click()
    page.wait_for_selector("#cine:not([hidden])")
    with monkeypatch.context() as patched:
        patched.setattr(Exams, "save", full)
        page.get_by_role("button", name="Save").click()
        assert "The disk is full" not in page.locator("#toast").inner_text()
        assert "the disk is full; free some space" in banner(page, "Not saved").inner_text()
    page.get_by_role("button", name="Save").click()
    page.locator("#toast", has_text="Saved").wait_for()
    until(lambda: page.locator(".banner", has_text="Not saved").count() == 0)


def test_a_scale_that_contradicts_the_probes_depth_is_told(tmp_path: Path, cable: Cable, opened: Opener) -> None:
    # 30 mm in 480 rows are 0.0625 mm per px.
    with board_with(tmp_path, cable, mm_per_px=0.08) as board:
        page = opened(board)
        # Of the first frames, which are older than every exposure, the scale is in doubt for another reason.
        told = banner(page, "you say 0.0800 mm per px").inner_text()
        assert "The scale is in doubt" in told and "0.0625" in told and "your value is used" in told
        assert page.locator("#verdict.limited").is_visible()


def test_a_board_that_slows_down_is_told_until_it_has_cooled(
    board: Board, opened: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = opened(board)
    with monkeypatch.context() as patched:
        slow_down(patched, tmp_path)
        told = banner(page, "The board is slowed down").inner_text()
        assert "at 600 of 1800 MHz" in told and "at 84 °C" in told and "Let it cool" in told
    until(lambda: page.locator(".banner", has_text="slowed down").count() == 0)


def test_what_the_gate_says_comes_with_what_to_do(board: Board, opened: Opener) -> None:
    page = opened(board)
    page.locator("#verdict.measured").wait_for()
    board.workplace._open.probe.probe.set(depth_mm=15.0)
    page.locator("#reasons", has_text="only 15 mm deep").wait_for()
    assert page.locator("#reasons .advice").inner_text() == "Tap Depth + once or twice."


def test_german_is_taken_from_the_browser(board: Board, opened: Opener) -> None:
    page = opened(board, locale="de-AT")
    page.locator("#verdict.measured").wait_for()
    assert page.locator("#who").inner_text() == "Sie steuern"
    assert page.get_by_role("button", name="Einfrieren").is_visible()
    assert re.search(r"\d,\d", page.locator("#values").inner_text()), "a decimal comma"
    assert page.locator("html").get_attribute("lang") == "de"


def test_no_task_says_anything_in_english_on_a_german_page(board: Board, opened: Opener) -> None:
    page = opened(board, locale="de-DE")
    for panel in ("task", "exam", "view"):
        page.locator(f"#{panel}-panel > summary").click()
    for task in TASKS.own:
        page.locator(f"#tasks button[data-task={task}]").click()
        until(lambda task=task: board.workplace.state().task == task)
        until(lambda task=task: (shown := board.pictures.shown()) is not None and shown.shown.task == task)
        page.locator("#verdict:not(.waiting)").wait_for()
        page.wait_for_timeout(1500)
        page.locator("#task-panel").evaluate("panel => panel.open = true")
        said = page.locator("#side").inner_text()
        assert sorted(set(ENGLISH.findall(said))) == [], said
        assert not re.search(r"--[a-z]", said)


def test_hostile_strings_stay_text(board: Board, opened: Opener) -> None:
    page = opened(board)
    page.locator("#verdict.measured").wait_for()
    page.locator("#exam-panel summary").click()
    for label in ("Name", "Patient number", "Examiner", "Note"):
        page.get_by_label(label, exact=True).fill(HOSTILE)
    page.get_by_label("Note", exact=True).blur()
    until(lambda: board.workplace.state().exam.patient)
    page.get_by_role("button", name="Save").click()
    page.locator("#toast", has_text="Saved").wait_for()
    assert HOSTILE.split("\x00")[0] in page.locator("#exam-line").inner_text() + HOSTILE
    assert page.title().startswith("Knee cartilage") and page.locator("#exam-line img").count() == 0
    assert board.exams.open_folder.parent == board.exams.folder


def test_nothing_is_fetched_from_anywhere_else(board: Board, opened: Opener) -> None:
    page = opened(board, shows="")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.locator("#verdict.measured").wait_for()
    assert asked and all(url.startswith((board.page.address, "blob:", "data:")) for url in asked)


def test_a_task_that_is_scanned_deeper_offers_its_depth_in_one_tap(board: Board, opened: Opener) -> None:
    page = opened(board)
    page.locator("#verdict.measured").wait_for()
    assert page.locator(".banner", has_text="is scanned about").count() == 0
    board.workplace._open.probe.probe.set(depth_mm=80.0)
    told = banner(page, "This task is scanned about 30 mm deep")
    assert "The depth is 80 mm" in told.inner_text()
    told.get_by_role("button", name="Set 30 mm").click()
    until(lambda: "30 mm" in page.locator("#badges").inner_text())
    until(lambda: page.locator(".banner", has_text="is scanned about").count() == 0)


def test_a_scanner_behind_a_grabber_is_measured_in_mm_once_its_depth_is_stated(
    tmp_path: Path, cable: Cable, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_grabber(monkeypatch)
    with board_with(tmp_path, cable, source=SOURCE, probe=None) as board:
        page = opened(board)
        told = banner(page, "No scale: sizes are in pixels")
        assert "the depth that the scanner shows" in told.inner_text()
        assert "px" in page.locator("#values").inner_text()
        depth = page.get_by_label("Depth it shows, mm")
        depth.fill(f"{DEPTH_MM:g}")
        depth.press("Enter")
        page.locator("#values small", has_text="mm").first.wait_for()
        assert 1.0 < float(page.locator("#values tbody td").first.inner_text().split()[0]) < 4.0
        until(lambda: page.locator(".banner", has_text="No scale").count() == 0)
        assert "Depth 30 mm" in page.locator("#scanner-panel summary").inner_text()
