"""How nerves that were pointed at once are followed: phantom cines with a moving hand, with pressure, with a shadow
that comes and goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.frame import Frame, Region
from edge.pointed import Pointed
from edge.runtime.manifest import Number
from edge.task.contract import Asked
from edge.task.nerve.phantom import NerveCine
from edge.task.nerve.phantom_truth import outline_px
from edge.task.outliner import Target, is_clear, pursued
from edge.task.outlines import filled
from tools.masks import dice

MOTIONS: Final = ("hand", "slide", "tilt", "compress")
SEEDS: Final = (41, 42, 43)
FPS: Final = 25
SECONDS: Final = 6.0
SHADOW_S: Final = (2.0, 2.6)
"""When one nerve lies in a shadow, in every other cine."""
SHADOW: Final = 0.06
"""Share of the brightness that is left in it."""
SWAPPED: Final = 0.5
"""Dice with another nerve from which it is that one that is followed."""


@dataclass(frozen=True, slots=True)
class Course:
    """One nerve over one cine, frame by frame."""

    number: int
    dices: tuple[float, ...]
    """With its own truth; 0 where it was said to be lost."""
    told: tuple[bool, ...]
    others: tuple[float, ...]
    """The most with another nerve's truth."""
    shadowed: tuple[bool, ...]


def courses(asked: Asked, least: float, motion: str, seed: int, *, shadow: bool) -> Iterator[Course]:
    """Of both nerves of a cine; each is pointed at in the middle of its first frame."""
    cine = NerveCine(seed, motion=motion, nerves=2)
    targets: tuple[Target, ...] = ()
    wanted: list[Pointed] = []
    rows: list[list[tuple[float, bool, float, bool]]] = []
    for number in range(round(SECONDS * FPS)):
        made = cine.picture(number / FPS)
        shape = made.pixels.shape
        rings = [outline_px(one.outer_mm, shape, made.mm_per_px) for one in made.truth.nerves]
        if not wanted:
            wanted = [Pointed(inside=(_middle(ring),)) for ring in rings]
            rows = [[] for _ in rings]
        dark = shadow and SHADOW_S[0] <= number / FPS < SHADOW_S[1]
        pixels = _shadowed(made.pixels, rings[0]) if dark else made.pixels
        frame = Frame(pixels, number * 1_000_000_000 // FPS, number, "cine", region=Region.whole(pixels))
        targets = pursued(asked, frame, wanted, targets)
        truths = [filled(shape, ring) for ring in rings]
        for index, target in enumerate(targets):
            seen = target.seen if is_clear(target, least) else None
            mask = np.zeros(shape, np.uint8) if seen is None else filled(shape, seen.points)
            own, *rest = (dice(mask, truths[index]), *(dice(mask, t) for k, t in enumerate(truths) if k != index))
            rows[index].append((own, seen is not None, max(rest, default=0.0), dark and index == 0))
    for index, row in enumerate(rows):
        own_, told, other, dark_ = zip(*row, strict=True)
        yield Course(index + 1, own_, told, other, dark_)


def _middle(ring: NDArray[np.float64]) -> tuple[float, float]:
    x, y = ring.mean(axis=0).tolist()
    return x, y


def _shadowed(pixels: NDArray[np.uint8], ring: NDArray[np.float64]) -> NDArray[np.uint8]:
    """With a shadow over the columns of a nerve, soft at its edges, from above it downwards."""
    left, right = ring[:, 0].min(), ring[:, 0].max()
    columns = np.arange(pixels.shape[1])
    soft = 1 / (1 + np.exp(-(np.minimum(columns - left, right - columns) + 8) / 4))
    gain = 1 - (1 - SHADOW) * np.broadcast_to(soft, pixels.shape)
    gain = np.where(np.arange(pixels.shape[0])[:, None] < ring[:, 1].min() - 30, 1, gain)
    return np.asarray(pixels * gain, np.uint8)


def figures(asked: Asked, least: float, precision: str) -> list[Number]:
    """Dice over time where it is told, frames told lost with and without a shadow, swaps."""
    numbers = []
    for motion in track(MOTIONS, description="following"):
        found = [
            course
            for number, seed in enumerate(SEEDS)
            for course in courses(asked, least, motion, seed, shadow=number % 2 == 1)
        ]
        told = [d for one in found for d, seen in zip(one.dices, one.told, strict=True) if seen]
        free = [seen for one in found for seen, dark in zip(one.told, one.shadowed, strict=True) if not dark]
        in_shadow = [seen for one in found for seen, dark in zip(one.told, one.shadowed, strict=True) if dark]
        swaps = sum(any(other >= SWAPPED for other in one.others) for one in found)
        note = f"{len(found)} nerves over {SECONDS:g} s of phantom, {motion}, {precision}"
        values = [
            ("followed_dice", float(np.mean(told)) if told else 0.0, ""),
            ("followed_dice_least_in_20", float(np.quantile(told, 0.05)) if told else 0.0, ""),
            ("followed_lost", 100 * (1 - float(np.mean(free))), "%"),
            ("followed_told_in_shadow", 100 * float(np.mean(in_shadow)) if in_shadow else 0.0, "%"),
            ("followed_swapped", float(swaps), "nerves"),
        ]
        numbers += [Number(name=name, value=round(value, 4), unit=unit, note=note) for name, value, unit in values]
    return numbers
