"""What a person who looks on points at, from any thread, while a run goes on."""

import threading
from collections.abc import Callable
from typing import Any

from edge.pointed import MOST_POINTED, Pointed, nearest


class Pointer:
    """Holds what is pointed at by now. start: what was asked for at the start."""

    def __init__(self, start: tuple[Pointed, ...] = ()) -> None:
        self._lock = threading.Lock()
        self._pointed, self._touched = start, False

    def pointed(self) -> tuple[Pointed, ...] | None:
        """By now; None: nobody pointed since the start."""
        return self._pointed if self._touched else None

    def at(self, x: float, y: float) -> bool:
        """A further structure. False: as many are followed as can be."""
        return self._further(Pointed(inside=((x, y),)))

    def in_box(self, x: float, y: float, width: float, height: float) -> bool:
        """A further structure, by a box about it. False: as many are followed as can be."""
        return self._further(Pointed(box=(x, y, width, height)))

    def also_at(self, x: float, y: float) -> bool:
        """One more point within the structure that was pointed at nearest to it. False: nothing was pointed at."""
        return self._change(lambda now: _nearest_with(now, (x, y), inside=((x, y),)))

    def not_at(self, x: float, y: float) -> bool:
        """A point outside it. False: nothing was pointed at."""
        return self._change(lambda now: _nearest_with(now, (x, y), outside=((x, y),)))

    def at_nothing(self) -> bool:
        """What was pointed at is let go."""
        return self._change(lambda now: ())

    def _further(self, structure: Pointed) -> bool:
        return self._change(lambda now: (*now, structure) if len(now) < MOST_POINTED else None)

    def _change(self, to: Callable[[tuple[Pointed, ...]], tuple[Pointed, ...] | None]) -> bool:
        with self._lock:
            found = to(self._pointed)
            if found is None:
                return False
            self._pointed, self._touched = found, True
            return True


def _nearest_with(
    pointed: tuple[Pointed, ...], place: tuple[float, float], **points: Any
) -> tuple[Pointed, ...] | None:
    if not pointed:
        return None
    index = nearest(pointed, place)
    return (*pointed[:index], pointed[index].more(**points), *pointed[index + 1 :])
