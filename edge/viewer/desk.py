"""What the program lends its page: what may be asked for, how things stand, and somebody who does it."""

from typing import Protocol

from edge.errors import SettingError
from edge.loop.pointer import Pointer
from edge.viewer.from_page import Asked, Point
from edge.viewer.pictures import Pictures
from edge.viewer.to_page import DeskState, Offer


class Desk(Protocol):
    """The program behind a page."""

    def offer(self) -> Offer:
        """The same for the program's whole life."""
        ...

    def state(self) -> DeskState:
        """How things stand; asked ten times a second, so it must be quick."""
        ...

    def do(self, asked: Asked, who: str) -> str:
        """Carries out what a person asks for, who is in control: one at a time, in a thread that may wait. What came of
        it, in words; empty where it shows by itself. Raises SonoedgeError with the reason where it is refused."""
        ...


class WatchingDesk:
    """Of a run that is set at the terminal: the page looks on, and points where the task can be pointed at."""

    def __init__(self, pictures: Pictures, pointer: Pointer | None, task: str) -> None:
        self._pictures, self._pointer, self._task = pictures, pointer, task

    def offer(self) -> Offer:
        """See Desk."""
        return Offer()

    def state(self) -> DeskState:
        """See Desk."""
        return DeskState(
            task=self._task,
            pointing=self._pointer is not None,
            pointed=len(self._pointer.pointed() or ()) if self._pointer else 0,
            frozen=self._pictures.frozen,
        )

    def do(self, asked: Asked, who: str) -> str:
        """See Desk."""
        if isinstance(asked, Point):
            return point(self._pointer, asked)
        raise SettingError("this run is set at its terminal; the page looks on. sonoedge serve lets it be set here")


def point(pointer: Pointer | None, asked: Point) -> str:
    """Raises SettingError where nothing can be pointed at, or nothing more."""
    if pointer is None:
        raise SettingError("nothing in this picture can be pointed at")
    ways = {"at": pointer.at, "also": pointer.also_at, "not": pointer.not_at}
    x, y = round(asked.x, 1), round(asked.y, 1)
    if asked.how == "nothing":
        done = pointer.at_nothing()
    elif asked.how == "box" and asked.width > 0 and asked.height > 0:
        done = pointer.in_box(x, y, round(asked.width, 1), round(asked.height, 1))
    elif asked.how in ways:
        done = ways[asked.how](x, y)
    else:
        raise SettingError("a tap is at, also, not, box with its size, or nothing")
    if not done:
        raise SettingError("point at a structure first; at most five are followed at once")
    return ""
