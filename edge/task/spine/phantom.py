"""Pictures of the lumbar spine with the truth that belongs to them, and a sweep of the probe along it."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding
from edge.phantom.anatomy import Sizes
from edge.phantom.beams import scan_convert_below
from edge.phantom.bmode import compress, envelope
from edge.phantom.records import Imaging, Samples, Transducer
from edge.phantom.speckle import KeptNoise, carried_field, carried_speckle
from edge.task.spine.phantom_anatomy import Plane, Spine, level_of, paramedian, transverse
from edge.task.spine.phantom_drawing import PRESENTABLE, Scanner, Tissue, draw_scanner, draw_spine, draw_tissue
from edge.task.spine.phantom_echoes import grid_of, spine_echoes
from edge.task.spine.phantom_path import FAULTS, Sweep, draw_path, felt
from edge.task.spine.seen import Floats
from edge.task.spine.spec import TRANSVERSE, SpinePhantomOptions

LIVE: Final = Imaging(
    depth_mm=75.0, frequency_mhz=4.0, dynamic_range_db=62.0, focus_mm=40.0, f_number=2.0, noise_db=-76.0
)
ARRAY: Final = Transducer(58.0, 60.0)
BETWEEN, BEAM = 0.5, 0.42
"""Distance of stored scatterers, and standard deviation of the beam across its plane, in `slice_mm`."""
REACH: Final = 2.0
SHEAR: Final = np.float32(0.4)
"""By which stored scatterers lie deeper along a paramedian plane: they repeat, and none may do so at its depth."""
ASIDE_MM: Final = 12.0
"""Of a paramedian plane from the midline."""
DRAWN: Final = 4 / 3
"""Columns of a picture to its rows, of a curved array."""
USUAL: Final = SpinePhantomOptions()


@dataclass(frozen=True, slots=True)
class Held:
    """How the probe is held at a moment."""

    s_mm: float
    """Place along the spine."""
    beside_mm: float = 0.0
    tilt_deg: float = 0.0
    contact: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class SpinePicture:
    """A picture of square pixels and what is truly in it."""

    pixels: NDArray[np.uint8]
    """(height, width) grey."""
    spine: Spine
    held: Held
    plane: Plane
    mm_per_px: float
    head: int
    """Of a paramedian view: 1 where the head lies to the right, -1 to the left."""

    @property
    def level(self) -> tuple[int, int]:
        """Place in SEGMENTS and in KINDS of what lies under the array's middle."""
        return level_of(self.spine, self.held.s_mm)

    @property
    def midline_mm(self) -> float | None:
        """To the right of the picture's middle."""
        return self.plane.midline_mm

    @property
    def target_mm(self) -> float:
        return self.plane.target_mm


def picture_of(
    spine: Spine,
    tissue: Tissue,
    scanner: Scanner,
    held: Held,
    field: Samples,
    noise: Samples,
    *,
    along: bool = False,
    head: int = -1,
) -> SpinePicture:
    """field: of `carried_field`; noise: (rows, beams, 2) of unit power, which gives the picture its size."""
    imaging, array = scanner.imaging, scanner.transducer
    rows, beams = noise.shape[:2]
    s_mm = held.s_mm + 40 * float(np.tan(np.radians(held.tilt_deg)))
    plane = paramedian(spine, s_mm, head) if along else transverse(spine, s_mm, held.beside_mm)
    grid = grid_of(array, imaging.depth_mm, rows, beams)
    mm_per_beam = array.width_mm / beams
    if along:
        x = grid.x + np.float32(head * s_mm)
        speckle = carried_speckle(field, np.dstack((x, grid.y + SHEAR * x)), mm_per_beam)
    else:
        speckle = _slices(field, grid.x + np.float32(held.beside_mm), grid.y, s_mm / scanner.slice_mm, mm_per_beam)
    echoes = spine_echoes(plane, tissue, imaging, array, (rows, beams), _touching(held.contact, grid.beam))
    amplitude = envelope(echoes, speckle, noise, imaging, mm_per_beam)
    pixels = _shown(compress(amplitude, imaging), scanner)
    return SpinePicture(pixels, spine, held, plane, imaging.depth_mm / rows, head)


def _slices(field: Samples, x: Samples, y: Samples, place: float, mm_per_beam: float) -> Samples:
    """Scatterers of a plane among those that are stored, BETWEEN of a beam's height apart: each is another part of the
    field. A Gaussian beam takes so much of each that speckle fades alike wherever the plane lies."""
    nearest = place / BETWEEN
    numbers = np.arange(np.ceil(nearest - REACH), np.floor(nearest + REACH) + 1)
    weights = np.exp(-0.5 * ((numbers - nearest) * BETWEEN / BEAM) ** 2)
    weights /= np.sqrt((weights**2).sum())
    mixed = np.zeros((*x.shape, 2), np.float32)
    for number, weight in zip(numbers, weights, strict=True):
        across, down = np.random.default_rng([77, int(number) % (1 << 31)]).uniform(0, 400, 2).astype(np.float32)
        mixed += np.float32(weight) * carried_speckle(field, np.dstack((x + across, y + down)), mm_per_beam)
    return mixed


