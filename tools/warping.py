"""Pictures moved as another person, another pressure of the probe and another examiner's crop would show them."""

import cv2
import numpy as np
from numpy.typing import NDArray


def turned(rng: np.random.Generator) -> NDArray[np.float64]:
    """(2, 2) of area 1: stretched, turned, leaning, mirrored half the time."""
    tall = np.exp(rng.normal(0, 0.12))
    turn = np.radians(rng.normal(0, 7) if rng.random() < 0.8 else rng.uniform(-25, 25))
    lean = rng.normal(0, 0.1)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(linear @ np.array([[1, lean], [0, 1]]) @ np.diag([flip / tall**0.5, tall**0.5]))


def placing(fit: NDArray[np.float64], side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A matrix to a square of `side` pixels, into which `fit` fits the picture: `turned`, 0.7 to 1.4 times as large,
    shifted."""
    zoom = np.exp(rng.uniform(np.log(0.7), np.log(1.45)))
    linear = zoom * turned(rng)
    centre = np.full(2, (side - 1) / 2)
    reach = 0.08 + 0.5 * abs(1 - zoom)
    shift = centre + rng.uniform(-reach, reach, 2) * side * (0.6, 0.5) - linear @ centre
    return np.column_stack((linear @ fit[:, :2], linear @ fit[:, 2] + shift))


def random_bend(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """(side, side, 2) smooth displacement in pixels: tissue that is pressed and shaped differently."""
    knots = rng.normal(0, rng.uniform(0, 5), (5, 5, 2)).astype(np.float32)
    return np.asarray(cv2.resize(knots, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def places_of(matrix: NDArray[np.float64], bend: NDArray[np.float32]) -> NDArray[np.float32]:
    """(side, side, 2) where each pixel of the square is taken from."""
    rows, columns = np.mgrid[: len(bend), : len(bend)].astype(np.float32)
    target = np.stack((columns, rows), axis=2) + bend
    back = np.linalg.inv(np.vstack((matrix, [0, 0, 1])))
    return (target @ back[:2, :2].T + back[:2, 2]).astype(np.float32)


def taken(plane: NDArray[np.uint8], places: NDArray[np.float32], step: float) -> NDArray[np.uint8]:
    """step: pixels of the plane to one of the square."""
    window = round(step) | 1 if step > 1.25 else 1
    soft = cv2.blur(plane, (window, window)) if window > 1 else plane
    return np.asarray(cv2.remap(soft, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.uint8)


def visible_part(side: int, margin: float, far_margin: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(side, side) a part of the square that is left in the picture: up to these shares are gone on the left and above,
    and on the right and below."""
    inside = np.zeros((side, side), np.bool_)
    left, top = (int(side * rng.uniform(0, margin)) for _ in range(2))
    right, bottom = (int(side * rng.uniform(1 - far_margin, 1)) for _ in range(2))
    inside[top:bottom, left:right] = True
    return inside
