"""An infant's hip in the coronal plane, and the section of it that a plane shows which is tilted or turned.

The anatomy has millimetres of its own: origin where base line and bony roof line cross, x caudally, y into the body.
`section` gives a plane's curves in the picture's millimetres.

What a tilt does follows what sonographers are taught (Graf 2006): out of the standard plane the ilium bends and slants,
the lower limb fades first, then the roof is cut short and looks steeper or flatter, and the head's section shrinks. How
much of each a degree brings is this phantom's own choice, such that 10 degrees change alpha by about 5.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.phantom.records import Pose
from edge.task.hip.lines import Floats, Landmarks

ILIUM_MM: Final = 46.0
"""As far as the iliac line goes, beyond every picture's edge."""
SHAFT_MM: Final = 40.0
"""Of the thigh bone's surface beyond the border, as far as every picture's edge."""
PRESSED_SHARE: Final = 1 / 3
"""Of the soft tissue's height, by full pressure."""
STANDARD_TILT_DEG: Final = 4.0
STANDARD_ROTATION_DEG: Final = 5.0
"""Within both of them the plane counts as the standard one: alpha changes by about 2 degrees."""
ALPHA_PER_TILT: Final = 0.3
ALPHA_PER_ROTATION: Final = -0.4
SLANT_PER_TILT: Final = 0.25
SLANT_PER_ROTATION: Final = 0.5
BEND_PER_TILT: Final = 0.001
"""Curvature of the ilium, 1/mm, by a degree of tilt."""
HEAD_OFF_PER_TILT: Final = 0.26
"""Millimetres from the head's middle to the plane, by a degree."""
LABRUM_OFF_MM: Final = 0.9
"""Between the head and the labrum's middle."""
THICKEST_MM: Final = 6.0
LABRUM_REACH_MM: Final = (4.5, 11.0)
"""Between the bony rim and the labrum's middle."""


@dataclass(frozen=True, slots=True)
class Hip:
    """One hip. Lengths in mm, angles in degrees."""

    alpha_deg: float
    beta_deg: float
    coverage: float
    """Of the head, percent."""
    age_weeks: float
    radius_mm: float
    """Of the femoral head."""
    cartilage_mm: float
    """Between the roof line and the head; more where the labrum needs the room."""
    roof_mm: float
    """From the vertex to the lower limb."""
    corner_mm: float
    """How far from the vertex the rim's rounding begins: small where it is angular."""
    hollow: float
    """Depth of the roof's hollow over its length."""
    wave_mm: float
    """By which the ilium is curved just above the rim."""
    inclination_deg: float
    """Of the base line in the standard plane."""
    vertex_mm: tuple[float, float]
    """Across and down, where the vertex lies in the picture."""
    nucleus_mm: float = 0.0
    """Radius of the ossific nucleus; 0: there is none yet."""
    left: bool = False
    missing: frozenset[str] = frozenset()
    labrum_size: float = 1.0
    """Its length over 2.8 mm; it thickens half as much as it lengthens."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """What a plane shows, in the picture's mm: x from its centre line, y under the skin. Curves are (n, 2)."""

    ilium: Floats
    roof: Floats
    limb: Floats
    rim: Floats
    lower_limb: Floats
    head: Floats
    radius_mm: float
    labrum: Floats
    labrum_way: Floats
    """Unit vector from the rim's side to its point."""
    labrum_size: float
    perichondrium: Floats
    capsule: Floats
    fold: Floats
    border: Floats
    """Chondro-osseous border, and the shaft's surface beyond it."""
    floor: Floats
    ischium: Floats
    nucleus: Floats
    alpha_deg: float
    """As this plane shows it."""
    strength: dict[str, float]
    """By structure: share of its amplitude that this plane leaves."""

    def landmarks(self) -> Landmarks:
        """As a sonographer marks them."""
        return Landmarks(self.ilium, self.roof, self.rim, self.lower_limb, self.labrum, self.head, self.radius_mm)


def is_standard(hip: Hip, pose: Pose, rotation_deg: float) -> bool:
    """Whether Graf would measure in this plane."""
    return not hip.missing and abs(pose.tilt_deg) <= STANDARD_TILT_DEG and abs(rotation_deg) <= STANDARD_ROTATION_DEG


