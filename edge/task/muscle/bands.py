"""Aponeuroses without a network: bright bands that go on across a good part of the picture.

A ridge filter much coarser than fascicles (TimTrack searches aponeuroses by vesselness at ten times the fascicles'
scale), then the share of a long line that lies on ridge: a fascicle covers a small part of it, an aponeurosis most.
"""

from typing import Final

import cv2
import numpy as np

from edge.task.muscle.aponeuroses import Plane

ALONG: Final = 13
"""Length, in cells of 1/128 of the longest side, over which a band is averaged: a fascicle soon leaves it."""
NARROW: Final = 1.2
WIDE: Final = 5.0
"""Sigmas across, of the band and of its surroundings."""
CONTRAST: Final = 20.0
"""Sigma over which contrast is evened out."""
RISE: Final = (0.15, 0.82)
"""Contrasts, in standard deviations, between which a place goes from no band to band."""
LINE_SHARE: Final = 0.4
"""Length of the line, of the picture's width."""
COVERED: Final = (0.55, 0.85)
"""Shares of it between which a place goes from no aponeurosis to aponeurosis."""
STEEPEST_DEG: Final = 24
STEP_DEG: Final = 4


def band_evidence(picture: Plane) -> Plane:
    """(rows, columns) 0 to 1: how likely each place of a picture of about 128 cells a side is an aponeurosis."""
    rows, columns = picture.shape
    even = _even(picture)
    line = max(3, round(LINE_SHARE * columns))
    most = np.zeros_like(even)
    for degrees in range(-STEEPEST_DEG, STEEPEST_DEG + 1, STEP_DEG):
        slope = np.tan(np.radians(degrees))
        shear = np.array([[1, 0, 0], [slope, 1, -slope * (columns - 1) / 2]])
        level = cv2.warpAffine(even, shear, (columns, rows), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        band = _scaled(np.asarray(cv2.blur(level, (ALONG, 1)), np.float32), RISE)
        near = cv2.dilate(band, np.ones((3, 1), np.uint8))
        share = np.asarray(cv2.blur(near, (line, 1), borderType=cv2.BORDER_REFLECT_101), np.float32)
        gate = _scaled(share, COVERED)
        np.maximum(most, cv2.warpAffine(band * gate, shear, (columns, rows), flags=cv2.INTER_LINEAR), out=most)
    return most


def _even(picture: Plane) -> Plane:
    """How far a place is brighter than what is above and below it, in standard deviations."""
    narrow, wide = (cv2.GaussianBlur(picture, (0, 0), sigmaX=1.0, sigmaY=across) for across in (NARROW, WIDE))
    contrast = np.sqrt(cv2.GaussianBlur((picture - wide) ** 2, (0, 0), CONTRAST)) + 2
    return np.asarray((narrow - wide) / contrast, np.float32)


def _scaled(values: Plane, ends: tuple[float, float]) -> Plane:
    """From 0 at the first to 1 at the second of `ends`."""
    return np.asarray(np.clip((values - ends[0]) / (ends[1] - ends[0]), 0, 1), np.float32)
