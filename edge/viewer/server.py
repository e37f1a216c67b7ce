"""The page's server, in a thread of its own: files of the page, the door, and the way to a viewer's stream."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web

from edge.closing import Closing
from edge.viewer.access import COOKIE_S, Access, Names, Refusal, Refusals
from edge.viewer.connections import Connections, DoorSocket, comes_from_here
from edge.viewer.desk import Desk
from edge.viewer.pictures import Pictures
from edge.viewer.place import Place
from edge.viewer.websocket import CLOSE_S, Streams

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


class PageServer(Closing):
    """Serves the page until it is closed. Raises SettingError where the port cannot be had."""

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
        self.refusals = Refusals()
        self._socket = DoorSocket(place.listening(), self.refusals)
        self._place, self._pictures = place, pictures
        self.port: int = self._socket.getsockname()[1]
        self.address = place.url(self.port)
        """Without a code."""
        self._names = Names(place.scheme, place.hosts, self.port)
        self._access = Access(key, alone=place.local, now_s=time.time)
        self._streams = Streams(desk, pictures, self.refusals, self.invitation, program, now_ns)
        self._files = {**_files(), **files}
        self._ended = False
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="page", daemon=True)
        self._thread.start()
        pictures.changed = self._wake_from_outside

    @property
    def fingerprint(self) -> str:
        """The certificate's; empty without one."""
        return self._place.certificate.fingerprint if self._place.certificate else ""

    def invitation(self) -> str:
        """The address with a code that lets in: as often as one likes on this machine, once beyond it."""
        return f"{self.address}#code={self._access.code()}"

    def own_invitation(self) -> str:
        """The address with the code that lets in browsers on this machine, again and again."""
        return f"{self.address}#code={self._access.own_code}"

    def standing_invitation(self) -> str:
        """The same for a screen that stands there: until somebody came by it, or it ends soon."""
        return f"{self.address}#code={self._access.standing_code()}"

    def ages_ms(self) -> list[float]:
        """Of live pictures when they were seen, by the viewers' word; the last ones."""
        return list(self._streams.ages_ms)

    def viewers(self) -> int:
        return self._streams.viewers()

    def close(self) -> None:
        """Ends every stream and gives the port back. Closing twice is harmless."""
        self._pictures.changed = _nothing
        if self._thread.is_alive() and not self._ended:
            self._ended = True
            with suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(3 * CLOSE_S)
        self._streams.close()

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
        runner = web.AppRunner(application, access_log=None, logger=silent, shutdown_timeout=CLOSE_S)
        await runner.setup()
        assert runner.server is not None
        self._connections = Connections(runner.server, self.refusals)
        context = self._place.certificate.context() if self._place.certificate else None
        secured: dict[str, Any] = {"ssl": context, "ssl_handshake_timeout": 5.0} if context else {}
        self._loop.set_exception_handler(_ignored)
        server = await self._loop.create_server(self._connections, sock=self._socket, **secured)
        watch = asyncio.create_task(self._streams.watch_state())
        await self._stopping.wait()
        watch.cancel()
        server.close()
        await self._streams.end()
        await runner.cleanup()

    def _wake_from_outside(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._streams.wake)

    # -------------------------------------------------------------------------------------------------------- the door
    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The right name and, of all that changes anything, the right page; the headers that keep a browser careful."""
        if not self._names.allow_host(request.host):
            raise self._forbidden(Refusal.HOST, "open this page by the address that sonoedge printed")
        if not self._connections.allow(request.transport):
            raise web.HTTPTooManyRequests
        changes = request.method != "GET" or request.path == "/stream"
        if changes and not self._names.allow_origin(request.headers.get("Origin", "")):
            raise self._forbidden(Refusal.ORIGIN, "only sonoedge's own page may do this")
        try:
            response = await handler(request)
        except web.HTTPException as refused:
            refused.headers.update(_HEADERS)
            raise
        finally:
            self._connections.asked(request.transport)
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
        cookie = self._access.admit(given[:100], own=comes_from_here(request.transport))
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

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not self._is_known(request):
            raise self._forbidden(Refusal.COOKIE, "enter the pairing code first")
        return await self._streams.serve(request, lambda: self._connections.upgraded(request.transport))

    @property
    def _cookie_name(self) -> str:
        # Cookies know no ports: two programs on one machine must not take each other's.
        return f"sonoedge-{self.port}"

    def _is_known(self, request: web.Request) -> bool:
        return self._access.knows(request.cookies.get(self._cookie_name, ""))


def _nothing() -> None: ...


def _ignored(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What goes wrong with a stranger's connection, such as a TLS handshake, is no matter for the terminal."""


def _files() -> dict[str, bytes]:
    """Every file of the page by its name: what is not among them is not there, whatever path is asked for."""
    folder = files("edge.viewer") / "assets"
    return {one.name: one.read_bytes() for one in folder.iterdir() if PurePath(one.name).suffix in _KINDS}