def section(hip: Hip, pose: Pose, rotation_deg: float = 0.0) -> Section:
    """The curves of the plane that is tilted by `pose` and turned by `rotation_deg`."""
    tilt = pose.tilt_deg
    alpha = np.radians(np.clip(hip.alpha_deg + ALPHA_PER_TILT * tilt + ALPHA_PER_ROTATION * rotation_deg, 24, 88))
    roof_mm = hip.roof_mm * (1 - abs(tilt) / 60)
    down = np.array((np.cos(alpha), np.sin(alpha)))
    corner = np.array((-hip.corner_mm, 0.0)), np.zeros(2), hip.corner_mm * down
    rim, lower_limb = corner[2], roof_mm * down
    head, radius, labrum, reach = _head_and_labrum(hip, np.degrees(alpha), rim)
    radius_seen = float(np.sqrt(max(radius**2 - (HEAD_OFF_PER_TILT * tilt) ** 2, (0.35 * radius) ** 2)))
    way = (labrum - rim) / max(reach, 1e-9)
    place = _Placing.of(hip, pose, rotation_deg)
    begin = float(np.arctan2(*(labrum - head)[::-1]))
    capsule = _arc(head, radius + 1.4, begin if begin <= 0 else begin - 2 * np.pi, float(np.radians(-28)))
    border = _shaft(head, radius)
    pole = labrum + 1.1 * way + 0.7 * np.array((way[1], -way[0]))
    edge = np.array((-hip.corner_mm - 3.0, -0.9))
    return Section(
        ilium=place(_ilium(hip, tilt, corner)),
        roof=place(_roof(hip, rim, lower_limb, down)),
        limb=place(np.stack((lower_limb - 1.3 * down, lower_limb, lower_limb + np.array((0.9, 0.5))))),
        rim=place(rim),
        lower_limb=place(lower_limb),
        head=place(head),
        radius_mm=radius_seen,
        labrum=place(labrum),
        labrum_way=place.turned(way),
        labrum_size=hip.labrum_size,
        perichondrium=place(_curve(np.stack((edge, (edge + pole) / 2 + (-0.3, 0.5), pole)))),
        capsule=place(np.concatenate((pole[None], capsule[2:]))),
        fold=place(_fold(capsule[-1], head)),
        border=place(border),
        floor=place(_arc(head, radius + 2.6, np.radians(100), np.radians(58))),
        ischium=place(_arc(head + np.array((0.35, 2.1)) * radius, 2.6, np.radians(200), np.radians(340))),
        nucleus=place(head + np.array((0.12, -0.1)) * radius),
        alpha_deg=float(np.degrees(alpha)),
        strength=_strengths(hip, tilt, rotation_deg),
    )


def usual_beta_deg(hip: Hip) -> float:
    """The cartilage roof angle at which the line from the rim touches the room that the head needs."""
    alpha = np.radians(hip.alpha_deg)
    off = _head(hip, alpha, hip.cartilage_mm) - hip.corner_mm * np.array((np.cos(alpha), np.sin(alpha)))
    far = max(float(np.linalg.norm(off)), hip.radius_mm + LABRUM_OFF_MM)
    return float(np.degrees(np.arcsin((hip.radius_mm + LABRUM_OFF_MM) / far) - np.arctan2(off[1], off[0])))


def _head(hip: Hip, alpha: float, cartilage_mm: float) -> Floats:
    """Its middle: it touches the cartilage over the roof line, and lies as deep as its coverage says."""
    deep = (2 * hip.coverage / 100 - 1) * hip.radius_mm
    return np.array(((hip.radius_mm + cartilage_mm + deep * np.cos(alpha)) / np.sin(alpha), deep))


def _head_and_labrum(hip: Hip, alpha_deg: float, rim: Floats) -> tuple[Floats, float, Floats, float]:
    """Middle and radius of the head, the labrum's middle and how far it is from the rim.

    The labrum lies on its cartilage roof line where that meets the room that the head needs, or comes nearest to it;
    the cartilage gets thicker until there is room for it.
    """
    beta = np.radians(hip.beta_deg)
    way = np.array((np.cos(beta), -np.sin(beta)))
    cartilage = hip.cartilage_mm
    while True:
        head = _head(hip, float(np.radians(alpha_deg)), cartilage)
        reach = _meeting(head - rim, way, hip.radius_mm + LABRUM_OFF_MM)
        if reach >= LABRUM_REACH_MM[0] or cartilage > THICKEST_MM:
            break
        cartilage += 0.2
    reach = float(np.clip(reach, *LABRUM_REACH_MM))
    return head, hip.radius_mm, rim + reach * way, reach


def _meeting(head: Floats, way: Floats, radius: float) -> float:
    """How far along `way` from the rim a circle around `head` is met, or come nearest to."""
    along, beside = float(head @ way), float(way[0] * head[1] - way[1] * head[0])
    if abs(beside) >= radius:
        return along
    return along - float(np.sqrt(radius**2 - beside**2))


