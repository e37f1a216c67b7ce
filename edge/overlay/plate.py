"""A dark translucent ground with texts, pasted as one picture; from frame to frame only what changed is drawn anew."""

from dataclasses import dataclass

import numpy as np

from edge.overlay.layout import Box
from edge.overlay.palette import Colour
from edge.overlay.sprite import Sprite, blank, paste_over
from edge.overlay.text import Text

Placed = tuple[Text, int, int]
"""A text, and the x and y of its upper left corner on the plate."""
Fill = tuple[Box, float, Colour]
"""A box on the plate, the share of the picture that shines through there, and what is added to it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A plate without its texts."""

    width: int
    height: int
    keep: float
    """Share of the picture that shines through."""
    grey: int
    fills: tuple[Fill, ...] = ()
    """The later ones over the earlier ones."""


class Plate:
    """Remembers what it looked like last."""

    def __init__(self) -> None:
        self._ground: Ground | None = None
        self._texts: tuple[Placed, ...] = ()
        self._bare = self._sprite = blank(0, 0)

    def drawn(self, ground: Ground, texts: tuple[Placed, ...]) -> Sprite:
        """Valid until the next call. texts: none may lie over another."""
        if (ground is not self._ground and ground != self._ground) or len(texts) != len(self._texts):
            self._begin(ground)
            changed = texts
        else:
            pairs = [(old, new) for old, new in zip(self._texts, texts, strict=True) if old is not new and old != new]
            for old, _ in pairs:
                self._wipe(old)
            changed = tuple(new for _, new in pairs)
        for text, x, y in changed:
            if text.text:
                paste_over(self._sprite, text.sprite, x, y)
        self._texts = texts
        return self._sprite

    def _begin(self, ground: Ground) -> None:
        self._ground = ground
        self._bare = blank(ground.width, ground.height, ground.keep, ground.grey)
        for box, keep, colour in ground.fills:
            box.cut(self._bare.keep)[:] = round(255 * keep)
            box.cut(self._bare.paint)[:] = colour
        self._sprite = Sprite(self._bare.paint.copy(), self._bare.keep.copy())

    def _wipe(self, placed: Placed) -> None:
        text, x, y = placed
        box = Box(x, y, text.width, text.height)
        for shown, bare in ((self._sprite.paint, self._bare.paint), (self._sprite.keep, self._bare.keep)):
            np.copyto(box.cut(shown), box.cut(bare))
