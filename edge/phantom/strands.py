"""Patterns of soft tissue in section: strands as thin bright lines of limited length, and shapeless lobules.

A pattern is (512, 512) float32 that repeats in both directions. Few are made, each from its number alone, and kept.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Samples

SIZE = 512
ACROSS_MM = 0.07
"""Height of a pattern's row at scale 1."""
ALONG_MM = 0.30
"""Width of a pattern's column at scale 1."""
KINDS = 24
"""Patterns there are of each sort."""


@lru_cache(maxsize=KINDS)
def strands(number: int) -> Samples:
    """Lines along the rows, 0 (ground) to about 1 (the brightest), in bundles of different brightness.

    number: 0, the straightest, to KINDS - 1, the waviest.
    """
    rng = np.random.default_rng([511, number])
    wave = 0.2 + 1.3 * number / KINDS
    pattern = _lines(rng, rng.uniform(7, 16), rng.uniform(5, 30), rng.uniform(0.15, 0.75), wave)
    thin = _lines(rng, rng.uniform(3, 6), rng.uniform(4, 20), rng.uniform(0.2, 0.7), wave)
    pattern += np.float32(rng.uniform(0.15, 0.6)) * thin
    hair = _periodic(rng, rng.uniform(0.8, 1.4), rng.uniform(3, 12))
    pattern += np.float32(rng.uniform(0.03, 0.15)) * np.maximum(hair, 0)
    bundles = _periodic(rng, rng.uniform(8, 30), rng.uniform(15, 60))
    pattern *= np.exp(np.float32(rng.uniform(0, 0.6)) * bundles)
    return np.asarray(np.minimum(pattern / np.quantile(pattern, 0.985), 1.3), np.float32)


@lru_cache(maxsize=KINDS)
def lobules(number: int) -> Samples:
    """Shapeless, a little longer along the rows. Mean 0, standard deviation 1."""
    rng = np.random.default_rng([512, number])
    coarse, fine = _periodic(rng, rng.uniform(3, 10), rng.uniform(3, 8)), _periodic(rng, 1.2, rng.uniform(1, 3))
    mixed = fine + np.float32(rng.uniform(0, 1.5)) * coarse
    return np.asarray((mixed - mixed.mean()) / mixed.std(), np.float32)


def sample(pattern: Samples, column: Samples, row: Samples) -> Samples:
    """The pattern at places (any shape) that may lie many repeats away."""
    column, row = (wrapped(place, pattern.shape[0]) for place in (column, row))
    return np.asarray(cv2.remap(pattern, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


def wrapped(place: Samples, side: int) -> Samples:
    """Brought into 0 to `side` by whole repeats."""
    return np.asarray(place - np.float32(side) * np.floor(place * np.float32(1 / side)), np.float32)


def _lines(rng: np.random.Generator, spacing: float, length: float, share: float, wave: float) -> Samples:
    """Lines `spacing` rows apart that stray by `wave` rows, each lit on about `share` of its course in pieces of about
    `length` columns."""
    place = np.cumsum(spacing * rng.gamma(4.0, 0.25, int(SIZE / spacing)))
    place *= SIZE / (place[-1] + spacing)
    waves = wave * _along(rng, place.size, rng.uniform(25, 90))
    lit = np.clip(_along(rng, place.size, length) + 2 * share - 1, 0, 1.2) * rng.uniform(0.2, 1, (place.size, 1)) ** 1.5
    row = (place[:, None] + waves) % SIZE
    upper = np.floor(row).astype(int)
    column = np.broadcast_to(np.arange(SIZE), row.shape)
    drawn = np.zeros((SIZE, SIZE))
    np.add.at(drawn, (upper, column), lit * (upper + 1 - row))
    np.add.at(drawn, ((upper + 1) % SIZE, column), lit * (row - upper))
    return _smooth(drawn, rng.uniform(0.6, 1.3), 1.0)


def _along(rng: np.random.Generator, n: int, length: float) -> Samples:
    """n random courses (n, SIZE) of standard deviation 1."""
    curves = _smooth(rng.standard_normal((n, SIZE)), 0.0, length)
    return np.asarray(curves / curves.std(), np.float32)


def _periodic(rng: np.random.Generator, down: float, along: float) -> Samples:
    field = _smooth(rng.standard_normal((SIZE, SIZE)), down, along)
    return np.asarray(field / field.std(), np.float32)


def _smooth(field: NDArray[np.float64], down: float, along: float) -> Samples:
    """Gaussian of these standard deviations, in pixels, over borders that meet."""
    rows, columns = field.shape
    gain = np.exp(-2 * (np.pi * down * np.fft.fftfreq(rows)) ** 2)[:, None]
    gain = gain * np.exp(-2 * (np.pi * along * np.fft.rfftfreq(columns)) ** 2)
    return np.asarray(np.fft.irfft2(np.fft.rfft2(field) * gain, field.shape), np.float32)
