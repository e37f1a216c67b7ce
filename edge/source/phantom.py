"""The simulated probe's picture: `phantom:cartilage,seed=3,frames=150,depth=35`,
`phantom:muscle,motion=stretch,paced=no`, `phantom:nerve,nerves=2,motion=compress`, `phantom:tissue,degree=0.7`.

Exposed by its own clock with fixed settings, or by a probe that somebody sets (a ProbeFeed).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock, MonotonicClock
from edge.closing import Closing
from edge.errors import SettingError, SourceStalledError, UnknownNameError
from edge.frame import Frame, ProbeState, Region
from edge.phantom.records import Imaging
from edge.source.probe_feed import Exposure, ProbeFeed
from edge.task.cartilage.phantom import LIVE_CARTILAGE, CartilageCine
from edge.task.muscle.phantom import LIVE_MUSCLE, MuscleCine
from edge.task.muscle.phantom_motion import MOVEMENTS
from edge.task.nerve.phantom import HANDS, LIVE_NERVE, NerveCine
from edge.task.tissue.phantom import LIVE_TISSUE, SWEEPS, TissueCine

DEPTHS_MM = (15.0, 80.0)


class Picture(Protocol):
    """What an anatomy's picture must at least have."""

    @property
    def pixels(self) -> NDArray[np.uint8]: ...


class Moving(Protocol):
    """An anatomy that can be pictured at any time."""

    def picture(self, t_s: float, imaging: Imaging) -> Picture: ...

    def dark(self, t_s: float, imaging: Imaging) -> NDArray[np.uint8]: ...


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What may stand behind `phantom:`."""

    make: Callable[["PhantomSettings"], Moving]
    imaging: Imaging
    """Where no probe sets it."""
    motions: tuple[str, ...]
    """To choose from; the first where none is chosen. Empty: there is no choice."""
    own: tuple[str, ...] = ()
    """Its further settings, as the user writes them."""


ANATOMIES = {
    "cartilage": Anatomy(lambda made: CartilageCine(made.seed), LIVE_CARTILAGE, ()),
    "muscle": Anatomy(lambda made: MuscleCine(made.seed, movement=made.motion), LIVE_MUSCLE, MOVEMENTS),
    "nerve": Anatomy(
        lambda made: NerveCine(made.seed, motion=made.motion, nerves=made.nerves), LIVE_NERVE, HANDS, ("nerves=0|1|2",)
    ),
    "tissue": Anatomy(
        lambda made: TissueCine(made.seed, motion=made.motion, degree=made.degree),
        LIVE_TISSUE,
        SWEEPS,
        ("degree=0..1",),
    ),
}


@dataclass(frozen=True, slots=True)
class PhantomSettings:
    """What stands behind `phantom:`."""

    anatomy: str = "cartilage"
    seed: int = 1
    frames: int | None = None
    """Where the source ends; None: never."""
    depth_mm: float = LIVE_CARTILAGE.depth_mm
    motion: str = ""
    """One of the anatomy's; empty where it has none to choose from."""
    nerves: int = 1
    """How many the nerve phantom shows."""
    degree: float = 0.0
    """How far the tissue phantom's muscle is infiltrated."""
    paced: bool = True
    """True: live, in real time. False: as fast as they are asked for, none dropped."""


def parse_phantom(rest: str) -> PhantomSettings:
    """Settings from `anatomy[,name=value...]`. Raises UnknownNameError, SettingError."""
    name, *pairs = [part.strip() for part in rest.split(",")]
    anatomy = ANATOMIES.get(name := name or "cartilage")
    if anatomy is None:
        raise UnknownNameError(f"there is no phantom '{name}'; there are: {', '.join(ANATOMIES)}")
    settings = PhantomSettings(name, depth_mm=anatomy.imaging.depth_mm, motion=next(iter(anatomy.motions), ""))
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            settings = _with(settings, name, value)
        except ValueError as error:
            motion = f"motion={'|'.join(anatomy.motions)}, " if anatomy.motions else ""
            motion += "".join(f"{setting}, " for setting in anatomy.own)
            raise SettingError(
                f"'{pair}' is no setting of the phantom; write seed=NUMBER, frames=NUMBER, {motion}"
                f"depth={DEPTHS_MM[0]:.0f}..{DEPTHS_MM[1]:.0f} (mm) or paced=yes|no"
            ) from error
    return settings


def _with(settings: PhantomSettings, name: str, value: str) -> PhantomSettings:
    if name == "seed" and int(value) >= 0:
        return replace(settings, seed=int(value))
    if name == "frames" and int(value) >= 1:
        return replace(settings, frames=int(value))
    if name == "depth" and DEPTHS_MM[0] <= float(value) <= DEPTHS_MM[1]:
        return replace(settings, depth_mm=float(value))
    if name == "motion" and value in ANATOMIES[settings.anatomy].motions:
        return replace(settings, motion=value)
    if name == "nerves" and settings.anatomy == "nerve" and value in ("0", "1", "2"):
        return replace(settings, nerves=int(value))
    if name == "degree" and settings.anatomy == "tissue" and 0 <= float(value) <= 1:
        return replace(settings, degree=float(value))
    if name == "paced" and value in ("yes", "no"):
        return replace(settings, paced=value == "yes")
    raise ValueError(name)


