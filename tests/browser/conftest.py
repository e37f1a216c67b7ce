"""The page in Debian's Chromium, against the whole program in this process: simulated probe, model, page."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from edge.app import board as board_files
from edge.app import probe_link
from edge.app.exams import Exams
from edge.app.page import open_page
from edge.app.workplace import Workplace
from edge.errors import SonoedgeError
from edge.viewer.from_page import Act
from edge.viewer.pictures import Pictures
from edge.viewer.server import PageServer
from firmware_bridge.device.simulator import simulated_probe
from firmware_bridge.errors import PortNotFoundError

HEARTBEAT_LOST = "heartbeat lost"
WAIT_MS = 60_000
"""For whatever is waited for: other work may keep the machine busy."""


class Cable:
    """A simulated probe whose cable a test pulls."""

    def __init__(self) -> None:
        self.probe = simulated_probe("seed=4")
        self.pulled = False

    def connect(self) -> Any:
        if self.pulled:
            raise PortNotFoundError("the cable is pulled")
        return self.probe.connect()

    def on_exposure(self, tell: Any) -> None:
        self.probe.on_exposure(tell)

    def on_motion(self, give: Any) -> None:
        self.probe.on_motion(give)

    def pull(self) -> None:
        self.pulled = True
        self.probe.unplug()

    def push_in(self) -> None:
        self.pulled = False

    def __enter__(self) -> "Cable":
        return self

    def __exit__(self, *error: object) -> None:
        """The program lets it go; it stays switched on."""


class Board:
    """`sonoedge serve --probe sim:` in this process."""

    def __init__(self, folder: Path, cable: Cable, port: int = 0, **given: Any) -> None:
        self.exams, self.cable = Exams(folder), cable
        self.pictures = Pictures(time.monotonic_ns)
        self.told: list[str] = []
        settings = {"probe": "sim:", "runtime": "onnx", "precision": "int8", "threads": 1, **given}
        task = settings.pop("task", "cartilage")
        self.workplace = Workplace(task, settings, self.exams, self.pictures, self.told.append)
        self.page: PageServer = open_page(self.workplace, self.pictures, port)
        self.rearms = True
        """On a busy machine the simulated probe, which lives in this process, may miss a heartbeat."""
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=one) for one in (self.workplace.run, self._keep_armed)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._ended.set()
        self.page.close()
        self.workplace.stop("the test ends")
        for thread in self._threads:
            thread.join(60)

    def _keep_armed(self) -> None:
        while not self._ended.wait(0.5):
            panel = self.workplace.state().probe
            if self.rearms and panel is not None and panel.connected and panel.off_reason == HEARTBEAT_LOST:
                with suppress(SonoedgeError):
                    self.workplace.do(Act(n=1, action="arm"), "test")


def slow_down(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """The files in which the system tells of the board's processor say that it is hot, and lets it run at a third."""
    for name, text in (("scaling_max_freq", "600000"), ("cpuinfo_max_freq", "1800000"), ("temp", "84000")):
        (folder / name).write_text(text)
    patch.setattr(board_files, "_FREQUENCY", folder)
    patch.setattr(board_files, "_TEMPERATURE", folder / "temp")


@contextmanager
def board_with(folder: Path, cable: Cable, **given: Any) -> Iterator[Board]:
    board = Board(folder, cable, **given)
    try:
        yield board
    finally:
        board.close()


@pytest.fixture
def cable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cable]:
    made = Cable()
    monkeypatch.setattr(probe_link, "simulated_probe", lambda rest: made)
    yield made
    made.probe.close()


@pytest.fixture
def board(tmp_path: Path, cable: Cable) -> Iterator[Board]:
    with board_with(tmp_path / "exams", cable) as opened:
        yield opened


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("the page is tried in Chromium: apt-get install --no-install-recommends chromium")
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with api.sync_playwright() as playwright:
        # Root, as in a container, may not make Chromium's sandbox.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


Opener = Callable[..., Any]


@pytest.fixture
def opened(chromium: Any) -> Iterator[Opener]:
    """`opened(board, locale="de-DE", ...)`: a page that has entered, in a browser of its own."""
    contexts: list[Any] = []
    faults: list[str] = []

    def open_one(board: Board, *, shows: str = "#values tbody tr", **options: Any) -> Any:
        given = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **options}
        context = chromium.new_context(**given)
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(board.page.invitation())
        if shows:
            page.wait_for_selector(shows)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


def until(holds: Callable[[], Any], seconds: float = WAIT_MS / 1e3) -> Any:
    """What `holds` gives as soon as it is true."""
    end_s = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end_s, "it did not come about"
        time.sleep(0.05)
    return found
