"""How pictures go to one viewer: the newest only, as large and fine as its line takes, never more than it has drawn."""

import zlib
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final, NamedTuple

import cv2
import msgspec
import numpy as np
from msgspec.structs import replace

from edge.viewer.cine import Kept, of_jpeg, to_jpeg
from edge.viewer.to_page import Shown, encode

SLOW_MS: Final = 120.0
"""On its way; longer, and the next is coarser."""
VERY_SLOW_MS: Final = 4 * SLOW_MS
FAST_MS: Final = 60.0
HELPS: Final = 0.8
"""A coarser picture must come in this share of the time, or the line is not what is slow, and it stays as fine as it
was for a while."""
HELD_S: Final = 10.0
MOST_WAITING: Final = 2
"""Pictures on their way to a fast viewer, so that a line's delay costs no rate; a slow one gets one at a time."""
STUCK_S: Final = 15.0
"""Without a word that a picture was drawn, a viewer has gone or does not read."""
_JUDGED: Final = 5
"""Pictures at one level by which it is judged. Two very slow ones in a row are enough, by the second of them: while the
first was on its way the line may have become slow."""
_UP_AFTER: Final = 20
_MOST_UP_AFTER: Final = 640
_DEFLATED: Final = 1 << 31


class Level(NamedTuple):
    """How a picture is sent."""

    longest_px: int | None
    """Of its longer side. None: as it is."""
    quality: int | None
    """JPEG's. None: as it was kept."""
    lean: bool
    """Data deflated, without fields of directions."""


LEVELS: Final = (
    Level(None, None, False),
    Level(None, 75, False),
    Level(960, 65, False),
    Level(640, 55, True),
    Level(480, 45, True),
    Level(360, 38, True),
    Level(280, 30, True),
)


def packed(picture: Kept, level: Level) -> bytes:
    """The message for one picture at one level: head's length (the highest bit: it is deflated), head, JPEG."""
    shown, jpeg = picture.shown, picture.jpeg
    if level.quality is not None:
        pixels = of_jpeg(jpeg)
        share = 1.0 if level.longest_px is None else level.longest_px / max(pixels.shape)
        if share < 1:
            pixels = np.asarray(cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
        jpeg = to_jpeg(pixels, level.quality)
    return _with_head(shown, jpeg, lean=level.lean)


def _with_head(shown: Shown, jpeg: bytes, *, lean: bool) -> bytes:
    head = encode(replace(shown, fields=()) if lean else shown)
    if not lean:
        return len(head).to_bytes(4, "little") + head + jpeg
    head = zlib.compress(head, 6)
    return (len(head) | _DEFLATED).to_bytes(4, "little") + head + jpeg


def unpacked(message: bytes) -> tuple[Shown, bytes]:
    """Data and JPEG of a message, as a viewer reads it. Raises ValueError, msgspec.MsgspecError for what is none."""
    length = int.from_bytes(message[:4], "little")
    end = 4 + (length & ~_DEFLATED)
    if not 4 < end <= len(message):
        raise ValueError(f"a picture of {len(message)} bytes with data of {end - 4}")
    head = zlib.decompress(message[4:end]) if length & _DEFLATED else message[4:end]
    return msgspec.json.decode(head, type=Shown), message[end:]


@dataclass(slots=True)
class _Sent:
    number: int
    at_s: float


class Pace:
    """When the next picture may go to a viewer, and at which level. All times in seconds of one clock."""

    def __init__(self) -> None:
        self.level = 1
        self.drawn = 0
        """Pictures that the viewer has drawn."""
        self._waiting: deque[_Sent] = deque()
        self._took_ms: deque[float] = deque(maxlen=_JUDGED)
        """Of the last pictures at this level."""
        self._finer_ms: float | None = None
        """What pictures took before they became coarser. None: they did not, or it has helped."""
        self._held_until_s = 0.0
        self._good = 0
        self._up_after = _UP_AFTER
        self._slow = True

    def ready(self) -> bool:
        return len(self._waiting) < (1 if self._slow else MOST_WAITING)

    def sent(self, number: int, now_s: float) -> None:
        self._waiting.append(_Sent(number, now_s))

    def acknowledged(self, number: int, now_s: float, drawing_ms: float) -> bool:
        """drawing_ms: of the time since it was sent, what the viewer took after it had come. False: no such picture is
        on its way."""
        if not any(one.number == number for one in self._waiting):
            return False
        while self._waiting:
            one = self._waiting.popleft()
            if one.number == number:
                self._judge(max(0.0, (now_s - one.at_s) * 1e3 - drawing_ms), now_s)
                break
        self.drawn += 1
        return True

    def stuck(self, now_s: float) -> bool:
        return bool(self._waiting) and now_s - self._waiting[0].at_s > STUCK_S

    def _judge(self, took_ms: float, now_s: float) -> None:
        self._slow = took_ms > FAST_MS
        self._took_ms.append(took_ms)
        self._good = self._good + 1 if took_ms < FAST_MS else 0
        very_slow = len(self._took_ms) > 1 and min(self._took_ms[-2], took_ms) > VERY_SLOW_MS
        if len(self._took_ms) < _JUDGED and not very_slow:
            return
        usual_ms = took_ms if very_slow else median(self._took_ms)
        if self._finer_ms is not None and usual_ms > HELPS * self._finer_ms:
            self._go_to(self.level - 1)
            self._held_until_s = now_s + HELD_S
        elif usual_ms > SLOW_MS and now_s >= self._held_until_s and self.level < len(LEVELS) - 1:
            self._go_to(self.level + (2 if usual_ms > VERY_SLOW_MS else 1), usual_ms)
        elif self._good >= self._up_after and self.level > 0:
            self._up_after = min(2 * self._up_after, _MOST_UP_AFTER)  # each try at a finer one comes later
            self._go_to(self.level - 1)
        else:
            self._finer_ms = None

    def _go_to(self, level: int, finer_ms: float | None = None) -> None:
        self.level = min(max(level, 0), len(LEVELS) - 1)
        self._took_ms.clear()
        self._finer_ms, self._good = finer_ms, 0
