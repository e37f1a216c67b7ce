"""Layered soft tissue: skin, fat, and bellies of striated tissue whose strands curve between sheets of fascia.

A belly's material has coordinates (X, v): X in mm along it when at rest, v from 0 at its upper sheet to 1 at its lower
one. A strand is a level line of `F(X) + h cos(p) G(v)`; p is its angle to the layer, F and G bend it. Moved, the
material is sheared along the layer, `x = stretch X + D(v)`, so that strands come to lie at another angle while the area
that they fill stays the same (the planimetric model of Huijing and Woittiez, Neth J Zool 1984;34:21).
Angles are counter-clockwise as seen; depths are mm under the skin and grow downward.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Samples

TABLE_X_MM = np.arange(-90.0, 90.01, 0.5)
"""Lateral positions of all tables."""
ANCHOR = 0.15
"""The depth v of a belly that a movement leaves where it is: close under the skin, to which the probe is held."""

HEARTBEAT_US = 800_000
"""Period in which vessels swell and shrink."""


def at_beams(table: NDArray[np.float64], x_mm: Samples) -> Samples:
    """The values (beams,) of a table at lateral positions."""
    return np.interp(x_mm, TABLE_X_MM, table).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FasciaSheet:
    """Fascia that ends a belly, or lies between two."""

    top_mm: NDArray[np.float64]
    """(table,) depth of its upper edge."""
    thickness_mm: float
    level_db: NDArray[np.float64]
    """(table,) echogenicity of its bundles against soft tissue."""
    amplitude: NDArray[np.float64]
    """(2, table) of the echoes of its two faces where the beam meets them at a right angle."""
    softness_mm: float = 0.1
    """Over which its substance passes into the belly."""
    tail_db: float = 0.0
    """By how much the tissue just under it is brightened."""
    tail_mm: float = 1.0
    """Depth over which that falls to 1/e."""
    pattern: int = 0
    """Of its own bundles."""
    shown: bool = True
    """False: only the end of what the tables describe, not there to be seen."""


@dataclass(frozen=True, slots=True)
class Course:
    """How the strands of a belly run."""

    angle_rad: float
    """To the layer."""
    bow: float = 0.0
    """Sag: share by which G is steeper at the upper end."""
    twist: float = 0.0
    """S shape."""

    def across(self, v: Samples) -> Samples:
        """G(v): 0 at v = 0, 1 at v = 1."""
        bow, twist = np.float32(self.bow), np.float32(self.twist)
        return np.asarray(v + v * (1 - v) * (bow + twist * (1 - 2 * v)), np.float32)

    def slope(self, v: Samples) -> Samples:
        """dG/dv."""
        bow, twist = np.float32(self.bow), np.float32(self.twist)
        return np.asarray(1 + bow * (1 - 2 * v) + twist * (1 - 6 * v * (1 - v)), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Belly:
    """Striated tissue between two sheets: where its strands run, and how they look."""

    rest: Course
    height_mm: float
    """Mean height at rest."""
    fan: float = 0.0
    """How much the angle's sine varies along the belly."""
    fan_mm: float = 30.0
    fan_phase: float = 0.0
    now: Course | None = None
    """Where a movement has brought the strands; None: at rest."""
    stretch: float = 1.0
    """Along the layer, by the movement."""
    strands: int = 0
    """Number of its pattern."""
    strand_scale: tuple[float, float] = (1.0, 1.0)
    """Across and along, against the pattern's own millimetres."""
    strand_place: tuple[float, float] = (0.0, 0.0)
    """Where the pattern is entered, in pixels."""
    ground_db: float = -12.0
    """Between the lines, against soft tissue."""
    rise_db: float = 0.0
    """By how much the ground is brighter at the lower than at the upper end."""
    line_db: float = 18.0
    """By how much the brightest lines rise above the ground when perpendicular to the beam."""
    coherence: float = 2.0
    """Strength of the lines' even echo against their speckle."""
    facing: float = 3.0
    """Lines fade with the cosine of their angle to this power."""
    patches_db: float = 2.0
    """How much the belly's brightness varies from place to place."""
    clear: Samples | None = None
    """(few, few) share of strands that lie in the picture's plane, from v = 0 to 1 and over the tables' length; None:
    all."""

    def carried(self, v: Samples) -> Samples:
        """D(v): mm that the movement has carried the material at v."""
        if self.now is None:
            return np.zeros_like(v)
        return self._sheared(v) - self._sheared(np.array(ANCHOR, np.float32))

    def _sheared(self, v: Samples) -> Samples:
        before, after = self._reaches_mm()
        return np.asarray(before * self.rest.across(v) - after * (self.now or self.rest).across(v), np.float32)

    def carried_slope(self, v: Samples) -> Samples:
        """dD/dv."""
        if self.now is None:
            return np.zeros_like(v)
        before, after = self._reaches_mm()
        return np.asarray(before * self.rest.slope(v) - after * self.now.slope(v), np.float32)

    def _reaches_mm(self) -> tuple[np.float32, np.float32]:
        """How far a strand goes along the layer: stretched as at rest, and as it lies now."""
        now = self.now or self.rest
        before = self.stretch * self.height_mm / np.tan(self.rest.angle_rad)
        return np.float32(before), np.float32(self.height_mm / self.stretch / np.tan(now.angle_rad))

    def along(self, rest_x: Samples) -> Samples:
        """F(X)."""
        wave = np.float32(self.fan * self.fan_mm) * np.sin(
            rest_x / np.float32(self.fan_mm) + np.float32(self.fan_phase)
        )
        return np.asarray(rest_x * np.float32(np.sin(self.rest.angle_rad)) + wave, np.float32)

    def along_slope(self, rest_x: Samples) -> Samples:
        """dF/dX."""
        wave = np.float32(self.fan) * np.cos(rest_x / np.float32(self.fan_mm) + np.float32(self.fan_phase))
        return np.asarray(np.float32(np.sin(self.rest.angle_rad)) + wave, np.float32)


