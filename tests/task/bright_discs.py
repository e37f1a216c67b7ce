"""Bright discs on dark ground, and a stand-in for the network that outlines the disc that is pointed at."""

import cv2
import numpy as np

from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.task.contract import Asked
from edge.task.prompt import NOTHING, SIDE

MM_PER_PX = 0.1


def frame_with(*discs, size=(360, 480), region=None, sequence=0, scaled=True):
    """discs: (x, y, radius) in pixels."""
    pixels = np.random.default_rng(3).integers(10, 40, size, np.uint8)
    for x, y, radius in discs:
        cv2.circle(pixels, (x, y), radius, 180, -1)
    spacing = PixelSpacing(MM_PER_PX, MM_PER_PX, SpacingOrigin.USER) if scaled else None
    region = region or Region.whole(pixels)
    return Frame(pixels, sequence * 40_000_000, sequence, "discs", spacing=spacing, region=region)


def answer(tensor):
    """(1, 4, SIDE / 2, SIDE / 2) log odds: high in the bright pieces where the plane says that something is meant."""
    picture, plane = tensor[0]
    count, labels = cv2.connectedComponents((picture > 100).astype(np.uint8))
    meant = plane > NOTHING + 20
    inside = np.isin(labels, [label for label in range(1, count) if (meant & (labels == label)).any()])
    logits = np.where(inside, 5, -5).astype(np.float32)
    half = SIDE // 2
    return (logits.reshape(half, 2, half, 2).transpose(1, 3, 0, 2).reshape(1, 4, half, half),)


EYE = Asked(answer)
