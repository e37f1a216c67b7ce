"""Pictures of phantom spines for the network, with strong variation. A seed is a picture.

What differs between people, machines and examiners is varied: sizes of bones and spaces, fat, scoliosis, transitional
vertebrae, both views, tilt, places off the midline, half an array in the air, grain, gain, depth, curved and straight
arrays; crops, letters and ticks burnt in, compression. Some pictures show no spine: real pictures of other body parts,
phantoms upside down.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Samples
from edge.phantom.speckle import carried_field, interpolated_noise
from edge.task.scores import SIDE
from edge.task.spine.levels import KINDS
from edge.task.spine.phantom import Held, SpinePicture, picture_of, size_of
from edge.task.spine.phantom_anatomy import TRANSITIONS, Spine, Surface
from edge.task.spine.phantom_drawing import draw_scanner, draw_spine, draw_tissue
from edge.task.spine.planes import (
    BONE,
    COMPLEX,
    COMPLEX_MM,
    FIRST_KIND,
    LEGIBLE,
    MIDLINE,
    PLANES,
    SACRUM,
    TRANSVERSE_PLANE,
    Window,
)
from edge.task.spine.seen import Floats
from tools.muscle import dl_track
from tools.nerve import usgra_seg
from tools.scanner_variation import vary_export

OTHER_SHARE, ALONG_SHARE, LIFTED_SHARE, TRANSITION_SHARE = 0.12, 0.35, 0.2, 0.25
LINE_MM: Final = 1.3
"""Height of a surface in its mask."""
MIDLINE_MM: Final = 1.8
"""Standard deviation of the midline's band."""
TOLD_MM: Final = (6.0, 12.0)
"""From how deep on, and to how far under the posterior complex, a column tells what lies there."""
LEAST_CONTACT: Final = 0.6
"""Of the sound that reaches the skin over what is to be read."""
POOL: Final = 620
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class SpineSample:
    """One picture as the network sees it, with its truth."""

    picture: Grey
    """(SIDE, SIDE)."""
    target: NDArray[np.float32]
    """(len(PLANES), SIDE, SIDE) shares; NaN where nothing is to be learned."""


