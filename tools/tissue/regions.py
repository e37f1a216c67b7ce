"""Regions of interest with what they hold, drawn on real pictures as people would draw them, and on the phantom.

Nerve and vessel stand in the nerve pictures, muscle and aponeurosis in the muscle pictures. What nobody marked is
unknown, not absent: beside a nerve there may be muscle. So a region's truth is 1, 0 or UNKNOWN for each kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.image.textures import texture_cells
from edge.image.working_picture import WorkingPicture, working_picture
from edge.task.tissue.classifiers import FEATURES, UNKNOWN, region_features
from edge.task.tissue.phantom import draw_patient, patient_picture
from edge.task.tissue.region import LEAST_CELLS, LEAST_SIDE_PX, Placed, patch_of, placed_in
from edge.task.tissue.spec import Roi
from tools.muscle import dl_track
from tools.nerve import usgra_seg
from tools.scanner_variation import VARIATIONS, vary_scanner

FOLDER: Final = Path("out/train/tissue")
Grey = NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""x, y, width, height in pixels of the picture."""
NERVE, VESSEL, BESIDE, MUSCLE, FASCIA, ABOVE = range(6)
"""What is marked in a picture, or lies beside what is marked."""
U: Final = UNKNOWN
TRUTH: Final = {
    NERVE: (1, 0, 0, 0, U),
    VESSEL: (0, 1, 0, 0, U),
    BESIDE: (0, 0, U, U, U),
    MUSCLE: (0, 0, 1, 0, U),
    FASCIA: (0, 0, 0, 1, U),
    ABOVE: (0, 0, 0, 0, U),
}
"""For each of JUDGED."""
LEAST_SHARE: Final = {NERVE: 0.55, VESSEL: 0.6, MUSCLE: 0.9, FASCIA: 0.35, ABOVE: 0.95, BESIDE: 0.8}
"""Of a region that must be of its kind."""
SIZES: Final = {MUSCLE: ((24, 20), (130, 80)), ABOVE: ((24, 12), (110, 40)), BESIDE: ((20, 14), (110, 70))}
"""Smallest and largest width and height, in working pixels."""
PATIENTS: Final = {"train": range(90), "validation": range(90, 120), "test": range(120, 180)}
PICTURES: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class RegionExamples:
    """Regions (n,)."""

    patches: Grey
    """(n, SIDE, SIDE)."""
    features: NDArray[np.float32]
    """(n, FEATURES)."""
    truth: NDArray[np.int8]
    """(n, JUDGED) 1, 0 or UNKNOWN."""
    group: NDArray[np.int64]
    """The cluster of near-duplicates, or the patient; unlike between sets of pictures."""
    scanner: NDArray[np.str_]
    """As far as the set tells."""
    varied: NDArray[np.bool_]
    """Shown as by another scanner."""

    def taken(self, which: NDArray[np.bool_]) -> "RegionExamples":
        return RegionExamples(*(getattr(self, name)[which] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class MarkedScene:
    """A picture with its marks."""

    pixels: Grey
    marks: dict[int, Grey]
    """(height, width) 0 or 1."""
    group: int
    scanner: str


def scenes(part: str) -> Iterator[MarkedScene]:
    """The real pictures of `train`, `validation` or `test`."""
    for drawing in usgra_seg.split(part):
        marked = [(drawing.region.crop(plane) > 0).astype(np.uint8) for plane in (drawing.nerve, drawing.vessel)]
        near = cv2.dilate(np.maximum(*marked), np.ones((7, 7), np.uint8))
        yield MarkedScene(
            drawing.pixels, {NERVE: marked[0], VESSEL: marked[1], BESIDE: 1 - near}, drawing.cluster, "nerve"
        )
    for picture in dl_track.split(part):
        if picture.aponeurosis is not None:
            yield MarkedScene(picture.pixels, layers(picture.aponeurosis), 1000 + picture.cluster, picture.layout)


def layers(aponeurosis: Grey) -> dict[int, Grey]:
    """Muscle between the two longest bands, fascia on all of them, skin and fat above the first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((aponeurosis > 0).astype(np.uint8))
    width = aponeurosis.shape[1]
    bands = [k for k in range(1, count) if stats[k, cv2.CC_STAT_WIDTH] > 0.35 * width]
    bands = sorted(sorted(bands, key=lambda k: -stats[k, cv2.CC_STAT_WIDTH])[:2], key=lambda k: stats[k, 1])
    marks = {FASCIA: (aponeurosis > 0).astype(np.uint8)}
    rows = np.arange(aponeurosis.shape[0])[:, None]
    if bands:
        first = labels == bands[0]
        marks[ABOVE] = (first.any(axis=0) & (rows < first.argmax(axis=0) - 3)).astype(np.uint8)
    if len(bands) == 2:
        lower = labels == bands[1]
        bottom = len(rows) - 1 - first[::-1].argmax(axis=0)
        between = (rows > bottom + 3) & (rows < lower.argmax(axis=0) - 3) & first.any(axis=0) & lower.any(axis=0)
        marks[MUSCLE] = (between & (aponeurosis == 0)).astype(np.uint8)
    return marks


COUNTS: Final = {NERVE: 3, VESSEL: 3, BESIDE: 8, MUSCLE: 2, FASCIA: 2, ABOVE: 1}
"""Regions of each kind in a picture; of nerves and vessels, of each."""


def boxes(kind: int, mark: Grey, px: float, rng: np.random.Generator) -> Iterator[Box]:
    """Where a person might draw a box to ask about this kind. px: working pixels to one of the picture."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mark)
    pieces = [stats[k] for k in range(1, count) if stats[k, cv2.CC_STAT_AREA] * px * px > 60]
    if not pieces:
        return
    if kind in (NERVE, VESSEL):
        for x, y, width, height, _ in pieces:
            for _ in range(COUNTS[kind]):
                wide, high = width * rng.uniform(0.6, 1.15), height * rng.uniform(0.6, 1.15)
                yield (
                    x + (width - wide) / 2 + rng.normal(0, 0.06) * width,
                    y + (height - high) / 2 + rng.normal(0, 0.06) * height,
                    wide,
                    high,
                )
        return
    rows, columns = np.nonzero(mark)
    for _ in range(COUNTS[kind] * 4):
        index = rng.integers(len(rows))
        if kind == FASCIA:
            wide, high = rng.uniform(24, 110) / px, rng.uniform(12, 22) / px
        else:
            (w0, h0), (w1, h1) = SIZES[kind]
            wide, high = np.exp(rng.uniform(np.log((w0, h0)), np.log((w1, h1)))) / px
        yield columns[index] - wide / 2, rows[index] - high / 2, wide, high


def regions(scene: MarkedScene, rng: np.random.Generator) -> Iterator[tuple[int, Placed]]:
    """The regions of a picture with their kinds."""
    working = working_picture(scene.pixels)
    for kind, mark in scene.marks.items():
        found = list(fitting(kind, mark, working, rng))
        if kind == BESIDE:
            found = telling(found)
        elif kind not in (NERVE, VESSEL):
            found = found[: COUNTS[kind]]
        yield from ((kind, place) for place in found)


def fitting(kind: int, mark: Grey, working: WorkingPicture, rng: np.random.Generator) -> Iterator[Placed]:
    """The boxes that hold enough of their kind and are no smaller than a window."""
    height, width = mark.shape
    whole = cv2.integral(mark)
    for x, y, wide, high in boxes(kind, mark, working.px_per_px, rng):
        x0, y0 = max(0.0, x), max(0.0, y)
        x1, y1 = min(float(width), x + wide), min(float(height), y + high)
        if x1 - x0 < 1 or y1 - y0 < 1:
            continue
        a, b, c, d = int(y0), int(x0), int(y1), int(x1)
        share = (whole[c, d] - whole[a, d] - whole[c, b] + whole[a, b]) / max((c - a) * (d - b), 1)
        place = placed_in(working, Roi(((x0, y0), (x1, y0), (x1, y1), (x0, y1))), Region(0, 0, width, height))
        small = place.inside.sum() < LEAST_CELLS or min(x1 - x0, y1 - y0) * working.px_per_px < LEAST_SIDE_PX
        if share >= LEAST_SHARE[kind] and not small:
            yield place


def telling(found: list[Placed]) -> list[Placed]:
    """Of what lies beside a nerve: some, the darkest, which may pass for vessels, and the brightest."""
    some, rest = found[:3], sorted(found[3:], key=brightness)
    return [*some, *rest[:3], *rest[3:][-2:]]


def brightness(place: Placed) -> float:
    left, top, right, bottom = (int(side) for side in place.box)
    return float(place.working.pixels[top : bottom + 1, left : right + 1].mean())


def phantom_regions(part: str, rng: np.random.Generator) -> Iterator[tuple[int, bool, Placed]]:
    """Patient, whether infiltrated, and a region of the muscle."""
    for seed in PATIENTS[part]:
        patient = draw_patient(seed)
        for number in range(PICTURES):
            shown = patient_picture(patient, number, 320)
            pixels = vary_scanner(shown.pixels, frozenset({"speckle"}), rng) if number == 2 else shown.pixels
            scene = MarkedScene(pixels, {MUSCLE: shown.muscle}, seed, "phantom")
            for _, place in regions(scene, rng):
                yield seed, patient.infiltrated, place


def draw_examples(part: str, rounds: int) -> RegionExamples:
    """All regions of a part; in rounds after the first, pictures are shown as by another scanner."""
    rng = np.random.default_rng([5, len(part)])
    rows: list[tuple[Grey, NDArray[np.float32], tuple[int, ...], int, str, bool]] = []
    for count in range(rounds):
        for real in scenes(part):
            # There are fewer nerve pictures than muscle pictures.
            if count > 1 and real.scanner != "nerve":
                continue
            scene = replace(real, pixels=vary_scanner(real.pixels, frozenset(VARIATIONS), rng)) if count else real
            for kind, place, features in described(regions(scene, rng)):
                rows.append((patch_of(place)[0, 0], features, TRUTH[kind], scene.group, scene.scanner, count > 0))
        print(f"{part}, round {count}: {len(rows)} regions", flush=True)
    for seed, ill, place in phantom_regions(part, rng):
        ((_, _, features),) = described(iter([(MUSCLE, place)]))
        truth = (*TRUTH[MUSCLE][:-1], int(ill))
        rows.append((patch_of(place)[0, 0], features, truth, 100_000 + seed, "phantom", False))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return RegionExamples(columns[0], columns[1], columns[2].astype(np.int8), *columns[3:])


def described(found: Iterator[tuple[int, Placed]]) -> Iterator[tuple[int, Placed, NDArray[np.float32]]]:
    """With their features; a picture's cells are counted once."""
    last, cells = None, None
    for kind, place in found:
        if cells is None or last is not place.working:
            last, cells = place.working, texture_cells(place.working.pixels)
        yield kind, place, region_features(place.working.pixels, place.inside, FEATURES, cells)


ROUNDS: Final = {"train": 3, "validation": 2, "test": 1}


@cache
def load_examples(part: str) -> RegionExamples:
    """Those of `train`, `validation` or `test`; drawn once and then read from `FOLDER`."""
    path = FOLDER / f"{part}.npz"
    if not path.is_file():
        FOLDER.mkdir(parents=True, exist_ok=True)
        made = draw_examples(part, ROUNDS[part])
        np.savez_compressed(path, **{name: getattr(made, name) for name in RegionExamples.__slots__})
    with np.load(path) as arrays:
        return RegionExamples(*(arrays[name] for name in RegionExamples.__slots__))


def weights_of(truth: NDArray[np.int8], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) so that each pattern of truth counts alike, and within it a large group less for each of its regions."""
    patterns = np.unique(truth, axis=0, return_inverse=True)[1].ravel()
    pairs = np.unique(np.stack([patterns, group]), axis=1, return_inverse=True)[1].ravel()
    weights = np.bincount(pairs)[pairs] ** -0.5
    return np.asarray(weights / np.bincount(patterns, weights)[patterns], np.float64)
