"""The fascicles between two aponeuroses: one angle for the muscle, and by how much they bend from it on their way."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.aponeuroses import Aponeurosis
from edge.task.muscle.evidence import Evidence, Floats, folded_deg
from edge.task.muscle.quantiles import weighted_quantiles

BIN_DEG: Final = 2.0
MODE_SIGMA_BINS: Final = 2.0
BESIDE_MODE_DEG: Final = 20.0
"""What differs more from the commonest direction is no fascicle of this muscle."""
MARGIN: Final = 0.07
"""Of the muscle's thickness beside each aponeurosis, where its echo outshines the fascicles'."""
TERM_COST: Final = (1e-6, 0.01, 0.01, 0.03, 0.03, 0.03, 0.06, 0.06, 0.06, 0.06)
"""Cost of each term of the smooth field, as a share of the weight there is."""
GOES_ON: Final = 3.0
"""Distance from the middle, in halves of the picture's width and of the thickness, up to which the field goes on."""
DEG_PER_TWICE: Final = 90 / np.pi
"""From twice an angle in radians to the angle in degrees."""


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


def between(upper: Aponeurosis, lower: Aponeurosis, rows: int, margin: float = MARGIN) -> NDArray[np.bool_]:
    """(rows, columns): the cells of the belly, less the margins. margin: share of the thickness."""
    top, bottom = upper.lower, lower.upper
    side = np.maximum(margin * (bottom - top), 0.5)
    at = np.arange(rows)[:, None]
    return np.asarray((at > top + side) & (at < bottom - side))


def direction(evidence: Evidence, belly: NDArray[np.bool_]) -> Direction | None:
    """The one direction of the fascicles in a belly; None where nothing can be read."""
    weight = evidence.weight[belly].astype(np.float64)
    total = float(np.add.reduce(weight))
    if weight.size == 0 or total < 1e-3:
        return None
    angle = evidence.twice[belly].astype(np.float64)
    angle *= DEG_PER_TWICE
    mode = _mode_deg(angle, weight)
    off = _off_deg(angle, mode)
    near = (np.abs(off) < BESIDE_MODE_DEG).nonzero()[0]
    close = weight[near]
    most = float(np.add.reduce(close))
    if not most > 0:
        return None
    low, middle, high = weighted_quantiles(off[near], close, (0.25, 0.5, 0.75))
    return Direction(folded_deg(mode + middle), (high - low) / 1.349, most / total, total, total / weight.size)


def _mode_deg(angle: Floats, weight: Floats) -> float:
    """The commonest angle."""
    bins = round(180 / BIN_DEG)
    # None lies below -180, so that what is cut off is what is rounded down.
    shifted = angle + (90 + 180)
    shifted *= 1 / BIN_DEG
    counts = np.bincount(shifted.astype(np.intp), weight, minlength=2 * bins)
    votes = counts[:bins] + counts[bins : 2 * bins]
    votes[: counts.size - 2 * bins] += counts[2 * bins :]
    kernel = _mode_kernel()
    reach = kernel.size // 2
    smooth = np.convolve(np.concatenate((votes[-reach:], votes, votes[:reach])), kernel, "valid")
    return (float(smooth.argmax()) + 0.5) * BIN_DEG - 90


@lru_cache(maxsize=1)
def _mode_kernel() -> Floats:
    reach = round(4 * MODE_SIGMA_BINS)
    return np.asarray(cv2.getGaussianKernel(2 * reach + 1, MODE_SIGMA_BINS)[:, 0], np.float64)


def _off_deg(angle: Floats, middle: float) -> Floats:
    """By how much angles differ from one, in [-90, 90)."""
    off = angle - middle
    turns = off * (1 / 180)
    np.rint(turns, out=turns)
    turns *= 180
    off -= turns
    return off


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """By how much the fascicles differ from one angle: a polynomial of the third degree across the picture and from
    aponeurosis to aponeurosis."""

    powers: Floats
    """(4, 4) radians of each power of the depth (rows) and of the place across (columns)."""
    top: Floats
    """(columns,) the superficial edge, in cells."""
    scale: Floats
    """(columns,) depths, which go from -1 to 1, per cell."""

    @classmethod
    def between(cls, powers: Floats, upper: Aponeurosis, lower: Aponeurosis) -> Self:
        return cls(powers, upper.lower, 2 / np.maximum(lower.upper - upper.lower, 1.0))

    def at(self, x: Floats, y: Floats) -> Floats:
        """In radians, at places in cells. A little beyond the picture and the muscle it goes on, then stays."""
        last = self.top.size - 1
        columns = columns_of(last + 1)
        places = np.empty((2, *x.shape))
        across, down = places
        np.multiply(x, 2 / last, out=across)
        np.subtract(y, np.interp(x, columns, self.top), out=down)
        down *= np.interp(x, columns, self.scale)
        places -= 1
        np.maximum(places, -GOES_ON, out=places)
        np.minimum(places, GOES_ON, out=places)
        terms = np.empty((4, *x.shape))
        terms[0] = 1
        terms[1] = across
        np.multiply(across, across, out=terms[2])
        np.multiply(terms[2], across, out=terms[3])
        constant, first, second, found = (self.powers @ terms.reshape(4, -1)).reshape(terms.shape)
        found *= down
        for power in (second, first):
            found += power
            found *= down
        found += constant
        return np.asarray(found)


