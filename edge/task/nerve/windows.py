"""Where a nerve is looked for without a network: windows of several sizes all over the picture, what is said of each,
and the model that tells which may hold a nerve.

Of each window its texture is told, how it differs from what is beside it, and how both are laid out. The layout's idea
is the histogram of oriented gradients (Dalal and Triggs 2005), with Gabor magnitudes in place of gradients: speckle has
gradients everywhere.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import pi
from typing import Final
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.image.classifiers import Neighbours, Sigmoid, Steps, SupportVectors, packed, standardised, unpacked
from edge.image.gabor import FREQUENCY, gabor_magnitude
from edge.image.textures import AROUND, describe, surroundings, texture_cells
from edge.image.textures import NAMES as TEXTURE_NAMES
from edge.image.windows import CELL_PX, Windows, shared, summed, tiled
from edge.image.working_picture import MM_PER_PX

SIZES: Final = ((4, 8, 2), (5, 11, 2), (7, 14, 2), (9, 18, 3), (12, 24, 3), (16, 32, 4))
"""(height, width, step) in cells: nerves from 5 to 19 mm wide."""
LEAST_LIT: Final = 0.5
"""Share of a window that must show an echo."""
TURNS: Final = 4
"""Directions of structure, half a circle."""
BLOCKS: Final = 5
"""A side: the inner three are the window."""
LEAST_STRUCTURE: Final = 2.0
"""Mean magnitude below which there is no structure to speak of."""
LAYOUT: Final = tuple(
    f"block {row}{column} {what}"
    for row in range(BLOCKS)
    for column in range(BLOCKS)
    for what in ("grey", *(f"{180 * turn / TURNS:g} deg" for turn in range(TURNS)))
)
FEATURES: Final = (*TEXTURE_NAMES, *AROUND, "lit", "log size", "depth", *LAYOUT)
ARRAYS: Final = "windows.npz"
"""The file in the model's folder that holds all but the features' names."""
CHOSEN: Final = "features.txt"
"""The file with the names of the features that the arrays are about, one per line, in the arrays' order."""


def windows_of(picture: NDArray[np.uint8]) -> tuple[Windows, NDArray[np.float32]]:
    """All windows of a working picture (height, width), and (n, features) of each in the order of FEATURES."""
    cells = texture_cells(picture)
    rows, columns = cells.counts.shape[:2]
    windows = tiled(rows, columns, SIZES)
    pixels = (windows.cells * CELL_PX**2).astype(np.float32)
    counts, values = shared(cells.counts).over(windows), shared(cells.values).over(windows)
    parts = (
        describe(counts, values, pixels),
        surroundings(picture, windows),
        _place(picture, windows),
        _layout(picture, windows),
    )
    return windows, np.concatenate(parts, axis=1)


def _place(picture: NDArray[np.uint8], windows: Windows) -> NDArray[np.float32]:
    """(n, 3) how much of each window shows an echo, its size, and its depth in mm if the picture is 38 mm wide."""
    lit = shared(summed((picture > 0).astype(np.float32)[..., None])).mean_over(windows, CELL_PX**2)[:, 0]
    size = np.log2(windows.cells.astype(np.float32))
    depth = (windows.top + windows.bottom) * (CELL_PX / 2 * MM_PER_PX)
    return np.stack([lit, size, depth], axis=1).astype(np.float32)


def _layout(picture: NDArray[np.uint8], windows: Windows) -> NDArray[np.float32]:
    """(n, 125) in the order of LAYOUT: brightness and direction of structure, block by block.

    Grey: block less window, in shares of the whole range; directions: mean magnitude in shares of the window's.
    """
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    half = np.asarray(cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)
    waves = [gabor_magnitude(half, FREQUENCY, pi * turn / TURNS) for turn in range(TURNS)]
    sums = shared(np.stack([half, *waves], axis=2).astype(np.float64))
    rows = _edges(windows.top, windows.bottom, half.shape[0])
    columns = _edges(windows.left, windows.right, half.shape[1])
    own = sums.mean_over(Windows(rows[1], columns[1], rows[-2], columns[-2]))
    level, strength = own[:, :1], own[:, 1:].mean(axis=1, keepdims=True) + LEAST_STRUCTURE
    blocks = []
    for row in range(BLOCKS):
        for column in range(BLOCKS):
            block = Windows(rows[row], columns[column], rows[row + 1], columns[column + 1])
            mean = sums.mean_over(block)
            # What lies outside the picture is neither brighter nor darker.
            apart = np.where(block.cells[:, None] > 0, (mean[:, :1] - level) / 255, 0)
            blocks += [apart, mean[:, 1:] / strength]
    return np.concatenate(blocks, axis=1).astype(np.float32)


