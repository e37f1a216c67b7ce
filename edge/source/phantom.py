"""The simulated probe's picture: `phantom:NAME,seed=3,frames=150,depth=35,paced=no`, where NAME is an anatomy that a
task declares, with settings of its own.

Exposed by its own clock with fixed settings, or by a probe that somebody sets (a ProbeFeed).
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.clock import Clock, MonotonicClock
from edge.closing import Closing
from edge.errors import SettingError, SourceStalledError, UnknownNameError
from edge.frame import Frame, Motion, ProbeState, Region
from edge.option import Asked, Option, made, options_of, taken
from edge.phantom.anatomy import Anatomy, Cine, Felt, InColour, Moving
from edge.phantom.records import Imaging
from edge.source.grey import colour_of, coloured_region
from edge.source.probe_feed import Exposure, ProbeFeed

MOTION_PERIOD_NS: Final = 20_000_000
MOTION_SAMPLES: Final = 100
"""Of the inertial sensor on a frame: the last two seconds at 50 Hz, as a probe has it unless it is set otherwise."""


@dataclass(frozen=True, slots=True)
class PhantomSettings:
    """What any anatomy is asked for."""

    seed: Annotated[int, Option("Another body for each number.", flag="seed", low=0)] = 1
    frames: Annotated[int | None, Option("Where the source ends; without it never.", flag="frames", low=1)] = None
    depth_mm: Annotated[
        float | None, Option("Of the picture; without it the anatomy's own.", flag="depth", low=15, high=80)
    ] = None
    paced: Annotated[
        bool, Option("yes: live, in real time. no: as fast as they are asked for, none dropped.", flag="paced")
    ] = True


@dataclass(frozen=True, slots=True)
class Asking:
    """What stands behind `phantom:`."""

    anatomy: Anatomy
    settings: PhantomSettings
    options: Any
    """The anatomy's own, as it declares them."""


def parse_phantom(rest: str, anatomies: Mapping[str, Anatomy]) -> Asking:
    """From `NAME[,setting=value...]`; without a name the first anatomy. Raises UnknownNameError, SettingError."""
    name, *pairs = [part.strip() for part in rest.split(",")]
    anatomy = anatomies.get(name or next(iter(anatomies), ""))
    if anatomy is None:
        raise UnknownNameError(f"there is no phantom '{name}'; there are: {', '.join(anatomies)}")
    asked = [*options_of(PhantomSettings), *options_of(anatomy.options)]
    given = dict(_read(pair, asked) for pair in pairs)
    try:
        settings, own = taken(PhantomSettings, given, f"phantom:{anatomy.name}")
        return Asking(anatomy, settings, made(anatomy.options, own, f"phantom:{anatomy.name}"))
    except SettingError as error:
        raise SettingError(f"{error}; {_form(asked)}") from error


def _read(pair: str, asked: list[Asked]) -> tuple[str, str]:
    """The field's name and the text of `depth=35`."""
    name, _, value = pair.partition("=")
    for one in asked:
        if name in (one.name, one.flag) and value:
            return one.name, value
    raise SettingError(f"'{pair}' is no setting of the phantom; {_form(asked)}")


def _form(asked: list[Asked]) -> str:
    forms = [f"{one.flag.removeprefix('--')}={_values(one)}" for one in asked]
    return f"write {', '.join(forms[:-1])} or {forms[-1]}"


def _values(asked: Asked) -> str:
    low, high = asked.option.low, asked.option.high
    if asked.option.choices:
        return "|".join(asked.option.choices)
    if asked.kind is bool:
        return "yes|no"
    return f"{low:g}..{high:g}" if low is not None and high is not None else "NUMBER"


