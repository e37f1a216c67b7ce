"""The page's server, in a thread of its own: files of the page, the door, and a stream for each viewer."""

import asyncio
import logging
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final

import msgspec
import segno
from aiohttp import WSCloseCode, WSMsgType, web

from edge.closing import Closing
from edge.errors import SettingError, SonoedgeError
from edge.finding import PanoramaMark
from edge.viewer import messages
from edge.viewer.access import COOKIE_S, Access, Names, Refusal, Refusals
from edge.viewer.certificate import Certificate
from edge.viewer.connections import Connections
from edge.viewer.control import Control, Viewer
from edge.viewer.desk import Desk
from edge.viewer.messages import MOST_BYTES, VERSION, Ack, Answer, Give, Hello, Name, Pair, Ping, Pong, State, Take
from edge.viewer.pictures import Pictures
from edge.viewer.shown import panorama_message
from edge.viewer.stream import LEVELS, STUCK_S, packed

LOOPBACK: Final = "127.0.0.1"
LOCAL_NAMES: Final = (LOOPBACK, "localhost", "::1")
FIRST_FREE_PORT: Final = 1024
"""Those below are the system's own."""
STATE_S: Final = 0.1
"""How soon a viewer hears what changed; on a slow line ten times as long."""
PANORAMA_S: Final = 0.5
"""How soon a viewer sees a panorama grow; on a slow line ten times as long."""
_CLOSE_S: Final = 2.0
_KEPT_AGES: Final = 16_384
_HEARTBEAT_S: Final = 16.0
"""Without an answer to a ping for half as long again, a socket is only half open."""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)
_KINDS: Final = MappingProxyType(
    {
        ".html": "text/html",
        ".js": "text/javascript",
        ".css": "text/css",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        ".webmanifest": "application/manifest+json",
    }
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is served."""

    port: int = 0
    """0: any that is free."""
    address: str = LOOPBACK
    certificate: Certificate | None = None
    hosts: frozenset[str] = frozenset(LOCAL_NAMES)
    """Names and addresses under which it is asked for."""

    @property
    def local(self) -> bool:
        return self.address in LOCAL_NAMES


class PageServer(Closing):
    """Serves the page until it is closed. Raises SettingError where the port is taken, or the place is open to others
    without a certificate."""

    def __init__(
        self,
        place: Place,
        desk: Desk,
        pictures: Pictures,
        key: bytes,
        program: str,
        now_ns: Callable[[], int] = time.monotonic_ns,
        files: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        """key: by which cookies are signed. program: its name and version, as the page shows it. now_ns: the clock of
        exposures. files: by name, beside the page's own."""
        if not place.local and place.certificate is None:
            raise SettingError(f"the page is not served at {place.address} without a certificate of this board")
        self._socket = _bound(place)
        self._place, self._desk, self._pictures, self._program = place, desk, pictures, program
        self._now_ns = now_ns
        self.port: int = self._socket.getsockname()[1]
        self._names = Names("https" if place.certificate else "http", place.hosts, self.port)
        self.refusals = Refusals()
        self._access = Access(key, lasting_code=place.local, now_s=time.time)
        self._control = Control()
        self._run = secrets.token_hex(4)
        self._files = {**_files(), **files}
        self._ended = False
        self._ages_ms: deque[float] = deque(maxlen=_KEPT_AGES)
        self._encoded: dict[tuple[int, int], asyncio.Future[bytes]] = {}
        self._panorama: tuple[int, asyncio.Future[str] | None] = 0, None
        self._orders = ThreadPoolExecutor(1, "page orders")
        self._encoders = ThreadPoolExecutor(2, "page pictures")
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="page", daemon=True)
        self._thread.start()
        pictures.changed = self._wake_from_outside

    @property
    def address(self) -> str:
        """Without a code."""
        host = "127.0.0.1" if self._place.address in ("0.0.0.0", "::", *LOCAL_NAMES) else self._place.address
        if not self._place.local:
            host = next((one for one in sorted(self._place.hosts) if _is_reached(one)), host)
        return f"{self._names.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}/"

    @property
    def fingerprint(self) -> str:
        """The certificate's; empty without one."""
        return self._place.certificate.fingerprint if self._place.certificate else ""

    def invitation(self) -> str:
        """The address with a code that lets in: as often as one likes on this machine, once beyond it."""
        return f"{self.address}#code={self._access.code()}"

    def ages_ms(self) -> list[float]:
        """Of live pictures when they were seen, by the viewers' word; the last ones."""
        return list(self._ages_ms)

    def viewers(self) -> int:
        return len(self._control.viewers())

    def close(self) -> None:
        """Ends every stream and gives the port back. Closing twice is harmless."""
        self._pictures.changed = _nothing
        if self._thread.is_alive() and not self._ended:
            self._ended = True
            with suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(3 * _CLOSE_S)
        for pool in (self._orders, self._encoders):
            pool.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------------------------------------ the thread's own
    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve_until_end())
        finally:
            self._loop.close()

    async def _serve_until_end(self) -> None:
        application = web.Application(middlewares=[self._guarded], client_max_size=1024)
        application.router.add_get("/stream", self._stream)
        application.router.add_post("/enter", self._enter)
        application.router.add_get("/{name:.*}", self._file)
        # What a stranger sends is no matter for this run's terminal.
        silent = logging.Logger("page", level=logging.CRITICAL + 1)
        runner = web.AppRunner(application, access_log=None, logger=silent, shutdown_timeout=_CLOSE_S)
        await runner.setup()
        assert runner.server is not None
        self._connections = Connections(runner.server, self.refusals)
        context = self._place.certificate.context() if self._place.certificate else None
        secured: dict[str, Any] = {"ssl": context, "ssl_handshake_timeout": 5.0} if context else {}
        self._loop.set_exception_handler(_ignored)
        server = await self._loop.create_server(self._connections, sock=self._socket, **secured)
        watch = asyncio.create_task(self._watch_state())
        await self._stopping.wait()
        watch.cancel()
        server.close()
        for viewer in self._control.viewers():
            with suppress(Exception):
                await viewer.socket.close(code=1001, message=b"the program ends")
        await runner.cleanup()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The right name and, of all that changes anything, the right page; the headers that keep a browser careful."""
        if not self._names.allow_host(request.host):
            raise self._forbidden(Refusal.HOST, "open this page by the address that sonoedge printed")
        self._connections.asked(request.transport)
        changes = request.method != "GET" or request.path == "/stream"
        if changes and not self._names.allow_origin(request.headers.get("Origin", "")):
            raise self._forbidden(Refusal.ORIGIN, "only sonoedge's own page may do this")
        try:
            response = await handler(request)
        except web.HTTPException as refused:
            refused.headers.update(_HEADERS)
            raise
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    def _forbidden(self, refusal: Refusal, text: str) -> web.HTTPForbidden:
        self.refusals.add(refusal)
        return web.HTTPForbidden(text=text, headers=dict(_HEADERS))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"] or "index.html"
        found = self._files.get(name)
        if found is None:
            self.refusals.add(Refusal.PATH)
            raise web.HTTPNotFound(text="there is no such file")
        return web.Response(body=found, content_type=_KINDS[PurePath(name).suffix], charset="utf-8")

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """Changes a code for a cookie; without one, says whether the cookie holds."""
        given = (await request.text()).strip()
        if not given:
            return web.Response(text="yes" if self._is_known(request) else "no")
        cookie = self._access.admit(given[:100])
        if isinstance(cookie, Refusal):
            raise self._forbidden(cookie, "too many" if cookie is Refusal.TOO_MANY_CODES else "wrong code")
        response = web.Response(text="yes")
        response.set_cookie(
            self._cookie_name,
            cookie,
            max_age=COOKIE_S,
            httponly=True,
            secure=self._place.certificate is not None,
            samesite="Strict",
        )
        return response

    @property
    def _cookie_name(self) -> str:
        # Cookies know no ports: two programs on one machine must not take each other's.
        return f"sonoedge-{self.port}"

    def _is_known(self, request: web.Request) -> bool:
        return self._access.knows(request.cookies.get(self._cookie_name, ""))

    # ---------------------------------------------------------------------------------------------------------- streams
    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            raise self._forbidden(Refusal.COOKIE, "enter the pairing code first")
        ws = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=MOST_BYTES, compress=False, timeout=_CLOSE_S)
        await ws.prepare(request)
        self._connections.upgraded(request.transport)
        viewer = self._control.enter(ws, request.transport, request.query.get("tab", "")[:40], self._loop.time())
        offer = await self._loop.run_in_executor(None, self._desk.offer)
        viewer.answer(Hello(VERSION, self._run, viewer.number, self._program, offer))
        sending = asyncio.create_task(self._send_to(viewer))
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT and not self._heard(viewer, message.data):
                    break
                if message.type is WSMsgType.BINARY:
                    self.refusals.add(Refusal.MESSAGE)
                    break
                if message.type is WSMsgType.ERROR:
                    large = getattr(message.data, "code", None) == WSCloseCode.MESSAGE_TOO_BIG
                    self.refusals.add(Refusal.TOO_LARGE if large else Refusal.MESSAGE)
                    break
        finally:
            sending.cancel()
            self._control.leave(viewer, self._loop.time())
            self._wake()
            with suppress(Exception):
                await asyncio.wait_for(ws.close(), _CLOSE_S)
        return ws

    def _heard(self, viewer: Viewer, text: str) -> bool:
        """Takes a message in. False: no more is wanted of this viewer."""
        now_s = self._loop.time()
        if not viewer.allowance.take(now_s):
            self.refusals.add(Refusal.TOO_FAST)
            return False
        try:
            message = messages.incoming(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self.refusals.add(Refusal.MESSAGE)
            return False
        if isinstance(message, Ack):
            if viewer.pace.acknowledged(message.id, now_s, message.drawing_ms) and message.age_ms is not None:
                self._ages_ms.append(message.age_ms)
            viewer.wake.set()
        elif isinstance(message, Ping):
            viewer.answer(Pong(message.at_ms, self._now_ns() / 1e6))
        else:
            self._asked(viewer, message, now_s)
        return True

    def _asked(self, viewer: Viewer, asked: messages.Asked, now_s: float) -> None:
        if isinstance(asked, Take):
            before = self._control.take(viewer)
            if before is not None:
                before.answer(Answer(-1, False, f"{viewer.name or viewer.number} took over"))
            viewer.answer(Answer(asked.n, True, ""))
        elif isinstance(asked, Name):
            viewer.name = _one_line(asked.name)
            viewer.answer(Answer(asked.n, True, ""))
        elif self._control.driver is not viewer:
            self.refusals.add(Refusal.NOT_DRIVER)
            viewer.answer(Answer(asked.n, False, "another viewer is in control; take over first"))
        elif isinstance(asked, Give):
            self._control.give()
            viewer.answer(Answer(asked.n, True, ""))
        elif isinstance(asked, Pair):
            address = self.invitation()
            picture = segno.make(address, error="m").svg_data_uri(scale=4, border=3)
            viewer.answer(Answer(asked.n, True, f"{address} {picture}"))
        else:
            done = self._loop.run_in_executor(self._orders, self._done, viewer, asked)
            done.add_done_callback(lambda answer: self._answered(viewer, answer))
        self._wake()

    def _done(self, viewer: Viewer, asked: messages.Asked) -> Answer:
        try:
            return Answer(asked.n, True, self._desk.do(asked, viewer.name or f"viewer {viewer.number}"))
        except SonoedgeError as error:
            return Answer(asked.n, False, str(error))
        except Exception as error:  # a fault of ours must not take the page away
            return Answer(asked.n, False, f"unexpected {type(error).__name__}: {error}")

    def _answered(self, viewer: Viewer, answer: "asyncio.Future[Answer]") -> None:
        if not answer.cancelled():
            viewer.answer(answer.result())
            self._wake()

    async def _send_to(self, viewer: Viewer) -> None:
        """All that one viewer is sent, one after the other: nobody else waits for it."""
        try:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(viewer.wake.wait(), 1.0)
                viewer.wake.clear()
                now_s = self._loop.time()
                if viewer.pace.stuck(now_s):
                    break
                for message in viewer.take_answers():
                    await self._sent(viewer.socket.send_str(messages.encode(message).decode()))
                await self._send_state(viewer, now_s)
                await self._send_panorama(viewer, now_s)
                await self._send_picture(viewer)
        except (TimeoutError, ConnectionError, RuntimeError):
            pass  # it does not read, or has left
        if not viewer.socket.closed:
            self.refusals.add(Refusal.SLOW)
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
            encoding = self._loop.run_in_executor(self._encoders, _encoded_panorama, newest.mark)
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
        viewer.pace.sent(picture.number, self._loop.time())
        await self._sent(viewer.socket.send_bytes(message))
        if viewer.pace.ready():
            viewer.wake.set()

    async def _message(self, picture: Any, level: int) -> bytes:
        """Made once for all viewers at this level."""
        key = picture.number, level
        if key not in self._encoded:
            while len(self._encoded) > 2 * len(LEVELS):
                self._encoded.pop(next(iter(self._encoded)))
            self._encoded[key] = self._loop.run_in_executor(self._encoders, partial(packed, picture, LEVELS[level]))
        return await asyncio.shield(self._encoded[key])

    # ------------------------------------------------------------------------------------------------------------ state
    _state: bytes = b""

    async def _watch_state(self) -> None:
        while True:
            self._control.release(self._loop.time())
            driver = self._control.driver
            desk = await self._loop.run_in_executor(None, self._desk.state)
            state = State(
                desk,
                driver.number if driver else "",
                driver.name if driver else "",
                len(self._control.viewers()),
            )
            self._state = messages.encode(state)
            self._wake()
            await asyncio.sleep(STATE_S)

    def _wake(self) -> None:
        for viewer in self._control.viewers():
            viewer.wake.set()

    def _wake_from_outside(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._wake)


def _nothing() -> None: ...


def _every(viewer: Viewer, seconds: float) -> float:
    """How long what is not the picture waits for this viewer's line."""
    return 10 * seconds if viewer.pace.level >= len(LEVELS) - 3 else seconds


def _encoded_panorama(mark: PanoramaMark | None) -> str:
    return messages.encode(panorama_message(mark)).decode()


def _ignored(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What goes wrong with a stranger's connection, such as a TLS handshake, is no matter for the terminal."""


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _is_reached(host: str) -> bool:
    """An address of this board that others reach it by."""
    return host.replace(".", "").isdigit() and not host.startswith("127.")


def _files() -> dict[str, bytes]:
    """Every file of the page by its name: what is not among them is not there, whatever path is asked for."""
    folder = files("edge.viewer") / "assets"
    return {one.name: one.read_bytes() for one in folder.iterdir() if PurePath(one.name).suffix in _KINDS}


def _bound(place: Place) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
        return socket.create_server((place.address, place.port), family=family)
    except (OSError, OverflowError) as error:
        rights = f": those below {FIRST_FREE_PORT} are for the system's administrator"
        why = f"{getattr(error, 'strerror', error)}{rights if isinstance(error, PermissionError) else ''}"
        raise SettingError(
            f"the page cannot use port {place.port} of {place.address} ({why}); choose another port, such as 8080"
        ) from error