def _touching(contact: float, beam: Floats) -> Floats:
    """The array is lifted from one side on."""
    if contact >= 1:
        return np.ones(beam.size)
    place = (beam - beam[0]) / (beam[-1] - beam[0])
    return np.asarray(np.clip((contact - place) / 0.06 + 0.5, 0.003, 1) if contact > 0 else np.full(beam.size, 0.003))


def _shown(pixels: NDArray[np.uint8], scanner: Scanner) -> NDArray[np.uint8]:
    """From the skin under the array's middle down to the scanner's depth."""
    array = scanner.transducer
    return pixels if array.radius_mm is None else scan_convert_below(pixels, array, scanner.imaging.depth_mm)


def size_of(scanner: Scanner, rows: int) -> tuple[int, int]:
    """(rows, beams) at which a picture of so many rows has square pixels or, of a curved array, a usual form."""
    if scanner.transducer.radius_mm is None:
        return rows, round(rows * scanner.transducer.width_mm / scanner.imaging.depth_mm)
    return rows, round(rows * DRAWN)


class SpineCine:
    """A sweep over one spine, the same for the same seed. Not thread-safe."""

    imaging = LIVE

    def __init__(
        self,
        seed: int,
        options: SpinePhantomOptions = USUAL,
        *,
        rows: int = 300,
        foreign: bool = False,
        faults: tuple[str, ...] | None = None,
    ) -> None:
        """foreign: physics and anatomy outside of what training draws; faults: beside those of `options.motion`."""
        rng = np.random.default_rng([78, seed])
        self.options, self._seed = options, seed
        self.spine = draw_spine(
            rng,
            transition=options.transitional,
            foreign=foreign,
            scoliosis=options.scoliosis,
            fat_mm=None if foreign else options.fat,
        )
        self.tissue = draw_tissue(rng, foreign=foreign) if foreign else PRESENTABLE
        deepest = self.spine.target_mm + 18
        self._scanner = draw_scanner(rng, deepest, foreign=True) if foreign else Scanner(LIVE, ARRAY)
        if foreign:
            self.imaging = self._scanner.imaging
        self.shape = size_of(self._scanner, rows)
        self.along = options.view != TRANSVERSE
        self.head = 1 if options.head == "right" else -1
        self.path = draw_path(rng, sweep_of(options, self.spine, faults or ()))
        self._field = carried_field(rng)
        self._noise = KeptNoise(rng, self.shape)

    def picture(self, t_s: float, imaging: Imaging | None = None) -> SpinePicture:
        scanner = replace(self._scanner, imaging=imaging or self.imaging)
        return picture_of(
            self.spine,
            self.tissue,
            scanner,
            self.held(t_s),
            self._field,
            self._noise.at(t_s),
            along=self.along,
            head=self.head,
        )

    def dark(self, t_s: float, imaging: Imaging | None = None) -> NDArray[np.uint8]:
        """What is shown (height, width) while nothing is transmitted."""
        scanner = replace(self._scanner, imaging=imaging or self.imaging)
        return _shown(self._noise.dark(t_s, scanner.imaging), scanner)

    def held(self, t_s: float) -> Held:
        return Held(*self.path.at(t_s))

    def felt(self, t_s: float) -> tuple[float, ...]:
        """What the inertial sensor feels: acceleration in g and turning rate in degrees a second, x y z each."""
        return felt(self.path, t_s, self._seed, along=self.along)

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        held = self.held(t_s)
        segment, _ = level_of(self.spine, held.s_mm)
        found = {"level": float(segment), "target_depth": float(self.spine.target_at(np.array(held.s_mm)))}
        if not self.along:
            found["midline_offset"] = self.spine.lean_of(held.s_mm) - held.beside_mm
        return found


def sweep_of(options: SpinePhantomOptions, spine: Spine, faults: tuple[str, ...] = ()) -> Sweep:
    """What the hand does."""
    motion = options.motion
    start, end = -25.0, spine.end_mm - 6
    if motion == "from L2":
        start = float(spine.spans[-3].mean())
    elif motion == "down":
        start, end = end, start
    elif motion == "still":
        end = start = float(spine.spans[:, 1][2] + 6)
    own = (motion,) if motion in FAULTS else ()
    return Sweep(start, end, options.speed, (*own, *faults))


def open_cine(seed: int, options: SpinePhantomOptions) -> SpineCine:
    """`phantom:spine`."""
    return SpineCine(seed, options)