class OwnPace:
    """The feed of a phantom that no probe drives: one exposure every `1 / fps` seconds, settings that never change."""

    def __init__(self, settings: PhantomSettings, fps: float, clock: Clock) -> None:
        self._paced, self._fps, self._clock = settings.paced, fps, clock
        self._imaging = replace(ANATOMIES[settings.anatomy].imaging, depth_mm=settings.depth_mm)
        self._next = 0
        self._started_ns: int | None = None

    def next_exposure(self, timeout_s: float) -> Exposure:
        sequence, self._next = self._next, self._next + 1
        t_ns = round(sequence / self._fps * 1e9)
        return Exposure(self._wait_for(t_ns) if self._paced else t_ns, sequence, self._imaging)

    def _wait_for(self, t_ns: int) -> int:
        """The time of exposure of the frame due at `t_ns`; a reader that is late skips what it missed."""
        now = self._clock.now_ns()
        if self._started_ns is None:
            self._started_ns = now
        due = self._started_ns + t_ns
        if now < due:
            self._clock.sleep((due - now) / 1e9)
        else:
            self._next += int((now - due) / 1e9 * self._fps)
        return due


class PhantomSource(Closing):
    """The picture of each exposure of `feed`, with the settings it was truly made with. The region is the whole
    picture."""

    def __init__(self, settings: PhantomSettings, feed: ProbeFeed) -> None:
        self.live = settings.paced
        self.settings, self._feed = settings, feed
        self._cine = ANATOMIES[settings.anatomy].make(settings)
        self._first_ns: int | None = None
        self._next = self._offset = 0
        self._shown: tuple[Exposure, NDArray[np.uint8]] | None = None
        self._closed = False

    def read(self, timeout_s: float) -> Frame | None:
        if self._closed or self._is_past_the_end(self._next):
            return None
        exposure = self._feed.next_exposure(timeout_s)
        if exposure is None:
            raise SourceStalledError(
                f"the probe behind the phantom exposed nothing for {timeout_s:g} s; start its imaging, or unfreeze it"
            )
        sequence = self._numbered(exposure.sequence)
        if self._is_past_the_end(sequence):
            return None
        pixels = self._pixels(exposure)
        return Frame(
            pixels,
            exposure.exposed_ns,
            sequence,
            origin=f"phantom:{self.settings.anatomy}",
            region=Region.whole(pixels),
            probe=true_state(exposure),
        )

    def close(self) -> None:
        self._closed = True

    def _is_past_the_end(self, sequence: int) -> bool:
        return self.settings.frames is not None and sequence >= self.settings.frames

    def _pixels(self, exposure: Exposure) -> NDArray[np.uint8]:
        if exposure.frozen and self._shown is not None and self._shown[0].imaging == exposure.imaging:
            return self._shown[1]
        if self._first_ns is None:
            self._first_ns = exposure.exposed_ns
        t_s = (exposure.exposed_ns - self._first_ns) / 1e9
        # Frozen with other settings than shown last: the exposure that is frozen was not read, so it is made up for.
        seen = exposure.transmitting or exposure.frozen
        pixels = self._cine.picture(t_s, exposure.imaging).pixels if seen else self._cine.dark(t_s, exposure.imaging)
        self._shown = exposure, pixels
        return pixels

    def _numbered(self, sequence: int) -> int:
        """From 0 and always upward, gaps kept, wherever the probe's own count starts or starts anew."""
        if self._next == 0 or sequence + self._offset < self._next:
            self._offset = self._next - sequence
        self._next = sequence + self._offset + 1
        return self._next - 1


def true_state(exposure: Exposure) -> ProbeState:
    """What a probe that tells everything at once would say of an exposure."""
    imaging = exposure.imaging
    return ProbeState(
        depth_mm=imaging.depth_mm,
        frequency_mhz=imaging.frequency_mhz,
        gain_db=imaging.gain_db,
        tgc_db=imaging.tgc_db,
        focus_mm=imaging.focus_mm,
        dynamic_range_db=imaging.dynamic_range_db,
        transmit_power_db=imaging.transmit_power_db,
        frozen=exposure.frozen,
        transmitting=exposure.transmitting,
    )


def open_phantom(
    rest: str,
    *,
    fps: float | None = None,
    clock: Clock = MonotonicClock(),  # noqa: B008
    feed: ProbeFeed | None = None,
) -> PhantomSource:
    """The phantom at 25 frames/s unless `fps` says otherwise; with a `feed` as that sets and paces it.

    Raises UnknownNameError, SettingError; also for a setting that is the feed's to make.
    """
    settings = parse_phantom(rest)
    if feed is None:
        return PhantomSource(settings, OwnPace(settings, fps or 25.0, clock))
    if settings.depth_mm != ANATOMIES[settings.anatomy].imaging.depth_mm or not settings.paced or fps is not None:
        raise SettingError("depth, pace and frame rate are the probe's; leave depth=, paced=no and --fps out")
    return PhantomSource(settings, feed)
