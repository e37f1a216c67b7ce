"""Pictures for the muscle network with their targets. A seed is a picture; half are phantoms, half real with masks."""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.muscle.phantom import muscle_picture
from tools.lesson import Example
from tools.muscle.dl_track import DlTrackPicture, Fragment, fragments_of, split
from tools.scanner_variation import vary_export

SIDE: Final = 256
GRID: Final = SIDE // 2
"""The network's output has one value for 2 x 2 pixels."""
STEEPNESS_DEG: Final = 5.0, 47.0
"""Of the fascicles in real pictures when stretched: the masks' own are seldom over 26 degrees, a contraction is."""
MOST_STRETCHED: Final = 0.65, 3.0
Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class MuscleScene:
    """A picture with its labels, before it is moved. All (height, width)."""

    pixels: NDArray[np.uint8]
    aponeurosis: Plane
    angle: Plane
    """Radians, counter-clockwise as seen."""
    readable: Plane
    weights: tuple[Plane, Plane, Plane]
    """Of aponeurosis, angle, readable; 0: not known."""


def draw_muscle_picture(seed: int, layouts_out: tuple[str, ...] = (), real_share: float = 0.55) -> Example:
    """The picture of a seed: (SIDE, SIDE), the ultrasound scaled to fit, the rest black.

    Target: (7, GRID, GRID) aponeurosis share, cos 2t, sin 2t, readable; weights of aponeurosis, angle, readable.
    layouts_out: scanners of which no picture is taken. real_share: of real pictures among all.
    """
    rng = np.random.default_rng(seed)
    if rng.random() < real_share:
        drawings = split("train", layouts_out)
        # Most draws from pictures with fascicles, which are fewer.
        with_fragments = [d for d in drawings if d.fragments is not None]
        pool = with_fragments if rng.random() < 0.65 else drawings
        scene = scene_of(pool[int(rng.integers(len(pool)))])
        return moved(scene, _stretch(scene, rng), rng)
    return moved(phantom_scene(rng), 1.0 if rng.random() < 0.7 else np.exp(rng.uniform(-0.25, 0.4)), rng)


def phantom_scene(rng: np.random.Generator) -> MuscleScene:
    made = muscle_picture(rng, (224, 420))
    truth = made.truth
    ones = np.ones(made.pixels.shape, np.float32)
    aponeurosis = np.asarray(truth.sheet, np.float32)
    inside = np.asarray(truth.layer > 0, np.float32)
    return MuscleScene(made.pixels, aponeurosis, truth.angle_rad, truth.readable, (ones, truth.readable * inside, ones))


