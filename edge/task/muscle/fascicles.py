"""The direction of the fascicles between two aponeuroses: one angle for the muscle, and a smooth field of angles."""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Curve, Floats, Plane

BIN_DEG: Final = 2.0
MODE_SIGMA_BINS: Final = 2.0
BESIDE_MODE_DEG: Final = 20.0
"""What differs more from the commonest direction is no fascicle of this muscle."""
MARGIN: Final = 0.07
"""Of the muscle's thickness beside each aponeurosis, where its echo outshines the fascicles'."""
TERM_COST: Final = (1e-6, 0.01, 0.01, 0.03, 0.03, 0.03, 0.06, 0.06, 0.06, 0.06)
"""How dear each term of the smooth field is, as a share of the weight there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What can be seen in a muscle's picture, on a grid of square cells (rows, columns)."""

    aponeurosis: Plane
    """0 to 1."""
    cosine: Plane
    """Of twice the fascicle's angle, which is counter-clockwise as seen from the picture's horizontal."""
    sine: Plane
    weight: Plane
    """0 to 1: how well a fascicle's direction can be read here."""
    lit: NDArray[np.bool_]
    """(columns,) where the probe has contact, so that there is a picture."""


@dataclass(frozen=True, slots=True)
class Direction:
    """The fascicles' one angle in degrees, in (-90, 90]."""

    angle_deg: float
    """Weighted median."""
    spread_deg: float
    """Standard deviation of the fascicles about it, from the quartiles."""
    coherence: float
    """Share of the weight that lies near the commonest direction, 0 to 1."""
    weight: float
    """Sum over the cells: the evidence there is."""
    filled: float
    """Mean weight of a cell of the belly, 0 to 1."""


def between(upper: Curve, lower: Curve, rows: int, margin: float = MARGIN) -> NDArray[np.bool_]:
    """(rows, columns): the cells of the belly, less the margins. margin: share of the thickness."""
    top, bottom = upper.lower, lower.upper
    side = np.maximum(margin * (bottom - top), 0.5)
    at = np.arange(rows)[:, None]
    return np.asarray((at > top + side) & (at < bottom - side))


def turned(evidence: Evidence, degrees: float) -> Evidence:
    """The same field turned counter-clockwise as seen."""
    cosine, sine = (np.float32(part(2 * np.radians(degrees))) for part in (np.cos, np.sin))
    return replace(
        evidence,
        cosine=cosine * evidence.cosine - sine * evidence.sine,
        sine=sine * evidence.cosine + cosine * evidence.sine,
    )


def direction(evidence: Evidence, belly: NDArray[np.bool_]) -> Direction | None:
    """The one direction of the fascicles in a belly; None where nothing can be read."""
    weight = evidence.weight[belly].astype(np.float64)
    total = float(weight.sum())
    if weight.size == 0 or total < 1e-3:
        return None
    angle = np.degrees(np.arctan2(evidence.sine[belly], evidence.cosine[belly]).astype(np.float64)) / 2
    off = _folded(angle - _mode_deg(angle, weight))
    near = np.abs(off) < BESIDE_MODE_DEG
    if not weight[near].any():
        return None
    low, middle, high = weighted_quantiles(off[near], weight[near], (0.25, 0.5, 0.75))
    at = float(_folded(_mode_deg(angle, weight) + middle))
    return Direction(at, (high - low) / 1.349, float(weight[near].sum()) / total, total, total / weight.size)


def _mode_deg(angle: Floats, weight: Floats) -> float:
    """The commonest angle."""
    bins = round(180 / BIN_DEG)
    place = np.floor((angle + 90) / BIN_DEG).astype(np.intp) % bins
    votes = np.bincount(place, weight, minlength=bins)
    reach = round(4 * MODE_SIGMA_BINS)
    kernel = cv2.getGaussianKernel(2 * reach + 1, MODE_SIGMA_BINS)[:, 0]
    smooth = np.convolve(np.concatenate((votes[-reach:], votes, votes[:reach])), kernel, "valid")
    return (float(smooth.argmax()) + 0.5) * BIN_DEG - 90


def _folded(degrees: Floats | float) -> Floats:
    """Into (-90, 90]."""
    return np.asarray(90 - (90 - np.asarray(degrees)) % 180)


def weighted_quantiles(values: Floats, weight: Floats, shares: tuple[float, ...]) -> tuple[float, ...]:
    """The values below which these shares of the weight lie, each between two values where it falls there."""
    order = np.argsort(values)
    values, weight = values[order], weight[order]
    place = (np.cumsum(weight) - weight / 2) / weight.sum()
    return tuple(float(v) for v in np.interp(shares, place, values))


def smooth_bend(evidence: Evidence, upper: Curve, lower: Curve, angle_deg: float) -> Plane:
    """(rows, columns) radians by which the fascicles differ from `angle_deg`: a polynomial of the third degree across
    the picture and from aponeurosis to aponeurosis, fitted to what can be read.

    Fitted rather than averaged, since an average flattens what bends toward the aponeuroses and has holes.
    """
    rows, columns = evidence.weight.shape
    across = np.linspace(-1, 1, columns)
    top, bottom = upper.lower, lower.upper
    down = 2 * (np.arange(rows)[:, None] - top) / np.maximum(bottom - top, 1.0) - 1
    y, x = (part[::1] for part in np.nonzero(between(upper, lower, rows)))
    y, x = y[(x + y) % 2 == 0], x[(x + y) % 2 == 0]
    twice = np.arctan2(evidence.sine[y, x], evidence.cosine[y, x]).astype(np.float64)
    off = np.radians(_folded(np.degrees(twice) / 2 - angle_deg))
    weight = evidence.weight[y, x] * (np.abs(off) < np.radians(BESIDE_MODE_DEG))
    terms = _terms(across[x], down[y, x])
    factors = _solved(terms, off, weight)
    factors = _solved(terms, off, weight * _robust(off - factors @ terms, weight))
    depth = np.clip(down, -1, 1)
    return np.asarray(sum(f * t for f, t in zip(factors, _terms(across + 0 * depth, depth), strict=True)), np.float32)


def _terms(across: Floats, down: Floats) -> Floats:
    """Legendre products up to the third degree."""
    one = np.ones_like(across)
    x2, x3 = 1.5 * across**2 - 0.5, across * (2.5 * across**2 - 1.5)
    y2, y3 = 1.5 * down**2 - 0.5, down * (2.5 * down**2 - 1.5)
    return np.stack((one, across, down, x2, across * down, y2, x3, x2 * down, across * y2, y3))


def _solved(terms: Floats, off: Floats, weight: Floats) -> Floats:
    weighted = terms * weight
    dear = np.diag(np.array(TERM_COST)) * max(float(weight.sum()), 1.0)
    return np.asarray(np.linalg.solve(weighted @ terms.T + dear, weighted @ off))


def _robust(off: Floats, weight: Floats) -> Floats:
    """Tukey's biweight."""
    (spread,) = weighted_quantiles(np.abs(off), weight + 1e-9, (0.5,))
    return np.asarray(np.clip(1 - (off / max(6 * spread, 0.02)) ** 2, 0, None) ** 2)
