"""The simulated probe as a source: `phantom:cartilage`, `phantom:cartilage,seed=3,frames=150,depth=35,paced=no`."""

from dataclasses import dataclass, replace

from edge.clock import Clock, MonotonicClock
from edge.closing import Closing
from edge.errors import SettingError, UnknownNameError
from edge.frame import Frame, ProbeState, Region
from edge.phantom.cine import LIVE_IMAGING, Cine

ANATOMIES = ("cartilage",)
DEPTHS_MM = (15.0, 60.0)


@dataclass(frozen=True, slots=True)
class PhantomSettings:
    """What stands behind `phantom:`."""

    anatomy: str = "cartilage"
    seed: int = 1
    frames: int | None = None
    """Where the source ends; None: never."""
    depth_mm: float = LIVE_IMAGING.depth_mm
    paced: bool = True
    """True: live, in real time. False: as fast as they are asked for, none dropped."""


def parse_phantom(rest: str) -> PhantomSettings:
    """Settings from `anatomy[,name=value...]`. Raises UnknownNameError, SettingError."""
    anatomy, *pairs = [part.strip() for part in rest.split(",")]
    settings = PhantomSettings(anatomy or "cartilage")
    if settings.anatomy not in ANATOMIES:
        raise UnknownNameError(f"there is no phantom '{anatomy}'; there are: {', '.join(ANATOMIES)}")
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            settings = _with(settings, name, value)
        except ValueError as error:
            raise SettingError(
                f"'{pair}' is no setting of the phantom; write seed=NUMBER, frames=NUMBER, "
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
    if name == "paced" and value in ("yes", "no"):
        return replace(settings, paced=value == "yes")
    raise ValueError(name)


class PhantomSource(Closing):
    """Frames of the simulated probe, with the probe's state. The region is the whole picture."""

    def __init__(self, settings: PhantomSettings, *, fps: float, clock: Clock) -> None:
        self.live = settings.paced
        self.settings, self._fps, self._clock = settings, fps, clock
        self._cine = Cine(settings.seed)
        self._imaging = replace(LIVE_IMAGING, depth_mm=settings.depth_mm)
        self._next = 0
        self._started_ns: int | None = None
        self._closed = False

    def read(self, timeout_s: float) -> Frame | None:
        if self._closed or (self.settings.frames is not None and self._next >= self.settings.frames):
            return None
        sequence, self._next = self._next, self._next + 1
        t_s = sequence / self._fps
        exposed_ns = self._wait_for(t_s) if self.live else round(t_s * 1e9)
        picture = self._cine.picture(t_s, self._imaging)
        state = ProbeState(
            depth_mm=self._imaging.depth_mm,
            frequency_mhz=self._imaging.frequency_mhz,
            gain_db=self._imaging.gain_db,
            frozen=False,
        )
        return Frame(
            picture.pixels,
            exposed_ns,
            sequence,
            origin=f"phantom:{self.settings.anatomy}",
            region=Region.whole(picture.pixels),
            probe=state,
        )

    def _wait_for(self, t_s: float) -> int:
        """The time of exposure of the frame due at `t_s`; a reader that is late skips what it missed."""
        now = self._clock.now_ns()
        if self._started_ns is None:
            self._started_ns = now
        due = self._started_ns + round(t_s * 1e9)
        if now < due:
            self._clock.sleep((due - now) / 1e9)
            return due
        self._next += int((now - due) / 1e9 * self._fps)
        return due

    def close(self) -> None:
        self._closed = True


def open_phantom(rest: str, *, fps: float | None = None, clock: Clock = MonotonicClock()) -> PhantomSource:  # noqa: B008
    """The simulated probe; 25 frames/s unless `fps` says otherwise."""
    return PhantomSource(parse_phantom(rest), fps=fps or 25.0, clock=clock)
