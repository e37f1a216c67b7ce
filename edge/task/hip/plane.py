"""Whether a picture shows the standard plane: Graf's two checklists, item by item, and what to do where one is missing.

An item's score is a contrast as a share of the bone's brightness, so that gain and grey maps change it little. What it
must reach is what about 9 in 10 standard planes had, phantoms and 18 real ones; docs/results.md tells how seldom some
structures are told to be missing by that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.hip.bone_map import sampled
from edge.task.hip.graf import CRITICAL_DEG, DECENTRING_BETA_DEG
from edge.task.hip.joint import Joint
from edge.task.hip.lines import Floats, GrafLines, HipAngles
from edge.task.hip.spec import PLANE_ITEMS, STRUCTURES

BORDER_DEG: Final = (-50.0, 20.0)
"""Directions from the head's middle, clockwise from caudal, in which the border between cartilage and bone lies."""
BORDER_REACH: Final = (0.95, 2.2)
"""In radii of the head."""
BORDER_SHADOW: Final = 0.6
"""Depth of its shadow that is looked at, in radii."""
BORDER_STEPS: Final = 72
CAPSULE_DEG: Final = (-115.0, -40.0)
CAPSULE_REACH: Final = (0.95, 1.4)
FOLD_DEG: Final = (-62.0, -8.0)
FOLD_REACH: Final = (0.95, 1.5)
LIMB_SHARE: Final = 0.012
"""Of the picture's width: a Gaussian as large as a lower limb."""
LIMB_TAIL: Final = 0.25
"""Of the roof, at its end."""
LEAST: Final = {
    "chondro-osseous border": 0.1,
    "femoral head": 0.1,
    "synovial fold": 0.13,
    "joint capsule": 0.13,
    "labrum": 0.12,
    "cartilage roof": 0.2,
    "bony roof": 0.28,
    "bony rim": 0.33,
    "lower limb": 1.0,
    "straight ilium": -0.3,
}
"""Least score of an item that counts as seen."""
MOST_SLANT_DEG: Final = 9.0
MOST_BEND_DEG: Final = 9.0
MOST_ROUGH: Final = 0.03
"""Of the ilium: slant of its line in the picture, bend between its halves, deviation from a line over its length; each
alone may be so much, and together less."""
LEAST_FIT: Final = 0.2
"""Of everything together (edge.task.hip.joint.Joint.fit); of 38 real planes most standard ones have more."""
LEAST_ILIUM_SHARE: Final = 0.12
"""Of the picture's width: a shorter piece does not tell whether it is straight."""
BEND_PER_TILT: Final = -0.0074
"""Radians by which the straight part's caudal half is bent against its cranial half for each degree of tilt and each
head's radius of the ilium's length: 2.5 times what the simulated hips' shape says, since most of a measured bend is
noise (correlation with the tilt 0.68 over 60 of them)."""
MOST_TILT_DEG: Final = 30.0
DECENTRED_COVERAGE: Final = 33.0

ADVICE: Final = {
    "chondro-osseous border": "move the probe caudally, until the border of the shaft is in the picture",
    "femoral head": "centre the probe on the head, and hold it at a right angle to the body",
    "synovial fold": "turn the probe a little, without tilting it from head to foot",
    "joint capsule": "hold the probe at a right angle to the skin, with less pressure",
    "labrum": "turn the probe until the labrum stands out over the head",
    "cartilage roof": "centre the socket, and lower the gain",
    "bony roof": "move the probe to the middle of the socket",
    "bony rim": "move the probe to the middle of the socket",
    "lower limb": "move the probe forward or backward, until the lower limb stands out in the depth of the socket",
    "straight ilium": "turn the probe about the lower limb, until the ilium is a straight level line",
}


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """What the checklists say."""

    scores: dict[str, float]
    """By item, of both checklists."""
    missing: tuple[str, ...]
    """Items that are not seen, in the checklists' order."""
    tilt_deg: float | None
    """Estimated from the ilium's bend; None: too little of it is seen."""

    fit: float
    """How well everything fits together; the greater, the better the plane."""
    least_fit: float = LEAST_FIT
    """Of a standard plane."""
    contrast: Mapping[str, float] = field(default_factory=dict)
    """What image analysis says of some items, where `scores` are the network's."""
    doubtful: tuple[str, ...] = ()
    """Items that image analysis sees and the network does not."""

    @property
    def standard(self) -> bool:
        return not self.missing and self.fit >= self.least_fit


