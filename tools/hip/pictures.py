"""Pictures of phantom hips for training a network, with strong variation. A seed is a picture.

What differs between machines and infants is varied by the phantom (edge/task/hip/phantom_drawing.py: grain, dynamic
range, gain, depth, ossific nucleus, side), then once more on the finished picture: shape, grain, grey map, shadow,
haze, letters, rulers and callipers burnt in, what other body parts' real pictures look like. What differs between
examiners is varied too: tilt, rotation, pressure, structures that are not in the plane, crops.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.hip.phantom import hip_picture
from edge.task.hip.phantom_drawing import draw_hip, left_out_at_random
from edge.task.hip.seen import CHANNELS
from tools.hip.structures import Grey, Move, Truth, target_of, truth_of
from tools.lesson import Example
from tools.muscle import dl_track
from tools.nerve import usgra_seg
from tools.scanner_variation import vary_export, vary_scanner
from tools.warping import places_of, random_bend, taken, visible_part

SIDE: Final = 256
OTHER_SHARE, LACKING_SHARE, TILTED_SHARE, TEXTURED_SHARE = 0.1, 0.3, 0.5, 0.6
OTHER_SCANNER_SHARE, MARKED_SHARE = 0.6, 0.35
KINDS: Final = frozenset({"intensity", "speckle"})
ROWS: Final = (256, 360)
BLOCK, OF_BLOCK = 1280, 256
"""So many pictures in a row show so many phantoms, each five times on average and never twice alike: drawing a
phantom takes four times as long as changing its picture."""
UPSIDE_DOWN: Final = 0.35
"""Of the pictures without a hip: nothing of it is where it must be, though every line is there."""
ZOOM: Final = (0.85, 1.4)
WINDOWED: Final = 0.15
LEAST_BRIGHT: Final = 24
"""Grey where a picture's brightest tenth begins; no examiner works in the dark."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A phantom's picture (height, width) and what is in it."""

    pixels: Grey
    truth: Truth


def draw_hip_picture(seed: int) -> Example:
    """The picture of a seed: (SIDE, SIDE). Target: (len(CHANNELS), SIDE, SIDE) as `target_of` says."""
    rng = np.random.default_rng([524, seed])
    if rng.random() < OTHER_SHARE:
        return _without_a_hip(seed, rng)
    scene = _scene((seed // BLOCK) * OF_BLOCK + int(rng.integers(OF_BLOCK)))
    matrix, bend = placing(scene.pixels.shape, rng), random_bend(SIDE, rng)
    picture = _taken(scene.pixels, matrix, bend)
    target = target_of(scene.truth.moved(Move(matrix, bend)), SIDE)
    if rng.random() < TEXTURED_SHARE:
        picture = with_texture(picture, _texture(rng), target.max(axis=0), rng)
    target *= _taken(np.full(scene.pixels.shape, 255, np.uint8), matrix, bend) >= 128
    return Example(shown_by_another(picture, rng, target), target)


def draw_hip_phantom(seed: int) -> Scene:
    """A phantom by any scanner in about any plane, as the training draws it."""
    rng = np.random.default_rng([525, seed])
    hip = draw_hip(rng)
    for _ in range(int(rng.random() < LACKING_SHARE) + int(rng.random() < LACKING_SHARE / 2)):
        hip = replace(hip, missing=hip.missing | left_out_at_random(rng, hip).missing)
    tilted = rng.random() < TILTED_SHARE
    tilt, rotation = rng.normal(0, (9.0, 8.0)) if tilted else rng.uniform(-3, 3, 2)
    made = hip_picture(rng, hip=hip, tilt_deg=float(tilt), rotation_deg=float(rotation), rows=ROWS)
    return Scene(made.pixels, truth_of(made))


_scene = lru_cache(maxsize=OF_BLOCK)(draw_hip_phantom)


def stretched(scene: Scene) -> Example:
    """The phantom as a task brings it to the network's square, and its target; nothing is varied."""
    matrix, bend = _stretch(scene.pixels.shape), np.zeros((SIDE, SIDE, 2), np.float32)
    return Example(_taken(scene.pixels, matrix, bend), target_of(scene.truth.moved(Move(matrix, bend)), SIDE))


