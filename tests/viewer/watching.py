"""A page of pictures that a test makes, and viewers of it that are no browsers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import numpy as np

from edge.errors import SettingError
from edge.finding import CaliperMark, Finding, LineMark, Mark, MaskMark, Measurement, Verdict
from edge.frame import Frame, PixelSpacing, ProbeState, SpacingOrigin
from edge.terms import Terms
from edge.viewer.from_page import Asked
from edge.viewer.pictures import Pictures
from edge.viewer.place import Place
from edge.viewer.server import PageServer
from edge.viewer.stream import unpacked
from edge.viewer.to_page import DeskState, Offer, Shown

KEY = b"k" * 32
SPACING = PixelSpacing(0.1, 0.2, SpacingOrigin.DEPTH)
TIMEOUT_S = 20.0
NOW = [0]


class FakeDesk:
    """Keeps what it is asked for."""

    def __init__(self, pictures: Pictures) -> None:
        self.pictures, self.asked = pictures, []

    def offer(self) -> Offer:
        return Offer(controls=True)

    def state(self) -> DeskState:
        return DeskState(task="brightness", frozen=self.pictures.frozen)

    def do(self, asked: Asked, who: str) -> str:
        if type(asked).__name__ == "Act":
            raise SettingError("that is refused")
        self.asked.append((asked, who))
        return "done"


def frame_of(number: int, shape: tuple[int, int] = (48, 64)) -> Frame:
    pixels = np.full(shape, (number * 7) % 200, np.uint8)
    pixels[:: number % 5 + 2] += 20
    return Frame(pixels, number * 40_000_000, number, "fake", SPACING, probe=ProbeState(frozen=False, depth_mm=30.0))


def finding_of(frame: Frame) -> Finding:
    mask = np.zeros((8, 10), np.uint8)
    mask[2:6, 2:8] = 1
    marks = (
        MaskMark("blob", 1, mask, (5, 6)),
        LineMark("border", np.array([(1, 2), (30, 40)], np.float32)),
        CaliperMark("width", (10.0, 10.0), (30.0, 10.0), "2.0 mm"),
    )
    measured = (Measurement("width", np.float64(2.0), "mm", 1.8, 2.2),)
    return Finding(
        "brightness", frame.sequence, frame.exposed_ns, Verdict.MEASURED, (), measured, marks, spacing=frame.spacing
    )


class Board:
    """A page with a desk that keeps what it was asked."""

    def __init__(self, place: Place | None = None) -> None:
        self.pictures = Pictures(lambda: NOW[0])
        self.desk = FakeDesk(self.pictures)
        self.page = PageServer(place or Place(), self.desk, self.pictures, KEY, "sonoedge 0", lambda: NOW[0])
        self.count = 0

    def show(
        self, count: int = 1, *, frozen: bool = False, shape: tuple[int, int] = (48, 64), further: tuple[Mark, ...] = ()
    ) -> None:
        """further: marks of each finding."""
        for _ in range(count):
            self.count += 1
            NOW[0] = self.count * 40_000_000 + 7_000_000
            frame = frame_of(self.count, shape)
            finding = finding_of(frame)
            finding = replace(finding, marks=(*finding.marks, *further))
            self.pictures.add(frame, finding, Terms())
        if frozen:
            self.pictures.add(replace(frame, probe=ProbeState(frozen=True)), finding, Terms())

    @property
    def base(self) -> str:
        return self.page.address

    @property
    def code(self) -> str:
        return self.page.invitation().partition("#code=")[2]


@contextmanager
def served(place: Place | None = None) -> Iterator[Board]:
    board = Board(place)
    try:
        yield board
    finally:
        board.page.close()


class Watcher:
    """One viewer. Pictures are acknowledged unless it is `silent`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.pictures: list[Shown] = []
        self.said: list[dict[str, Any]] = []
        self.silent = False
        self.closed = False

    async def until(self, holds: Callable[["Watcher"], Any]) -> Any:
        """Reads on until that is true."""
        async with asyncio.timeout(2 * TIMEOUT_S):
            while not holds(self) and not self.closed:
                await self.take()
        return holds(self)

    async def take(self) -> None:
        message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            shown, jpeg = unpacked(message.data)
            assert jpeg[:2] == b"\xff\xd8"
            self.pictures.append(shown)
            if not self.silent:
                await self.tell(type="ack", id=shown.id, age_ms=5.0)
        elif message.type is aiohttp.WSMsgType.TEXT:
            self.said.append(json.loads(message.data))
        else:
            self.closed = True

    async def tell(self, **message: Any) -> None:
        await self.socket.send_str(json.dumps(message))

    async def ask(self, kind: str, **given: Any) -> dict[str, Any]:
        """The answer."""
        number = 1000 + len(self.said)
        await self.tell(type=kind, n=number, **given)
        return await self.until(lambda one: next((a for a in one.said if a.get("n") == number), None))

    def last(self, kind: str) -> dict[str, Any] | None:
        return next((one for one in reversed(self.said) if one["type"] == kind), None)


@asynccontextmanager
async def session_of(board: Board, code: str | None = None, **options: Any) -> AsyncIterator[aiohttp.ClientSession]:
    """With a cookie."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), **options) as session:
        entered = await session.post(board.base + "enter", data=code or board.code, headers=origin(board))
        assert entered.status == 200, await entered.text()
        yield session
    if board.base.startswith("https"):
        await asyncio.sleep(0.3)  # its encryption ends after the session


@asynccontextmanager
async def watcher(board: Board, tab: str = "", **options: Any) -> AsyncIterator[Watcher]:
    async with session_of(board, **options) as session, stream(board, session, tab) as socket:
        yield Watcher(socket)


def stream(board: Board, session: aiohttp.ClientSession, tab: str = "") -> Any:
    return session.ws_connect(board.base + f"stream?tab={tab}", headers=origin(board), max_msg_size=2**26)


def origin(board: Board) -> dict[str, str]:
    return {"Origin": board.base.rstrip("/")}
