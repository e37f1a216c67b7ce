"""What a region of interest is said to be without a network: its texture, a support vector machine and neighbours.

Each kind of tissue is judged for itself, one against the rest, so that an example may be silent about a kind: nobody
marked the muscle in the pictures where nerves were marked.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.image.classifiers import Sigmoid, Steps, packed, standardised, unpacked
from edge.image.textures import AROUND, NAMES, TextureCells, describe, surroundings
from edge.image.windows import CELL_PX, Windows, shared
from edge.task.tissue.region_textures import Cells, TextureSums

FEATURES: Final = (*NAMES, *AROUND)
UNKNOWN: Final = -1
MARGIN_CELLS: Final = 2
"""As far as edges are blurred."""


def box_of(inside: Cells) -> Windows:
    """The smallest window around a region of at least one cell."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    ends = (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)
    return Windows(*(np.array([end], np.intp) for end in ends))


def region_features(picture: NDArray[np.uint8], sums: TextureSums, inside: Cells) -> NDArray[np.float32]:
    """(FEATURES,) of a region of a working picture (height, width), from what its cells add up to."""
    pixels = np.array([np.count_nonzero(inside) * CELL_PX**2], np.float32)
    described = describe(sums.counts[None], sums.values[None].astype(np.float32), pixels)
    features: NDArray[np.float32] = np.concatenate([described, _surroundings_of(picture, inside)], axis=1)[0]
    return features


def _surroundings_of(picture: NDArray[np.uint8], inside: Cells) -> NDArray[np.float32]:
    """(1, 8) `surroundings` of the region's box, without what lies farther away than it looks."""
    box = box_of(inside)
    high, wide = box.bottom - box.top, box.right - box.left
    part = box.grown((high + 1) // 2 + MARGIN_CELLS, (wide + 1) // 2 + MARGIN_CELLS, (inside.shape[0], inside.shape[1]))
    top, left, bottom, right = (int(side[0]) for side in (part.top, part.left, part.bottom, part.right))
    beside = picture[top * CELL_PX : bottom * CELL_PX, left * CELL_PX : right * CELL_PX]
    moved = Windows(box.top - top, box.left - left, box.bottom - top, box.right - left)
    return surroundings(np.ascontiguousarray(beside), moved)


def window_features(picture: NDArray[np.uint8], cells: TextureCells, windows: Windows) -> NDArray[np.float32]:
    """(n, FEATURES) of windows, which share their sums."""
    counts, values = shared(cells.counts).over(windows), shared(cells.values).over(windows)
    pixels = (windows.cells * CELL_PX**2).astype(np.float32)
    around = surroundings(picture, windows)
    return np.concatenate([describe(counts, values, pixels), around], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """One kind against the rest, by the distances from the model's examples."""

    used: NDArray[np.intp]
    """Examples that the support vector machine kept,"""
    weights: NDArray[np.float32]
    """and their dual coefficients."""
    bias: float
    gamma: float
    sigmoid: Sigmoid
    known: NDArray[np.intp]
    """Examples that tell whether they are of the kind,"""
    positive: NDArray[np.bool_]
    """and what they tell."""
    count: int
    """Neighbours that are asked."""
    steps: Steps

    def score(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) of the machine, as `SupportVectors.decide`, from squared distances (n, m)."""
        kernel = np.exp(np.float32(-self.gamma) * distances[:, self.used])
        return np.asarray(kernel @ self.weights + np.float32(self.bias), np.float32)

    def share(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) of the neighbours, as `Neighbours.share`."""
        nearest = np.argpartition(distances[:, self.known], self.count - 1, axis=1)[:, : self.count]
        return np.asarray(self.positive[nearest].mean(axis=1), np.float32)


@dataclass(frozen=True, eq=False)
class TissueModel:
    """Remembered regions, and what each kind's judges make of them."""

    features: tuple[str, ...]
    """Of FEATURES; those that were chosen."""
    mean: NDArray[np.float32]
    """(chosen,) that training subtracted,"""
    deviation: NDArray[np.float32]
    """(chosen,) and divided by."""
    vectors: NDArray[np.float32]
    """(m, chosen) scaled examples."""
    truth: NDArray[np.int8]
    """(m, kinds) 1: of the kind, 0: not, UNKNOWN."""
    weights: NDArray[np.float32]
    """(m, kinds) dual coefficients."""
    figures: NDArray[np.float32]
    """(kinds, 4): bias, gamma, and the sigmoid's slope and offset."""
    steps: tuple[Steps, ...]
    count: int
    """Neighbours that are asked."""

    @cached_property
    def judges(self) -> tuple[Judge, ...]:
        """In the order of the kinds."""
        found = []
        for kind, steps in enumerate(self.steps):
            bias, gamma, slope, offset = (float(value) for value in self.figures[kind])
            used, known = np.flatnonzero(self.weights[:, kind]), np.flatnonzero(self.truth[:, kind] != UNKNOWN)
            positive = self.truth[known, kind] == 1
            weights = self.weights[used, kind]
            found.append(Judge(used, weights, bias, gamma, Sigmoid(slope, offset), known, positive, self.count, steps))
        return tuple(found)

    @cached_property
    def _chosen(self) -> list[int]:
        return [FEATURES.index(name) for name in self.features]

    @cached_property
    def _squares(self) -> NDArray[np.float32]:
        return np.asarray(np.einsum("mk,mk->m", self.vectors, self.vectors), np.float32)

    def scaled(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, chosen) standard deviations from the mean, from (n, FEATURES)."""
        return standardised(features[:, self._chosen], self.mean, self.deviation)

    def distances(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, m) squared, from the examples: what all judges read."""
        table = scaled @ self.vectors.T
        table *= -2
        table += np.einsum("nk,nk->n", scaled, scaled)[:, None]
        table += self._squares
        return np.asarray(np.maximum(table, 0, out=table), np.float32)

    def by_machine(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, kinds) probability of each kind by the support vector machines."""
        return np.stack([one.sigmoid.probability(one.score(distances)) for one in self.judges], axis=1)

    def by_neighbours(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, kinds) the same by the neighbours."""
        return np.stack([one.steps.probability(one.share(distances)) for one in self.judges], axis=1)


def write_tissue_model(model: TissueModel) -> bytes:
    """The arrays; examples are rounded as `packed` does."""
    buffer = io.BytesIO()
    polygons: dict[str, Any] = {
        f"steps_{kind}": np.stack([one.score, one.share]) for kind, one in enumerate(model.steps)
    }
    np.savez_compressed(
        buffer,
        features=np.array(model.features),
        mean=model.mean,
        deviation=model.deviation,
        vectors=packed(model.vectors),
        truth=model.truth,
        weights=model.weights,
        figures=model.figures,
        count=np.array(model.count),
        **polygons,
    )
    return buffer.getvalue()


def read_tissue_model(content: bytes, kinds: Sequence[str]) -> TissueModel:
    """From the bytes that `write_tissue_model` made. Raises ModelError where they are no such arrays."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return TissueModel(
                tuple(str(name) for name in arrays["features"]),
                arrays["mean"],
                arrays["deviation"],
                unpacked(arrays["vectors"]),
                arrays["truth"],
                arrays["weights"],
                arrays["figures"],
                tuple(Steps(*arrays[f"steps_{kind}"]) for kind in range(len(kinds))),
                int(arrays["count"]),
            )
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise ModelError(f"the tissue model's arrays cannot be read: {error}; reinstall sonoedge") from error
