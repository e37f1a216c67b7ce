"""Annotated pictures as PNG files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SettingError
from edge.finding import Finding
from edge.frame import Frame
from edge.sink.folder import make_folder, write_whole
from edge.sink.naming import picture_path
from edge.sink.png import png_bytes


class StillsSink(Closing):
    """`stills/NAME.png` in `folder`: every `every`-th result, and each one whose verdict differs from the last one's.

    `every=1` keeps all, `every=None` only the changes of verdict. A file is there whole or not at all.
    """

    def __init__(self, folder: Path, every: int | None = 1) -> None:
        if every is not None and every < 1:
            raise SettingError(f"stills are kept every 1 or more frames, not every {every}")
        self._folder = make_folder(folder / "stills")
        self._every = every
        self._seen = 0
        self._last_verdict: str | None = None

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        if self._wanted(finding):
            write_whole(picture_path(self._folder, frame), png_bytes(picture_bgr))
        self._seen += 1
        self._last_verdict = finding.verdict

    def _wanted(self, finding: Finding) -> bool:
        in_turn = self._every is not None and self._seen % self._every == 0
        return in_turn or finding.verdict != self._last_verdict
