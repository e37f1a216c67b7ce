"""Pictures for the nerve network with their targets. A seed is a picture: mostly real ones, moved and shown as by
another scanner; a few show muscle along its fibres, where there is no nerve to mark; some are phantoms."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.phantom import muscle_picture
from edge.task.nerve.phantom import nerve_picture
from edge.task.nerve.phantom_oval import Polygon
from edge.task.nerve.phantom_truth import mask_of
from edge.task.tensor import Fit, fitted_tensor
from tools.lesson import Example
from tools.muscle import dl_track
from tools.nerve import usgra_seg
from tools.scanner_variation import vary_export, vary_scanner
from tools.warping import places_of, placing, random_bend, taken, visible_part

SIDE: Final = 256
PHANTOM_SHARE: Final = 0.25
"""What lies under a bone is no vessel, and a nerve's fascicles and rim are seen more clearly than in most pictures."""
PLEXUS_SHARE: Final = 0.4
"""Of the phantoms: roots are dark and without fascicles, and only the set's neck pictures show some."""
OTHER_SCANNER_SHARE: Final = 0.6
"""Share of the pictures that are shown as by another scanner; the rest keep their own, learned sooner."""
ALL_KINDS: Final = frozenset({"intensity", "speckle", "geometry"})
LEAST_GREY: Final = 5.0
"""Mean of an outline and what is around it; darker, nobody could have drawn it, and it is not marked."""
LEAST_BRIGHT: Final = 30
"""Grey where a picture's brightest tenth begins; no examiner works in the dark."""
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class NerveScene:
    """A picture with its labels, before it is moved; all (height, width) uint8."""

    pixels: NDArray[np.uint8]
    nerve: NDArray[np.uint8]
    """0 or 255."""
    vessel: NDArray[np.uint8]


def draw_nerve_picture(seed: int, kinds: frozenset[str] = ALL_KINDS, nerve_share: float = 0.93) -> Example:
    """The picture of a seed: (SIDE, SIDE), the ultrasound scaled to fit. kinds: what is varied; of `ALL_KINDS`.

    Target: (2, SIDE, SIDE) share of each pixel that is nerve, and that is vessel.
    """
    rng = np.random.default_rng(seed)
    if rng.random() < PHANTOM_SHARE:
        return _of_phantom(seed, kinds, rng)
    chance = rng.random()
    if chance < nerve_share:
        pool = usgra_seg.split("train")
        drawing = pool[int(rng.integers(len(pool)))]
        crop = drawing.region.crop
        scene = NerveScene(drawing.pixels, crop(drawing.nerve), crop(drawing.vessel))
    elif chance < (1 + nerve_share) / 2:
        others = dl_track.split("train")
        scene = _nothing(others[int(rng.integers(len(others)))].pixels)
    else:
        scene = _nothing(muscle_picture(rng, (224, 420)).pixels)
    return moved(scene, kinds, rng)


def _of_phantom(seed: int, kinds: frozenset[str], rng: np.random.Generator) -> Example:
    """No two are alike, so nothing is moved."""
    phantom = draw_nerve_phantom(seed, plexus=rng.random() < PLEXUS_SHARE)
    varied = kinds if rng.random() < OTHER_SCANNER_SHARE else frozenset[str]()
    picture = vary_scanner(phantom.picture, varied, rng)
    picture[phantom.picture == 0] = 0
    return Example(picture, np.stack((phantom.nerve, phantom.vessel)).astype(np.float32))


def _nothing(pixels: NDArray[np.uint8]) -> NerveScene:
    empty = np.zeros(pixels.shape, np.uint8)
    return NerveScene(pixels, empty, empty)


def moved(scene: NerveScene, kinds: frozenset[str], rng: np.random.Generator) -> Example:
    """Turned, stretched, bent, cropped, on the network's square; then as another scanner would show it."""
    varied = kinds if rng.random() < OTHER_SCANNER_SHARE else frozenset[str]()
    pixels = vary_export(scene.pixels, rng) if "intensity" in varied and rng.random() < 0.5 else scene.pixels
    matrix = Fit.of(*pixels.shape, SIDE).matrix
    bend = np.zeros((SIDE, SIDE, 2), np.float32)
    if "geometry" in kinds:
        matrix, bend = placing(matrix, SIDE, rng), random_bend(SIDE, rng)
    places = places_of(matrix, bend)
    step = float(np.abs(np.linalg.det(matrix[:, :2])) ** -0.5)
    picture = taken(pixels, places, step)
    planes = [taken(plane, places, step) for plane in (scene.nerve, scene.vessel)]
    outside = taken(np.full(pixels.shape, 255, np.uint8), places, step) < 128
    if "geometry" in kinds and rng.random() < 0.15:
        outside |= ~visible_part(SIDE, 0.2, 0.25, rng)
        planes = [np.where(outside, 0, plane) for plane in planes]
    picture = vary_scanner(picture, varied, rng)
    picture[outside] = _padding(rng) if "intensity" in kinds else 0
    return Example(picture, np.stack(planes).astype(np.float32) / 255)


def _padding(rng: np.random.Generator) -> int:
    """Black, or the grey of a scanner's margin."""
    return int(rng.integers(10, 130)) if rng.random() < 0.2 else 0


@dataclass(frozen=True, slots=True, eq=False)
class NervePhantom:
    """One picture with its truth, scaled to fit, in the middle; the rest black. All (SIDE, SIDE)."""

    picture: Grey
    nerve: Grey
    """1 where a nerve or its rim is, as people draw nerves."""
    vessel: Grey
    mm_per_px: float
    """Across and down alike."""


def draw_nerve_phantom(seed: int, *, vary: bool = True, plexus: bool = False) -> NervePhantom:
    """The picture of a seed: nothing to three nerves and vessels, or the roots of a plexus. vary: also another
    scanner's filters and marks."""
    rng = np.random.default_rng([521, seed])
    made = nerve_picture(rng, (SIDE, 420), plexus=plexus)
    fit = Fit.of(*made.pixels.shape, SIDE)
    pixels = vary_export(made.pixels, rng) if vary else made.pixels
    if np.quantile(pixels, 0.9) < LEAST_BRIGHT:
        pixels = made.pixels
    nerve = _marked([nerve.outer_mm for nerve in made.truth.nerves], pixels, made.mm_per_px)
    vessel = _marked([vessel.outline_mm for vessel in made.truth.vessels], pixels, made.mm_per_px)
    nerve &= 1 - vessel
    return NervePhantom(
        fitted_tensor(pixels, SIDE)[0, 0], _fitted(nerve, fit), _fitted(vessel, fit), made.mm_per_px / fit.scale
    )


def _marked(outlines: list[Polygon], pixels: Grey, mm_per_px: float) -> Grey:
    """Those that can be seen, filled."""
    marked = np.zeros(pixels.shape, np.uint8)
    for outline in outlines:
        one = mask_of([outline], pixels.shape, mm_per_px)
        around = cv2.dilate(one, np.ones((15, 15), np.uint8)) > 0
        if one.any() and pixels[around].mean() > LEAST_GREY:
            marked |= one
    return marked


def _fitted(mask: Grey, fit: Fit) -> Grey:
    soft = cv2.warpAffine(mask * np.float32(1), fit.matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(soft >= 0.5, np.uint8)
