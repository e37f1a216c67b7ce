"""All texture features of a picture at once, for windows or for any part of it, and how a window differs from what is
beside it.

A picture becomes counts and sums in small cells; the features are read from what the cells of a window add up to.
Nothing here depends on how many windows there are but the last step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.image import binary_patterns, grey_statistics
from edge.image.despeckle import median
from edge.image.gabor import LEVELS as GABOR_LEVELS
from edge.image.gabor import ORIENTATIONS, REACH_PX, GaborBank
from edge.image.windows import CELL_PX, NOTHING, SharedSums, Windows, counted, summed

GREYS: Final = 64
LEVELS: Final = 8
"""Of grey for co-occurrence and runs."""
DISTANCES_PX: Final = (1, 2, 4)
LONGEST_PX: Final = 16
"""Run that is told from longer ones."""
DESPECKLE_PX: Final = 3
_DROPPED_BITS: Final = np.uint8(8 - (LEVELS - 1).bit_length())
"""Of a grey level, to make one of the LEVELS."""
_REACH_PX: Final = REACH_PX << (GABOR_LEVELS - 1)
"""How far around a pixel the slowest wave looks: farther than anything else here."""
_PATTERN_REACH_PX: Final = 3
"""Of the adaptive pattern's widest window; the others look less far."""
_ALL: Final = slice(None)
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


Box = tuple[slice, slice]
"""Rows and columns of a picture."""


@dataclass(frozen=True, slots=True, eq=False)
class _Codes:
    """Maps of codes that are counted alike."""

    planes: NDArray[np.uint8]
    """(maps, height, width)."""
    table: NDArray[np.int16]
    """(256,) the bin that each code is counted in, or NOTHING."""
    bins: int


