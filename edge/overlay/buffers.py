"""Memory that is used again from picture to picture: to get new pages from the system takes longer than to draw."""

import weakref
from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MOST_FREE: Final = 3
"""Pictures that wait to be used again. In the steady state one is enough; a slow sink gives several back at once."""


class Pictures:
    """Pictures to hand out. The memory of one comes back when nobody refers to it, or to a part of it, any more."""

    def __init__(self) -> None:
        self._free: deque[bytearray] = deque(maxlen=_MOST_FREE)

    def new(self, height: int, width: int) -> NDArray[np.uint8]:
        """(height, width, 3) uint8; what is in it is left from before."""
        memory = self._memory(height * width * 3)
        # An array over other memory is what its views refer to, so that it lives as long as any of them.
        picture: NDArray[np.uint8] = np.ndarray((height, width, 3), np.uint8, memory)
        weakref.finalize(picture, self._free.append, memory).atexit = False
        return picture

    def _memory(self, size: int) -> bytearray:
        # Another thread may give one back at any moment: a deque takes and gives in one step.
        while self._free:
            memory = self._free.pop()
            if len(memory) == size:
                return memory
        return bytearray(size)


class Planes:
    """Scratch planes by name, never handed out."""

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[np.uint8]] = {}

    def plane(self, name: str, *shape: int) -> NDArray[np.uint8]:
        """uint8 of `shape`; what is in it is left from before. The same memory whenever `name` is asked for."""
        size = 1
        for extent in shape:
            size *= extent
        kept = self._kept.get(name)
        if kept is None or kept.size < size:
            kept = self._kept[name] = np.empty(size, np.uint8)
        return kept[:size].reshape(shape)
