"""The simulated probe with a real clock: the public fake. `sim:` and `sim:drift=200,seed=3,delay=0..60,damage=0.001`.

A thread drives `stepped_probe.SteppedProbe` and carries bytes between it and the host's end of a loopback line.
"""

import time
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from threading import Event, RLock, Thread
from typing import Final

from firmware_bridge.device.flash import Flash
from firmware_bridge.device.stepped_probe import Feel, SimulationSettings, SteppedProbe, TrueExposure, new_flash
from firmware_bridge.errors import FlashRangeError, PortUnsuitableError, TransportError, WriteStalledError
from firmware_bridge.line.messages import Stimulus
from firmware_bridge.line.transport.contract import Transport
from firmware_bridge.line.transport.faulty import fault_settings
from firmware_bridge.line.transport.loopback import Loopback, loopback_pair

_PAUSE_S: Final = 0.001
"""Longest wait for bytes before time is looked at again."""

_PART_BYTES: Final = 4096
"""Handed to the cable at once, all or nothing."""

_SETTINGS: Final = ("drift", "start", "seed", "damage", "drop", "double", "delay", "flash")
_SEEDS: Final = 1 << 31
_MASK: Final = 0xFFFF_FFFF
_MAX_DRIFT_PPM: Final = 100_000


class SimulatedProbe:
    """A probe that is switched on. `connect` plugs its cable in; close it in the end. Safe for several threads."""

    def __init__(self, settings: SimulationSettings | None = None, flash: Flash | None = None) -> None:
        """`flash` is closed with the probe. Raises PortUnsuitableError for faults that cannot be."""
        self._lock = RLock()
        self._probe = SteppedProbe(settings or SimulationSettings(), flash, _now_us())
        self._cable: Loopback | None = None
        self._closed, self._going = Event(), Event()
        self._going.set()
        self._thread = Thread(target=self._live, name="simulated probe", daemon=True)
        self._thread.start()

    def connect(self) -> Transport:
        """The host's end of the cable; a cable plugged in before is pulled. The device goes on meanwhile."""
        return self._plug_in(lambda: None)

    def connect_for_good(self) -> Transport:
        """As `connect`; closing the transport switches the probe off."""
        return self._plug_in(self.close)

    def unplug(self) -> None:
        """Pull the cable: the transport raises LinkLostError from now on, and what was on the line is lost."""
        with self._lock:
            self._probe.step(_now_us())
            self._probe.unplug()
            if self._cable is not None:
                self._cable.close()
                self._cable = None

    def stimulate(self, stimulus: Stimulus, value: int = 0) -> None:
        """Press the button, heat the probe, let it hang ... now."""
        with self._lock:
            self._probe.step(_now_us())
            self._probe.stimulate(stimulus, value)

    def pause(self) -> None:
        """Stop the probe in mid-air: what is sent to it from now on waits until `resume`. Its time goes on."""
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def on_exposure(self, tell: Callable[[TrueExposure], None]) -> None:
        """`tell` is called at each exposure on the probe's own thread: be quick there, and call nothing of the probe.

        `host_ns` is time.monotonic_ns(). A second one replaces the first.
        """
        with self._lock:
            self._probe.on_exposure(tell)

    def on_motion(self, feel: Feel) -> None:
        """`feel` is asked for each sample of the inertial sensor, with time.monotonic_ns() of it, on the probe's own
        thread: be quick there, and call nothing of the probe. A second one replaces the first."""
        with self._lock:
            self._probe.on_motion(feel)

    def close(self) -> None:
        """Switch off; the transport raises LinkLostError. A second call does nothing."""
        if not self._closed.is_set():
            self._closed.set()
            self._going.set()
            self.unplug()
            self._thread.join()
            self._probe.flash.close()

    def __enter__(self) -> "SimulatedProbe":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _plug_in(self, closed: Callable[[], None]) -> Transport:
        near, far = loopback_pair(far_write_timeout_s=0.0)
        with self._lock:
            self.unplug()
            self._probe.plug()
            self._cable = far
        return SimulatedLine(near, closed)

    def _live(self) -> None:
        unsent = b""
        while not self._closed.is_set():
            cable = self._cable
            data = self._read(cable)
            self._going.wait()
            with self._lock:
                self._probe.step(_now_us())
                if cable is not self._cable:
                    unsent = b""
                    continue
                self._probe.feed(data)
                unsent = unsent or self._probe.take()
                unsent = self._write(cable, unsent)

    def _read(self, cable: Loopback | None) -> bytes:
        try:
            if cable is not None:
                return cable.read(_PAUSE_S)
        except TransportError:
            pass  # the host closed its end, or it was pulled: nobody speaks until it is plugged in again
        self._closed.wait(_PAUSE_S)
        return b""

    def _write(self, cable: Loopback | None, data: bytes) -> bytes:
        """What the line did not take."""
        try:
            while cable is not None and data:
                cable.write(data[:_PART_BYTES])
                data = data[_PART_BYTES:]
        except WriteStalledError:
            return data
        except TransportError:
            pass  # as in `_read`: what is said is lost
        return b""


