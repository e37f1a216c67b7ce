"""What a region of interest is said to be without a network: its texture, a support vector machine and neighbours.

Each kind of tissue is judged for itself, one against the rest, so that an example may be silent about a kind: nobody
marked the muscle in the pictures where nerves were marked.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.image.classifiers import Steps, packed, risen, standardised, unpacked
from edge.image.textures import AROUND, NAMES, TextureCells, describe, surroundings, texture_sums
from edge.image.windows import CELL_PX, Windows, shared

Cells = NDArray[np.bool_]
"""(rows, columns) whether each cell of a working picture is in the region."""

FEATURES: Final = (*NAMES, *AROUND)
UNKNOWN: Final = -1
MARGIN_CELLS: Final = 2
"""As far as edges are blurred."""


def box_of(inside: Cells) -> Windows:
    """The smallest window around a region of at least one cell."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    ends = (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)
    return Windows(*(np.array([end], np.intp) for end in ends))


@lru_cache(maxsize=4)
def textures_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that are read from cells."""
    asked = set(names)
    return tuple(name for name in NAMES if name in asked)


def region_features(
    picture: NDArray[np.uint8], inside: Cells, names: tuple[str, ...], cells: TextureCells | None = None
) -> NDArray[np.float32]:
    """(names,) of a region of at least one cell of a working picture (height, width). names: of FEATURES.

    cells: of the whole picture, made for these names. None: only what lies around the region is looked at.
    """
    box = box_of(inside)
    if cells is None:
        counts, values = texture_sums(picture, inside, textures_of(names))
    else:
        counts, values = cells.counts[inside].sum(axis=0)[None], cells.values[inside].sum(axis=0)[None]
    high, wide = ((length + 1) // 2 + MARGIN_CELLS for length in (box.bottom - box.top, box.right - box.left))
    beside, moved = _part(box, high, wide, inside.shape)
    pixels = np.array([np.count_nonzero(inside) * CELL_PX**2], np.float32)
    features: NDArray[np.float32] = _told(counts, values, pixels, _pixels(picture, beside), moved, names)[0]
    return features


def window_features(
    picture: NDArray[np.uint8], cells: TextureCells, windows: Windows, names: tuple[str, ...]
) -> NDArray[np.float32]:
    """(n, names) of windows, which share their sums. cells: of the whole picture, made for these names, of which every
    window holds whole ones."""
    blocks = windows.in_blocks(picture.shape[0] // cells.counts.shape[0] // CELL_PX)
    counts, values = shared(cells.counts).over(blocks), shared(cells.values).over(blocks)
    return _told(counts, values, (windows.cells * CELL_PX**2).astype(np.float32), picture, windows, names)


def _told(
    counts: NDArray[np.number[Any]],
    values: NDArray[np.number[Any]],
    pixels: NDArray[np.float32],
    picture: NDArray[np.uint8],
    windows: Windows,
    names: tuple[str, ...],
) -> NDArray[np.float32]:
    around, columns = _arranged(names)
    beside = surroundings(picture, windows, around)
    return np.concatenate([describe(counts, values, pixels, textures_of(names)), beside], axis=1)[:, columns]


@lru_cache(maxsize=4)
def _arranged(names: tuple[str, ...]) -> tuple[tuple[str, ...], list[int]]:
    """Those of the names that tell what is beside; the place of each name behind textures_of and these."""
    asked = set(names)
    around = tuple(name for name in AROUND if name in asked)
    told = {name: column for column, name in enumerate((*textures_of(names), *around))}
    return around, [told[name] for name in names]


def _part(
    box: Windows, rows: NDArray[np.intp], columns: NDArray[np.intp], shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], Windows]:
    """The cells of a window and so many around it; and the window in that part."""
    grown = box.grown(rows, columns, (shape[0], shape[1]))
    top, left, bottom, right = (int(side[0]) for side in (grown.top, grown.left, grown.bottom, grown.right))
    moved = Windows(box.top - top, box.left - left, box.bottom - top, box.right - left)
    return (slice(top, bottom), slice(left, right)), moved


def _pixels(picture: NDArray[np.uint8], cells: tuple[slice, slice]) -> NDArray[np.uint8]:
    rows, columns = (slice(part.start * CELL_PX, part.stop * CELL_PX) for part in cells)
    return np.ascontiguousarray(picture[rows, columns])


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
    def _machines(self) -> tuple[NDArray[np.intp], NDArray[np.float32], tuple[tuple[slice, NDArray[np.float32]], ...]]:
        """The examples that each kind's machine kept, kind after kind: (u,) which, (u,) less the kind's gamma; and for
        each kind which of them are its own, and their dual coefficients."""
        used = [np.flatnonzero(weights) for weights in self.weights.T]
        ends = np.cumsum([kept.size for kept in used]).tolist()
        gammas = np.repeat(-self.figures[:, 1], [kept.size for kept in used])
        own = [
            (slice(end - kept.size, end), self.weights[kept, kind])
            for kind, (kept, end) in enumerate(zip(used, ends, strict=True))
        ]
        return np.concatenate(used), gammas, tuple(own)

    @cached_property
    def _remembered(self) -> tuple[tuple[NDArray[np.intp], list[int], NDArray[np.bool_]], ...]:
        """For each set of examples that tell of some kinds: (k,) which these are, the kinds, and (k, kinds) whether
        each example is of them."""
        kinds: dict[bytes, list[int]] = {}
        for kind in range(self.weights.shape[1]):
            kinds.setdefault((self.truth[:, kind] != UNKNOWN).tobytes(), []).append(kind)
        known = [(np.flatnonzero(np.frombuffer(which, bool)), alike) for which, alike in kinds.items()]
        return tuple((which, alike, self.truth[which][:, alike] == 1) for which, alike in known)

    @cached_property
    def _squares(self) -> NDArray[np.float32]:
        return np.asarray(np.einsum("mk,mk->m", self.vectors, self.vectors), np.float32)

    def scaled(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, chosen) standard deviations from the mean, from (n, chosen)."""
        return standardised(features, self.mean, self.deviation)

    def scaled_of_all(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same from (n, FEATURES)."""
        return self.scaled(features[:, [FEATURES.index(name) for name in self.features]])

    def distances(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, m) squared, from the examples: what all judges read."""
        table = scaled @ self.vectors.T
        table *= -2
        table += np.einsum("nk,nk->n", scaled, scaled)[:, None]
        table += self._squares
        return np.asarray(np.maximum(table, 0, out=table), np.float32)

    def scores(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, kinds) of the support vector machines, as `SupportVectors.decide`, from squared distances (n, m)."""
        used, gammas, machines = self._machines
        kernel = np.take(distances, used, axis=1)
        np.multiply(kernel, gammas, out=kernel)
        np.exp(kernel, out=kernel)
        scores = np.empty((len(distances), len(machines)), np.float32)
        for kind, (own, weights) in enumerate(machines):
            np.add(kernel[:, own] @ weights, self.figures[kind, 0], out=scores[:, kind])
        return scores

    def positive(self, distances: NDArray[np.float32]) -> NDArray[np.intp]:
        """(n, kinds) how many of the neighbours that are asked are of each kind: `Neighbours.share` of them."""
        found = np.empty((len(distances), self.weights.shape[1]), np.intp)
        for known, kinds, positive in self._remembered:
            of_known = distances if known.size == distances.shape[1] else np.take(distances, known, axis=1)
            nearest = np.argpartition(of_known, self.count - 1, axis=1)[:, : self.count]
            found[:, kinds] = np.take(positive, nearest, axis=0).sum(axis=1)
        return found

    def by_machine(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, kinds) probability of each kind by the support vector machines."""
        return risen(self.scores(distances), self.figures[:, 2], self.figures[:, 3])

    @cached_property
    def _by_count(self) -> NDArray[np.float32]:
        """(asked + 1, kinds) probability of each kind where so many of the neighbours that are asked are of it."""
        shares = (np.arange(self.count + 1) / self.count).astype(np.float32)
        return np.stack([steps.probability(shares) for steps in self.steps], axis=1)

    @property
    def most_by_neighbours(self) -> np.float32:
        """What `by_neighbours` never exceeds."""
        return np.float32(self._by_count.max())

    def by_neighbours(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, kinds) the same by the neighbours."""
        return self._by_count[self.positive(distances), np.arange(self.weights.shape[1])]


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
