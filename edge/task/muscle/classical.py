"""What can be seen of a muscle without a network."""

from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Curve, Plane, find_aponeuroses
from edge.task.muscle.architecture import choose_muscle
from edge.task.muscle.bands import band_evidence
from edge.task.muscle.fascicles import Direction, Evidence, between, direction
from edge.task.muscle.lines import line_field
from edge.task.muscle.structure_tensor import structure_angle_deg

MARGIN: Final = 0.05
"""Of a belly's thickness beside each aponeurosis."""
TENSOR_MARGIN: Final = 0.12
"""The same for the structure tensor, to which a bright edge is all."""
LEAST_ROWS: Final = 8
DIM_SHARE: Final = 0.3
"""A column whose brighter part has less than this share of the others' has no contact."""


def see_muscle(picture: NDArray[np.uint8]) -> tuple[Evidence, tuple[Curve, ...]]:
    """Evidence on a grid of half the resolution, and the aponeuroses in it, from a picture (height, width) of 256 px
    on its longest side."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    grey = picture[: 2 * rows, : 2 * columns].astype(np.float32)
    small = np.asarray(cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
    lit = lit_columns(small)
    likely = band_evidence(small)
    curves = find_aponeuroses(likely, lit)
    evidence = Evidence(likely, *line_field(grey, _bellies(curves, lit, rows)), lit)
    chosen = choose_muscle(evidence, curves)
    if chosen is None or (kept := _without_inner(curves, chosen[0], chosen[1])) == curves:
        return evidence, curves
    return Evidence(likely, *line_field(grey, _bellies(kept, lit, rows)), lit), kept


def _bellies(curves: tuple[Curve, ...], lit: NDArray[np.bool_], rows: int) -> list[NDArray[np.bool_]]:
    """What lies between each aponeurosis and the next; one that is empty where there are not two."""
    found = [between(upper, lower, rows, MARGIN) & lit for upper, lower in pairwise(curves)]
    return found or [np.zeros((rows, lit.size), bool)]


def _without_inner(curves: tuple[Curve, ...], upper: Curve, lower: Curve) -> tuple[Curve, ...]:
    """The aponeuroses less what turned out to be a line within the muscle."""
    first, last = (next(k for k, curve in enumerate(curves) if curve is end) for end in (upper, lower))
    return curves[: first + 1] + curves[last:]


def read_between(
    picture: NDArray[np.uint8], upper: Curve, lower: Curve, lit: NDArray[np.bool_], near_deg: float | None = None
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
    cosine, sine, weight = line_field(grey, [belly[part]], near_deg)
    return direction(Evidence(weight, cosine, sine, weight, lit), belly[part])


def tensor_between(picture: NDArray[np.uint8], upper: Curve, lower: Curve, lit: NDArray[np.bool_]) -> Direction | None:
    """What the bare structure tensor reads between two given aponeuroses; None where there is hardly anything between.
    It knows no spread and no doubt."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    belly = between(upper, lower, rows, TENSOR_MARGIN) & lit
    if np.count_nonzero(belly) < LEAST_ROWS**2:
        return None
    inside = np.repeat(np.repeat(belly, 2, axis=0), 2, axis=1)
    angle = structure_angle_deg(picture[: 2 * rows, : 2 * columns], inside)
    return Direction(angle, 0.0, 1.0, float(belly.sum()), 1.0)


def lit_columns(picture: Plane) -> NDArray[np.bool_]:
    """(columns,) where a picture (rows, columns) shows more than noise."""
    bright = np.partition(picture, picture.shape[0] * 4 // 5, axis=0)[picture.shape[0] * 4 // 5]
    even = cv2.blur(bright[None], (5, 1))[0]
    return np.asarray(even > DIM_SHARE * np.median(even))