class SimulatedLine(Transport):
    """The host's end of a simulated probe's cable."""

    def __init__(self, near: Loopback, closed: Callable[[], None]) -> None:
        """`closed` is called once this end is closed."""
        self._near, self._tell_closed = near, closed

    def read(self, timeout_s: float) -> bytes:
        return self._near.read(timeout_s)

    def write(self, data: bytes) -> None:
        self._near.write(data)

    def close(self) -> None:
        self._near.close()
        self._tell_closed()


def open_sim(rest: str) -> Transport:
    """A new probe of `simulated_probe(rest)`, which is switched off when the transport is closed."""
    return simulated_probe(rest).connect_for_good()


def simulated_probe(rest: str) -> SimulatedProbe:
    """The probe of `drift=200,start=0,seed=3,damage=0.001,drop=0,double=0,delay=0..60,flash=FILE`, in any order save
    that `flash` comes last; all may be left out. Without a seed one is drawn. Raises PortUnsuitableError."""
    text, asked, file = rest.partition("flash=")
    settings = probe_settings(text)
    return SimulatedProbe(settings, _file_flash(settings.seed, Path(file)) if asked else None)


def probe_settings(text: str) -> SimulationSettings:
    """`drift=200,seed=3,delay=0..60` read; all may be left out. Raises PortUnsuitableError."""
    given = dict(part.partition("=")[::2] for part in text.split(",") if part)
    unknown = [name for name in given if name not in _SETTINGS]
    if unknown:
        raise PortUnsuitableError(f"a simulated probe has no '{unknown[0]}'; there are: {', '.join(_SETTINGS)}")
    drift_ppm = _whole(given.pop("drift", "0"), "drift", -_MAX_DRIFT_PPM, _MAX_DRIFT_PPM)
    start = given.pop("start", "")
    start_us = _whole(start, "start", 0, _MASK) if start else None
    given.setdefault("seed", str(SystemRandom().randrange(_SEEDS)))
    faults = fault_settings(",".join(f"{name}={value}" for name, value in given.items()))
    return SimulationSettings(drift_ppm, faults.seed, start_us, faults)


def _whole(text: str, name: str, low: int, high: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = high + 1
    if not low <= number <= high:
        raise PortUnsuitableError(f"{name}={text} is no whole number from {low} to {high}; write {name}={low}")
    return number


def _file_flash(seed: int, path: Path) -> Flash:
    try:
        return new_flash(seed, path)
    except FlashRangeError as error:
        raise PortUnsuitableError(str(error)) from error
    except OSError as error:
        raise PortUnsuitableError(f"no flash can be kept in '{path}': {error.strerror}; name another file") from error


def _now_us() -> int:
    return time.monotonic_ns() // 1000
