"""Names of the pictures that sinks write."""

import re
from pathlib import Path, PurePath

from edge.frame import Frame

_STILLS = "stills:"


def picture_path(folder: Path, frame: Frame) -> Path:
    """`knee.png` for a still that came from `knee.jpg`, `000042.png` for the 42nd frame of anything else.

    A name that is taken (two stills with the same stem) gets the frame's sequence number added.
    """
    stem = _still_stem(frame.origin) or f"{frame.sequence:06d}"
    path = folder / f"{stem}.png"
    return path if not path.exists() else folder / f"{stem}-{frame.sequence:06d}.png"


def _still_stem(origin: str) -> str:
    if not origin.startswith(_STILLS):
        return ""
    stem = PurePath(origin.removeprefix(_STILLS)).stem
    return re.sub(r"[^\w.\- ]", "_", stem).strip(" .")
