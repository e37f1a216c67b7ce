"""A model's masks from each of its runtimes, for comparing them. Needs nothing but `edge`: it also runs on boards."""

from collections.abc import Iterable
from math import exp
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import BackendUnavailableError
from edge.runtime.manifest import load_manifest
from edge.runtime.opening import open_runtime
from edge.task.scores import BLOCK
from edge.trust.interval import conformal_half_width

Kind = tuple[str, str]
"""(runtime, precision)"""
DIRECTION = 3
"""Channels of a field of directions, the last ones: cosine and sine of twice the angle, and whether it can be read."""


def decide(outputs: NDArray[np.float32], classes: int) -> NDArray[np.uint8]:
    """Which class each logit decides for: its sign where each class has its own, the largest where they compete.

    outputs: (1, channels, height, width). Competing classes have one channel more, for none of them; a field of
    directions has DIRECTION more, and planes of evidence may follow blocks of pixels: these decide nothing.
    """
    if outputs.shape[1] == classes + 1:
        return np.argmax(outputs, axis=1)[:, None].astype(np.uint8)
    kept = classes if has_directions(outputs, classes) else min(outputs.shape[1], classes * BLOCK**2)
    return (outputs[:, :kept] > 0).astype(np.uint8)


def has_directions(outputs: NDArray[np.float32], classes: int) -> bool:
    return outputs.shape[1] == classes + DIRECTION


def directions_apart_deg(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far two outputs' directions differ, 0 to 90, wherever both say that one can be read."""
    both = (one[:, -1] > 0) & (other[:, -1] > 0)
    twice = [np.arctan2(output[:, -2][both], output[:, -3][both]).astype(np.float64) for output in (one, other)]
    return np.abs((np.degrees(twice[0] - twice[1]) / 2 + 90) % 180 - 90)


def outputs_of(folder: Path, kind: Kind, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What one runtime gives for (n, 1, H, W) uint8 pictures: (n, channels, height, width) float32."""
    runtime, _ = open_runtime(kind[0], folder, precision=kind[1], threads=1)
    with runtime:
        return np.concatenate([runtime.infer(picture[None])[0].copy() for picture in pictures])


def all_outputs(folder: Path, pictures: NDArray[np.uint8]) -> dict[Kind, NDArray[np.float32]]:
    """`outputs_of` for each of the model's variants whose library is installed."""
    found = {}
    for variant in load_manifest(folder).variants:
        kind = variant.runtime, variant.precision
        try:
            found[kind] = outputs_of(folder, kind, pictures)
        except BackendUnavailableError as error:
            print(f"left out: {error}")
    return found


def masks_of(folder: Path, kind: Kind, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The decisions of one runtime for (n, 1, H, W) uint8 pictures: (n, channels, height, width) uint8."""
    return decided(folder, outputs_of(folder, kind, pictures))


def all_masks(folder: Path, pictures: NDArray[np.uint8]) -> dict[Kind, NDArray[np.uint8]]:
    """`masks_of` for each of the model's variants whose library is installed."""
    return {kind: decided(folder, outputs) for kind, outputs in all_outputs(folder, pictures).items()}


def decided(folder: Path, outputs: NDArray[np.float32]) -> NDArray[np.uint8]:
    """`decide` for many pictures of the model in `folder`."""
    classes = len(load_manifest(folder).classes)
    return np.concatenate([decide(output[None], classes) for output in outputs])


def agreement_percent(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Share of decisions that are the same."""
    return float(100 * np.mean(one == other))


def dice(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Dice coefficient of what is not 0, over all pictures together; 1 where both are empty."""
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return float(2 * np.count_nonzero((one == other) & (one > 0)) / total) if total else 1.0


def interval_figures(pairs: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> dict[str, float]:
    """What intervals of sizes are built from, by pairs of a marked and a drawn mask (0 or 1): factors between their
    areas and their lengths, and percent of the marked length between their upper edges."""
    areas, axes, edges = [], [], []
    for mask, truth in pairs:
        (long, top), (true_long, true_top) = _extent(mask), _extent(truth)
        areas.append(np.log(truth.sum() / mask.sum()))
        axes.append(np.log(true_long / long))
        edges.append((true_top - top) / long)
    area, axis, edge = (conformal_half_width(np.array(values)) for values in (areas, axes, edges))
    return {"factor_area": exp(area), "factor_axis": exp(axis), "half_width_depth": 100 * edge}


def _extent(mask: NDArray[np.uint8]) -> tuple[float, float]:
    """Length by second moments, and the upper edge's row."""
    rows, columns = np.nonzero(mask)
    largest = float(np.linalg.eigvalsh(np.cov(np.stack((columns, rows))))[-1])
    return 4 * largest**0.5, float(rows.min())
