"""A drawn nerve with a bright rim beside a vessel, and what a faultless network would say of it."""

from dataclasses import dataclass

import cv2
import numpy as np

from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.task.tensor import Fit

MM_PER_PX = 0.08
HEIGHT, WIDTH = 400, 500


@dataclass(frozen=True)
class Ellipse:
    """Centre and half-axes in pixels, turn in degrees (clockwise as seen)."""

    x: float
    y: float
    a: float
    b: float
    turn_deg: float = 0.0

    def inside(self, grow_px: float = 0.0) -> np.ndarray:
        rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
        turn = np.radians(self.turn_deg)
        x, y = columns - self.x, rows - self.y
        along, across = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
        return (along / (self.a + grow_px)) ** 2 + (across / (self.b + grow_px)) ** 2 <= 1


NERVE, VESSEL = Ellipse(180, 190, 60, 34, 20), Ellipse(330, 210, 45, 40)
RIM_PX = 7.0


def picture(nerves=(NERVE,), vessels=(VESSEL,), seed=0) -> np.ndarray:
    """Layered tissue with speckle; each nerve dark inside, its rim bright."""
    rng = np.random.default_rng(seed)
    rows = np.linspace(0, 1, HEIGHT)[:, None]
    level = 70 + 35 * np.sin(rows * 25) * (rows < 0.5) - 40 * rows + np.zeros((HEIGHT, WIDTH))
    for vessel in vessels:
        level[vessel.inside()] = 8
    for nerve in nerves:
        level[nerve.inside()] = 170
        level[nerve.inside(-RIM_PX)] = 60
    grain = cv2.GaussianBlur(rng.standard_normal(level.shape), (0, 0), 1.2)
    return np.clip(cv2.GaussianBlur(level, (0, 0), 1.0) * (1 + 0.5 * grain), 0, 255).astype(np.uint8)


def faultless_output(nerves=(NERVE,), vessels=(VESSEL,), logit=8.0) -> np.ndarray:
    """(1, 8, 128, 128): blocks of 2 x 2 pixels as channels. The nerve is drawn with its rim, as people drew it."""
    matrix = Fit.of(HEIGHT, WIDTH, 256).matrix
    planes = []
    for shapes in (nerves, vessels):
        mask = np.zeros((HEIGHT, WIDTH), np.float32)
        for shape in shapes:
            mask[shape.inside()] = 1
        planes.append(cv2.warpAffine(cv2.blur(mask, (3, 3)), matrix, (256, 256)) * 2 * logit - logit)
    blocks = np.stack(planes).reshape(2, 128, 2, 128, 2).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(blocks.reshape(1, 8, 128, 128), np.float32)


def frame_of_nerve(nerves=(NERVE,), vessels=(VESSEL,), *, sequence=3, scaled=True, seed=0, **more) -> Frame:
    spacing = PixelSpacing(MM_PER_PX, MM_PER_PX, SpacingOrigin.DEPTH) if scaled else None
    pixels = picture(nerves, vessels, seed)
    region = Region.whole(pixels)
    return Frame(pixels, 40_000_000 * sequence, sequence, "test", spacing, region, **more)
