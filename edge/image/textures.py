"""All texture features of a picture at once, for windows or for any part of it, and how a window differs from what is
beside it.

A picture becomes counts and sums in small cells; the features are read from what the cells of a window add up to.
Nothing here depends on how many windows there are but the last step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image import binary_patterns, grey_statistics
from edge.image.despeckle import median
from edge.image.gabor import LEVELS as GABOR_LEVELS
from edge.image.gabor import ORIENTATIONS, GaborBank
from edge.image.windows import CELL_PX, NOTHING, Windows, counted, shared, summed

GREYS: Final = 64
LEVELS: Final = 8
"""Of grey for co-occurrence and runs."""
DISTANCES_PX: Final = (1, 2, 4)
LONGEST_PX: Final = 16
"""Run that is told from longer ones."""
DESPECKLE_PX: Final = 3
_PAIRS: Final = grey_statistics.n_pairs(LEVELS)
_WAYS: Final = ("across", "down")
_ADAPTIVE: Final = tuple(f"ambp {px} px" for px in binary_patterns.SIDES_PX)
_PATTERNS: Final = (("lbp8", 10), ("lbp16", 18), ("mbp", 10), *((name, 10) for name in _ADAPTIVE))
"""With how many codes each has."""
_WAVES: Final = {
    f"{4 << level} px {180 * turn / ORIENTATIONS:g} deg": (level, turn)
    for level in range(GABOR_LEVELS)
    for turn in range(ORIENTATIONS)
}
NAMES: Final = (
    *(f"grey {name}" for name in grey_statistics.FIRST_ORDER),
    *(
        f"glcm {name} {of} {px} px"
        for of in ("mean", "range")
        for px in DISTANCES_PX
        for name in grey_statistics.HARALICK
    ),
    *(f"runs {way} {name}" for way in _WAYS for name in grey_statistics.RUNS),
    *(f"{pattern} {code}" for pattern, codes in _PATTERNS for code in range(codes)),
    *(f"gabor mean {wave}" for wave in _WAVES),
    *(f"gabor sd {wave}" for wave in _WAVES),
)
"""What the features are, in their order."""
AROUND: Final = tuple(f"{side} {what}" for side in ("above", "below", "left", "right") for what in ("grey", "edges"))
"""What is said of each side of a window."""


@dataclass(frozen=True, slots=True)
class _Needed:
    """What some features are computed from."""

    grey: tuple[str, ...]
    distances_px: tuple[int, ...]
    haralick: tuple[str, ...]
    runs: tuple[tuple[str, tuple[str, ...]], ...]
    """Ways, each with the names of what is asked of its runs."""
    patterns: tuple[tuple[str, tuple[int, ...]], ...]
    """Each with the codes that are asked for."""
    waves: tuple[str, ...]


@lru_cache(maxsize=8)
def _needed(names: tuple[str, ...]) -> _Needed:
    def after(start: str) -> tuple[str, ...]:
        return tuple(name.removeprefix(start) for name in names if name.startswith(start))

    haralick = {name.split()[0] for name in after("glcm ")}
    return _Needed(
        after("grey "),
        tuple(px for px in DISTANCES_PX if any(name.endswith(f" {px} px") for name in after("glcm "))),
        tuple(name for name in grey_statistics.HARALICK if name in haralick),
        tuple((way, after(f"runs {way} ")) for way in _WAYS if after(f"runs {way} ")),
        tuple((name, tuple(map(int, after(f"{name} ")))) for name, _ in _PATTERNS if after(f"{name} ")),
        tuple(wave for wave in _WAVES if any(name.endswith(f" {wave}") for name in after("gabor "))),
    )


@dataclass(frozen=True, slots=True, eq=False)
class TextureCells:
    """What features are read from."""

    counts: NDArray[np.uint16]
    """(rows, columns, bins) histograms of all codes, one after the other."""
    values: NDArray[np.float64]
    """(rows, columns, channels) sums over runs, of Gabor magnitudes, and of their squares."""


def texture_cells(
    picture: NDArray[np.uint8], names: tuple[str, ...] = NAMES, bank: GaborBank | None = None
) -> TextureCells:
    """From a picture (height, width) whose sides are multiples of four cells.

    names: of NAMES, the features that will be read from them. bank: of the picture, where there is one already.
    """
    needed = _needed(names)
    calm = median(picture, DESPECKLE_PX)
    levels = calm >> np.uint8(8 - (LEVELS - 1).bit_length())
    counts = [counted(calm >> np.uint8(8 - (GREYS - 1).bit_length()), GREYS)] if needed.grey else []
    for px in needed.distances_px:
        for down, right in grey_statistics.DIRECTIONS:
            counts.append(counted(grey_statistics.pair_codes(levels, LEVELS, px * down, px * right), _PAIRS))
    counts += _pattern_counts(picture, calm, needed.patterns)
    sums: list[NDArray[np.float64]] = []
    squares: list[NDArray[np.float64]] = []
    for way, asked in needed.runs:
        runs = grey_statistics.run_codes(levels, LONGEST_PX, downwards=way == "down").astype(np.uint8)
        sums += [summed(np.asarray(cv2.LUT(runs, table), np.float32)) for table in _run_tables(asked)]
    bank = bank or GaborBank(picture.astype(np.float32))
    for level, turn in (_WAVES[wave] for wave in needed.waves):
        plane = bank.magnitude(level, turn)
        sums.append(summed(plane, CELL_PX >> level) * 4**level)
        squares.append(summed(plane * plane, CELL_PX >> level) * 4**level)
    shape = (picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX)
    return TextureCells(
        np.concatenate(counts, axis=2) if counts else np.zeros((*shape, 0), np.uint16),
        np.stack(sums + squares, axis=2) if sums else np.zeros((*shape, 0)),
    )


@lru_cache(maxsize=8)
def _run_tables(names: tuple[str, ...]) -> NDArray[np.float32]:
    """(channels, 256) what each code of a run adds to each sum; nothing where no run begins."""
    weights = grey_statistics.run_weights(names, LEVELS, LONGEST_PX)
    return np.pad(weights, ((0, 0), (0, 256 - weights.shape[1])))


def _pattern_counts(
    picture: NDArray[np.uint8], calm: NDArray[np.uint8], patterns: tuple[tuple[str, tuple[int, ...]], ...]
) -> list[NDArray[np.uint16]]:
    turned = binary_patterns.uniform_codes(8)
    names = {name for name, _ in patterns}
    found: dict[str, NDArray[np.uint8]] = {}
    if "lbp8" in names:
        found["lbp8"] = binary_patterns.local_binary_pattern(calm)
    if "lbp16" in names:
        found["lbp16"] = binary_patterns.local_binary_pattern(calm, 16, 2.0)
    if "mbp" in names:
        found["mbp"] = np.take(turned, binary_patterns.median_binary_pattern(picture))
    if names & set(_ADAPTIVE):
        adaptive, side = binary_patterns.adaptive_median_binary_pattern(picture)
        # Codes of the three windows' sides follow each other.
        adaptive = np.take(turned, adaptive) + np.uint8(10) * side
        found |= dict.fromkeys(_ADAPTIVE, adaptive)
    first = {name: 10 * index for index, name in enumerate(_ADAPTIVE)}
    return [counted(_bins(codes, first.get(name, 0))[found[name]], len(codes)) for name, codes in patterns]


@lru_cache(maxsize=32)
def _bins(codes: tuple[int, ...], first: int) -> NDArray[np.int16]:
    """(256,) the place of each code, counted from `first`, among those that are asked for."""
    table = np.full(256, NOTHING, np.int16)
    table[first + np.array(codes)] = np.arange(len(codes))
    return table


def describe(
    counts: NDArray[np.number[Any]],
    values: NDArray[np.number[Any]],
    pixels: NDArray[np.float32],
    names: tuple[str, ...] = NAMES,
) -> NDArray[np.float32]:
    """(n, features) in the order of `names`.

    counts: (n, bins), values: (n, channels), summed over parts of `pixels` (n,) each, of cells made for these names.
    """
    needed = _needed(names)
    n, each = len(counts), np.maximum(pixels, 1)[:, None]
    found: dict[str, NDArray[np.floating]] = {}
    sizes = [GREYS if needed.grey else 0, len(needed.distances_px) * len(grey_statistics.DIRECTIONS) * _PAIRS]
    greys, pairs, patterns = np.split(counts, np.cumsum(sizes), axis=1)
    if needed.grey:
        greys = grey_statistics.first_order(greys, 256 / GREYS, needed.grey)
        found |= zip((f"grey {name}" for name in needed.grey), greys.T, strict=True)
    table = np.asarray(pairs, np.float32).reshape(n, len(needed.distances_px), len(grey_statistics.DIRECTIONS), _PAIRS)
    for name, each_way in grey_statistics.haralick(table, LEVELS, needed.haralick).items():
        # One direction after the other: numpy is slow along an axis of four.
        ways = [each_way[..., way] for way in range(each_way.shape[2])]
        mean, spread = reduce(np.add, ways) / len(ways), reduce(np.maximum, ways) - reduce(np.minimum, ways)
        for of, over in (("mean", mean), ("range", spread)):
            found |= zip((f"glcm {name} {of} {px} px" for px in needed.distances_px), over.T, strict=True)
    codes = (f"{pattern} {code}" for pattern, some in needed.patterns for code in some)
    found |= zip(codes, (patterns / each).T, strict=True)
    rest = np.asarray(values, np.float64)
    for way, asked in needed.runs:
        channels = len(_run_tables(asked))
        runs = grey_statistics.run_features(rest[:, :channels], asked, LEVELS, LONGEST_PX, pixels)
        found |= zip((f"runs {way} {name}" for name in asked), runs.T, strict=True)
        rest = rest[:, channels:]
    mean, square = np.split(rest / each, 2, axis=1)
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    for kind, waves in (("mean", mean), ("sd", spread)):
        found |= zip((f"gabor {kind} {wave}" for wave in needed.waves), waves.T, strict=True)
    return _columns([found[name] for name in names], n)


def _columns(features: Sequence[NDArray[np.floating]], n: int) -> NDArray[np.float32]:
    """(n, features) of each feature (n,)."""
    table = np.empty((n, len(features)), np.float32)
    for column, feature in enumerate(features):
        table[:, column] = feature
    return table


def surroundings(picture: NDArray[np.uint8], windows: Windows, names: tuple[str, ...] = AROUND) -> NDArray[np.float32]:
    """(n, names) how much brighter and more structured each side is than the window, on a working picture (height,
    width). names: of AROUND."""
    grey = picture.astype(np.float32)
    planes = [grey]
    if any(name.endswith("edges") for name in names):
        soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
        slopes = (cv2.Sobel(soft, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
        planes.append(np.asarray(cv2.magnitude(*slopes), np.float32))
    sums = shared(np.stack([summed(plane) for plane in planes], axis=2))
    shape = (picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX)
    own = sums.mean_over(windows, CELL_PX**2)
    sides = dict(zip(("above", "below", "left", "right"), _sides(windows, shape), strict=True))
    apart = {
        side: (sums.mean_over(sides[side], CELL_PX**2) - own) / 255 for side in {name.split()[0] for name in names}
    }
    asked = (name.split() for name in names)
    return _columns([apart[side][:, int(what == "edges")] for side, what in asked], len(windows))


def _sides(windows: Windows, shape: tuple[int, int]) -> tuple[Windows, ...]:
    """Half a window's height above and below it, half its width to the left and right."""
    high, wide = (windows.bottom - windows.top + 1) // 2, (windows.right - windows.left + 1) // 2
    around = windows.grown(high, wide, shape)
    return (
        Windows(around.top, windows.left, windows.top, windows.right),
        Windows(windows.bottom, windows.left, around.bottom, windows.right),
        Windows(windows.top, around.left, windows.bottom, windows.left),
        Windows(windows.top, windows.right, windows.bottom, around.right),
    )
