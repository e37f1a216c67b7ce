"""The annotated pictures: a film, and a PNG where a picture stands alone, for nobody looks at a film of one."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.finding import Finding
from edge.frame import Frame
from edge.sink.pictures import StillsSink
from edge.sink.video import VideoSink

Result = tuple[Frame, Finding, NDArray[np.uint8]]


class FilmSink(Closing):
    """`video-001.mkv` in `folder`; what has no neighbour of its own size becomes `stills/NAME.png` instead.

    `fps` fills in where the frames' times do not go on. stills: False where another sink keeps each picture anyway.
    """

    def __init__(self, folder: Path, fps: float = 25.0, *, stills: bool = True) -> None:
        self._folder, self._stills = folder, stills
        self._video = VideoSink(folder, fps)
        self._alone: Result | None = None
        self._shape: tuple[int, ...] | None = None
        """Of the film that goes on."""

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        if picture_bgr.shape == self._shape:
            self._video.write(frame, finding, picture_bgr)
            return
        if self._alone is None or self._alone[2].shape != picture_bgr.shape:
            self._keep_alone()
            self._alone, self._shape = (frame, finding, picture_bgr), None
            return
        first, self._alone, self._shape = self._alone, None, picture_bgr.shape
        self._video.write(*first)
        self._video.write(frame, finding, picture_bgr)

    def close(self) -> None:
        try:
            self._keep_alone()
        finally:
            self._video.close()

    def _keep_alone(self) -> None:
        alone, self._alone = self._alone, None
        if alone is not None and self._stills:
            with StillsSink(self._folder) as sink:
                sink.write(*alone)
