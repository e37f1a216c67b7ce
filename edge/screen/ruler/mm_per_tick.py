"""Finds how many mm apart the ticks of a ruler are: each clue names the values that it leaves possible."""

import re
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.screen.ruler.printed_numbers import LOST_POINT, Word
from edge.screen.ruler.rulers import Ruler

TICKS_MM = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 50.0)
"""How far apart scanners draw their ticks."""
_SHALLOWEST_MM = 12.0
_DEEPEST_MM = 330.0
_DEPTH_LABEL = re.compile(r"(?<![\d.?~])(?<!\d )(\d{1,3}(?:\.\d)?) ?(cm|mm)(?![\dcm.?])")
_NUMERAL = re.compile(r"\d{1,3}(\.\d)?")


@dataclass(frozen=True, slots=True)
class Clue:
    """How many mm apart the ticks may be, and why."""

    tick_mm: frozenset[float]
    why: str


def _nearest(mm: float, tolerance: float) -> float | None:
    """The one of `TICKS_MM` that is within `tolerance` (a share) of `mm`."""
    best = min(TICKS_MM, key=lambda usual: abs(usual / mm - 1))
    return best if abs(best / mm - 1) <= tolerance else None


def from_pattern(ruler: Ruler) -> Clue | None:
    """Which ticks are longer: one in 10 means 1 mm, one in 4 2.5 mm, one in 2 5 mm; one in 5 has three meanings."""
    spans = int(ruler.ticks.indices[-1])
    levels = longer_tick_periods(ruler.ticks.indices, ruler.reach)
    deep = spans <= 30
    known: dict[tuple[int, ...], tuple[float, ...]] = {
        (2,): (5.0,),
        (2, 10): (5.0,),
        (4,): (2.5,),
        (2, 4): (2.5,),
        (5,): (1.0, 2.0, 10.0),
        (10,): (1.0, 10.0) if deep else (1.0,),
        (5, 10): (1.0, 10.0) if deep else (1.0,),
    }
    possible = [mm for mm in known.get(levels, ()) if _SHALLOWEST_MM <= spans * mm <= _DEEPEST_MM]
    if not possible:
        return None
    return Clue(frozenset(possible), " and ".join(f"one in {level} is longer" for level in levels))


