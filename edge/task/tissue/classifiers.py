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
from edge.image.classifiers import Neighbours, Sigmoid, Steps, SupportVectors, packed, standardised, unpacked
from edge.image.textures import AROUND, NAMES, TextureCells, describe, surroundings, texture_cells
from edge.image.windows import CELL_PX, Windows, shared

Cells = NDArray[np.bool_]
"""(rows, columns) whether each cell of a working picture is in the region."""

FEATURES: Final = (*NAMES, *AROUND)
UNKNOWN: Final = -1
MARGIN_CELLS: Final = 8
"""As far as the widest filter reaches."""


def box_of(inside: Cells) -> Windows:
    """The smallest window around a region of at least one cell."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    ends = (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)
    return Windows(*(np.array([end], np.intp) for end in ends))


def region_features(picture: NDArray[np.uint8], cells: TextureCells, inside: Cells) -> NDArray[np.float32]:
    """(FEATURES,) of a region of a working picture (height, width), whose cells were counted before."""
    counts, values = (table[inside].sum(axis=0)[None].astype(np.float32) for table in (cells.counts, cells.values))
    pixels = np.array([inside.sum() * CELL_PX**2], np.float32)
    around = surroundings(picture, box_of(inside))
    return np.asarray(np.concatenate([describe(counts, values, pixels), around], axis=1)[0], np.float32)


def cells_around(picture: NDArray[np.uint8], inside: Cells) -> TextureCells:
    """What `region_features` reads of a picture (height, width): the same as of all its cells in a third of the time.
    Cells far from the region are left empty."""
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    row, column = (slice(*_with_margin(cells, n)) for cells, n in zip((rows, columns), inside.shape, strict=True))
    part = picture[CELL_PX * row.start : CELL_PX * row.stop, CELL_PX * column.start : CELL_PX * column.stop]
    counted = texture_cells(np.ascontiguousarray(part))
    tables = []
    for table in (counted.counts, counted.values):
        tables.append(np.zeros((*inside.shape, table.shape[2]), table.dtype))
        tables[-1][row, column] = table
    return TextureCells(*tables)


def _with_margin(cells: NDArray[np.intp], count: int) -> tuple[int, int]:
    """First and last but one, on the grid of four cells that the Gabor bank halves twice."""
    start, end = max(0, cells[0] - MARGIN_CELLS), min(count, cells[-1] + 1 + MARGIN_CELLS)
    return int(start // 4 * 4), int(-(-end // 4) * 4)


def window_features(picture: NDArray[np.uint8], cells: TextureCells, windows: Windows) -> NDArray[np.float32]:
    """(n, FEATURES) of windows, which share their sums."""
    counts, values = shared(cells.counts).over(windows), shared(cells.values).over(windows)
    pixels = (windows.cells * CELL_PX**2).astype(np.float32)
    around = surroundings(picture, windows)
    return np.concatenate([describe(counts, values, pixels), around], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """One kind against the rest."""

    machine: SupportVectors
    sigmoid: Sigmoid
    neighbours: Neighbours
    steps: Steps


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
            used, known = self.weights[:, kind] != 0, self.truth[:, kind] != UNKNOWN
            machine = SupportVectors(self.vectors[used], self.weights[used, kind], bias, gamma)
            neighbours = Neighbours(self.vectors[known], self.truth[known, kind] == 1, self.count)
            found.append(Judge(machine, Sigmoid(slope, offset), neighbours, steps))
        return tuple(found)

    def scaled(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, chosen) standard deviations from the mean, from (n, FEATURES)."""
        chosen = features[:, [FEATURES.index(name) for name in self.features]]
        return standardised(chosen, self.mean, self.deviation)

    def by_machine(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, kinds) probability of each kind by the support vector machines."""
        return np.stack([one.sigmoid.probability(one.machine.decide(scaled)) for one in self.judges], axis=1)

    def by_neighbours(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, kinds) the same by the neighbours."""
        return np.stack([one.steps.probability(one.neighbours.share(scaled)) for one in self.judges], axis=1)


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