def _ilium(hip: Hip, tilt_deg: float, corner: tuple[Floats, Floats, Floats]) -> Floats:
    """From its cranial end to the rim, with the rounding between them: a parabola that touches both lines."""
    back = np.linspace(ILIUM_MM, hip.corner_mm, 180)
    slant = np.tan(np.radians(SLANT_PER_TILT * tilt_deg))
    off = slant * back + BEND_PER_TILT * tilt_deg / 2 * back**2
    wave = hip.wave_mm * np.exp(-(((back - hip.corner_mm - 3.0) / 2.0) ** 2))
    line = np.stack((-back, wave - off), axis=1)
    share = np.linspace(0, 1, 24)[1:, None]
    start, vertex, end = (line[-1], *corner[1:])
    rounded = (1 - share) ** 2 * start + 2 * share * (1 - share) * vertex + share**2 * end
    return np.concatenate((line, rounded))


def _roof(hip: Hip, rim: Floats, lower_limb: Floats, down: Floats) -> Floats:
    """From the rim to the lower limb, hollow on the joint's side."""
    share = np.linspace(0, 1, 60)[:, None]
    length = float(np.linalg.norm(lower_limb - rim))
    bone_side = np.array((-down[1], down[0]))
    return np.asarray(rim + share * (lower_limb - rim) + 4 * hip.hollow * length * share * (1 - share) * bone_side)


def _shaft(head: Floats, radius: float) -> Floats:
    """A quarter of an ellipse that rises beside the head, then the shaft's surface going off caudally."""
    turn = np.radians(np.linspace(176, 285, 90))
    across, down = 1.22 * radius, 1.3 * radius
    bent = head + np.array((2.35, 0.42)) * radius + np.stack((across * np.cos(turn), down * np.sin(turn)), axis=1)
    return np.concatenate((bent, bent[-1] + np.linspace(0, 1, 20)[1:, None] * (SHAFT_MM, 0.12 * SHAFT_MM)))


def _fold(joint: Floats, head: Floats) -> Floats:
    """A short notch where the capsule turns over to the neck."""
    inward = (head - joint) / max(float(np.linalg.norm(head - joint)), 1e-9)
    beside = np.array((-inward[1], inward[0]))
    return np.stack((joint - 1.1 * beside - 0.2 * inward, joint + 0.5 * inward, joint + 1.3 * beside + 0.1 * inward))


def _arc(middle: Floats, radius: float, start: float, end: float) -> Floats:
    """Around a middle from one direction to another, radians clockwise as seen from caudal."""
    turn = np.linspace(start, end, 60)
    return np.stack((middle[0] + radius * np.cos(turn), middle[1] + radius * np.sin(turn)), axis=1)


def _curve(control: Floats) -> Floats:
    """A parabola with three control points."""
    share = np.linspace(0, 1, 40)[:, None]
    return np.asarray((1 - share) ** 2 * control[0] + 2 * share * (1 - share) * control[1] + share**2 * control[2])


def _strengths(hip: Hip, tilt: float, rotation: float) -> dict[str, float]:
    fading = {
        "lower limb": np.exp(-((tilt / 8) ** 2) - (rotation / 14) ** 2),
        "bony roof": np.exp(-((tilt / 15) ** 2)),
        "bony rim": np.exp(-((tilt / 12) ** 2)),
        "labrum": np.exp(-((tilt / 12) ** 2)),
        "cartilage roof": 1.0,
        "femoral head": 1.0,
        "chondro-osseous border": np.exp(-((rotation / 10) ** 2) - (tilt / 22) ** 2),
        "joint capsule": np.exp(-((tilt / 18) ** 2)),
        "synovial fold": np.exp(-((tilt / 9) ** 2) - (rotation / 11) ** 2),
        "iliac line": np.exp(-((tilt / 24) ** 2)),
    }
    return {name: 0.0 if name in hip.missing else float(value) for name, value in fading.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Placing:
    """From the anatomy's millimetres to the picture's."""

    vertex: Floats
    turn: Floats
    """(2, 2) rotation by the inclination."""
    mirror: float

    @classmethod
    def of(cls, hip: Hip, pose: Pose, rotation_deg: float) -> "_Placing":
        angle = np.radians(hip.inclination_deg + SLANT_PER_ROTATION * rotation_deg)
        turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
        across, down = hip.vertex_mm
        vertex = np.array((across + pose.slide_mm, down * (1 - PRESSED_SHARE * pose.pressure)))
        return cls(vertex, turn, -1.0 if hip.left else 1.0)

    def __call__(self, points: Floats) -> Floats:
        placed = points @ self.turn.T + self.vertex
        return np.asarray(placed * (self.mirror, 1.0))

    def turned(self, way: Floats) -> Floats:
        return np.asarray(way @ self.turn.T * (self.mirror, 1.0))
