"""Everything that somebody drew, or that a phantom knows, as structures of no name: what there is to be pointed at.

Real: nerves and vessels of usgra-seg; aponeuroses of DL_Track, and the bellies between them. Phantoms: nerves with
their rims, vessels, aponeuroses, bellies, cartilage.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.screen.region.ultrasound import find_region
from edge.task.muscle.phantom import muscle_picture
from edge.task.nerve.phantom import nerve_picture
from edge.task.nerve.phantom_truth import mask_of
from tools.cartilage.pictures import knee_scene
from tools.muscle import dl_track
from tools.nerve import usgra_seg

LEAST_SHARE: Final = 0.0008
"""Of the picture's area; a smaller piece is a slip of somebody's brush."""
BAND_SHARE: Final = 0.6
"""Of the picture's width that two aponeuroses must share for the belly between them to be known."""
DATA: Final = usgra_seg.FOLDER.parent
UNLABELLED: Final = "muscle", "hip_planes", "cartilage", "handheld_screens"
Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture and the structures that are known in it; all (height, width) uint8, masks 0 or 255."""

    pixels: NDArray[np.uint8]
    kinds: tuple[str, ...]
    structures: tuple[Mask, ...]
    simulated: bool = False
    """A phantom: what is not a structure is known too."""


@cache
def nerve_scenes(part: str) -> tuple[Scene, ...]:
    """part: `train`, `validation` or `test`, as the nerve model's own."""
    return tuple(scene_of_usgra(one) for one in usgra_seg.split(part))


def scene_of_usgra(one: usgra_seg.UsgraPicture) -> Scene:
    """What was drawn on one picture."""
    crop = one.region.crop
    found = [(kind, piece) for kind in ("nerve", "vessel") for piece in _pieces(crop(getattr(one, kind)))]
    return Scene(one.pixels, *_parted(found))


@cache
def muscle_scenes(part: str) -> tuple[Scene, ...]:
    """Those with drawn aponeuroses; split as the muscle model's own."""
    drawn = (one for one in dl_track.split(part) if one.aponeurosis is not None and one.aponeurosis.any())
    scenes = (Scene(one.pixels, *_parted(_of_bands(_bands(one.aponeurosis)))) for one in drawn)
    return tuple(scene for scene in scenes if scene.structures)


@cache
def unlabelled_pictures() -> tuple[NDArray[np.uint8], ...]:
    """Real ultrasound without outlines, cropped: muscles, hips, a knee, phantoms and eyes on handheld scanners."""
    stills = [path for name in UNLABELLED for path in sorted((DATA / name).rglob("*.png")) if "_pred" not in path.name]
    pictures = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in stills]
    for path in sorted((DATA / "handheld_screens").glob("*.mp4")):
        film = cv2.VideoCapture(str(path))
        frames = [frame for shown, frame in iter(film.read, (False, None)) if shown]
        pictures += [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in frames[:: max(1, len(frames) // 6)]]
    return tuple(np.ascontiguousarray(find_region(one).crop(one)) for one in pictures)


def _bands(mask: Mask | None) -> list[Mask]:
    """From above to below."""
    assert mask is not None
    return sorted(_pieces(mask), key=lambda one: float(np.nonzero(one)[0].mean()))


def _of_bands(bands: list[Mask]) -> list[tuple[str, Mask]]:
    found = [("aponeurosis", one) for one in bands]
    for upper, lower in pairwise(bands):
        belly = _between(upper, lower)
        if belly is not None:
            found.append(("muscle", belly))
    return found


def _between(upper: Mask, lower: Mask) -> Mask | None:
    """The belly between two bands over the columns that both have; None where these are few."""
    height, width = upper.shape
    both = (upper.any(axis=0)) & (lower.any(axis=0))
    if both.sum() < BAND_SHARE * width:
        return None
    top = height - upper[::-1].argmax(axis=0)
    bottom = lower.argmax(axis=0)
    rows = np.arange(height)[:, None]
    belly = both & (rows >= top) & (rows < bottom)
    return np.asarray(belly, np.uint8) * np.uint8(255)


def nerve_phantom(rng: np.random.Generator, *, plexus: bool = False) -> Scene:
    made = nerve_picture(rng, (256, 420), plexus=plexus)
    outlines = [("root" if plexus else "nerve", one.outer_mm) for one in made.truth.nerves]
    outlines += [("vessel", one.outline_mm) for one in made.truth.vessels]
    masks = [(kind, mask_of([ring], made.pixels.shape, made.mm_per_px) * np.uint8(255)) for kind, ring in outlines]
    return Scene(made.pixels, *_parted([one for one in masks if one[1].any()]), simulated=True)


def muscle_phantom(rng: np.random.Generator) -> Scene:
    made = muscle_picture(rng, (256, 420))
    found = [("aponeurosis", piece) for piece in _pieces(_mask(made.truth.sheet > 0.5))]
    for number in range(1, int(made.truth.layer.max()) + 1):
        found += [("muscle", piece) for piece in _pieces(_mask(made.truth.layer == number))]
    return Scene(made.pixels, *_parted(found), simulated=True)


def knee_phantom(rng: np.random.Generator) -> Scene:
    made = knee_scene(rng, knee=True)
    # Beams and samples lie at distances of their own; the picture gets square pixels.
    ratio = made.x_mm_per_px / made.y_mm_per_px
    size = max(64, round(made.pixels.shape[1] * ratio)), made.pixels.shape[0]
    pixels, covered = (cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in (made.pixels, made.coverage))
    found = [("cartilage", piece) for piece in _pieces(_mask(np.asarray(covered) > 0.5))]
    return Scene(np.asarray(pixels, np.uint8), *_parted(found), simulated=True)


PHANTOMS: Final[tuple[Callable[[np.random.Generator], Scene], ...]] = (
    nerve_phantom,
    muscle_phantom,
    knee_phantom,
    partial(nerve_phantom, plexus=True),
)
OF_PHANTOMS: Final = (0.4, 0.25, 0.15, 0.2)
"""Share of each in training."""
POOL: Final = (1200, 700, 500, 600)
"""How many of each there are for training: one takes ten times as long to make as to move."""


def training_phantom(rng: np.random.Generator) -> Scene:
    kind = int(rng.choice(len(PHANTOMS), p=OF_PHANTOMS))
    return _pooled(kind, int(rng.integers(POOL[kind])))


@cache
def _pooled(kind: int, number: int) -> Scene:
    return PHANTOMS[kind](np.random.default_rng([99, kind, number]))


def _mask(inside: NDArray[np.bool_]) -> Mask:
    return np.asarray(inside, np.uint8) * np.uint8(255)


def _pieces(mask: Mask) -> Iterator[Mask]:
    """Each connected piece that is no slip."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= LEAST_SHARE * mask.size:
            yield _mask(labels == label)


def _parted(found: list[tuple[str, Mask]]) -> tuple[Any, Any]:
    return tuple(kind for kind, _ in found), tuple(mask for _, mask in found)
