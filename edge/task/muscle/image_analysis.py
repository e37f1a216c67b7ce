"""What can be seen of a muscle without a network: aponeuroses as bright bands, fascicles as lines between them.

Bands go on across a good part of the picture. A ridge filter much coarser than fascicles finds them (TimTrack searches
aponeuroses by vesselness at ten times the fascicles' scale), then the share of a long line that lies on ridge: a
fascicle covers a small part of it, an aponeurosis most.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Aponeurosis, find_aponeuroses, found_again
from edge.task.muscle.architecture import choose_muscle
from edge.task.muscle.evidence import Evidence, Plane, lit_columns
from edge.task.muscle.fascicles import Direction, between, direction
from edge.task.muscle.line_filter import line_field

MARGIN: Final = 0.05
"""Of a belly's thickness beside each aponeurosis."""
TENSOR_MARGIN: Final = 0.12
"""The same for the structure tensor, which a bright edge would lead astray."""
LEAST_ROWS: Final = 8
ALONG: Final = 13
"""Length, in cells of 1/128 of the longest side, over which a band is averaged: a fascicle soon leaves it."""
NARROW: Final = 1.2
WIDE: Final = 5.0
"""Sigmas across a band: of the band and of its surroundings."""
CONTRAST_SIGMA: Final = 20.0
"""Sigma over which contrast is evened out."""
RISE: Final = (0.15, 0.82)
"""Contrasts, in standard deviations, between which a place goes from no band to band."""
LINE_SHARE: Final = 0.4
"""Length, as a share of the picture's width, of the line that must lie on bands."""
COVERED: Final = (0.55, 0.85)
"""Shares of that line between which a place goes from no aponeurosis to aponeurosis."""
STEEPEST_DEG: Final = 24
STEP_DEG: Final = 4
BAND_DEG: Final = range(-STEEPEST_DEG, STEEPEST_DEG + 1, STEP_DEG)
BESIDE_ROWS: Final = 8
"""Cells above and below a belly that its lines are read with, so that it ends there as in the whole picture."""
GRADIENT_SIGMA_PX: Final = 1.0
"""Of the structure tensor; pictures come with 256 px on their longest side."""


def see_muscle(picture: NDArray[np.uint8]) -> tuple[Evidence, tuple[Aponeurosis, ...]]:
    """Evidence on a grid of half the resolution, and the aponeuroses in it, from a picture (height, width) of 256 px
    on its longest side."""
    grey, small = _scales(picture)
    rows = len(small)
    lit = lit_columns(small)
    likely = band_evidence(small)
    curves = find_aponeuroses(likely, lit)
    evidence = Evidence(likely, *line_field(grey, _bellies(curves, lit, rows)), lit)
    chosen = choose_muscle(evidence, curves)
    if chosen is None or (kept := _without_inner(curves, chosen[0], chosen[1])) == curves:
        return evidence, curves
    return Evidence(likely, *line_field(grey, _bellies(kept, lit, rows)), lit), kept


def see_again(
    picture: NDArray[np.uint8], before: Evidence, curves: tuple[Aponeurosis, Aponeurosis]
) -> tuple[Evidence, tuple[Aponeurosis, Aponeurosis]] | None:
    """The same of one muscle a frame later: its borders near those of a frame before, and the fascicles between. The
    rest stays as it was `before`. None where a border is not seen near its old place."""
    grey, small = _scales(picture)
    rows = len(small)
    lit = lit_columns(small)
    slopes = [np.degrees(np.arctan(curve.slope)) for curve in curves]
    likely = band_evidence(small, [each for each in BAND_DEG if min(abs(each - one) for one in slopes) <= STEP_DEG])
    found = found_again(likely, lit, curves)
    if found is None or before.weight.shape != small.shape:
        return None
    belly = between(*found, rows, MARGIN) & lit
    seen = np.flatnonzero(belly.any(axis=1))
    if seen.size < LEAST_ROWS:
        return None
    part = slice(max(0, int(seen[0]) - BESIDE_ROWS), min(rows, int(seen[-1]) + 1 + BESIDE_ROWS))
    twice, weight = before.twice.copy(), before.weight.copy()
    now = line_field(grey[2 * part.start : 2 * part.stop], [belly[part]])
    for plane, values in zip((twice, weight), now, strict=True):
        np.copyto(plane[part], values, where=belly[part])
    return Evidence(likely, twice, weight, lit), found


