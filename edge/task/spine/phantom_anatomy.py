"""The lumbar spine from the sacrum to the twelfth thoracic vertebra, and what a plane through it shows.

The spine has millimetres of its own: s along the body from the sacrum's upper end towards the head, x to the right of
the probe's middle, y under the skin. Sizes are of the order that anatomy books and sonographers give for adults
(processes 14 to 24 mm high, 30 to 45 mm from one to the next, 40 to 60 mm from skin to dura); the shapes are this
phantom's own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.task.spine.levels import SEGMENTS, kind_of
from edge.task.spine.seen import Floats

FREE: Final = (len(SEGMENTS) - 1) // 2
"""Vertebrae over the sacrum."""
DURA_MM: Final = 2.4
"""From the ligamentum flavum to the dura behind it."""
SLICE_MM: Final = 2.2
"""Half of a plane's thickness: over it bone passes into a space."""
NONE, SACRALISED, LUMBARISED = TRANSITIONS = ("none", "sacralised", "lumbarised")


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """One person's. Lengths in mm."""

    spans: Floats
    """(bones, 2) lower and upper end of each process along s, upwards from the first over the sacrum."""
    names: tuple[int, ...]
    """(bones,) each one's place in SEGMENTS; 0: it belongs to the sacrum."""
    sides: Floats
    """(bones,) share by which each has the sacrum's wings: above 0 where a vertebra is transitional."""
    fat_mm: float
    tip_mm: float
    """Depth of the processes' tips under the fat."""
    target_mm: float
    """Depth of the posterior complex under the skin, its mean along the spine."""
    lordosis_mm: float
    """By which that is more in the middle of the lumbar spine than at its ends."""
    lean_mm: float
    """Of scoliosis: how far the midline strays to the side."""
    lean_at_mm: float
    """Place along s where it strays farthest."""
    process_mm: float
    """Half the width of a process' tip."""
    facet_mm: float
    """From the midline to the articular processes."""
    facet_up_mm: float
    """By which these lie shallower than the posterior complex."""
    wing_mm: tuple[float, float]
    """From the midline to the inner and the outer end of the transverse processes."""
    wing_down_mm: float
    """By which these lie deeper than the posterior complex."""
    canal_mm: float
    """From the posterior to the anterior complex."""
    window_mm: float
    """Half the width of the posterior complex that is seen between the articular processes."""
    crest_mm: float
    """Height of the sacrum's median crest over its plate."""
    crest_phase: float
    """Where the crest's tubercles lie along the sacrum, radians."""

    def segment_at(self, s_mm: float) -> int:
        """Place in SEGMENTS of what lies there."""
        below = int(np.searchsorted(self.spans[:, 0], s_mm, side="right"))
        if below == 0:
            return self.names[0] - 1 if s_mm > 0 and self.names[0] else 0
        name = self.names[below - 1]
        if s_mm <= self.spans[below - 1, 1]:
            return name
        return min(name + 1, len(SEGMENTS) - 1)

    def bone_share(self, s_mm: Floats) -> Floats:
        """How much of a plane at each place lies in a process, 0 to 1."""
        s = np.asarray(s_mm, np.float64)[..., None]
        rise = (s - self.spans[:, 0]) / (2 * SLICE_MM) + 0.5
        fall = (self.spans[:, 1] - s) / (2 * SLICE_MM) + 0.5
        return np.asarray(np.clip(np.minimum(rise, fall), 0, 1).max(axis=-1))

    def sacrum_share(self, s_mm: Floats) -> Floats:
        return np.asarray(np.clip(0.5 - np.asarray(s_mm, np.float64) / (2 * SLICE_MM), 0, 1))

    def wings_at(self, s_mm: float) -> float:
        """Share of the sacrum's wings beside a vertebra that is half a part of it."""
        shares = np.where((self.spans[:, 0] - 4 < s_mm) & (s_mm < self.spans[:, 1] + 4), self.sides, 0)
        return float(shares.max())

    def target_at(self, s_mm: Floats) -> Floats:
        """Depth of the posterior complex."""
        middle = self.spans[FREE // 2, 0]
        return np.asarray(self.target_mm + self.lordosis_mm * (np.exp(-(((s_mm - middle) / 70) ** 2)) - 0.6))

    def lean_of(self, s_mm: float) -> float:
        """The midline's place to the right of where it is at the sacrum."""
        return float(self.lean_mm * np.sin(np.clip(s_mm / self.lean_at_mm, -0.3, 2) * np.pi / 2))

    @property
    def end_mm(self) -> float:
        """Of the uppermost process."""
        return float(self.spans[-1, 1])


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A face of bone, or a membrane, in a plane."""

    x_mm: Floats
    """(n,) increasing."""
    y_mm: Floats
    """(n,) depth."""
    share: Floats
    """(n,) how much of the plane's thickness it fills, 0 to 1."""
    bone: bool
    """True: nothing comes back from behind."""
    sacral: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """What a plane shows."""

    surfaces: tuple[Surface, ...]
    midline_mm: float | None
    """To the right of the probe's middle. None: the plane runs along the spine."""
    target_mm: float
    """Depth of the posterior complex at the midline, or under the probe's middle."""
    muscle_from_mm: float
    """Depth where fat ends."""
    along: bool
    """True: a paramedian view."""
    s_mm: float
    """Place along the spine of what lies under the probe's middle."""
    canal_mm: tuple[float, float]
    """Half the width, and the height, of the canal behind the posterior complex."""


def transverse(spine: Spine, s_mm: float, beside_mm: float) -> Plane:
    """Across the spine, the probe's middle `beside_mm` to the right of the line that it began on."""
    middle = spine.lean_of(s_mm) - beside_mm
    bone, sacrum = float(spine.bone_share(np.array(s_mm))), float(spine.sacrum_share(np.array(s_mm)))
    wings = max(sacrum, spine.wings_at(s_mm))
    target = float(spine.target_at(np.array(s_mm)))
    free = 1 - sacrum
    found = [*_facets(spine, s_mm, middle, target, free), *_sacral(spine, s_mm, middle, target, wings)]
    tip = spine.fat_mm + spine.tip_mm
    if bone > 0:
        x = np.linspace(-spine.process_mm, spine.process_mm, 15)
        found.append(_bone(middle + x, tip + 0.11 * x**2, bone * free))
        for side in (-1, 1):
            x = np.linspace(spine.process_mm * 0.7, spine.facet_mm - 2.5, 15)
            depth = target - 6 + 0.25 * x
            found.append(_bone(_sorted(middle + side * x, side), depth[::side], 0.9 * bone * free))
    open_share = free * (1 - bone) * (1 - 0.5 * min(1.0, wings))
    if open_share > 0:
        x = np.linspace(-spine.window_mm, spine.window_mm, 21)
        for down, strength in ((0.0, 0.8), (DURA_MM, 1.0), (DURA_MM + spine.canal_mm, 0.9)):
            found.append(_membrane(middle + x, target + down + 0.012 * x**2, strength * open_share))
    canal = spine.facet_mm, DURA_MM + spine.canal_mm
    return Plane(tuple(found), middle, target, spine.fat_mm, along=False, s_mm=s_mm, canal_mm=canal)


def _facets(spine: Spine, s_mm: float, middle: float, target: float, free: float) -> list[Surface]:
    """Articular processes as knobs, largest beside the spaces, and transverse ones as plates, which each vertebra has
    at its upper half."""
    found = []
    upper = spine.spans[:, 0] + 0.7 * (spine.spans[:, 1] - spine.spans[:, 0])
    plate = float(np.exp(-(((s_mm - upper) / 8) ** 4)).max())
    knob = 0.6 + 0.3 * (1 - float(spine.bone_share(np.array(s_mm))))
    for side in (-1, 1):
        x = np.linspace(-3.6, 3.6, 11)
        depth = target - spine.facet_up_mm + 0.17 * x**2
        found.append(_bone(middle + side * spine.facet_mm + x, depth, knob * free))
        x = np.linspace(*spine.wing_mm, 17)
        depth = target + spine.wing_down_mm + 0.04 * (x - x[0])
        if plate > 0.03:
            found.append(_bone(_sorted(middle + side * x, side), depth[::side], 0.8 * plate * free))
    return found


def _sacral(spine: Spine, s_mm: float, middle: float, target: float, share: float) -> list[Surface]:
    """The sacrum's plate, from wing to wing, with its median crest."""
    if share <= 0:
        return []
    x = np.linspace(-38, 38, 77)
    # The back of the sacrum falls away from the skin towards its upper end, where the lumbar hollow begins.
    plate = target - 9 + 0.06 * max(s_mm, -60.0) + 0.006 * x**2
    crest = spine.crest_mm * (0.75 + 0.25 * np.cos(s_mm / 18 * 2 * np.pi + spine.crest_phase))
    depth = plate - crest * np.exp(-((x / 4.5) ** 2)) - 0.35 * crest * np.exp(-(((np.abs(x) - 15) / 4) ** 2))
    return [Surface(middle + x, depth, np.full(x.size, share), bone=True, sacral=True)]


def paramedian(spine: Spine, s_mm: float, head: int) -> Plane:
    """Along the spine over the laminae. head: 1 where the head lies to the right in the picture, -1 to the left."""
    along = np.arange(-48.0, 48.5, 0.5)
    s = s_mm + head * along
    target = spine.target_at(s)
    found = []
    for span, wings in zip(spine.spans, spine.sides, strict=True):
        inside = (s >= span[0]) & (s <= span[1])
        if inside.sum() > 3:
            rise = (s[inside] - span.mean()) / (span[1] - span[0])
            # Laminae lie like tiles: each one's lower end is the shallower, its upper end dips under the next.
            depth = target[inside] - 7 + 5 * rise + 5 * rise**2 - 3 * wings
            found.append(_bone(along[inside], depth, 0.95))
    below = s <= 0
    if below.sum() > 3:
        depth = target[below] - 9 + 0.06 * np.maximum(s[below], -60)
        depth = depth - 1.2 * np.cos(s[below] / 18 * 2 * np.pi + spine.crest_phase)
        found.append(Surface(along[below], depth, np.full(int(below.sum()), 0.95), bone=True, sacral=True))
    seen = 1 - np.maximum(spine.bone_share(s), spine.sacrum_share(s))
    for down, strength in ((0.0, 0.8), (DURA_MM, 1.0), (DURA_MM + spine.canal_mm, 0.9)):
        found.append(Surface(along, target + down, strength * seen, bone=False))
    at = float(np.interp(0, along, target))
    canal = np.inf, DURA_MM + spine.canal_mm
    return Plane(tuple(found), None, at, spine.fat_mm, along=True, s_mm=s_mm, canal_mm=canal)


def _bone(x: Floats, y: Floats, share: float) -> Surface:
    return Surface(np.asarray(x), np.asarray(y), np.full(len(x), share), bone=True)


def _membrane(x: Floats, y: Floats, share: float) -> Surface:
    return Surface(np.asarray(x), np.asarray(y), np.full(len(x), share), bone=False)


def _sorted(x: Floats, side: int) -> Floats:
    return np.asarray(x[::side])


def level_of(spine: Spine, s_mm: float) -> tuple[int, int]:
    """Place in SEGMENTS, and in KINDS, as they are named: of a transitional vertebra by its name."""
    segment = spine.segment_at(s_mm)
    return segment, kind_of(segment)