@dataclass(frozen=True, slots=True)
class Vessel:
    """A blood vessel, cut across or along."""

    x_mm: float
    depth_mm: float
    half_length_mm: float
    radius_mm: float
    tilt_rad: float
    inside_db: float
    wall_db: float


@dataclass(frozen=True, slots=True, eq=False)
class Seam:
    """A thin bright line that is no strand: a septum of the fat, or fascia inside a belly."""

    layer: int
    """0: the fat; k: under sheet k - 1."""
    share: NDArray[np.float64]
    """(table,) where it runs, 0 at the layer's upper and 1 at its lower border."""
    amplitude: NDArray[np.float64]
    """(table,) of its echo where the beam meets it at a right angle."""


@dataclass(frozen=True, slots=True, eq=False)
class SoftTissue:
    """A section from the skin down to the bone. The last sheet may lie below the picture."""

    sheets: tuple[FasciaSheet, ...]
    bellies: tuple[Belly, ...]
    """One between each sheet and the next."""
    seams: tuple[Seam, ...]
    vessels: tuple[Vessel, ...]
    skin_mm: float
    skin_db: float
    fat_db: float
    fat_texture_db: float
    fat_pattern: int
    deep_db: float
    """Of what lies under the last sheet."""
    bone_mm: NDArray[np.float64]
    """(table,) depth; far below the picture: none."""
    bone_amplitude: float
    haze_db: float
    contact: tuple[float, float]
    """Lateral limits of skin contact in mm; beyond, the picture is dark."""
    gap_mm: NDArray[np.float64]
    """(table,) of gel between probe and skin."""
    coupling_db: NDArray[np.float64]
    """(table,) gain of each beam."""
    evenness: float
    """Strength of the even echo under all speckle: what is left where a scanner averages several views."""
    facing: float
    """Smooth faces fade with the cosine of their angle to the beam to this power."""


def carried_sheet(tissue: SoftTissue, k: int) -> tuple[float, float]:
    """How far sheet `k` is carried along the layer in mm, and its stretch: those of the belly that pulls it."""
    belly = tissue.bellies[max(k - 1, 0)]
    end = np.array(min(k, 1), np.float32)
    return float(belly.carried(end)), belly.stretch


@dataclass(frozen=True, slots=True, eq=False)
class BellyPlace:
    """Where each sample (rows, beams) of a belly lies, and how its strand runs there."""

    rest_x_mm: Samples
    """X."""
    v: Samples
    across_mm: Samples
    """Strands are its level lines."""
    along_mm: Samples
    """Along the strand."""
    rise: Samples
    run: Samples
    """The strand's direction, up and to the right; not of length 1."""

    @property
    def angle_rad(self) -> Samples:
        """From the picture's horizontal, counter-clockwise as seen, in (-pi/2, pi/2]."""
        return np.asarray(np.arctan(self.rise / np.where(self.run == 0, np.float32(1e-9), self.run)), np.float32)


def locate(belly: Belly, x_mm: Samples, depth_mm: Samples, top_mm: Samples, bottom_mm: Samples) -> BellyPlace:
    """The place of samples at `x_mm` (beams,) and `depth_mm` (rows, 1) in a belly between two curves (beams,)."""
    height = np.maximum(bottom_mm - top_mm, np.float32(0.5))
    step = np.float32(x_mm[1] - x_mm[0])
    v_y = 1 / height
    v = np.clip((depth_mm - top_mm) * v_y, 0, 1)
    v_x = -(np.gradient(top_mm, step) + v * np.gradient(height, step)) * v_y
    rest_x = (x_mm - belly.carried(v)) / np.float32(belly.stretch)
    sine, cosine = np.float32(np.sin(belly.rest.angle_rad)), np.float32(np.cos(belly.rest.angle_rad))
    level = np.float32(belly.height_mm) * belly.rest.across(v)
    f_slope = belly.along_slope(rest_x) / np.float32(belly.stretch)
    q = np.float32(belly.height_mm) * cosine * belly.rest.slope(v)
    if belly.now is not None:
        q = q - f_slope * belly.carried_slope(v)
    return BellyPlace(
        rest_x_mm=rest_x,
        v=v,
        across_mm=belly.along(rest_x) + cosine * level,
        along_mm=rest_x * cosine - sine * level,
        rise=f_slope + q * v_x,
        run=q * v_y,
    )