def draw_sample(seed: int) -> SpineSample:
    rng = np.random.default_rng([616, seed])
    if rng.random() < OTHER_SHARE:
        return _without_a_spine(seed, rng)
    taken, target = _body(seed // 2)
    pixels = taken.pixels
    if rng.random() < 0.5:
        pixels, target = pixels[:, ::-1], target[:, :, ::-1]
    picture, matrix = _windowed(np.ascontiguousarray(vary_export(np.ascontiguousarray(pixels), rng)), taken, rng)
    moved = [_placed(plane, matrix, column=number >= FIRST_KIND) for number, plane in enumerate(target)]
    return SpineSample(picture, np.asarray(np.stack(moved), np.float32))


def _placed(plane: NDArray[np.float32], matrix: Floats, *, column: bool) -> NDArray[np.float32]:
    """column: it holds for a column, and so beyond the picture's end too."""
    beyond = cv2.BORDER_REPLICATE if column else cv2.BORDER_CONSTANT
    placed = cv2.warpAffine(plane, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=beyond)
    return np.asarray(placed, np.float32)


def _windowed(pixels: Grey, taken: SpinePicture, rng: np.random.Generator) -> tuple[Grey, Floats]:
    """The skin is found a little wrong; so is the scale."""
    apex = float(rng.normal(0, 0.5))
    mm = taken.mm_per_px * float(np.exp(rng.normal(0, 0.02)))
    window = Window.of(pixels.shape, (mm, mm), apex)
    return window.tensor(pixels)[0, 0], window.matrix


@lru_cache(maxsize=2)
def _body(number: int) -> tuple[SpinePicture, NDArray[np.float32]]:
    """A picture and its truth, which two samples differ from by scanners and files: to draw it takes longest."""
    taken = draw_picture(np.random.default_rng([617, number]))
    return taken, target_of(taken)


def draw_picture(rng: np.random.Generator, *, foreign: bool = False, along: bool | None = None) -> SpinePicture:
    """Any person, machine, place and hand. along: the view; None: either."""
    transition = str(rng.choice(TRANSITIONS[1:])) if rng.random() < TRANSITION_SHARE else TRANSITIONS[0]
    spine = draw_spine(rng, transition=transition, foreign=foreign, scoliosis=bool(rng.random() < 0.2))
    tissue, scanner = draw_tissue(rng, foreign=foreign), draw_scanner(rng, spine.target_mm + 16, foreign=foreign)
    paramedian = bool(rng.random() < ALONG_SHARE) if along is None else along
    place = place_in(spine, rng)
    beside = spine.lean_of(place) + float(rng.normal(0, 4))
    contact = float(rng.uniform(0.05, 0.98)) if rng.random() < LIFTED_SHARE else 1.0
    held = Held(place, beside, float(rng.normal(0, 2.5)), contact)
    rows, beams = size_of(scanner, int(rng.integers(200, 280)))
    noise = interpolated_noise(rng, (rows, beams))
    head = int(rng.choice((-1, 1)))
    field = _fields()[int(rng.integers(4))]
    return picture_of(spine, tissue, scanner, held, field, noise, along=paramedian, head=head)


def place_in(spine: Spine, rng: np.random.Generator) -> float:
    """Somewhere along the spine; the sacrum and its upper end more often than their length would have it."""
    if rng.random() < 0.3:
        return float(rng.uniform(-45, 0))
    if rng.random() < 0.3:
        return float(rng.uniform(-8, 40))
    return float(rng.uniform(0, spine.end_mm + 4))


@cache
def _fields() -> tuple[Samples, ...]:
    """Scatterers that pictures are cut from."""
    rng = np.random.default_rng(4712)
    return tuple(carried_field(rng) for _ in range(4))


def target_of(taken: SpinePicture) -> NDArray[np.float32]:
    """(len(PLANES), height, width) of the picture."""
    height, width = taken.pixels.shape
    mm, plane = taken.mm_per_px, taken.plane
    x = (np.arange(width) + 0.5 - width / 2) * mm
    y = ((np.arange(height) + 0.5) * mm)[:, None]
    target = np.zeros((len(PLANES), height, width), np.float32)
    seen = contact_at(taken, x)
    for surface in plane.surfaces:
        if surface.bone:
            which = SACRUM if surface.sacral else BONE
            target[which] = np.maximum(target[which], _line(surface, x, y))
    flavum = next((one for one in plane.surfaces if not one.bone), None)
    if flavum is not None:
        target[COMPLEX] = _between(flavum, x, y)
    target[: COMPLEX + 1] *= seen >= LEAST_CONTACT
    _mark_columns(target, taken, x, y, seen)
    return target


def _mark_columns(target: NDArray[np.float32], taken: SpinePicture, x: Floats, y: Floats, seen: Floats) -> None:
    """What holds for a column, or for the whole picture."""
    spine, held, plane = taken.spine, taken.held, taken.plane
    if plane.along:
        s = plane.s_mm + taken.head * x
        shares = shares_at(spine, s)
        legible = seen >= LEAST_CONTACT
    else:
        assert plane.midline_mm is not None
        shares = np.repeat(shares_at(spine, np.array([plane.s_mm])), x.size, axis=0)
        at = int(np.argmin(np.abs(x - plane.midline_mm)))
        inside = abs(plane.midline_mm) < 0.42 * x.size * taken.mm_per_px
        legible = np.full(x.size, inside and bool(seen[max(0, at - 8) : at + 9].min() >= LEAST_CONTACT))
        band = np.exp(-0.5 * ((x - plane.midline_mm) / MIDLINE_MM) ** 2)
        target[MIDLINE] = band * legible
    rows = (y > TOLD_MM[0]) & (y < plane.target_mm + TOLD_MM[1])
    for kind in range(len(KINDS)):
        target[FIRST_KIND + kind] = np.where(legible & rows, shares[:, kind], np.nan)
    target[TRANSVERSE_PLANE] = float(not plane.along) if held.contact > 0.4 else np.nan
    target[LEGIBLE] = legible


def shares_at(spine: Spine, s_mm: Floats) -> Floats:
    """(n, 3) by KINDS: how much of a plane at each place shows what; of a transitional vertebra the sacrum has its
    part."""
    sacrum = spine.sacrum_share(s_mm)
    bone = spine.bone_share(s_mm) * (1 - sacrum)
    wings = np.array([spine.wings_at(float(one)) for one in s_mm])
    gap = 1 - sacrum - bone
    return np.stack((sacrum + wings * bone, (1 - wings) * bone, gap), axis=1)


def contact_at(taken: SpinePicture, x: Floats) -> Floats:
    """(n,) share of the sound that reaches the skin over columns; the array is lifted from one side on."""
    if taken.held.contact >= 1:
        return np.ones(x.size)
    place = (np.arange(x.size) + 0.5) / x.size
    return np.asarray(np.clip((taken.held.contact - place) / 0.06 + 0.5, 0, 1))


def _line(surface: Surface, x: Floats, y: Floats) -> NDArray[np.float32]:
    depth, share = _at(surface, x)
    away = np.abs(y - depth - 0.3) / (LINE_MM / 2)
    return np.asarray(np.nan_to_num(np.clip(1.5 - away, 0, 1)) * share, np.float32)


def _between(surface: Surface, x: Floats, y: Floats) -> NDArray[np.float32]:
    depth, share = _at(surface, x)
    inside = (y >= depth + COMPLEX_MM[0]) & (y < depth + COMPLEX_MM[1])
    return np.asarray(inside * np.clip(1.3 * share, 0, 1), np.float32)


def _at(surface: Surface, x: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(surface.x_mm)
    depth = np.interp(x, surface.x_mm[order], surface.y_mm[order], left=np.nan, right=np.nan)
    return depth, np.interp(x, surface.x_mm[order], surface.share[order], left=0, right=0)


@cache
def _others() -> tuple[Grey, ...]:
    """Real pictures of other body parts: what the nerve and muscle models train with. No spine."""
    return tuple(one.pixels for one in (*usgra_seg.split("train"), *dl_track.split("train")))


def _without_a_spine(seed: int, rng: np.random.Generator) -> SpineSample:
    """Another body part, or a spine upside down: nothing is to be marked, and the view is open."""
    empty = np.zeros((len(PLANES), SIDE, SIDE), np.float32)
    empty[FIRST_KIND:LEGIBLE] = np.nan
    if rng.random() < 0.25:
        taken, _ = _body(seed // 2)
        upset = SpinePicture(
            np.ascontiguousarray(taken.pixels[::-1]), taken.spine, taken.held, taken.plane, taken.mm_per_px, 1
        )
        return SpineSample(_windowed(vary_export(upset.pixels, rng), upset, rng)[0], empty)
    others = _others()
    pixels = np.ascontiguousarray(others[int(rng.integers(len(others)))][:, :: int(rng.choice((-1, 1)))])
    mm = float(rng.uniform(40, 95)) / pixels.shape[0]
    window = Window.of(pixels.shape, (mm, mm), float(rng.uniform(-2, 2)))
    return SpineSample(window.tensor(vary_export(pixels, rng))[0, 0], empty)
