"""What a task must do."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding
from edge.frame import Frame


class Task(Protocol):
    """What is looked for, made from the calibration figures of its model: `TaskClass(figures, mirrored=False)`.

    `mirrored` says that the picture's right side is medial, not its left. No clock, file, socket, logger or random
    number: the same input, the same Finding.
    """

    name: str
    model: str
    """Folder of the model in `models/`."""
    labels: tuple[str, ...]
    """Names of the label mask's values 1, 2, ..."""

    def prepare(self, frame: Frame) -> NDArray[np.uint8]:
        """The model's input (1, 1, H, W) uint8 from the frame's ultrasound region."""
        ...

    def conclude(self, frame: Frame, outputs: tuple[NDArray[np.float32], ...], history: Sequence[Finding]) -> Finding:
        """What the outputs mean. `history` holds the findings of the last frames, the newest last."""
        ...
