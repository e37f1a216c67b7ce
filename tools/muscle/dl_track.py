"""DL_Track: real muscle pictures with hand-drawn masks (Cronin, Finni and Seynnes; Apache-2.0), a record per picture.

No person is named in the set and near-duplicates are frequent, so pictures are split by clusters of likeness.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.screen.region.ultrasound import find_region

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "muscle_masks"
ALIKE: Final = 0.9
"""Correlation of 48 x 48 thumbnails from which two pictures of one scanner layout count as near-duplicates."""
TWINS: Final = 0.9995
"""And from which they are one picture, found in both halves of the set."""
LEAST_FRAGMENT_PX: Final = 10.0
"""Fragments shorter than this say too little of their direction."""


@dataclass(frozen=True, slots=True, eq=False)
class DlTrackPicture:
    """A picture, cropped to the ultrasound, and what was drawn on it."""

    name: str
    layout: str
    """Height and width of the file: the scanner, as far as the set tells."""
    cluster: int
    pixels: NDArray[np.uint8]
    aponeurosis: NDArray[np.uint8] | None
    """0 or 255; None: not drawn on this picture."""
    fragments: NDArray[np.uint8] | None


def load_pictures(folder: Path = FOLDER) -> tuple[DlTrackPicture, ...]:
    """All pictures, each once. Raises SystemExit where the set is missing."""
    if not folder.is_dir():
        raise SystemExit(f"the hand-drawn masks are not at {folder}; put the set there to train or to measure on it")
    halves = {half: sorted((folder / half / "images").iterdir()) for half in ("aponeurosis", "fascicle")}
    paths = [path for half in halves.values() for path in half]
    files = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    likeness = _likeness(files)
    cluster = clusters(likeness > ALIKE)
    pictures, used = [], set()
    n_aponeurosis = len(halves["aponeurosis"])
    for index, path in enumerate(paths):
        if index in used:
            continue
        twins = [other for other in range(n_aponeurosis, len(paths)) if likeness[index, other] > TWINS]
        twin = next((other for other in twins if other not in used), None) if index < n_aponeurosis else index
        used |= {index} | ({twin} if twin is not None else set())
        region = find_region(files[index])
        pictures.append(
            DlTrackPicture(
                f"{path.parent.parent.name}/{path.stem}",
                "{} x {}".format(*files[index].shape),
                int(cluster[index]),
                np.ascontiguousarray(region.crop(files[index])),
                _mask(path, region) if index < n_aponeurosis else None,
                _mask(paths[twin], region) if twin is not None else None,
            )
        )
    return tuple(pictures)


def _mask(picture: Path, region: Region) -> NDArray[np.uint8]:
    (path,) = (picture.parent.parent / "masks").glob(f"{picture.stem}.*")
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    return np.where(region.crop(mask) > 127, 255, 0).astype(np.uint8)


def _likeness(files: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """(n, n) correlation of thumbnails; 0 between pictures of different sizes."""
    small = [cv2.resize(file, (48, 48), interpolation=cv2.INTER_AREA).astype(np.float32).ravel() for file in files]
    table = np.stack([row - row.mean() for row in small])
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    shapes = np.array([file.shape for file in files])
    same = (shapes[:, None] == shapes[None]).all(axis=2)
    return np.where(same, table @ table.T, 0).astype(np.float32)


def clusters(linked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The number of the connected group of each row."""
    cluster = np.full(len(linked), -1)
    for first in range(len(linked)):
        if cluster[first] >= 0:
            continue
        group, queue = first, [first]
        while queue:
            index = queue.pop()
            if cluster[index] < 0:
                cluster[index] = group
                queue += [int(other) for other in np.flatnonzero(linked[index] & (cluster < 0))]
    return cluster


@dataclass(frozen=True, slots=True)
class Fragment:
    """One drawn piece of a fascicle, as a line."""

    middle: tuple[float, float]
    direction: tuple[float, float]
    """Unit vector (x, y), y down, x positive."""
    length: float
    angle_deg: float
    """From the horizontal, counter-clockwise as seen."""


def fragments_of(mask: NDArray[np.uint8]) -> tuple[Fragment, ...]:
    """The lines through the connected pieces of a fragment mask (0 or 255)."""
    n, labels, stats, middles = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for k in range(1, n):
        x0, y0, width, height = (int(v) for v in stats[k, :4])
        rows, columns = np.nonzero(labels[y0 : y0 + height, x0 : x0 + width] == k)
        if len(rows) < 3:
            continue
        points = np.stack((columns, rows), axis=1).astype(np.float64)
        values, vectors = np.linalg.eigh(np.cov(points.T))
        way = vectors[:, 1] * (1 if vectors[0, 1] >= 0 else -1)
        along = (points - points.mean(axis=0)) @ way
        length = float(np.ptp(along))
        if length < LEAST_FRAGMENT_PX or values[0] > 0.1 * values[1]:
            continue
        angle = float(np.degrees(np.arctan2(-way[1], way[0])))
        found.append(
            Fragment((float(middles[k, 0]), float(middles[k, 1])), (float(way[0]), float(way[1])), length, angle)
        )
    return tuple(found)


@cache
def split(name: str, layouts_out: tuple[str, ...] = ()) -> tuple[DlTrackPicture, ...]:
    """`train`, `validation` or `test`: eight, one and one in ten clusters; `all`. layouts_out: left out of training and
    validation, and then the whole test."""
    pictures = load_pictures()
    if name == "all":
        return tuple(pictures)
    rank = {"validation": 8, "test": 9}
    if layouts_out:
        if name == "test":
            return tuple(p for p in pictures if p.layout in layouts_out)
        pictures = tuple(p for p in pictures if p.layout not in layouts_out)
    order = {c: k for k, c in enumerate(np.random.default_rng(7).permutation(sorted({p.cluster for p in pictures})))}
    place = [(order[p.cluster] % 10, p) for p in pictures]
    if name == "train":
        return tuple(p for k, p in place if k < 8 or (layouts_out and k == 9))
    return tuple(p for k, p in place if k == rank[name])
