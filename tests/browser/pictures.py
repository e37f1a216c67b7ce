"""Pictures of the page in all its states, to be looked at: `python -m tests.browser.pictures FOLDER [--language de]
[--scheme dark] [SCENE...]`. A sheet for each scene, with the page on a phone, a tablet and a desktop."""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.app import probe_link
from edge.app.exams import Exams
from edge.errors import SinkError
from edge.task.table import TASKS
from firmware_bridge.line.messages import Stimulus
from tests.browser.conftest import Board, Cable, board_with, slow_down, until
from tests.browser.grabber import SOURCE, use_grabber

SIZES = ((360, 740), (820, 1180), (1440, 900))
LARGEST = (3840, 2160)
SHEET_HEIGHT = 1000


class Stage:
    """One page and what stands behind it."""

    def __init__(self, browser: Any, folder: Path, language: str, scheme: str, wanted: list[str]) -> None:
        self.browser, self.folder, self.wanted = browser, folder, wanted
        self.options = {"locale": language, "color_scheme": scheme}
        self.kept = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()

    @contextmanager
    def board(self, **given: Any) -> Iterator[tuple[Board, Any]]:
        """A board with a simulated probe, and a page that looks at it. `before(cable)`: done before it starts."""
        before = given.pop("before", lambda cable: None)
        cable = Cable()
        self.patch.setattr(probe_link, "simulated_probe", lambda rest: cable)
        before(cable)
        with ExitStack() as opened:
            opened.callback(cable.probe.close)
            board = opened.enter_context(board_with(Path(tempfile.mkdtemp(dir=self.kept)), cable, **given))
            yield board, self.page(board)

    def page(self, board: Board, **options: Any) -> Any:
        context = self.browser.new_context(**self.options, **options)
        context.set_default_timeout(90_000)
        page = context.new_page()
        page.goto(board.page.invitation())
        page.locator("#page:not([hidden])").wait_for()
        return page

    def picture(self, name: str, page: Any, sizes: tuple[tuple[int, int], ...] = SIZES, to: str = "") -> None:
        """to: what is scrolled to."""
        if self.wanted and name not in self.wanted:
            return
        shots = []
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            if to:
                page.locator(to).evaluate("element => element.scrollIntoView()")
            page.wait_for_timeout(700)
            data = np.frombuffer(page.screenshot(), np.uint8)
            shots.append(cv2.imdecode(data, cv2.IMREAD_COLOR))
        scaled = [
            cv2.resize(one, None, fx=(f := SHEET_HEIGHT / len(one)), fy=f, interpolation=cv2.INTER_AREA)
            for one in shots
        ]
        cv2.imwrite(str(self.folder / f"{name}.png"), np.hstack(scaled))
        for (width, _), one in zip(sizes, shots, strict=True):
            cv2.imwrite(str(self.folder / f"{name}-{width}.png"), one)


def measured(page: Any) -> None:
    page.locator("#verdict.measured, #verdict.limited").first.wait_for()


def freeze(page: Any) -> None:
    page.locator("#freeze").click()
    page.locator("#cine:not([hidden])").wait_for()