def _edges(start: NDArray[np.intp], end: NDArray[np.intp], length: int) -> list[NDArray[np.intp]]:
    """Where the blocks of a window (in cells) begin and end, in pixels of half the resolution."""
    per_cell = CELL_PX / 2
    third = (end - start) * (per_cell / 3)
    places = (np.round(start * per_cell + third * (index - 1)) for index in range(BLOCKS + 1))
    return [np.clip(place, 0, length).astype(np.intp) for place in places]


@dataclass(frozen=True, slots=True, eq=False)
class WindowModel:
    """What tells windows apart: chosen features, a support vector machine, neighbours, and what makes them
    probabilities."""

    features: tuple[str, ...]
    """Of FEATURES; those that were chosen."""
    mean: NDArray[np.float32]
    """(features,) that training subtracted,"""
    deviation: NDArray[np.float32]
    """(features,) and divided by."""
    machine: SupportVectors
    sigmoid: Sigmoid
    neighbours: Neighbours
    steps: Steps

    def scaled(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, chosen) standard deviations from the mean, from (n, FEATURES)."""
        chosen = features[:, [FEATURES.index(name) for name in self.features]]
        return standardised(chosen, self.mean, self.deviation)

    def probability(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) that each window holds what is looked for, by the support vector machine."""
        return self.sigmoid.probability(self.machine.decide(scaled))

    def second_opinion(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) the same by the neighbours."""
        return self.steps.probability(self.neighbours.share(scaled))


def window_model_of(files: Mapping[str, bytes]) -> WindowModel:
    """From the content of each file that `files_of` made. Raises ModelError where they are no such files."""
    try:
        features = tuple(files[CHOSEN].decode().splitlines())
        with np.load(io.BytesIO(files[ARRAYS]), allow_pickle=False) as arrays:
            vectors = unpacked(arrays["vectors"])
            bias, gamma, slope, offset = (float(value) for value in arrays["figures"])
            model = WindowModel(
                features,
                arrays["mean"],
                arrays["deviation"],
                SupportVectors(vectors, arrays["weights"], bias, gamma),
                Sigmoid(slope, offset),
                Neighbours(vectors, arrays["positive"], int(arrays["count"])),
                Steps(arrays["score"], arrays["share"]),
            )
    except KeyError as error:
        raise ModelError(f"the nerve windows' model lacks {error}; reinstall sonoedge") from error
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError(f"the nerve windows' model cannot be read: {error}; reinstall sonoedge") from error
    if unknown := set(features) - set(FEATURES):
        raise ModelError(
            f"the nerve windows' model asks for features that this version does not know: "
            f"{', '.join(sorted(unknown))}; update sonoedge"
        )
    if vectors.shape[1:] != (len(features),):
        raise ModelError(
            f"the nerve windows' model has arrays of shape {vectors.shape} for {len(features)} features; "
            "reinstall sonoedge"
        )
    return model


def files_of(model: WindowModel) -> dict[str, bytes]:
    """The content of each file of a model whose machine and neighbours have the same vectors; they are `packed`."""
    buffer = io.BytesIO()
    machine = model.machine
    np.savez_compressed(
        buffer,
        mean=model.mean,
        deviation=model.deviation,
        vectors=packed(machine.vectors),
        weights=machine.weights,
        figures=np.array([machine.bias, machine.gamma, model.sigmoid.slope, model.sigmoid.offset]),
        positive=model.neighbours.positive,
        count=np.array(model.neighbours.count),
        score=model.steps.score,
        share=model.steps.share,
    )
    return {ARRAYS: buffer.getvalue(), CHOSEN: "".join(f"{name}\n" for name in model.features).encode()}
