"""Stretches a frame whose pixels are not square: then angles, lengths and networks mean the same in every direction."""

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame, Region

SQUARE: Final = 0.003
"""Pixels that differ by a smaller share are square."""
BELIEVED: Final = (0.25, 4.0)
"""Widths over heights that recordings have; what says otherwise is damaged or contradicts itself."""


def aspect_of(frame: Frame) -> float:
    """Width of a pixel over its height: by its scale, else by what the source says."""
    return frame.spacing.x_mm_per_px / frame.spacing.y_mm_per_px if frame.spacing else frame.pixel_aspect


def squared(frame: Frame) -> Frame:
    """`frame` as wide as it is meant to be seen, with all that has a place in it; its height stays.

    A ratio that is not to be believed is left as it is, for the gate to refuse.
    """
    aspect = aspect_of(frame)
    if abs(aspect - 1) < SQUARE or not BELIEVED[0] <= aspect <= BELIEVED[1]:
        return frame
    height, width = frame.pixels.shape
    wide = max(1, round(width * aspect))
    stretch = wide / width
    interpolation = cv2.INTER_AREA if stretch < 1 else cv2.INTER_LINEAR

    def widened(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.resize(picture, (wide, height), interpolation=interpolation), np.uint8)

    colour = frame.colour
    spacing = frame.spacing and replace(frame.spacing, x_mm_per_px=frame.spacing.x_mm_per_px / stretch)
    note = (
        f"its pixels are {aspect:.3g} times as wide as high; it was stretched from {width} to {wide} columns, "
        "in which all places are given"
    )
    return replace(
        frame,
        pixels=widened(frame.pixels),
        colour=None if colour is None else lambda: widened(colour()),
        spacing=spacing,
        region=_stretched(frame.region, stretch),
        coloured=_stretched(frame.coloured, stretch),
        pixel_aspect=1.0,
        notes=(*frame.notes, note),
    )


def _stretched(region: Region | None, stretch: float) -> Region | None:
    if region is None:
        return None
    left, right = round(region.x * stretch), round((region.x + region.width) * stretch)
    return replace(region, x=left, width=max(1, right - left))