def scene_of(drawing: DlTrackPicture) -> MuscleScene:
    """The labels that the drawn masks carry, and where they say nothing."""
    shape = drawing.pixels.shape
    aponeurosis, known = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    readable, readable_known = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    angle, angle_known = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    if drawing.aponeurosis is not None and drawing.aponeurosis.any():
        aponeurosis = (drawing.aponeurosis > 0).astype(np.float32)
        rows = np.arange(shape[0])[:, None]
        drawn = drawing.aponeurosis > 0
        top, bottom = drawn.argmax(axis=0), shape[0] - 1 - drawn[::-1].argmax(axis=0)
        # Whatever lies below the lowest drawn band may hold bands that nobody drew.
        margin = max(4, shape[0] // 60)
        known = np.where(drawn.any(axis=0) & (rows <= bottom + margin), 1, 0).astype(np.float32)
        above = drawn.any(axis=0) & ((rows < top) | drawn)
        readable_known = np.where(above, 0.5, 0).astype(np.float32)
    if drawing.fragments is not None:
        for fragment in fragments_of(drawing.fragments):
            _lay(fragment, angle, angle_known)
        width = max(3, shape[1] // 60) | 1
        near = cv2.dilate((angle_known > 0).astype(np.uint8), np.ones((width, width), np.uint8)) > 0
        readable[near], readable_known[near] = 1, 1
    return MuscleScene(drawing.pixels, aponeurosis, angle, readable, (known, angle_known, readable_known))


def _lay(fragment: Fragment, angle: Plane, known: Plane) -> None:
    """Draws the fragment's angle along its line, three pixels wide."""
    (x, y), (dx, dy), half = fragment.middle, fragment.direction, fragment.length / 2
    ends = [(round(x - dx * half), round(y - dy * half)), (round(x + dx * half), round(y + dy * half))]
    cv2.line(angle, ends[0], ends[1], float(np.radians(fragment.angle_deg)), 3)
    cv2.line(known, ends[0], ends[1], 1.0, 3)


def _stretch(scene: MuscleScene, rng: np.random.Generator) -> float:
    """How much higher to make a real picture so that its fascicles take on any steepness alike."""
    known = scene.weights[1] > 0
    if not known.any() or rng.random() < 0.2:
        return float(np.exp(rng.uniform(-0.25, 0.65)))
    now = np.tan(np.median(np.abs(scene.angle[known])))
    return float(np.clip(np.tan(np.radians(rng.uniform(*STEEPNESS_DEG))) / max(now, 1e-3), *MOST_STRETCHED))


def moved(scene: MuscleScene, tall: float, rng: np.random.Generator) -> Example:
    """Turned, sheared, stretched, flipped and cropped, on the network's square, as another scanner would show it."""
    height, width = scene.pixels.shape
    sample = placed(scene, _placing(height, width, tall, rng), vary_export(scene.pixels, rng))
    return replace(sample, picture=_grained(sample.picture, rng))


def _grained(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """With speckle that lies level, as a scanner's does, whatever was done to the picture: a stretched picture's own
    would tell how far it was stretched, and stand in for the fascicles' direction."""
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.8), sigmaY=rng.uniform(0.2, 0.6))
    if rng.random() < 0.6:
        noise = cv2.GaussianBlur(
            rng.standard_normal(picture.shape, np.float32), (0, 0), rng.uniform(0.8, 3.5), sigmaY=rng.uniform(0.4, 1.0)
        )
        gain = np.exp(noise * np.float32(rng.uniform(0.05, 0.35) / noise.std()))
        picture = np.asarray(np.clip(picture * gain, 0, 255), np.uint8)
    return picture


def placed(scene: MuscleScene, matrix: NDArray[np.float64], pixels: NDArray[np.uint8]) -> Example:
    """The scene under a (2, 3) matrix to the network's square."""
    shrink = np.abs(np.linalg.det(matrix[:, :2])) ** 0.5
    source = cv2.GaussianBlur(pixels, (0, 0), 0.45 / shrink) if shrink < 0.75 else pixels
    picture = cv2.warpAffine(source, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    to_grid = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]]) @ np.vstack((matrix, [0, 0, 1]))
    twice = _turned(scene.angle, matrix) * 2
    planes = [scene.aponeurosis, np.cos(twice) * scene.weights[1], np.sin(twice) * scene.weights[1], scene.readable]
    warped = [_warp(plane, to_grid) for plane in (*planes, *scene.weights)]
    aponeurosis, cosine, sine, readable, *weights = warped
    outside = 1 - _warp(np.ones(pixels.shape, np.float32), to_grid)
    weights[0], weights[2] = weights[0] + outside, weights[2] + outside
    length = np.maximum(np.hypot(cosine, sine), 1e-6)
    seen = np.asarray(weights[1] > 0.2, np.float32)
    target = np.stack(
        [aponeurosis, cosine / length, sine / length, readable, weights[0], weights[1] * seen, weights[2]]
    )
    return Example(picture, target.astype(np.float32))


def _warp(plane: Plane, matrix: NDArray[np.float64]) -> Plane:
    shrink = np.abs(np.linalg.det(matrix[:, :2])) ** 0.5
    soft = cv2.blur(plane, (size, size)) if (size := round(1 / shrink)) > 1 else plane
    return cv2.warpAffine(soft, matrix, (GRID, GRID), flags=cv2.INTER_LINEAR)


def _turned(angle: Plane, matrix: NDArray[np.float64]) -> Plane:
    """Angles after the matrix, which acts on (x, y) with y down."""
    x, y = np.cos(angle), -np.sin(angle)
    a = matrix[:, :2]
    return np.arctan2(-(a[1, 0] * x + a[1, 1] * y), a[0, 0] * x + a[0, 1] * y).astype(np.float32)


def _placing(height: int, width: int, tall: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random affine map, `tall` times as high as wide: aponeuroses stay within some 25 degrees."""
    zoom = rng.uniform(0.8, 1.0) if rng.random() < 0.4 else rng.uniform(1.0, 1.7)
    turn = np.radians(rng.normal(0, 6) if rng.random() < 0.85 else rng.uniform(-25, 25))
    lean = rng.normal(0, 0.25) if rng.random() < 0.5 else 0.0
    flip = -1.0 if rng.random() < 0.5 else 1.0
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = linear @ np.array([[1, lean], [0, 1]]) @ np.diag([flip, tall])
    scale = zoom * SIDE / max(min(height * np.abs(linear[1, 1]), 1.4 * width), width)
    linear = linear * scale
    # What is shown: a place of the picture within which the square still holds something.
    slack = [max(0.0, 0.5 - 0.5 / zoom), max(0.0, 0.5 - 0.5 * SIDE / (height * scale * tall))]
    middle = [length * (0.5 + rng.uniform(-s, s)) for length, s in zip((width, height), slack, strict=True)]
    centre = SIDE / 2 + rng.uniform(-0.06, 0.06, 2) * SIDE
    shift = centre - linear @ middle
    return np.column_stack((linear, shift))
