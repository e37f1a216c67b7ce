"""A grabber behind a scanner, for tests: pictures of a knee, live, that say nothing of their scale."""

from dataclasses import replace

from edge.closing import Closing
from edge.frame import Frame
from edge.registry import Entry, Table
from edge.source import opening
from edge.source.phantom import PhantomSource, open_phantom
from edge.task.table import anatomies

DEPTH_MM = 30.0
SOURCE = "grabber:"


def use_grabber(monkeypatch) -> None:
    """`grabber:` is one of the sources."""
    own = {**opening.SOURCES.own, "grabber": Entry("tests.browser.grabber:open_grabber")}
    monkeypatch.setattr(opening, "SOURCES", Table(own, "sonoedge.nothing"))


class Grabber(Closing):
    def __init__(self, scanner: PhantomSource) -> None:
        self._scanner, self.live = scanner, True

    def read(self, timeout_s: float) -> Frame | None:
        frame = self._scanner.read(timeout_s)
        return None if frame is None else replace(frame, spacing=None, origin="grabber", probe=None)

    def close(self) -> None:
        self._scanner.close()


def open_grabber(rest: str, *, fps, clock) -> Grabber:
    return Grabber(open_phantom(f"cartilage,depth={DEPTH_MM:g}", anatomies=anatomies(), fps=fps, clock=clock))