def _scales(picture: NDArray[np.uint8]) -> tuple[Plane, Plane]:
    """The picture's whole cells: as it is, and at half the resolution."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    grey = picture[: 2 * rows, : 2 * columns].astype(np.float32)
    return grey, np.asarray(cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _bellies(curves: tuple[Aponeurosis, ...], lit: NDArray[np.bool_], rows: int) -> list[NDArray[np.bool_]]:
    """What lies between each aponeurosis and the next; one that is empty where there are not two."""
    found = [between(upper, lower, rows, MARGIN) & lit for upper, lower in pairwise(curves)]
    return found or [np.zeros((rows, lit.size), bool)]


def _without_inner(curves: tuple[Aponeurosis, ...], upper: Aponeurosis, lower: Aponeurosis) -> tuple[Aponeurosis, ...]:
    """The aponeuroses less what turned out to be a line within the muscle."""
    first, last = (next(k for k, curve in enumerate(curves) if curve is end) for end in (upper, lower))
    return curves[: first + 1] + curves[last:]


def read_between(
    picture: NDArray[np.uint8],
    upper: Aponeurosis,
    lower: Aponeurosis,
    lit: NDArray[np.bool_],
    near_deg: float | None = None,
) -> Direction | None:
    """The fascicles' direction between two given aponeuroses; None where nothing can be read. near_deg: as for
    `line_field`."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    belly = between(upper, lower, rows, MARGIN) & lit
    seen = np.flatnonzero(belly.any(axis=1))
    if seen.size < LEAST_ROWS:
        return None
    part = slice(int(seen[0]), int(seen[-1]) + 1)
    grey = picture[2 * part.start : 2 * part.stop, : 2 * columns].astype(np.float32)
    twice, weight = line_field(grey, [belly[part]], near_deg)
    return direction(Evidence(weight, twice, weight, lit), belly[part])


def tensor_between(
    picture: NDArray[np.uint8], upper: Aponeurosis, lower: Aponeurosis, lit: NDArray[np.bool_]
) -> Direction | None:
    """What the bare structure tensor reads between two given aponeuroses; None where there is hardly anything between.
    It knows no spread and no doubt."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    belly = between(upper, lower, rows, TENSOR_MARGIN) & lit
    if np.count_nonzero(belly) < LEAST_ROWS**2:
        return None
    inside = np.repeat(np.repeat(belly, 2, axis=0), 2, axis=1)
    angle = structure_angle_deg(picture[: 2 * rows, : 2 * columns], inside)
    return Direction(angle, 0.0, 1.0, float(belly.sum()), 1.0)


def band_evidence(picture: Plane, slopes_deg: Sequence[int] = BAND_DEG) -> Plane:
    """(rows, columns) 0 to 1: how likely each place of a picture of about 128 cells a side is an aponeurosis that runs
    at one of the slopes, downward to the right."""
    rows, columns = picture.shape
    even = _contrast(picture)
    line = max(3, round(LINE_SHARE * columns))
    most = np.zeros_like(even)
    for degrees in slopes_deg:
        slope = np.tan(np.radians(degrees))
        shear = np.array([[1, 0, 0], [slope, 1, -slope * (columns - 1) / 2]])
        level = cv2.warpAffine(even, shear, (columns, rows), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        band = _scaled(cv2.blur(level, (ALONG, 1)), RISE)
        near = cv2.dilate(band, np.ones((3, 1), np.uint8))
        gate = _scaled(cv2.blur(near, (line, 1), borderType=cv2.BORDER_REFLECT_101), COVERED)
        band *= gate
        cv2.max(most, cv2.warpAffine(band, shear, (columns, rows), flags=cv2.INTER_LINEAR), dst=most)
    return most


def _contrast(picture: Plane) -> Plane:
    """How far a place is brighter than what is above and below it, in standard deviations."""
    narrow, wide = (cv2.GaussianBlur(picture, (0, 0), sigmaX=1.0, sigmaY=across) for across in (NARROW, WIDE))
    contrast = np.sqrt(cv2.GaussianBlur((picture - wide) ** 2, (0, 0), CONTRAST_SIGMA)) + 2
    return np.asarray((narrow - wide) / contrast, np.float32)


def _scaled(values: MatLike, ends: tuple[float, float]) -> Plane:
    """From 0 at the first to 1 at the second of `ends`. Changes `values`."""
    values -= np.float32(ends[0])
    values *= np.float32(1 / (ends[1] - ends[0]))
    cv2.threshold(values, 1, 0, cv2.THRESH_TRUNC, dst=values)
    cv2.threshold(values, 0, 0, cv2.THRESH_TOZERO, dst=values)
    return np.asarray(values, np.float32)


def structure_angle_deg(picture: NDArray[np.uint8], inside: NDArray[np.bool_]) -> float:
    """The commonest direction of a picture (rows, columns) inside a mask, by the mean gradient tensor; degrees from the
    horizontal, counter-clockwise as seen, in (-90, 90] (Bigun and Granlund, ICCV 1987).

    Every other way to read the fascicles' angle is compared with this one.
    """
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), GRADIENT_SIGMA_PX)
    across, down = (
        cv2.Sobel(soft, cv2.CV_32F, *order, ksize=3)[inside].astype(np.float64) for order in ((1, 0), (0, 1))
    )
    twice = np.arctan2(-2 * float(across @ down), float(across @ across - down @ down))
    # The gradient stands at a right angle to the line.
    return float(90 - (-np.degrees(twice) / 2) % 180)
