"""The live picture as a page: a sink that serves the newest picture, and only it, to browsers on this machine."""

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

import cv2
import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SettingError
from edge.finding import Finding
from edge.frame import Frame
from edge.loop.pointer import Pointer

LOOPBACK = "127.0.0.1"
LOCAL_NAMES = (LOOPBACK, "localhost", "::1")
FIRST_FREE_PORT = 1024
"""Those below are the system's own."""
JPEG_QUALITY = 90
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CLOSE_TIMEOUT_S = 2.0
_BOUNDARY = "picture"
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    ),
}


def host_name(host: str) -> str:
    """The name in a Host header: without the port, which a browser leaves out where it is 80; `::1` for `[::1]:8080`.
    Empty where it names nothing."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


@web.middleware
async def only_local(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers requests made to this machine's own name: a page elsewhere may point its name at 127.0.0.1 to read the
    picture, and the Host header gives it away."""
    if host_name(request.host) not in LOCAL_NAMES:
        raise web.HTTPForbidden(text="open this page by the address that sonoedge printed")
    return await handler(request)


class PageSink(Closing):
    """Serves `/`, the page, `/stream`, the pictures as they come (multipart JPEG), and `/number`, how many have come.
    With a pointer it takes at `/point` what a person points at in the picture.

    A slow browser misses pictures; it never holds up the loop. Bound to this machine only unless `host` says
    otherwise: the picture is a patient's. Raises SettingError where the port is taken.
    """

    def __init__(self, port: int = 0, host: str = LOOPBACK, pointer: Pointer | None = None) -> None:
        """pointer: None: nothing in the picture can be pointed at."""
        try:
            self._socket = socket.create_server((host, port))
        except OSError as error:
            rights = f": those below {FIRST_FREE_PORT} are for the system's administrator"
            why = f"{error.strerror}{rights if isinstance(error, PermissionError) else ''}"
            raise SettingError(
                f"the page cannot use port {port} of {host} ({why}); choose another, such as --view 8080"
            ) from error
        self._host = host
        self._pointer = pointer
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}/"
        self._picture_bgr: NDArray[np.uint8] | None = None
        self._jpeg = b""
        self._number = 0
        self._ended = False
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Condition()
        self._thread = threading.Thread(target=self._serve, name="page", daemon=True)
        self._thread.start()

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        asyncio.run_coroutine_threadsafe(self._show(picture_bgr), self._loop)

    def close(self) -> None:
        """Ends every stream and gives the port back. Closing twice is harmless."""
        if self._thread.is_alive() and not self._ended:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join(_CLOSE_TIMEOUT_S + 1.0)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve_until_end())
        finally:
            self._loop.close()

    async def _serve_until_end(self) -> None:
        application = web.Application(middlewares=[only_local] if self._host == LOOPBACK else [])
        application.router.add_get("/", self._page)
        application.router.add_get("/stream", self._stream)
        application.router.add_get("/number", self._count)
        application.router.add_post("/point", self._point)
        # What a stranger sends is no matter for this run's terminal.
        silent = logging.Logger("page", level=logging.CRITICAL + 1)
        runner = web.AppRunner(application, access_log=None, logger=silent, shutdown_timeout=_CLOSE_TIMEOUT_S)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        async with self._changed:
            await self._changed.wait_for(lambda: self._ended)
        await runner.cleanup()

    async def _show(self, picture_bgr: NDArray[np.uint8]) -> None:
        async with self._changed:
            self._picture_bgr, self._jpeg = picture_bgr, b""
            self._number += 1
            self._changed.notify_all()

    async def _end(self) -> None:
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    async def _page(self, request: web.Request) -> web.Response:
        shown = PAGE.replace("{pointing}", "" if self._pointer is not None else "hidden")
        return web.Response(text=shown, content_type="text/html", headers=_HEADERS)

    async def _point(self, request: web.Request) -> web.Response:
        """`how`: at, also, not or nothing; `x`, `y`: where, as shares of the picture."""
        if self._pointer is None:
            raise web.HTTPNotFound(text="nothing in this picture can be pointed at")
        if host_name(urlsplit(request.headers.get("Origin", "")).netloc) not in LOCAL_NAMES:
            raise web.HTTPForbidden(text="only this page may point")
        picture = self._picture_bgr
        if picture is None:
            raise web.HTTPConflict(text="there is no picture yet")
        if (how := request.query.get("how")) == "nothing":
            done = self._pointer.at_nothing()
        else:
            to = {"at": self._pointer.at, "also": self._pointer.also_at, "not": self._pointer.not_at}.get(how or "")
            x, y = (_share(request.query.get(name, "")) for name in ("x", "y"))
            if to is None or x is None or y is None:
                raise web.HTTPBadRequest(text="expected how=at, also, not or nothing, and x and y from 0 to 1")
            height, width = picture.shape[:2]
            done = to(round(x * width - 0.5, 1), round(y * height - 0.5, 1))
        return web.Response(text="yes" if done else "no", headers=_HEADERS)

    async def _count(self, request: web.Request) -> web.Response:
        return web.Response(text=str(self._number), headers=_HEADERS)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        headers = {**_HEADERS, "Content-Type": f"multipart/x-mixed-replace; boundary={_BOUNDARY}"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        shown = 0
        with suppress(ConnectionError):  # the browser has left
            while (shown := await self._newer_than(shown)) and not self._ended:
                jpeg = self._encoded()
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                await response.write(head.encode() + jpeg + b"\r\n")
        return response

    async def _newer_than(self, shown: int) -> int:
        async with self._changed:
            await self._changed.wait_for(lambda: self._ended or self._number > shown)
            return self._number

    def _encoded(self) -> bytes:
        """The newest picture as JPEG, made once for all who watch and not at all when nobody does."""
        if not self._jpeg and self._picture_bgr is not None:
            done, data = cv2.imencode(".jpg", self._picture_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            self._jpeg = data.tobytes() if done else b""
        return self._jpeg


def _share(text: str) -> float | None:
    """A number from 0 to 1; None for anything else."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sonoedge</title>
<link rel="icon" href="data:,">
<style>
  html, body { margin: 0; height: 100%; background: #101418; color: #e8eaed; font: 18px/1.4 system-ui, sans-serif }
  body { display: flex; align-items: center; justify-content: center }
  img { width: 100vw; height: 100vh; object-fit: contain }
  img.old { opacity: .35 }
  p { position: fixed; margin: 0; padding: .6em 1.2em; border-radius: .4em; background: #8c1d18; color: #fff }
  #pointing { left: 0; right: 0; bottom: 0; border-radius: 0; padding: .3em 1em; background: #101418c0;
    font-size: 15px; text-align: center }
  [hidden] { display: none }
</style>
<img id="live" alt="Live ultrasound picture with the measured structures drawn on it">
<p id="state" role="status">Waiting for the first picture</p>
<p id="pointing" {pointing}>Click a structure to outline it. Shift: another point within; Alt: outside; Esc: none</p>
<script>
  const live = document.getElementById("live"), state = document.getElementById("state");
  let last = "", ended = true;
  const say = (text) => { state.textContent = text; state.hidden = !text; live.classList.toggle("old", !!text) };
  const ask = async () => {
    try {
      const number = await (await fetch("/number")).text();
      if (ended) live.src = "/stream?" + Date.now();
      say(number === "0" ? "Waiting for the first picture" : number === last ? "No new picture comes" : "");
      [last, ended] = [number, false];
    } catch { say("The run has ended"); ended = true }
  };
  ask(); setInterval(ask, 2000);
  const point = (query) => fetch("/point?" + new URLSearchParams(query), { method: "POST" });
  const pointing = document.getElementById("pointing");
  if (!pointing.hidden) {
    live.style.cursor = "crosshair";
    live.title = pointing.textContent;
    /* It lies over the picture: read once, it goes. */
    setTimeout(() => { pointing.hidden = true }, 8000);
    live.onclick = ({ offsetX, offsetY, shiftKey, altKey }) => {
      /* The picture is fitted into the window, with margins on two sides. */
      const [width, height] = [live.clientWidth, live.clientHeight];
      const scale = Math.min(width / live.naturalWidth, height / live.naturalHeight);
      const x = 0.5 + (offsetX - width / 2) / (scale * live.naturalWidth);
      const y = 0.5 + (offsetY - height / 2) / (scale * live.naturalHeight);
      if (x >= 0 && x <= 1 && y >= 0 && y <= 1) point({ how: shiftKey ? "also" : altKey ? "not" : "at", x, y });
    };
    addEventListener("keydown", ({ key }) => { if (key === "Escape") point({ how: "nothing" }) });
  }
</script>
</html>
"""
"""One picture as large as the window lets it, and a line that says when it is not live."""
