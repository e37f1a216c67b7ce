"""What all viewers see: the newest picture, or the one of the last seconds that is scrolled to while it is frozen."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.finding import Finding, PanoramaMark
from edge.frame import Frame
from edge.sink.pictures import panorama_of
from edge.terms import Terms
from edge.viewer.cine import Cine, Kept, kept
from edge.viewer.shown import shown_of
from edge.viewer.to_page import CineState


@dataclass(frozen=True, slots=True, eq=False)
class NumberedPanorama:
    """The panorama of a scan as it is now."""

    number: int
    """Another one whenever it changed."""
    task: str
    mark: PanoramaMark | None
    """None: there is none."""

    def followed_by(self, finding: Finding, *, began: bool) -> "NumberedPanorama":
        """What the next finding makes of it: a frame without one leaves it as it is. began: another scan did."""
        mark = panorama_of(finding)
        if mark is None and not began and finding.task == self.task:
            return self
        if mark is self.mark:
            return self
        return NumberedPanorama(self.number + 1, finding.task, mark)


class Pictures:
    """Fed by the view's thread, read and scrolled by others. `changed` is called, in the thread that did it, when
    another picture is to be seen."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._cine = Cine()
        self._numbers = count(1)
        self._newest: tuple[Frame, Finding] | None = None
        self._selected: int | None = None
        self._panorama = NumberedPanorama(0, "", None)
        self.frozen = False
        self.came_ns: int | None = None
        """When the newest came, a frozen one's repetitions too. None: none did yet."""
        self.changed: Callable[[], None] = lambda: None

    def add(self, frame: Frame, finding: Finding, terms: Terms) -> None:
        """One more result; a frozen one comes again and again, and is told by its exposure."""
        frozen = frame.probe is not None and bool(frame.probe.frozen)
        self.came_ns = self._now_ns()
        last = self._newest
        same = last is not None and last[1] is finding
        if same and frozen == self.frozen:
            return
        if not same:
            age_ms = (self.came_ns - frame.exposed_ns) / 1e6
            number = next(self._numbers)
            shown = shown_of(frame, finding, terms, number=number, live=not frozen, age_ms=age_ms)
            picture = kept(frame, finding, shown)
        with self._lock:
            if not same:
                began = bool(len(self._cine)) and self._cine[-1].exposed_ns > picture.exposed_ns
                if began:
                    self._cine.clear()  # another source, whose time began anew
                self._cine.add(picture)
                self._panorama = self._panorama.followed_by(finding, began=began)
                self._newest = frame, finding
            if not (frozen and same):
                self._selected = None
            self.frozen = frozen
        self.changed()

    def scroll(self, to: int) -> bool:
        """Shows the picture at this place, 0 the oldest. False: it moves, or there are not so many."""
        with self._lock:
            if not self.frozen or not 0 <= to < len(self._cine):
                return False
            self._selected = None if to == len(self._cine) - 1 else to
        self.changed()
        return True

    def seek(self, sequence: int) -> bool:
        """Shows the picture whose frame's number is the nearest; of several the newest. False: it moves."""
        with self._lock:
            places = range(len(self._cine))
            nearest = min(
                places, key=lambda place: (abs(self._cine[place].shown.sequence - sequence), -place), default=0
            )
        return self.scroll(nearest)

    def panorama(self) -> "NumberedPanorama":
        """The newest."""
        return self._panorama

    def shown(self) -> Kept | None:
        """The one to be seen. None: there is none yet."""
        with self._lock:
            return self._cine[self._place()] if len(self._cine) else None

    def original(self) -> tuple[Kept, Frame, Finding] | None:
        """The one to be seen, with its frame and finding: the newest as it came, others as they were kept."""
        with self._lock:
            if not len(self._cine) or self._newest is None:
                return None
            place, newest = self._place(), self._newest
            picture = self._cine[place]
            is_newest = place == len(self._cine) - 1
        return picture, *(newest if is_newest else picture.restored())

    def cine(self) -> CineState:
        with self._lock:
            if not len(self._cine):
                return CineState()
            place = self._place()
            before_ns = self._cine[-1].exposed_ns - self._cine[place].exposed_ns
            return CineState(len(self._cine), place, round(before_ns / 1e9, 2))

    def _place(self) -> int:
        last = len(self._cine) - 1
        return last if self._selected is None else min(self._selected, last)


class PicturesView(Closing):
    """The sink by which a run's results become what viewers see. terms: the run's task's."""

    def __init__(self, pictures: Pictures, terms: Terms) -> None:
        self._pictures, self._terms = pictures, terms

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        self._pictures.add(frame, finding, self._terms)

    def close(self) -> None:
        """Nothing is open here."""