ITEMS: Final = tuple(dict.fromkeys((*STRUCTURES, *PLANE_ITEMS)))


def plane_of(joint: Joint) -> Plane:
    """Both checklists of what was seen."""
    bone = np.concatenate((joint.ilium.points, joint.roof.points))
    bright = max(float(np.median(sampled(joint.work.calm, bone[None]))), 1.0)
    scores = contrasts(joint.work.calm, joint.head.middle, joint.head.radius, joint.roof.points, bright) | {
        "femoral head": joint.head.score,
        "labrum": joint.labrum.score / bright if joint.labrum else 0.0,
        "cartilage roof": _cartilage(joint, bright),
        "bony roof": joint.roof.strength,
        "bony rim": float(np.mean(np.concatenate((joint.ilium.level[-5:], joint.roof.level[:5])))),
        "straight ilium": straight_score(joint.ilium.points, joint.lines, joint.work.calm.shape[1]),
    }
    missing = tuple(item for item in ITEMS if scores[item] < LEAST[item])
    tilt_deg = tilt_by_bend(joint.ilium.points, joint.lines, joint.head.radius)
    return Plane(scores, missing, tilt_deg, joint.fit)


def contrasts(
    calm: NDArray[np.float32], middle: Floats, radius: float, roof: Floats, bright: float
) -> dict[str, float]:
    """Scores of the items that are lines and spots around the head, by what the picture itself shows of them.

    calm: grey levels, cranial to the left. middle, radius: of the head. roof: (n, 2) to the lower limb. bright: grey of
    bone.
    """
    around = _Around(calm, middle, radius)
    return {
        "chondro-osseous border": _border(around) / bright,
        "synovial fold": _fold(around) / bright,
        "joint capsule": _capsule(around) / bright,
        "lower limb": _limb(calm, roof),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Around:
    """A picture about the head."""

    calm: NDArray[np.float32]
    middle: Floats
    radius: float

    def rays(
        self, degrees: tuple[float, float], reach: tuple[float, float], n: int = 40, plane: Any = None
    ) -> NDArray[np.float32]:
        """(directions, n) values outwards from the head's middle. plane: of another picture as large."""
        turn = np.radians(np.linspace(*degrees, 24))[:, None]
        far = np.linspace(*reach, n) * self.radius
        x, y = self.middle[0] + far * np.cos(turn), self.middle[1] + far * np.sin(turn)
        return sampled(self.calm if plane is None else plane, np.stack((x, y), axis=-1))


def _border(around: _Around) -> float:
    """How much brighter a line beside the head is than the shadow behind it, where that is clearest."""
    behind = BORDER_REACH[1] + BORDER_SHADOW
    rays = around.rays(BORDER_DEG, (BORDER_REACH[0], behind), BORDER_STEPS)
    step = (behind - BORDER_REACH[0]) / (BORDER_STEPS - 1)
    gap, long = round(0.12 / step), round(BORDER_SHADOW / step)
    total = np.cumsum(np.concatenate((np.zeros((len(rays), 1)), rays), axis=1), axis=1)
    within = np.arange(BORDER_STEPS - long)
    dark = (total[:, within + long + 1] - total[:, within + gap]) / (long + 1 - gap)
    return float(np.quantile((rays[:, within] - dark).max(axis=1), 0.7))


def _capsule(around: _Around) -> float:
    """How much brighter the line around the head's lateral side is than the head beneath it."""
    rays = around.rays(CAPSULE_DEG, CAPSULE_REACH)
    inside = around.rays(CAPSULE_DEG, (0.65, 0.85), 8).mean(axis=1)
    return float(np.median(rays.max(axis=1) - inside))


def _fold(around: _Around) -> float:
    """How much a spot stands out where the capsule turns to the neck."""
    calm, radius = around.calm, around.radius
    spots = cv2.GaussianBlur(calm, (0, 0), max(0.6, 0.07 * radius)) - cv2.GaussianBlur(calm, (0, 0), 0.3 * radius)
    return float(around.rays(FOLD_DEG, FOLD_REACH, 24, np.asarray(spots, np.float32)).max())


def _cartilage(joint: Joint, bright: float) -> float:
    """How much darker than the picture's bright echoes what lies between the roof and the head is."""
    share = np.linspace(0.15, 0.75, 12)[:, None]
    roof = joint.marks.rim + share * (joint.marks.lower_limb - joint.marks.rim)
    toward = joint.head.middle - roof
    away = np.linalg.norm(toward, axis=1, keepdims=True)
    gap = np.maximum(away - joint.head.radius, 2.0)
    places = roof + toward / np.maximum(away, 1e-9) * gap * 0.6
    return float(1.0 - np.median(sampled(joint.work.calm, places[None])) / bright)


def _limb(calm: NDArray[np.float32], roof: Floats) -> float:
    """How bright the spot at the roof's end is, against the roof: the lower limb is a thick, bright end."""
    soft = cv2.GaussianBlur(calm, (0, 0), LIMB_SHARE * calm.shape[1])
    along = sampled(np.asarray(soft, np.float32), roof[None])[0]
    tail = max(3, round(LIMB_TAIL * len(along)))
    return float(along[-tail:].max() / max(float(np.median(along[:-tail])), 1.0)) if len(along) > tail else 0.0


def straight_score(ilium: Floats, lines: GrafLines, width: float) -> float:
    """1 for a straight and level ilium (n, 2), 0 where it just counts as one, below 0 where it does not. width: of the
    picture, in the same unit."""
    if np.linalg.norm(ilium[-1] - ilium[0]) < LEAST_ILIUM_SHARE * width:
        return -1.0
    slant = abs(float(np.degrees(np.arctan2(lines.base.way[1], lines.base.way[0]))))
    shares = slant / MOST_SLANT_DEG, abs(lines.bend_deg) / MOST_BEND_DEG, lines.straightness / MOST_ROUGH
    return 1.0 - float(np.linalg.norm(shares))


def tilt_by_bend(ilium: Floats, lines: GrafLines, head_radius: float) -> float | None:
    """Degrees, from how much the ilium (n, 2) is bent for its length. None: too little of it is seen."""
    length = float(np.linalg.norm(ilium[-1] - ilium[0])) / max(head_radius, 1.0)
    if length < 0.8:
        return None
    return float(np.clip(np.radians(lines.bend_deg) / (BEND_PER_TILT * length), -MOST_TILT_DEG, MOST_TILT_DEG))


def decentred(angles: HipAngles) -> tuple[str, ...]:
    """What speaks for a head that has left the socket; empty: nothing."""
    signs = []
    if angles.alpha_deg < CRITICAL_DEG:
        signs.append(f"alpha under {CRITICAL_DEG:.0f} degrees")
    if angles.beta_deg is not None and angles.beta_deg > DECENTRING_BETA_DEG:
        signs.append(f"beta over {DECENTRING_BETA_DEG:.0f} degrees")
    if angles.coverage is not None and angles.coverage < DECENTRED_COVERAGE:
        signs.append(f"less than {DECENTRED_COVERAGE:.0f} % of the head covered")
    return tuple(signs)


def advice_for(missing: tuple[str, ...]) -> str:
    """What to move, for the first of the missing items of the second checklist, else of the first."""
    first = next((item for item in PLANE_ITEMS if item in missing), missing[0])
    return ADVICE[first]