def _stretch(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """(2, 3) from the picture's pixels to the square's."""
    across, down = SIDE / shape[1], SIDE / shape[0]
    return np.array([[across, 0.0, across / 2 - 0.5], [0.0, down, down / 2 - 0.5]])


def _taken(pixels: Grey, matrix: NDArray[np.float64], bend: NDArray[np.float32]) -> Grey:
    step = float(np.abs(np.linalg.det(matrix[:, :2])) ** -0.5)
    return taken(pixels, places_of(matrix, bend), step)


def placing(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """(2, 3) to the square: stretched to it, larger or smaller, leaning, turned a little, mirrored half the time."""
    zoom, tall = np.exp(rng.uniform(*np.log(ZOOM))), np.exp(rng.normal(0, 0.12))
    turn, lean = np.radians(rng.normal(0, 4)), rng.normal(0, 0.12)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    turning = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    # Leaning moves each row as a whole up or down with its place across: layers rise to one side, shadows stay upright.
    linear = zoom * turning @ np.array([[1.0, 0.0], [lean, 1.0]]) @ np.diag((flip / tall**0.5, tall**0.5))
    stretch, centre = _stretch(shape), np.full(2, (SIDE - 1) / 2)
    reach = 0.06 + 0.5 * abs(zoom - 1)
    shift = centre + rng.uniform(-reach, reach, 2) * SIDE - linear @ centre
    return np.column_stack((linear @ stretch[:, :2], linear @ stretch[:, 2] + shift))


def shown_by_another(picture: Grey, rng: np.random.Generator, target: NDArray[np.float32] | None = None) -> Grey:
    """Another scanner's shadows, haze, grain, grey map, padding and burnt-in marks. target (channels, side, side): what
    is padded is taken from it."""
    level = picture.astype(np.float32)
    if rng.random() < 0.35:
        level *= _shadows(rng)
    if rng.random() < 0.35:
        level = np.maximum(level, _haze(rng))
    picture = np.clip(level, 0, 255).astype(np.uint8)
    if rng.random() < OTHER_SCANNER_SHARE:
        varied = vary_scanner(picture, KINDS, rng)
        picture = varied if np.quantile(varied, 0.9) >= LEAST_BRIGHT else picture
    if rng.random() < WINDOWED:
        outside = ~visible_part(SIDE, 0.12, 0.12, rng)
        picture[outside] = int(rng.integers(5, 90)) if rng.random() < 0.3 else 0
        if target is not None:
            target[:, outside] = 0
    if rng.random() < 0.7:
        picture = vary_export(picture, rng)
    return with_marks(picture, rng) if rng.random() < MARKED_SHARE else picture


def _shadows(rng: np.random.Generator) -> NDArray[np.float32]:
    """(1, SIDE) what bad contact and gas leave of each column's brightness."""
    across, share = np.arange(SIDE), np.ones(SIDE)
    for _ in range(int(rng.integers(1, 4))):
        at, wide = rng.uniform(0, SIDE), rng.uniform(4, 40)
        share *= 1 - rng.uniform(0.2, 0.95) * np.exp(-(((across - at) / wide) ** 2))
    return np.asarray(share[None], np.float32)


def _haze(rng: np.random.Generator) -> NDArray[np.float32]:
    """(SIDE, SIDE) grey below which nothing falls, more or less with depth: noise that the gain lifts."""
    down = np.interp(np.arange(SIDE), (0, SIDE / 2, SIDE - 1), rng.uniform(0, 60, 3) * (0.3, 0.7, 1.0))
    grain = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE), np.float32), (0, 0), rng.uniform(0.6, 1.6), sigmaY=0.7)
    return np.asarray(down[:, None] * (1 + rng.uniform(0.3, 1.0) * grain), np.float32)


