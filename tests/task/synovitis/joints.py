"""Phantom joints as a task gets them."""

from functools import cache
from typing import Any

import numpy as np

from edge.app.opening import open_task
from edge.finding import Finding
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.task.gate import admitted
from edge.task.synovitis.phantom import SynovitisCine, SynovitisPicture
from edge.task.synovitis.spec import SPEC, SynovitisOptions, SynovitisPhantomOptions


@cache
def taken_of(seed: int = 5, t_s: float = 0.0, **asked: Any) -> SynovitisPicture:
    return SynovitisCine(seed, SynovitisPhantomOptions(**asked)).picture(t_s)


def frame_of(taken: SynovitisPicture) -> Frame:
    spacing = PixelSpacing(taken.mm_per_px, taken.mm_per_px, SpacingOrigin.DEPTH)
    colour = taken.colour
    shown = None if colour is None else lambda: colour
    return Frame(taken.pixels, 0, 0, "phantom:synovitis", spacing, Region.whole(taken.pixels), colour=shown)


def joint(seed: int = 5, **asked: Any) -> Frame:
    return frame_of(taken_of(seed, **asked))


def found(frame: Frame, options: SynovitisOptions | None = None, *, stages: bool = False) -> Finding:
    """By the pathway without a network."""
    task = open_task(SPEC, "classical", options, stages=stages)
    return task.conclude(admitted(frame, SPEC.gate, task), (), None).finding


def noise(height: int = 300, width: int = 400) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width), np.uint8)
