"""The board's own screen beside a page that others may reach: the picture, and while nobody looks on, how to get in."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SinkError
from edge.finding import Finding
from edge.frame import Frame
from edge.sink.framebuffer import FramebufferSink
from edge.viewer.invitation import invitation_card

LOOKED_AT_S: Final = 1.0
"""How often it is looked whether somebody has come or gone."""
GONE_S: Final = 10.0
"""A viewer whose line breaks off comes back by itself; after that somebody may need the way in."""


class Inviting(Protocol):
    """What is asked of the page."""

    @property
    def fingerprint(self) -> str: ...

    def viewers(self) -> int: ...

    def standing_invitation(self) -> str: ...


class BoardScreen(Closing):
    """A sink; closes `screen` with itself."""

    def __init__(self, screen: FramebufferSink, now_s: Callable[[], float] = time.monotonic) -> None:
        self._screen, self._now_s = screen, now_s
        self._lock = threading.Lock()
        self._picture: NDArray[np.uint8] | None = None
        self._card: NDArray[np.uint8] | None = None
        self._shown = ""
        self._seen_s: float | None = None
        """When somebody looked on last. None: nobody did yet."""
        self._ended = threading.Event()
        self._following: threading.Thread | None = None

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        with self._lock:
            self._picture = picture_bgr
            self._screen.show(picture_bgr, self._card)

    def follow(self, page: Inviting) -> None:
        """Invites to `page` whenever nobody looks on, until this is closed."""

        def look_on() -> None:
            with suppress(SinkError):  # `write` meets it too, and tells it
                self.look(page)
                while not self._ended.wait(LOOKED_AT_S):
                    self.look(page)

        self._following = threading.Thread(target=look_on, name="board's screen", daemon=True)
        self._following.start()

    def look(self, page: Inviting) -> None:
        """Once. Raises SinkError."""
        now_s = self._now_s()
        if page.viewers():
            self._seen_s = now_s
        wanted = self._seen_s is None or now_s - self._seen_s > GONE_S
        address = page.standing_invitation() if wanted else ""
        if address == self._shown:
            return
        geometry = self._screen.geometry
        card = invitation_card(address, page.fingerprint, geometry.width, geometry.height) if address else None
        with self._lock:
            self._shown, self._card = address, card
            self._screen.show(self._picture, card)

    def close(self) -> None:
        self._ended.set()
        if self._following is not None:
            self._following.join()
        self._screen.close()