def with_marks(picture: Grey, rng: np.random.Generator) -> Grey:
    """Callipers, dotted lines, angles' lines, texts and rulers, as examiners leave them on pictures that they keep."""
    drawn, grey = np.array(picture, order="C"), int(rng.integers(150, 256))
    for _ in range(int(rng.integers(1, 5))):
        kind = int(rng.integers(4))
        one, other = (tuple(int(v) for v in rng.integers(10, SIDE - 10, 2)) for _ in range(2))
        if kind == 0:
            for place in (one, other):
                cv2.drawMarker(drawn, place, grey, int(rng.integers(0, 3)), int(rng.integers(5, 11)), 1)
            if rng.random() < 0.6:
                _dotted(drawn, one, other, grey, int(rng.integers(3, 9)))
        elif kind == 1:
            words = "".join(chr(int(c)) for c in rng.integers(45, 123, int(rng.integers(2, 14))))
            cv2.putText(drawn, words, one, int(rng.integers(0, 8)), rng.uniform(0.25, 0.6), grey, 1, cv2.LINE_AA)
        elif kind == 2:
            side, every = int(rng.choice((1, SIDE - 5))), int(rng.integers(6, 40))
            for row in range(int(rng.integers(every)), SIDE, every):
                cv2.line(drawn, (side, row), (side + int(rng.integers(1, 5)), row), grey, 1)
        elif rng.random() < 0.4:
            cv2.line(drawn, one, other, grey, 1, cv2.LINE_AA)
    return drawn


def _dotted(picture: Grey, start: tuple[int, ...], end: tuple[int, ...], grey: int, every: int) -> None:
    n = max(2, round(float(np.hypot(*np.subtract(end, start))) / every))
    for x, y in np.round(np.linspace(start, end, n)).astype(int).tolist():
        picture[y : y + 1, x : x + 1] = grey


def with_texture(picture: Grey, texture: Grey, structures: NDArray[np.float32], rng: np.random.Generator) -> Grey:
    """A real picture's grain and layers mixed in, less where structures (height, width) lie."""
    height, width = picture.shape
    scale = rng.uniform(0.7, 1.6) * max(height / texture.shape[0], width / texture.shape[1])
    size = max(width, round(texture.shape[1] * scale)), max(height, round(texture.shape[0] * scale))
    large = cv2.resize(texture, size, interpolation=cv2.INTER_LINEAR)
    top, left = (int(rng.integers(0, more - less + 1)) for more, less in zip(large.shape, picture.shape, strict=True))
    part = large[top : top + height, left : left + width].astype(np.float32)
    if rng.random() < 0.5:
        part = part[:, ::-1]
    most = rng.uniform(0.1, 0.7)
    soft = cv2.GaussianBlur(structures, (0, 0), 3)
    share = np.float32(most) * (1 - np.float32(0.7) * np.clip(soft, 0, 1))
    # Shadows stay dark: what is added goes with the picture's own brightness around.
    around = cv2.GaussianBlur(picture, (0, 0), 6).astype(np.float32) / 255
    added = part * np.clip(0.15 + 1.5 * around, 0, 1)
    mixed = (1 - share) * picture.astype(np.float32) + share * added
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


@cache
def real_textures() -> Sequence[Grey]:
    """Real pictures of other body parts: what the nerve and muscle models train with. No hip."""
    return [one.pixels for one in (*usgra_seg.split("train"), *dl_track.split("train"))]


def _texture(rng: np.random.Generator) -> Grey:
    pool = real_textures()
    return pool[int(rng.integers(len(pool)))]


def _without_a_hip(seed: int, rng: np.random.Generator) -> Example:
    """Another body part, or a hip that stands on its head: nothing is to be marked."""
    empty = np.zeros((len(CHANNELS), SIDE, SIDE), np.float32)
    upside_down = rng.random() < UPSIDE_DOWN
    pixels = np.ascontiguousarray(_scene((seed // BLOCK) * OF_BLOCK).pixels[::-1]) if upside_down else _texture(rng)
    picture = _taken(pixels, placing(pixels.shape, rng), random_bend(SIDE, rng))
    return Example(shown_by_another(picture, rng), empty)
