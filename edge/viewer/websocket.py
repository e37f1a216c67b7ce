"""A stream for each viewer: what it says is taken in, what it is told is sent as fast as it reads."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec
from aiohttp import WebSocketError, WSCloseCode, WSMessage, WSMsgType, web

from edge.errors import SonoedgeError
from edge.finding import PanoramaMark
from edge.viewer.access import Refusal, Refusals
from edge.viewer.cine import Kept
from edge.viewer.control import Control, Viewer
from edge.viewer.desk import Desk
from edge.viewer.from_page import MOST_BYTES, Ack, Asked, Give, Name, Pair, Ping, Take, incoming
from edge.viewer.invitation import qr_code
from edge.viewer.pictures import Pictures
from edge.viewer.shown import panorama_message
from edge.viewer.stream import LEVELS, STUCK_S, packed
from edge.viewer.to_page import VERSION, Answer, Hello, Pong, State, encode

STATE_S: Final = 0.1
"""How soon a viewer hears what changed; on a slow line ten times as long."""
PANORAMA_S: Final = 0.5
"""How soon a viewer sees a panorama grow; on a slow line ten times as long."""
CLOSE_S: Final = 2.0
_KEPT_AGES: Final = 16_384
_HEARTBEAT_S: Final = 16.0
"""Without an answer to a ping for half as long again, a socket is only half open."""


class Streams:
    """All viewers' streams. Its coroutines run in the loop of the server's thread."""

    def __init__(
        self,
        desk: Desk,
        pictures: Pictures,
        refusals: Refusals,
        invitation: Callable[[], str],
        program: str,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """program: its name and version, as the page shows it. now_ns: the clock of exposures."""
        self._desk, self._pictures, self._refusals, self._invitation = desk, pictures, refusals, invitation
        self._program, self._now_ns = program, now_ns
        self._run = secrets.token_hex(4)
        self._control = Control()
        self._state = b""
        self._encoded: dict[tuple[int, int], asyncio.Future[bytes]] = {}
        self._panorama: tuple[int, asyncio.Future[str] | None] = 0, None
        self._orders = ThreadPoolExecutor(1, "page orders")
        self._encoders = ThreadPoolExecutor(2, "page pictures")
        self.ages_ms: deque[float] = deque(maxlen=_KEPT_AGES)
        """Of live pictures when they were seen, by the viewers' word; the last ones."""

    def viewers(self) -> int:
        return len(self._control.viewers())

    async def serve(self, request: web.Request, upgraded: Callable[[], None]) -> web.StreamResponse:
        """One viewer's, until it ends. upgraded: called once the connection has become a stream."""
        loop = asyncio.get_running_loop()
        ws = web.WebSocketResponse(
            heartbeat=_HEARTBEAT_S, max_msg_size=MOST_BYTES, compress=False, timeout=CLOSE_S, autoping=False
        )
        await ws.prepare(request)
        upgraded()
        viewer = self._control.enter(ws, request.transport, request.query.get("tab", "")[:40], loop.time())
        offer = await loop.run_in_executor(None, self._desk.offer)
        viewer.answer(Hello(VERSION, self._run, viewer.number, self._program, offer))
        sending = asyncio.create_task(self._send_to(viewer))
        try:
            async for message in ws:
                if not await self._heard(viewer, message):
                    break
        finally:
            sending.cancel()
            self._control.leave(viewer, loop.time())
            self.wake()
            with suppress(Exception):
                await asyncio.wait_for(ws.close(), CLOSE_S)
        return ws

    async def watch_state(self) -> None:
        """Asks the desk how things stand, for all viewers."""
        loop = asyncio.get_running_loop()
        while True:
            self._control.release(loop.time())
            driver = self._control.driver
            desk = await loop.run_in_executor(None, self._desk.state)
            number, name = (driver.number, driver.name) if driver else ("", "")
            self._state = encode(State(desk, number, name, self.viewers()))
            self.wake()
            await asyncio.sleep(STATE_S)

    def wake(self) -> None:
        """There is something new to be sent."""
        for viewer in self._control.viewers():
            viewer.wake.set()

    async def end(self) -> None:
        """Of every stream, since the program ends."""
        for viewer in self._control.viewers():
            with suppress(Exception):
                await viewer.socket.close(code=1001, message=b"the program ends")

    def close(self) -> None:
        """Of what works for the streams; nothing is begun any more."""
        for pool in (self._orders, self._encoders):
            pool.shutdown(wait=False, cancel_futures=True)

    # --------------------------------------------------------------------------------------------------- what it says
    async def _heard(self, viewer: Viewer, heard: WSMessage) -> bool:
        """Takes a message in. False: no more is wanted of this viewer."""
        now_s = asyncio.get_running_loop().time()
        if not viewer.allowance.take(now_s):
            self._refusals.add(Refusal.TOO_FAST)
            return False
        if heard.type is WSMsgType.PING:
            with suppress(TimeoutError):
                await self._sent(viewer.socket.pong(heard.data))
            return True
        if heard.type is WSMsgType.PONG:
            return True
        if heard.type is not WSMsgType.TEXT:
            if (refusal := _why_not(heard)) is not None:
                self._refusals.add(refusal)
            return False
        try:
            message = incoming(heard.data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self._refusals.add(Refusal.MESSAGE)
            return False
        if isinstance(message, Ack):
            if viewer.pace.acknowledged(message.id, now_s, message.drawing_ms) and message.age_ms is not None:
                self.ages_ms.append(message.age_ms)
            viewer.wake.set()
        elif isinstance(message, Ping):
            viewer.answer(Pong(message.at_ms, self._now_ns() / 1e6))
        else:
            self._asked(viewer, message)
        return True

    def _asked(self, viewer: Viewer, asked: Asked) -> None:
        if isinstance(asked, Take):
            before = self._control.take(viewer)
            if before is not None:
                before.answer(Answer(-1, False, f"{viewer.name or viewer.number} took over"))
            viewer.answer(Answer(asked.n, True, ""))
        elif isinstance(asked, Name):
            viewer.name = _one_line(asked.name)
            viewer.answer(Answer(asked.n, True, ""))
        elif self._control.driver is not viewer:
            self._refusals.add(Refusal.NOT_DRIVER)
            viewer.answer(Answer(asked.n, False, "another viewer is in control; take over first"))
        elif isinstance(asked, Give):
            self._control.give()
            viewer.answer(Answer(asked.n, True, ""))
        elif isinstance(asked, Pair):
            address = self._invitation()
            picture = qr_code(address).svg_data_uri(scale=4, border=3)
            viewer.answer(Answer(asked.n, True, f"{address} {picture}"))
        else:
            done = asyncio.get_running_loop().run_in_executor(self._orders, self._done, viewer, asked)
            done.add_done_callback(lambda answer: self._answered(viewer, answer))
        self.wake()

    def _done(self, viewer: Viewer, asked: Asked) -> Answer:
        try:
            return Answer(asked.n, True, self._desk.do(asked, viewer.name or f"viewer {viewer.number}"))
        except SonoedgeError as error:
            return Answer(asked.n, False, str(error))
        except Exception as error:  # a fault of ours must not take the page away
            return Answer(asked.n, False, f"unexpected {type(error).__name__}: {error}")

    def _answered(self, viewer: Viewer, answer: "asyncio.Future[Answer]") -> None:
        if not answer.cancelled():
            viewer.answer(answer.result())
            self.wake()

    # ------------------------------------------------------------------------------------------------- what it is told
    async def _send_to(self, viewer: Viewer) -> None:
        """All that one viewer is sent, one after the other: nobody else waits for it."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(viewer.wake.wait(), 1.0)
                viewer.wake.clear()
                now_s = loop.time()
                if viewer.pace.stuck(now_s):
                    break
                for message in viewer.take_answers():
                    await self._sent(viewer.socket.send_str(encode(message).decode()))
                await self._send_state(viewer, now_s)
                await self._send_panorama(viewer, now_s)
                await self._send_picture(viewer)
        except (TimeoutError, ConnectionError, RuntimeError):
            pass  # it does not read, or has left
        if not viewer.socket.closed:
            self._refusals.add(Refusal.SLOW)
            viewer.end()

    async def _sent(self, sending: Awaitable[None]) -> None:
        await asyncio.wait_for(sending, STUCK_S)

    async def _send_state(self, viewer: Viewer, now_s: float) -> None:
        state = self._state
        if state and state != viewer.state and now_s - viewer.state_s >= _every(viewer, STATE_S):
            viewer.state, viewer.state_s = state, now_s
            await self._sent(viewer.socket.send_str(state.decode()))

    async def _send_panorama(self, viewer: Viewer, now_s: float) -> None:
        newest = self._pictures.panorama()
        if newest.number == viewer.panorama or now_s - viewer.panorama_s < _every(viewer, PANORAMA_S):
            return
        viewer.panorama, viewer.panorama_s = newest.number, now_s
        number, encoding = self._panorama
        if encoding is None or number != newest.number:
            encoding = asyncio.get_running_loop().run_in_executor(self._encoders, _encoded_panorama, newest.mark)
            self._panorama = newest.number, encoding
        await self._sent(viewer.socket.send_str(await asyncio.shield(encoding)))

    async def _send_picture(self, viewer: Viewer) -> None:
        """The newest one where the viewer has not seen it; one that stands still a second time, as fine as can be."""
        picture = self._pictures.shown()
        if picture is None or not viewer.pace.ready():
            return
        finer = self._pictures.frozen and viewer.seen == picture.number and viewer.seen_level > 0
        if viewer.seen == picture.number and not finer:
            return
        level = 0 if finer else viewer.pace.level
        message = await self._message(picture, level)
        viewer.seen, viewer.seen_level = picture.number, level
        viewer.pace.sent(picture.number, asyncio.get_running_loop().time())
        await self._sent(viewer.socket.send_bytes(message))
        if viewer.pace.ready():
            viewer.wake.set()

    async def _message(self, picture: Kept, level: int) -> bytes:
        """Made once for all viewers at this level."""
        key = picture.number, level
        if key not in self._encoded:
            while len(self._encoded) > 2 * len(LEVELS):
                self._encoded.pop(next(iter(self._encoded)))
            packing = partial(packed, picture, LEVELS[level])
            self._encoded[key] = asyncio.get_running_loop().run_in_executor(self._encoders, packing)
        return await asyncio.shield(self._encoded[key])


def _why_not(heard: WSMessage) -> Refusal | None:
    """Of what is no text. None: the line has broken off, which is nobody's fault."""
    if heard.type is WSMsgType.BINARY:
        return Refusal.MESSAGE
    if isinstance(heard.data, WebSocketError):
        return Refusal.TOO_LARGE if heard.data.code == WSCloseCode.MESSAGE_TOO_BIG else Refusal.MESSAGE
    return Refusal.SLOW if isinstance(heard.data, TimeoutError) else None


def _every(viewer: Viewer, seconds: float) -> float:
    """How long what is not the picture waits for this viewer's line."""
    return 10 * seconds if viewer.pace.level >= len(LEVELS) - 3 else seconds


def _encoded_panorama(mark: PanoramaMark | None) -> str:
    return encode(panorama_message(mark)).decode()


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
