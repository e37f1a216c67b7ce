"""Pictures for the network that outlines what is pointed at. A seed is a picture: a structure that somebody drew or a
phantom knows, a square about it, and a prompt; the target is that structure and no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.prompt import SIDE, Square, no_points, prompt_plane
from tools.lesson import Example
from tools.outline.nothing import LEAST_PX, noise, shadowed, with_gel
from tools.outline.prompts import Prompt, draw_prompt, tap
from tools.outline.structures import (
    PHANTOMS,
    Scene,
    muscle_scenes,
    nerve_scenes,
    training_phantom,
    unlabelled_pictures,
)
from tools.scanner_variation import vary_export, vary_scanner
from tools.warping import places_of, random_bend, taken, turned

SOURCES: Final[Mapping[str, float]] = {"nerve": 0.42, "muscle": 0.2, "phantom": 0.38}
"""Share of the pictures from each."""
WHOLE: Final = 0.5, 1.25
"""Least and most of the picture's longer side that a square takes which a person's first tap is looked up in."""
NEAR: Final = 1.4, 5.0
"""Of the structure's own length, once it was found."""
NOWHERE: Final = 0.05
"""Share of the pictures in which what is pointed at is nothing: beside the picture, or noise."""
IN_TISSUE: Final = 0.04
"""Share in which a shadow or gel is pointed at."""
OTHER_SCANNER: Final = 0.75
KINDS: Final = frozenset({"intensity", "speckle"})
TRIES: Final = 8
TRAIN, ALL = "train", "all"
"""Parts of the labelled pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A scene in the network's square."""

    picture: NDArray[np.uint8]
    structure: NDArray[np.uint8]
    """0 to 255: the share of each pixel that is the structure."""
    others: NDArray[np.uint8]
    outside: NDArray[np.bool_]
    """Beside the picture."""


def draw_outline_picture(seed: int, part: str = TRAIN, sources: Mapping[str, float] = SOURCES) -> Example:
    """The picture of a seed: (2, SIDE, SIDE) grey and prompt. Target: (1, SIDE, SIDE) share of each pixel that is what
    is pointed at. part: of the labelled pictures, that it is drawn from. sources: the share of each."""
    rng = np.random.default_rng(seed)
    for _ in range(TRIES):
        scene = draw_scene(rng, part, sources)
        if not scene.structures:
            continue
        chosen = int(rng.integers(len(scene.structures)))
        view = viewed(scene, chosen, rng)
        if rng.random() < NOWHERE:
            return _of_nothing(view, rng)
        if rng.random() < IN_TISSUE:
            return _of_nothing_in_tissue(view, rng)
        solid = _solid(view.structure)
        if np.count_nonzero(solid) >= LEAST_PX:
            return example_of(view, draw_prompt(solid, view.others, rng))
    return _of_nothing(_noise(rng), rng)


def draw_whole_picture(seed: int) -> Example:
    """As `draw_outline_picture` of every labelled picture there is."""
    return draw_outline_picture(seed, ALL)


def draw_unlabelled_picture(seed: int) -> Example:
    """A tap anywhere in a picture that nobody drew on. Target: (1, SIDE, SIDE) NaN."""
    rng = np.random.default_rng(seed)
    pictures = unlabelled_pictures()
    pixels = pictures[int(rng.integers(len(pictures)))]
    height, width = pixels.shape
    about = np.zeros(pixels.shape, np.uint8)
    centre = int(rng.uniform(0.1, 0.9) * width), int(rng.uniform(0.1, 0.9) * height)
    cv2.circle(about, centre, int(max(8.0, rng.uniform(0.03, 0.15) * width)), 255, -1)
    view = viewed(Scene(pixels, ("",), (about,)), 0, rng)
    seen = _solid(view.structure)
    point = tap(seen if seen.any() else np.full_like(seen, 255), 0.0, rng)
    return Example(np.stack((view.picture, prompt_plane(point, no_points()))), np.full((1, SIDE, SIDE), np.nan))


