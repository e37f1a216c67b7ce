"""What is truly in a phantom's picture, as the network is to mark it: curves that move with the picture, then masks."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.hip.lines import Floats
from edge.task.hip.phantom import HipPicture
from edge.task.hip.phantom_echoes import labrum_ring
from edge.task.hip.seen import AREAS, CHANNELS, LINES, SPOTS

LEAST_STRENGTH: Final = 0.45
"""Of a structure in a tilted plane, from which on it is marked."""
LINE_PX, SPOT_PX = 5, 4.0
"""Of the network's square: height of a line's band, standard deviation of a spot."""
BITS: Final = 4
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Curves in the picture's pixels."""

    curves: dict[str, Floats]
    """By channel, (n, 2) each; only of what is there to be seen. The disc of the head, seen or not, is `place`."""

    def moved(self, move: "Move") -> "Truth":
        return Truth({name: move(curve) for name, curve in self.curves.items()})


class Move:
    """Points of a picture to where `tools.warping.taken` with the same matrix and bend puts them."""

    def __init__(self, matrix: NDArray[np.float64], bend: NDArray[np.float32]) -> None:
        self._matrix, self._bend = matrix, bend

    def __call__(self, points: Floats) -> Floats:
        there = points @ self._matrix[:, :2].T + self._matrix[:, 2]
        found = there
        # The bend is smooth: where a point comes from settles within a hundredth of a pixel.
        for _ in range(3):
            x, y = (np.ascontiguousarray(found[:, axis], np.float32)[:, None] for axis in (0, 1))
            off = cv2.remap(self._bend, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            found = there - off[:, 0]
        return np.asarray(found, np.float64)


def truth_of(taken: HipPicture) -> Truth:
    """Of a phantom's picture."""
    seen, px = taken.section, 1 / taken.mm_per_px
    middle = np.array((taken.pixels.shape[1] / 2 - 0.5, -0.5))
    head = seen.head + seen.radius_mm * _turns(48)
    curves = {
        "iliac line": seen.ilium[::-4][::-1],
        "bony roof": seen.roof[::-3][::-1],
        "chondro-osseous border": seen.border[::3],
        "joint capsule": np.concatenate((seen.perichondrium[::4], seen.capsule[::3])),
        "femoral head": head,
        "labrum": labrum_ring(seen),
        "cartilage roof": np.concatenate((seen.roof[::-3][::-1], seen.head[None], seen.labrum[None])),
        "bony rim": seen.rim[None],
        "lower limb": seen.lower_limb[None],
        "synovial fold": seen.fold[1:2],
    }
    shown = {name: curve for name, curve in curves.items() if seen.strength[name] >= LEAST_STRENGTH}
    shown["place"] = head
    return Truth({name: np.asarray(curve * px + middle, np.float64) for name, curve in shown.items()})


def _turns(n: int) -> Floats:
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack((np.cos(turn), np.sin(turn)), axis=1)


def target_of(truth: Truth, side: int) -> NDArray[np.float32]:
    """(len(CHANNELS), side, side) share of each pixel that is the structure."""
    planes = np.zeros((len(CHANNELS), side, side), np.uint8)
    number = {name: k for k, name in enumerate(CHANNELS)}
    for name in LINES:
        if name in truth.curves:
            points = [_fixed(truth.curves[name])]
            cv2.polylines(planes[number[name]], points, False, 255, LINE_PX, cv2.LINE_AA, BITS)
    for name in AREAS:
        if name in truth.curves:
            cv2.fillPoly(planes[number[name]], [_fixed(truth.curves[name])], 255, cv2.LINE_AA, BITS)
    for name in ("femoral head", "labrum"):
        np.minimum(planes[number["cartilage roof"]], 255 - planes[number[name]], out=planes[number["cartilage roof"]])
    place = np.zeros((side, side), np.uint8)
    cv2.fillPoly(place, [_fixed(truth.curves["place"])], 255, cv2.LINE_AA, BITS)
    np.minimum(planes[number["cartilage roof"]], 255 - place, out=planes[number["cartilage roof"]])
    target = planes.astype(np.float32) / 255
    for name in SPOTS:
        if name in truth.curves:
            off = (np.arange(side)[None] - truth.curves[name][0][:, None]) / SPOT_PX
            across, down = np.exp(-(off**2) / 2).astype(np.float32)
            target[number[name]] = down[:, None] * across
    return target


def _fixed(points: Floats) -> NDArray[np.int32]:
    return np.clip(np.round(points * (1 << BITS)), -(1 << 18), 1 << 18).astype(np.int32)