def scanning(stage: Stage) -> None:
    """From the first look to the saved picture, and what goes wrong on the way."""
    with stage.board() as (board, page):
        stage.picture("first-look", page)
        measured(page)
        page.wait_for_timeout(4000)
        stage.picture("measured", page)
        stage.picture("largest", page, (LARGEST,))
        page.set_viewport_size({"width": 820, "height": 1180})
        for panel in ("task", "exam", "view"):
            page.locator(f"#{panel}-panel > summary").click()
            stage.picture(f"panel-{panel}", page, to=f"#{panel}-panel")
            page.locator(f"#{panel}-panel > summary").click()
        with stage.patch.context() as patched:
            slow_down(patched, stage.kept)
            page.locator(".banner.warn").wait_for()
            stage.picture("throttled", page)
        freeze(page)
        page.locator("#cine-back").click()
        page.locator("#tool-correct").click()
        stage.picture("frozen-correct", page)
        page.locator("#picture").focus()
        for key in ("n", "Shift+ArrowDown"):
            page.keyboard.press(key)
        page.locator("#by-hand li").wait_for()
        stage.picture("by-hand", page)
        with stage.patch.context() as patched:
            patched.setattr(Exams, "save", full)
            page.locator("#save").click()
            page.locator(".banner.bad").wait_for()
            stage.picture("disk-full", page)
        page.locator("#save").click()
        page.locator("#toast:not(:empty)").wait_for()
        stage.picture("saved", page)
        page.locator("#freeze").click()
        page.wait_for_timeout(1500)
        board.workplace._open.probe.probe.set(depth_mm=15.0)
        page.locator("#verdict.refused").wait_for()
        stage.picture("refused", page)
        board.workplace._open.probe.probe.set(depth_mm=30.0)
        second = stage.page(board)
        second.locator("#take:not([hidden])").wait_for()
        measured(second)
        stage.picture("second-viewer", second)
        slow(second)
        stage.picture("slow-tablet", second)
        second.context.close()
        board.rearms = False
        board.cable.pull()
        page.locator(".banner.bad").wait_for()
        stage.picture("lost", page)
        board.cable.push_in()
        page.locator(".banner button").wait_for()
        stage.picture("back", page)
        page.locator(".banner button").click()
        measured(page)
        board.rearms = True
        board.cable.probe.on_exposure(lambda exposure: None)
        page.locator(".banner", has_text="").first.wait_for()
        until(lambda: any(one.code == "no frames" for one in board.workplace.state().troubles))
        page.wait_for_timeout(2000)
        stage.picture("no-frames", page)
    page.locator(".banner.bad").wait_for()
    stage.picture("gone", page)


def full(*given: Any, **named: Any) -> None:
    raise SinkError(
        "cannot write exam: the disk is full; free some space or choose a folder on another disk. "
        "What was written before is kept."
    )


def slow(page: Any) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"offline": False, "latency": 20, "downloadThroughput": 25_000, "uploadThroughput": 25_000}
    session.send("Network.emulateNetworkConditions", limits)
    page.wait_for_timeout(12_000)


def starting(stage: Stage) -> None:
    """What may be wrong at the start."""
    with stage.board(before=lambda cable: setattr(cable, "pulled", True)) as (_, page):
        page.locator(".banner.bad").wait_for()
        stage.picture("no-probe", page)
    with stage.board(before=lambda cable: cable.probe.stimulate(Stimulus.BATTERY_PERCENT, 2)) as (_, page):
        page.locator(".banner.bad").first.wait_for()
        stage.picture("transmit-refused", page)
    with stage.board(mm_per_px=0.08) as (_, page):
        page.locator(".banner.warn").wait_for()
        stage.picture("scale", page)
    use_grabber(stage.patch)
    with stage.board(source=SOURCE, probe=None) as (_, page):
        page.locator(".banner.warn").wait_for()
        stage.picture("no-scale", page)
        page.locator("#scanner input").fill("30")
        page.locator("#scanner input").press("Enter")
        page.locator("#values small", has_text="mm").first.wait_for()
        stage.picture("scale-stated", page, to="#scanner-panel")


def tasks(stage: Stage) -> None:
    """Every task, as it measures."""
    with stage.board() as (board, page):
        for task in TASKS.own:
            if stage.wanted and task not in stage.wanted:
                continue
            page.locator("#task-panel").evaluate("panel => panel.open = true")
            page.locator(f"#tasks button[data-task={task}]").click()
            until(lambda task=task: board.workplace.state().task == task)
            until(lambda task=task: (shown := board.pictures.shown()) is not None and shown.shown.task == task)
            with suppress(Exception):
                page.locator(".banner button").click(timeout=3000)
            with suppress(Exception):
                page.locator("#verdict.measured, #verdict.limited").first.wait_for(timeout=8000)
            page.wait_for_timeout(6000)
            stage.picture(task, page)


SCENES = {"scanning": scanning, "starting": starting, "tasks": tasks}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", default="en")
    parser.add_argument("--scheme", default="light")
    parser.add_argument("--part", choices=SCENES, action="append")
    parser.add_argument("scene", nargs="*")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        for part in given.part or SCENES:
            SCENES[part](Stage(browser, given.folder, given.language, given.scheme, given.scene))
        browser.close()


if __name__ == "__main__":
    main()
