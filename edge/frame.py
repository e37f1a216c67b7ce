"""What a frame is: pixels, their scale, and what the probe was doing when they were exposed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge.pointed import Pointed


class SpacingOrigin(StrEnum):
    """Where the millimetres per pixel come from, the most trusted first."""

    USER = "user"
    DICOM = "dicom"
    DEPTH = "depth"
    TICKS = "ticks"


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """Millimetres per pixel of a frame's own pixels."""

    x_mm_per_px: float
    """Lateral."""
    y_mm_per_px: float
    """Axial (depth)."""
    origin: SpacingOrigin
    relative_uncertainty: float = 0.0
    """Half-width of the scale's own uncertainty as a share of it (0.01 is 1 %); two origins that disagree widen it."""

    def __post_init__(self) -> None:
        for value in (self.x_mm_per_px, self.y_mm_per_px):
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"spacing must be a positive number of mm per px, not {value}")


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in pixels of the frame: the ultrasound picture without the scanner's texts and borders."""

    x: int
    y: int
    width: int
    height: int

    def crop(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The region's part of `pixels` (height, width[, channels]), as a view."""
        return pixels[self.y : self.y + self.height, self.x : self.x + self.width]

    @classmethod
    def whole(cls, pixels: NDArray[np.uint8]) -> Self:
        return cls(0, 0, pixels.shape[1], pixels.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What the probe's inertial sensor felt up to an exposure. Immutable; the arrays are made read-only.

    x runs along the array to the picture's right, y across the picture's plane, z into the body. Raises ValueError for
    times that do not increase and for rows that are not one a time.
    """

    times_ns: NDArray[np.int64]
    """(n,) monotonic time of the host, the oldest first."""
    acceleration_g: NDArray[np.float64]
    """(n, 3) x y z, gravity included: a probe that rests upright reads (0, 0, 1)."""
    rate_deg_per_s: NDArray[np.float64]
    """(n, 3) turning rate about x, y and z."""

    def __post_init__(self) -> None:
        rows = (len(self.times_ns), 3)
        if self.times_ns.ndim != 1 or self.acceleration_g.shape != rows or self.rate_deg_per_s.shape != rows:
            raise ValueError(
                f"motion must be (n,), (n, 3) and (n, 3), not {self.times_ns.shape}, {self.acceleration_g.shape} and "
                f"{self.rate_deg_per_s.shape}"
            )
        if (np.diff(self.times_ns) <= 0).any():
            raise ValueError("the times of motion must increase")
        for name in ("times_ns", "acceleration_g", "rate_deg_per_s"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))

    @classmethod
    def of(cls, samples: Sequence[tuple[int, Sequence[float]]]) -> Self | None:
        """From times, each with its six readings: acceleration x y z, then turning rate. None of none."""
        if not samples:
            return None
        readings = np.array([six for _, six in samples], np.float64)
        return cls(np.array([time_ns for time_ns, _ in samples], np.int64), readings[:, :3], readings[:, 3:])


@dataclass(frozen=True, slots=True)
class ProbeState:
    """What the probe was doing at an exposure. None: the probe did not say."""

    depth_mm: float | None = None
    frequency_mhz: float | None = None
    gain_db: float | None = None
    tgc_db: tuple[float, ...] | None = None
    """The depth gain's sliders, the shallowest first."""
    focus_mm: float | None = None
    dynamic_range_db: float | None = None
    transmit_power_db: float | None = None
    """0 is full power."""
    preset: str | None = None
    epoch: int | None = None
    """Counts the changes of the parameters: two exposures of one epoch had the same ones."""
    frozen: bool | None = None
    """True: it is the last exposure before a freeze that lasts; parameters and `transmitting` are those of it."""
    frozen_ns: int | None = None
    """The monotonic time of the exposure that is frozen. None: none is, or its time is not known."""
    transmitting: bool | None = None
    transmit_off_reason: str = ""
    """Why it does not transmit now: `heartbeat lost`. Empty where nothing but the freeze keeps it from that."""
    mi: float | None = None
    tis: float | None = None
    tib: float | None = None
    battery_percent: float | None = None
    temperature_c: float | None = None
    doubt: str = ""
    """Why the parameters at the exposure are not known, though a probe is there to tell them: `the depth was changed
    within 3 ms of the exposure`. No scale may be taken from the probe or the picture then."""
    motion: Motion | None = field(default=None, compare=False)
    """Of the last two seconds before the exposure, as far as it had arrived. None: nothing had. Two states that differ
    in it alone are the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one exposure. Immutable; `pixels` is made read-only."""

    pixels: NDArray[np.uint8]
    """(height, width) uint8 grey."""
    exposed_ns: int
    """Monotonic time of exposure (live) or the position in the recording; nanoseconds."""
    sequence: int
    """Counts from 0 in the source; a gap means frames that were never read."""
    origin: str
    """The source and, where it has one, the file: `stills:knee.png`."""
    spacing: PixelSpacing | None = None
    """None: unknown."""
    region: Region | None = None
    """None: not looked for yet."""
    probe: ProbeState | None = None
    notes: tuple[str, ...] = ()
    """What a reader must know about the scale or region, such as two scales that disagree."""
    coloured: Region | None = None
    """The box around what was coloured as Doppler shows flow, before the picture became grey. None: nothing was, or the
    source brings grey only."""
    colour: "Callable[[], NDArray[np.uint8]] | None" = None
    """Gives the same picture in colour when it is asked, (height, width, 3) BGR, place for place as `pixels`; nothing
    is converted before. None: the source has no colour."""
    unscaled: str = ""
    """Why it has no scale, and what to do. Empty: it has one, or nothing is known of why."""
    pixel_aspect: float = 1.0
    """Width of a pixel over its height, as the source says; 1 where it says nothing."""
    sizes_differ: bool = False
    """The source holds pictures of several sizes, so that one scale cannot be stated for all of them."""
    timed: bool = True
    """False: its source tells no times; `exposed_ns` only keeps its frames in order."""
    pointed: tuple[Pointed, ...] | None = None
    """What a person who looks on pointed at by now, in its pixels. None: nobody did, and what was asked for at the
    start holds."""
    doubts: tuple[str, ...] = ()
    """Why its scale may be wrong although it has one: what is measured is `limited` at best, for these reasons."""

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.dtype != np.uint8 or 0 in self.pixels.shape:
            raise ValueError(f"pixels must be (height, width) uint8, not {self.pixels.shape} {self.pixels.dtype}")
        if self.pixels.flags.writeable:
            object.__setattr__(self, "pixels", _read_only(self.pixels))

    @property
    def simulated(self) -> bool:
        """Whether a simulated probe made it: what was learned from phantoms alone holds in no other picture."""
        return self.origin.startswith("phantom:")

    @property
    def ultrasound(self) -> Region:
        """The region, or the whole picture where none was looked for."""
        return self.region or Region.whole(self.pixels)

    @property
    def in_colour(self) -> bool:
        """Whether it is shown so: something in it was coloured, and its source can give that."""
        return self.coloured is not None and self.colour is not None

    def picture(self) -> NDArray[np.uint8]:
        """As it is shown: (height, width, 3) BGR where it is in colour, else its pixels."""
        return self.colour() if self.colour is not None and self.in_colour else self.pixels

    def with_screen(
        self,
        region: Region | None,
        spacing: PixelSpacing | None,
        *,
        notes: tuple[str, ...] = (),
        doubts: tuple[str, ...] = (),
        unscaled: str = "",
    ) -> Self:
        """With its place on the screen and its scale; notes and doubts are added to its own.

        Why the source gave no scale stays the reason, or becomes a note where another scale was found.
        """
        others = (self.unscaled,) if self.unscaled and spacing else ()
        return replace(
            self,
            region=region,
            spacing=spacing,
            notes=self.notes + others + notes,
            doubts=self.doubts + doubts,
            unscaled="" if spacing else self.unscaled or unscaled,
        )


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """The same memory, which cannot be written to from here."""
    view = array.view()
    view.flags.writeable = False
    return view
