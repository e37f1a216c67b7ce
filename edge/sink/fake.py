"""A sink for tests: keeps results in memory, and fails when told to."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SinkError
from edge.finding import Finding
from edge.frame import Frame


@dataclass
class FakeSink(Closing):
    """Keeps what it is given; `fails_at`: how many results it takes before it raises SinkError."""

    fails_at: int | None = None
    frames: list[Frame] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    pictures_bgr: list[NDArray[np.uint8]] = field(default_factory=list)
    closed: bool = False

    def write(self, frame: Frame, finding: Finding, picture_bgr: NDArray[np.uint8]) -> None:
        if self.fails_at is not None and len(self.frames) >= self.fails_at:
            raise SinkError("the fake sink was told to fail here; give it no fails_at")
        self.frames.append(frame)
        self.findings.append(finding)
        self.pictures_bgr.append(picture_bgr)

    def close(self) -> None:
        self.closed = True