@lru_cache(maxsize=8)
def columns_of(count: int) -> Floats:
    """0 to count - 1: where a curve has its values."""
    return np.arange(count, dtype=np.float64)


def smooth_bend(evidence: Evidence, upper: Aponeurosis, lower: Aponeurosis, angle_deg: float) -> Bend:
    """What differs from `angle_deg`, fitted to what can be read.

    Fitted rather than averaged, since an average flattens what bends toward the aponeuroses and has holes.
    """
    rows, columns = evidence.weight.shape
    top, bottom = upper.lower, lower.upper
    scale = 2 / np.maximum(bottom - top, 1.0)
    # Every second cell tells as much as all of them.
    cells = np.flatnonzero(between(upper, lower, rows) & _chequered(rows, columns))
    y, x = np.divmod(cells, columns)
    off = _off_deg(evidence.twice.ravel()[cells] * np.degrees(0.5), angle_deg)
    weight = evidence.weight.ravel()[cells].astype(np.float64) * (np.abs(off) < BESIDE_MODE_DEG)
    off *= np.radians(1.0)
    terms = _terms(x * (2 / (columns - 1)) - 1, (y - top[x]) * scale[x] - 1)
    factors = _solved(terms, off, weight)
    factors = _solved(terms, off, weight * _robust(off - factors @ terms, weight))
    return Bend(_powers(factors), top, scale)


@lru_cache(maxsize=8)
def _chequered(rows: int, columns: int) -> NDArray[np.bool_]:
    return np.asarray((np.arange(rows)[:, None] + np.arange(columns)) % 2 == 0)


def _terms(across: Floats, down: Floats) -> Floats:
    """Legendre products up to the third degree."""
    terms = np.empty((len(TERM_COST), across.size))
    terms[0], terms[1], terms[2] = 1, across, down
    for first, square, cube in ((1, 3, 6), (2, 5, 9)):
        np.multiply(terms[first], terms[first], out=terms[square])
        terms[square] *= 1.5
        terms[square] -= 0.5
        np.multiply(terms[square], 5 / 3, out=terms[cube])
        terms[cube] -= 2 / 3
        terms[cube] *= terms[first]
    np.multiply(across, down, out=terms[4])
    np.multiply(terms[3], down, out=terms[7])
    np.multiply(across, terms[5], out=terms[8])
    return terms


def _powers(factors: Floats) -> Floats:
    """(4, 4) the polynomial that has these factors of the Legendre products: of each power of the depth (rows) and of
    the place across (columns)."""
    one, x, y, x2, xy, y2, x3, x2y, xy2, y3 = factors.tolist()
    return np.array(
        [
            [one - x2 / 2 - y2 / 2, x - 1.5 * x3 - xy2 / 2, 1.5 * x2, 2.5 * x3],
            [y - 1.5 * y3 - x2y / 2, xy, 1.5 * x2y, 0],
            [1.5 * y2, 1.5 * xy2, 0, 0],
            [2.5 * y3, 0, 0, 0],
        ]
    )


def _solved(terms: Floats, off: Floats, weight: Floats) -> Floats:
    weighted = terms * weight
    dear = np.diag(np.array(TERM_COST)) * max(float(weight.sum()), 1.0)
    return np.asarray(np.linalg.solve(weighted @ terms.T + dear, weighted @ off))


def _robust(off: Floats, weight: Floats) -> Floats:
    """Tukey's biweight."""
    (spread,) = weighted_quantiles(np.abs(off), weight + 1e-9, (0.5,))
    near = np.maximum(1 - (off / max(6 * spread, 0.02)) ** 2, 0)
    return near * near