def texture_cells(
    picture: NDArray[np.uint8], names: tuple[str, ...] = NAMES, bank: GaborBank | None = None, *, cell_px: int = CELL_PX
) -> TextureCells:
    """From a picture (height, width) whose sides are multiples of four cells.

    names: of NAMES, the features that will be read from them. bank: of the picture, where there is one already.
    cell_px: a multiple of CELL_PX, of which the sides are multiples.
    """
    needed, box = _needed(names), (slice(0, picture.shape[0]), slice(0, picture.shape[1]))
    calm = median(picture, DESPECKLE_PX)
    shape = (picture.shape[0] // cell_px, picture.shape[1] // cell_px)
    counts = [
        counted(np.asarray(cv2.LUT(plane, codes.table), np.int16), codes.bins, cell_px)
        for codes in _codes(picture, calm, box, needed)
        for plane in codes.planes
    ]
    sums = []
    for codes, weights in _runs(calm >> _DROPPED_BITS, box, needed):
        runs = counted(np.asarray(cv2.LUT(codes.planes[0], codes.table), np.int16), codes.bins, cell_px)
        sums.append((runs.reshape(-1, codes.bins).astype(np.float32) @ weights).reshape(*shape, -1))
    bank = bank or GaborBank(picture.astype(np.float32))
    waves = [(level, bank.magnitude(level, turn)) for level, turn in (_WAVES[wave] for wave in needed.waves)]
    each = [summed(plane, cell_px >> level) * 4**level for level, plane in waves]
    each += [summed(plane * plane, cell_px >> level) * 4**level for level, plane in waves]
    sums += [plane[..., None] for plane in each]
    return TextureCells(
        np.concatenate(counts, axis=2) if counts else np.zeros((*shape, 0), np.uint16),
        np.concatenate(sums, axis=2, dtype=np.float64) if sums else np.zeros((*shape, 0)),
    )


def texture_sums(
    picture: NDArray[np.uint8], inside: NDArray[np.bool_], names: tuple[str, ...] = NAMES
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(1, bins) counts and (1, channels) values: what `texture_cells` adds up to over the cells (rows, columns) that
    are inside, at least one. Only what these need is looked at."""
    needed = _needed(names)
    x, y, wide, high = cv2.boundingRect(inside.view(np.uint8))
    own = np.ascontiguousarray(inside[y : y + high, x : x + wide])
    box = (slice(y * CELL_PX, (y + high) * CELL_PX), slice(x * CELL_PX, (x + wide) * CELL_PX))
    part, within = _around(box, _REACH_PX, picture.shape)
    near = np.ascontiguousarray(picture[part])
    # Beyond the reach of runs, and of the median before them, only waves are looked at.
    closer, there = _around(within, LONGEST_PX + DESPECKLE_PX, near.shape)
    seen = np.ascontiguousarray(near[closer])
    calm = median(seen, DESPECKLE_PX)
    runs = _runs(calm >> _DROPPED_BITS, there, needed)
    counts = _counted_in([*_codes(seen, calm, there, needed), *(codes for codes, _ in runs)], own)
    split = counts.size - sum(codes.bins for codes, _ in runs)
    values: list[NDArray[np.float64]] = []
    start = split
    for codes, weights in runs:
        values.append(counts[start : start + codes.bins].astype(np.float64) @ weights.astype(np.float64))
        start += codes.bins
    bank = GaborBank(near.astype(np.float32), within)
    squares = []
    for level in range(GABOR_LEVELS):
        if turns := _turns(needed.waves, level):
            waves = bank.magnitudes(level, turns).reshape(len(turns), -1).astype(np.float64)
            side = CELL_PX >> level
            weights = own.repeat(side, axis=0).repeat(side, axis=1).ravel() * 4.0**level
            values.append(waves @ weights)
            squares.append(np.square(waves, out=waves) @ weights)
    return counts[None, :split], np.concatenate([*values, *squares, np.zeros(0)])[None]


@lru_cache(maxsize=24)
def _turns(waves: tuple[str, ...], level: int) -> tuple[int, ...]:
    """Of the waves of one level."""
    return tuple(turn for of, turn in (_WAVES[wave] for wave in waves) if of == level)


def _counted_in(groups: Sequence[_Codes], inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(bins of all planes,) how often each code stands in those of the planes' cells that are inside."""
    starts, kept = _places(tuple((codes.bins, len(codes.planes)) for codes in groups))
    if not kept.size:
        return np.zeros(0, np.int64)
    high, wide = inside.shape[0] * CELL_PX, inside.shape[1] * CELL_PX
    places, row = np.empty((sum(len(codes.planes) for codes in groups), high, wide), np.int32), 0
    for codes in groups:
        count = len(codes.planes)
        # Planes of one table are looked up together, one below the other.
        own = places[row : row + count].reshape(count * high, wide)
        cv2.LUT(codes.planes.reshape(count * high, wide), codes.table.astype(np.int32), dst=own)
        row += count
    places += starts
    if not inside.all():
        places = places[:, inside.repeat(CELL_PX, axis=0).repeat(CELL_PX, axis=1)]
    return np.bincount(places.ravel(), minlength=int(kept[-1]) + 1)[kept]


@lru_cache(maxsize=16)
def _places(groups: tuple[tuple[int, int], ...]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Where planes are counted side by side, for each group's bins and number of planes: (planes, 1, 1) the first bin
    of each plane, and (bins of all,) where they stand. One before those of each plane is for what is counted
    nowhere."""
    first, starts, kept = 1, [], []
    for bins, count in groups:
        for _ in range(count):
            starts.append(first)
            kept.append(np.arange(first, first + bins))
            first += bins + 1
    places = np.concatenate(kept) if kept else np.zeros(0, np.intp)
    return np.array(starts, np.int32).reshape(-1, 1, 1), places


def _around(box: Box, px: int, shape: tuple[int, ...]) -> tuple[Box, Box]:
    """The box and so many pixels on each side, as far as the picture goes; and where the box lies in that."""
    part = [
        slice(max(0, side.start - px), min(length, side.stop + px)) for side, length in zip(box, shape, strict=True)
    ]
    within = [slice(side.start - of.start, side.stop - of.start) for side, of in zip(box, part, strict=True)]
    return (part[0], part[1]), (within[0], within[1])


def _codes(picture: NDArray[np.uint8], calm: NDArray[np.uint8], box: Box, needed: _Needed) -> list[_Codes]:
    """Maps of the box in a picture (height, width), which is looked at as far around as they need."""
    found = [_Codes(calm[box][None], _grey_bins(), GREYS)] if needed.grey else []
    if needed.distances_px:
        ways = [(px * down, px * right) for px in needed.distances_px for down, right in grey_statistics.DIRECTIONS]
        planes = grey_statistics.pair_codes(calm >> _DROPPED_BITS, LEVELS, ways, box)
        found.append(_Codes(planes, grey_statistics.pair_table(LEVELS), _PAIRS))
    part, within = _around(box, _PATTERN_REACH_PX, picture.shape)
    return found + _patterns(picture[part], calm[part], within, needed.patterns)


def _runs(levels: NDArray[np.uint8], box: Box, needed: _Needed) -> list[tuple[_Codes, NDArray[np.float32]]]:
    """Where runs begin in the box, of each way; and (bins, channels) what each adds to each sum."""
    found = []
    for way, asked in needed.runs:
        down = way == "down"
        part, within = _around(box, LONGEST_PX, levels.shape)
        part, within = ((part[0], box[1]), (within[0], _ALL)) if down else ((box[0], part[1]), (_ALL, within[1]))
        runs = grey_statistics.run_codes(levels[part], LONGEST_PX, downwards=down).astype(np.uint8)[within]
        found.append((_Codes(runs[None], _run_bins(), LEVELS * LONGEST_PX), _run_weights(asked)))
    return found


@cache
def _grey_bins() -> NDArray[np.int16]:
    return (np.arange(256) * GREYS // 256).astype(np.int16)


@cache
def _run_bins() -> NDArray[np.int16]:
    codes = np.arange(256, dtype=np.int16)
    return np.where(codes < LEVELS * LONGEST_PX, codes, np.int16(NOTHING))


@lru_cache(maxsize=8)
def _run_weights(names: tuple[str, ...]) -> NDArray[np.float32]:
    return np.ascontiguousarray(grey_statistics.run_weights(names, LEVELS, LONGEST_PX).T)


def _patterns(
    picture: NDArray[np.uint8], calm: NDArray[np.uint8], box: Box, patterns: tuple[tuple[str, tuple[int, ...]], ...]
) -> list[_Codes]:
    names = {name for name, _ in patterns}
    found: dict[str, NDArray[np.uint8]] = {}
    if "lbp8" in names:
        found["lbp8"] = binary_patterns.local_binary_pattern(calm)
    if "lbp16" in names:
        found["lbp16"] = binary_patterns.local_binary_pattern(calm, 16, 2.0)
    turned = binary_patterns.uniform_codes(8)
    if "mbp" in names:
        found["mbp"] = np.asarray(cv2.LUT(binary_patterns.median_binary_pattern(picture), turned), np.uint8)
    if names & set(_ADAPTIVE):
        sizes = max(index for index, name in enumerate(_ADAPTIVE, start=1) if name in names)
        adaptive, side = binary_patterns.adaptive_median_binary_pattern(picture, sizes)
        # Codes of the three windows' sides follow each other.
        adaptive = np.asarray(cv2.LUT(adaptive, turned), np.uint8) + np.uint8(10) * side
        found |= dict.fromkeys(_ADAPTIVE, adaptive)
    first = {name: 10 * index for index, name in enumerate(_ADAPTIVE)}
    return [_Codes(found[name][box][None], _bins(codes, first.get(name, 0)), len(codes)) for name, codes in patterns]


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
    found: list[NDArray[np.floating]] = []
    grey, pairs = GREYS if needed.grey else 0, len(needed.distances_px) * len(grey_statistics.DIRECTIONS) * _PAIRS
    if needed.grey:
        found.append(grey_statistics.first_order(counts[:, :grey], 256 / GREYS, needed.grey))
    if needed.distances_px:
        table = np.asarray(counts[:, grey : grey + pairs], np.float32)
        table = table.reshape(n, len(needed.distances_px), len(grey_statistics.DIRECTIONS), _PAIRS)
        each_way = grey_statistics.haralick(table, LEVELS, needed.haralick)
        told = np.stack(list(each_way.values()))
        # One direction after the other: numpy is slow along an axis of four.
        ways = [told[..., way] for way in range(told.shape[-1])]
        for over in (reduce(np.add, ways) / len(ways), reduce(np.maximum, ways) - reduce(np.minimum, ways)):
            found.append(over.transpose(1, 0, 2).reshape(n, over.shape[0] * over.shape[2]))
    found.append(np.asarray(counts[:, grey + pairs :] / each, np.float32))
    rest = np.asarray(values, np.float64)
    for _, asked in needed.runs:
        channels = _run_weights(asked).shape[1]
        found.append(grey_statistics.run_features(rest[:, :channels], asked, LEVELS, LONGEST_PX, pixels))
        rest = rest[:, channels:]
    mean, square = np.split(rest / each, 2, axis=1)
    found += [mean, np.sqrt(np.maximum(square - mean**2, 0))]
    return np.take(np.concatenate(found, axis=1, dtype=np.float32), _described(names), axis=1)


@lru_cache(maxsize=8)
def _described(names: tuple[str, ...]) -> NDArray[np.intp]:
    """Where each of the names stands in what `describe` finds one after the other."""
    needed = _needed(names)
    found = [f"grey {name}" for name in needed.grey]
    for of in ("mean", "range"):
        found += [f"glcm {name} {of} {px} px" for name in needed.haralick for px in needed.distances_px]
    found += [f"{pattern} {code}" for pattern, some in needed.patterns for code in some]
    found += [f"runs {way} {name}" for way, asked in needed.runs for name in asked]
    found += [f"gabor {kind} {wave}" for kind in ("mean", "sd") for wave in needed.waves]
    places = {name: place for place, name in enumerate(found)}
    return np.array([places[name] for name in names], np.intp)


def _columns(features: Sequence[NDArray[np.floating]], n: int) -> NDArray[np.float32]:
    """(n, features) of each feature (n,)."""
    table = np.empty((n, len(features)), np.float32)
    for column, feature in enumerate(features):
        table[:, column] = feature
    return table


def surroundings(picture: NDArray[np.uint8], windows: Windows, names: tuple[str, ...] = AROUND) -> NDArray[np.float32]:
    """(n, names) how much brighter and more structured each side is than the window, on a working picture (height,
    width). names: of AROUND."""
    planes: list[NDArray[Any]] = [picture]
    if any(name.endswith("edges") for name in names):
        soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.0)
        slopes = (cv2.Sobel(soft, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
        planes.append(np.asarray(cv2.magnitude(*slopes), np.float32))
    corners = [cv2.integral(plane, sdepth=cv2.CV_64F)[::CELL_PX, ::CELL_PX] for plane in planes]
    shape = (picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX)
    places = (windows, *_sides(windows, shape))
    every = Windows(
        *(np.concatenate([getattr(one, side) for one in places]) for side in ("top", "left", "bottom", "right"))
    )
    means = SharedSums(np.stack(corners, axis=2)).mean_over(every, CELL_PX**2).reshape(5, len(windows), len(planes))
    apart = dict(zip(("above", "below", "left", "right"), (means[1:] - means[0]) / 255, strict=True))
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