def draw_phantom_example(seed: int) -> Example:
    """The phantom picture of a seed with a tap on one of its structures. Target: (1, SIDE, SIDE) 0 or 1."""
    rng = np.random.default_rng([523, seed])
    scene = PHANTOMS[seed % len(PHANTOMS)](rng)
    while not scene.structures:
        scene = PHANTOMS[seed % len(PHANTOMS)](rng)
    height, width = scene.pixels.shape
    square = Square((width - 1) / 2, (height - 1) / 2, max(height, width))
    places = places_of(square.fit.matrix, np.zeros((SIDE, SIDE, 2), np.float32))
    picture, truth = (
        taken(one, places, 1 / square.scale)
        for one in (scene.pixels, scene.structures[int(rng.integers(len(scene.structures)))])
    )
    solid = _solid(truth)
    plane = prompt_plane(tap(solid, 0.5, rng), no_points())
    return Example(np.stack((picture, plane)), solid[None] // 255)


def draw_scene(rng: np.random.Generator, part: str = TRAIN, sources: Mapping[str, float] = SOURCES) -> Scene:
    source = rng.choice(list(sources), p=list(sources.values()))
    if source == "phantom":
        return training_phantom(rng)
    pool = nerve_scenes(part) if source == "nerve" else muscle_scenes(part)
    return pool[int(rng.integers(len(pool)))]


def viewed(scene: Scene, chosen: int, rng: np.random.Generator) -> View:
    """The scene about its structure `chosen`: turned, bent, near or far, as another scanner would show it."""
    pixels = vary_export(scene.pixels, rng) if rng.random() < 0.4 else scene.pixels
    matrix = _placing(scene, scene.structures[chosen], rng)
    places = places_of(matrix, random_bend(SIDE, rng))
    step = float(np.abs(np.linalg.det(matrix[:, :2])) ** -0.5)
    picture = taken(pixels, places, step)
    outside = taken(np.full(pixels.shape, 255, np.uint8), places, step) < 128
    if rng.random() < OTHER_SCANNER:
        picture = vary_scanner(picture, KINDS, rng)
    picture[outside] = int(rng.integers(10, 130)) if rng.random() < 0.15 else 0
    others = np.zeros((SIDE, SIDE), np.uint8)
    for number, structure in enumerate(scene.structures):
        if number != chosen:
            others |= taken(structure, places, step)
    return View(picture, taken(scene.structures[chosen], places, step), _solid(others), outside)


def _placing(scene: Scene, structure: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float64]:
    """(2, 3): half the time about all of the picture, as for a first tap; half near, as for what was found already."""
    height, width = scene.pixels.shape
    x, y, across, down = cv2.boundingRect(structure)
    longer = max(height, width)
    if rng.random() < 0.5:
        side = longer * rng.uniform(*WHOLE)
        middle = np.array([width, height]) / 2
        about = np.array([x + across / 2, y + down / 2])
        # The smaller the square, the nearer to the structure it lies.
        share = np.clip(rng.uniform(0.5, 1.3) * (1.2 - side / longer), 0, 1)
        middle = middle + share * (about - middle) + rng.normal(0, 0.06, 2) * side
    else:
        side = min(max(across, down) * np.exp(rng.uniform(*np.log(NEAR))), 1.25 * longer)
        middle = np.array([x + across / 2, y + down / 2]) + rng.normal(0, 0.08, 2) * side
    square = Square(float(middle[0]), float(middle[1]), float(side))
    linear = turned(rng) * square.scale
    return np.column_stack((linear, np.full(2, (SIDE - 1) / 2) - linear @ middle))


def example_of(view: View, prompt: Prompt) -> Example:
    plane = prompt_plane(prompt.inside, prompt.outside, prompt.within)
    return Example(np.stack((view.picture, plane)), view.structure[None].astype(np.float32) / 255)


def _of_nothing(view: View, rng: np.random.Generator) -> Example:
    """A tap beside the picture, or on noise: nothing is there to be outlined."""
    if np.count_nonzero(view.outside) < LEAST_PX:
        view = _noise(rng)
    point = tap(np.asarray(view.outside, np.uint8) * np.uint8(255), rng.uniform(0.1, 0.9), rng)
    empty = View(view.picture, np.zeros_like(view.structure), view.others, view.outside)
    return example_of(empty, Prompt(point))


def _of_nothing_in_tissue(view: View, rng: np.random.Generator) -> Example:
    picture, nothing = (shadowed if rng.random() < 0.5 else with_gel)(view.picture, rng)
    empty = View(picture, np.zeros_like(view.structure), view.others, view.outside)
    return example_of(empty, Prompt(tap(nothing, rng.uniform(0.1, 0.9), rng)))


def _noise(rng: np.random.Generator) -> View:
    empty = np.zeros((SIDE, SIDE), np.uint8)
    return View(noise(rng), empty, empty, np.ones((SIDE, SIDE), np.bool_))


def _solid(share: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(share > 127, np.uint8) * np.uint8(255)