def longer_tick_periods(indices: NDArray[np.int64], reach: NDArray[np.float64]) -> tuple[int, ...]:
    """One in how many ticks is longer, and one in how many is longest; () where all are equal or in doubt.

    `indices` and `reach` are (n,), as `Ruler` has them. Frames and corners touch the first and the last tick, which are
    left out.
    """
    inner, inner_reach = indices[1:-1], reach[1:-1]
    if inner.size < 5:
        return ()
    first = _major_period(inner, inner_reach, (2, 4, 5, 10))
    if first is None:
        return ()
    period, phase = first
    major = inner % period == phase
    if not _even(inner_reach[~major]):
        return ()
    second = _major_period((inner[major] - phase) // period, inner_reach[major], (2, 5))
    if second is None:
        ends = reach[[0, -1]][indices[[0, -1]] % period == phase]
        longer = np.maximum(ends, np.median(inner_reach[major]))
        return (period,) if _even(np.concatenate((inner_reach[major], longer))) else ()
    return (period, period * second[0])


def _even(reach: NDArray[np.float64]) -> bool:
    """Whether ticks are of one length, but for the odd one that something touches."""
    middle = float(np.median(reach))
    return int((np.abs(reach - middle) > max(1.5, 0.13 * middle)).sum()) <= 0.15 * reach.size


def _major_period(
    indices: NDArray[np.int64], reach: NDArray[np.float64], periods: tuple[int, ...]
) -> tuple[int, int] | None:
    best: tuple[float, int, int] | None = None
    for period in periods:
        for phase in range(period):
            major = indices % period == phase
            if major.sum() < 2 or (~major).sum() < 2:
                continue
            high, low = float(np.median(reach[major])), float(np.median(reach[~major]))
            # Blur can make a mark 1 px longer than its neighbours; a major mark is longer by more.
            if high < 1.1 * low or high - low < 1.5:
                continue
            wrong = float((major != (reach > (high + low) / 2)).sum()) / indices.size
            candidate = (round(wrong, 2), period, phase)
            if wrong <= 0.12 and (best is None or candidate < best):
                best = candidate
    return None if best is None else best[1:]


def from_label(ruler: Ruler, words: list[Word], region: Region) -> Clue | None:
    """A depth printed somewhere, such as `4.5 cm` or `D: 40mm`, that makes the ticks a usual number of mm.

    The results of calipers look alike, but have more decimals and seldom fit. Where two texts fit two values, the clue
    leaves both possible.
    """
    fits: dict[float, str] = {}
    for word in words:
        for number, unit in _DEPTH_LABEL.findall(word.text):
            depth_mm = float(number) * (10 if unit == "cm" else 1)
            if "." in number and unit == "mm":
                continue
            tick_mm = _tick_of_depth(ruler, depth_mm, region)
            if tick_mm is not None and tick_mm <= 10:
                fits[tick_mm] = f"depth label {number} {unit}"
    return Clue(frozenset(fits), " and ".join(fits.values())) if fits else None


def _tick_of_depth(ruler: Ruler, depth_mm: float, region: Region) -> float | None:
    if not _SHALLOWEST_MM <= depth_mm <= _DEEPEST_MM:
        return None
    bottom = region.y + region.height
    extents = [(float(region.height), 0.02), (ruler.last_px - ruler.first_px, 0.01)]
    if region.y - 0.02 * region.height < ruler.first_px < region.y + 0.25 * region.height:
        extents.append((bottom - ruler.first_px, 0.02))
    values = {_nearest(depth_mm * ruler.ticks.period_px / extent, tolerance) for extent, tolerance in extents}
    values.discard(None)
    return values.pop() if len(values) == 1 else None


def from_numerals(ruler: Ruler, words: list[Word], region: Region) -> Clue | None:
    """Numerals along the ruler that rise evenly from zero at the picture's top."""
    near = 0.05 * region.width
    column = [
        (float(text), word)
        for word in words
        if _NUMERAL.fullmatch(text := word.text.replace(" ", "").replace(LOST_POINT, ""))
        and min(abs(word.x - ruler.x_px), abs(word.x + word.width - ruler.x_px)) < near + 3 * word.height
        and word.width > 0.25 * word.height
    ]
    line = _line_of_numerals(column, ruler, region)
    if line is None:
        return None
    per_px, used = line
    depth = per_px * region.height
    cm, mm = (_nearest(ruler.ticks.period_px * per_px * factor, 0.03) for factor in (10, 1))
    step = float(np.median(np.diff(used)))
    size = float(np.median([word.height for _, word in column]))
    unit = _unit_near(words, ruler, region, size)
    if 10 * depth > _DEEPEST_MM or unit == "mm":
        cm = None
    if depth < _SHALLOWEST_MM or step < 5 or unit == "cm":
        mm = None
    possible = frozenset(value for value in (cm, mm) if value is not None)
    return Clue(possible, "numerals " + " ".join(f"{value:g}" for value in used)) if possible else None


def _line_of_numerals(
    column: list[tuple[float, Word]], ruler: Ruler, region: Region
) -> tuple[float, tuple[float, ...]] | None:
    """Units per px, and the values of the numerals on the line that most of them lie on."""
    best: list[tuple[float, Word]] = []
    for (value_a, a), (value_b, b) in combinations(column, 2):
        if value_a == value_b or (b.y - a.y) / (value_b - value_a) <= 0:
            continue
        px_per_unit = (b.y - a.y) / (value_b - value_a)
        zero = a.y - value_a * px_per_unit
        slack = min(0.25 * ruler.ticks.period_px + 2, 0.4 * a.height)
        on_line = [(v, w) for v, w in column if abs(w.y - zero - v * px_per_unit) <= slack]
        starts = region.y - 0.06 * region.height - slack < zero < region.y + 0.3 * region.height
        if starts and len({v for v, _ in on_line}) > len({v for v, _ in best}):
            best = on_line
    values = sorted({value for value, _ in best})
    if len(values) < 2 or not _usual_steps(values):
        return None
    beside = {round(word.y / max(word.height, 1)) for _, word in column}
    if len(values) < 0.6 * len(beside):
        return None
    slope = float(np.polyfit([word.y for _, word in best], [value for value, _ in best], 1)[0])
    return slope, tuple(values)


def _usual_steps(values: list[float]) -> bool:
    """Whether ascending numerals are a scale's: multiples of their smallest step, from its start, with few left out."""
    step = min(b - a for a, b in pairwise(values))
    if step not in (0.5, 1, 2, 2.5, 5, 10, 20, 50) or values[0] > 2 * step:
        return False
    whole = all(abs(value / step - round(value / step)) < 1e-6 for value in values)
    return whole and len(values) >= 0.6 * ((values[-1] - values[0]) / step + 1)


def _unit_near(words: list[Word], ruler: Ruler, region: Region, size: float) -> str | None:
    """`cm` or `mm` that stands alone by the ruler, in letters that match numerals `size` px high."""
    units = {
        word.text
        for word in words
        if word.text in ("cm", "mm")
        and 0.45 * size < word.height < 1.3 * size
        and word.width > 1.2 * word.height
        and abs(word.x + word.width / 2 - ruler.x_px) < 0.08 * region.width + 3 * word.height
        and region.y - 0.15 * region.height < word.y < region.y + 1.15 * region.height
    }
    return units.pop() if len(units) == 1 else None
