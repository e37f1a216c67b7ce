"""Who looks on, and which one of them is in control."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import Any, Final

from aiohttp import web

from edge.viewer.stream import Pace

HELD_S: Final = 8.0
"""How long control waits for a viewer whose line broke off."""
MESSAGES_PER_S: Final = 150.0
"""A stroke of the finger is told sixty times a second, pictures are acknowledged as often."""
BURST: Final = 300.0
MOST_ANSWERS: Final = 400
"""That wait for a viewer; one that asks on and reads nothing is let go."""


@dataclass(slots=True)
class Allowance:
    """So many messages a second, and as many as BURST at once."""

    left: float = BURST
    at_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Whether one more is allowed."""
        if self.at_s is not None:
            self.left = min(BURST, self.left + (now_s - self.at_s) * MESSAGES_PER_S)
        self.at_s = now_s
        self.left -= 1
        return self.left >= 0


@dataclass(slots=True, eq=False)
class Viewer:
    """One page that looks on."""

    number: str
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    tab: str
    """The same when the page comes back."""
    name: str = ""
    pace: Pace = field(default_factory=Pace)
    allowance: Allowance = field(default_factory=Allowance)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    seen: int = 0
    """Number of the picture that was sent last."""
    seen_level: int = 0
    state: bytes = b""
    state_s: float = 0.0
    panorama: int = 0
    """Number of the panorama that was sent last."""
    panorama_s: float = -inf
    _answers: deque[Any] = field(default_factory=deque)

    def answer(self, message: Any) -> None:
        if len(self._answers) >= MOST_ANSWERS:
            self.end()
            return
        self._answers.append(message)
        self.wake.set()

    def take_answers(self) -> list[Any]:
        return [self._answers.popleft() for _ in range(len(self._answers))]

    def end(self) -> None:
        """At once, whatever still waits."""
        if self.transport is not None:
            self.transport.abort()


class Control:
    """The viewers; the first is in control until another takes over."""

    def __init__(self) -> None:
        self._viewers: list[Viewer] = []
        self._numbers = count(1)
        self._left: tuple[str, float] | None = None
        """Tab of the driver whose line broke off, and when."""
        self.driver: Viewer | None = None

    def viewers(self) -> list[Viewer]:
        return list(self._viewers)

    def enter(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, tab: str, now_s: float
    ) -> Viewer:
        viewer = Viewer(str(next(self._numbers)), socket, transport, tab)
        self._viewers.append(viewer)
        self.release(now_s)
        back = self._left is not None and self._left[0] == tab and bool(tab)
        if self.driver is None and (back or self._left is None):
            self.driver, self._left = viewer, None
        return viewer

    def leave(self, viewer: Viewer, now_s: float) -> None:
        self._viewers.remove(viewer)
        if self.driver is viewer:
            self.driver, self._left = None, (viewer.tab, now_s)

    def release(self, now_s: float) -> None:
        """A driver who does not come back is not waited for; the next who asks or enters has control."""
        if self._left is not None and now_s - self._left[1] > HELD_S:
            self._left = None

    def take(self, viewer: Viewer) -> Viewer | None:
        """Gives control to `viewer`; whoever had it, if it was another one."""
        before, self.driver, self._left = self.driver, viewer, None
        return before if before is not viewer else None

    def give(self) -> None:
        self.driver = None