class OwnPace:
    """The feed of a phantom that no probe drives: one exposure every `1 / fps` seconds, settings that never change."""

    def __init__(self, imaging: Imaging, fps: float, clock: Clock, *, paced: bool) -> None:
        self._paced, self._fps, self._clock = paced, fps, clock
        self._imaging = imaging
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

    def __init__(self, name: str, cine: Cine, feed: ProbeFeed, *, frames: int | None = None, live: bool = True) -> None:
        """name: the anatomy's. frames: where the source ends; None: never."""
        self.live = live
        self._name, self._cine, self._feed, self._frames = name, cine, feed, frames
        self._moving = cine if isinstance(cine, Moving) else None
        self._first_ns: int | None = None
        """The cine's zero: the first exposure that was pictured."""
        self._felt: deque[tuple[int, Felt]] = deque(maxlen=MOTION_SAMPLES)
        """Newest samples of the inertial sensor with their times."""
        self._next = self._offset = 0
        self._shown: Frame | None = None
        self._closed = False

    def read(self, timeout_s: float) -> Frame | None:
        if self._closed or self._is_past_the_end(self._next):
            return None
        exposure = self._feed.next_exposure(timeout_s)
        if exposure is None:
            raise SourceStalledError(
                f"the probe behind the phantom exposed nothing for {timeout_s:g} s; start its imaging, or unfreeze it"
            )
        if self._shown is not None and self._shown.exposed_ns == exposure.exposed_ns:
            return replace(self._shown, probe=true_state(exposure, self._motion(exposure.exposed_ns)))
        sequence = self._numbered(exposure.sequence)
        if self._is_past_the_end(sequence):
            return None
        pixels, colour = self._picture(exposure)
        self._shown = Frame(
            pixels,
            exposure.exposed_ns,
            sequence,
            origin=f"phantom:{self._name}",
            region=Region.whole(pixels),
            probe=true_state(exposure, self._motion(exposure.exposed_ns)),
            coloured=None if colour is None else coloured_region(colour),
            colour=None if colour is None else colour_of(colour),
        )
        return self._shown

    def felt_at(self, host_ns: int) -> Felt | None:
        """What an inertial sensor in the probe feels at a time of the exposures' clock; from any thread.

        Before the first picture it is what the cine begins with. None: the cine does not move, or the source is closed.
        """
        if self._moving is None or self._closed:
            return None
        return self._moving.felt(0.0 if self._first_ns is None else max(0, host_ns - self._first_ns) / 1e9)

    def close(self) -> None:
        self._closed = True

    def _motion(self, exposed_ns: int) -> Motion | None:
        """What was felt up to an exposure that was pictured, at a grid of moments from the first one on."""
        if self._moving is None or self._first_ns is None:
            return None
        last_ns = self._felt[-1][0] if self._felt else self._first_ns - MOTION_PERIOD_NS
        n_due = (exposed_ns - last_ns) // MOTION_PERIOD_NS
        for k in range(max(0, n_due - MOTION_SAMPLES), n_due):
            due_ns = last_ns + (k + 1) * MOTION_PERIOD_NS
            self._felt.append((due_ns, self._moving.felt((due_ns - self._first_ns) / 1e9)))
        return Motion.of(self._felt)

    def _is_past_the_end(self, sequence: int) -> bool:
        return self._frames is not None and sequence >= self._frames

    def _picture(self, exposure: Exposure) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
        """Grey, and in colour where the anatomy is shown so."""
        if self._first_ns is None:
            self._first_ns = exposure.exposed_ns
        t_s = (exposure.exposed_ns - self._first_ns) / 1e9
        if not exposure.transmitting:
            return self._cine.dark(t_s, exposure.imaging), None
        picture = self._cine.picture(t_s, exposure.imaging)
        return picture.pixels, picture.colour if isinstance(picture, InColour) else None

    def _numbered(self, sequence: int) -> int:
        """From 0 and always upward, gaps kept, wherever the probe's own count starts or starts anew."""
        if self._next == 0 or sequence + self._offset < self._next:
            self._offset = self._next - sequence
        self._next = sequence + self._offset + 1
        return self._next - 1


def true_state(exposure: Exposure, motion: Motion | None = None) -> ProbeState:
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
        frozen_ns=exposure.exposed_ns if exposure.frozen else None,
        transmitting=exposure.transmitting,
        motion=motion,
    )


def open_phantom(
    rest: str,
    *,
    anatomies: Mapping[str, Anatomy],
    fps: float | None = None,
    clock: Clock = MonotonicClock(),  # noqa: B008
    feed: ProbeFeed | None = None,
) -> PhantomSource:
    """The phantom at 25 frames/s unless `fps` says otherwise; with a `feed` as that sets and paces it.

    Raises UnknownNameError, SettingError; also for a setting that is the feed's to make.
    """
    asking = parse_phantom(rest, anatomies)
    settings = asking.settings
    if feed is not None and (settings.depth_mm is not None or not settings.paced or fps is not None):
        raise SettingError("depth, pace and frame rate are the probe's; leave depth=, paced=no and --fps out")
    cine = asking.anatomy.open(settings.seed, asking.options)
    imaging = cine.imaging if settings.depth_mm is None else replace(cine.imaging, depth_mm=settings.depth_mm)
    if feed is not None:
        # The first picture of a body takes a second or two, in which a probe that transmits would miss its program.
        cine.picture(0.0, imaging)
    feed = feed or OwnPace(imaging, fps or 25.0, clock, paced=settings.paced)
    return PhantomSource(asking.anatomy.name, cine, feed, frames=settings.frames, live=settings.paced)
