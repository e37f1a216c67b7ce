"""Three devices behind one face: the Python simulator, the host process, the emulated Cortex-M3.

Each keeps its flash in a file, and has a cable to be pulled, power that can go, and the bench's side channel.
"""

import os
import select
import signal
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final, Self

from firmware_bridge.device.flash import Flash
from firmware_bridge.device.simulator import SimulatedProbe
from firmware_bridge.device.stepped_probe import SimulationSettings
from firmware_bridge.errors import PortNotFoundError
from firmware_bridge.line.framing import encode_frame
from firmware_bridge.line.messages import Stimulate, Stimulus
from firmware_bridge.line.transport.contract import Transport
from firmware_bridge.line.transport.faulty import FaultSettings, FaultyTransport
from firmware_bridge.line.transport.socket_line import READ_BYTES, WRITE_TIMEOUT_S, SocketLine
from firmware_bridge.line.transport.table import open_transport
from tools.bridge.host_process import HostProbe
from tools.bridge.qemu import SOON_S, QemuProbe

LINGER_S: Final = 2.0
"""Unless it takes no bytes at all: then it is left after this."""


class ProbeDevice(ABC):
    """A probe on the bench, its power still off. A context manager, which switches it on and off."""

    name: ClassVar[str]

    def __init__(self, flash: Path) -> None:
        """`flash`: its file, which holds an image."""
        self.flash = flash
        self.faults = FaultSettings()
        """Of the lines that are opened from now on."""
        self._cable: FaultyTransport | None = None
        self._plugged = True

    def open_line(self) -> Transport:
        """Its serial line, one at a time. Raises PortNotFoundError while it is unplugged."""
        if not self._plugged:
            raise PortNotFoundError(f"{self.name} is unplugged; plug it in")
        outgoing, incoming = self.faults.lines()
        self._cable = FaultyTransport(self._connect(), outgoing, incoming)
        return self._cable

    def unplug(self) -> None:
        """Pull the cable; the device goes on."""
        self._plugged = False
        if self._cable is not None:
            self._cable.cut()

    def plug(self) -> None:
        self._plugged = True

    def restart(self) -> None:
        """As after the power came back: the flash is what stays. Nobody may use the line meanwhile."""
        self.power_off()
        self.power_on()

    def refill(self, content: bytes) -> None:
        """Start with this in the flash. Nobody may use the line meanwhile."""
        self.power_off()
        self._write_flash(content)
        self.power_on()

    def _write_flash(self, content: bytes) -> None:
        with self.flash.open("r+b") as file:
            file.write(content)

    @abstractmethod
    def power_on(self) -> None: ...

    @abstractmethod
    def power_off(self) -> None:
        """At once, whatever it was doing. A second call does nothing."""

    @abstractmethod
    def stimulate(self, stimulus: Stimulus, value: int = 0) -> None:
        """Press the button, heat the probe, let it hang."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it in mid-air; what is sent to it waits."""

    @abstractmethod
    def go_on(self) -> None: ...

    @abstractmethod
    def _connect(self) -> Transport: ...

    def __enter__(self) -> Self:
        self.power_on()
        return self

    def __exit__(self, *error: object) -> None:
        self.power_off()


class PythonProbe(ProbeDevice):
    """The simulator with a real clock."""

    name = "Python simulator"

    def __init__(self, flash: Path, settings: SimulationSettings | None = None) -> None:
        super().__init__(flash)
        self._settings = settings or SimulationSettings(seed=1)
        self._probe: SimulatedProbe | None = None

    def power_on(self) -> None:
        self._probe = SimulatedProbe(self._settings, Flash(self.flash))

    def power_off(self) -> None:
        if self._probe is not None:
            self._probe.close()
        self._probe = None

    def stimulate(self, stimulus: Stimulus, value: int = 0) -> None:
        self._on.stimulate(stimulus, value)

    def stop(self) -> None:
        self._on.pause()

    def go_on(self) -> None:
        self._on.resume()

    def _connect(self) -> Transport:
        return self._on.connect()

    @property
    def _on(self) -> SimulatedProbe:
        if self._probe is None:
            raise PortNotFoundError(f"{self.name} is switched off")
        return self._probe


class ProcessProbe(ProbeDevice):
    """The C firmware as a process on a pty."""

    name = "host process"

    def __init__(self, flash: Path, binary: Path, *options: str) -> None:
        """`options`: see `probe --help`."""
        super().__init__(flash)
        self._binary, self._options = binary, options
        self._process: HostProbe | None = None

    def power_on(self) -> None:
        self._process = HostProbe(self._binary, "--flash", str(self.flash), *self._options)

    def power_off(self) -> None:
        if self._process is not None:
            self._process.kill()
        self._process = None

    def stimulate(self, stimulus: Stimulus, value: int = 0) -> None:
        bench = os.open(self._on.bench_path, os.O_WRONLY | os.O_NOCTTY)
        try:
            os.write(bench, _stimulus_frame(stimulus, value))
        finally:
            os.close(bench)

    def stop(self) -> None:
        self._on.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._on.process.send_signal(signal.SIGCONT)

    def _connect(self) -> Transport:
        return open_transport(str(self._on.line_path))

    @property
    def _on(self) -> HostProbe:
        if self._process is None:
            raise PortNotFoundError(f"{self.name} is switched off")
        return self._process


class CortexProbe(ProbeDevice):
    """Boot loader and firmware on QEMU's mps2-an385."""

    name = "emulated Cortex-M3"

    def __init__(self, flash: Path, boot: Path) -> None:
        """`boot`: the boot loader's ELF."""
        super().__init__(flash)
        self._boot = boot
        self._machine: QemuProbe | None = None
        self._bench: socket.socket | None = None

    def power_on(self) -> None:
        self._machine = QemuProbe(self._boot, self.flash)
        self._bench = self._machine.connect_bench()
        self._machine.start()

    def power_off(self) -> None:
        if self._machine is not None and self._bench is not None:
            self._bench.close()
            self._machine.close()
        self._machine = self._bench = None

    def restart(self) -> None:
        """By the reset button, which is quicker than a new emulator; what is still under way to it arrives before."""
        until = time.monotonic() + SOON_S
        while self._on.is_plugged_in and time.monotonic() < until:
            time.sleep(0.001)
        self._on.reset()

    def refill(self, content: bytes) -> None:
        """The emulator shares its memory with the file, so it need not end."""
        self._write_flash(content)
        self.restart()

    def stimulate(self, stimulus: Stimulus, value: int = 0) -> None:
        assert self._bench is not None
        self._bench.sendall(_stimulus_frame(stimulus, value))

    def stop(self) -> None:
        self._on.stop()

    def go_on(self) -> None:
        self._on.cont()

    def _connect(self) -> Transport:
        return _LingeringLine(self._on, lambda: self._plugged)

    @property
    def _on(self) -> QemuProbe:
        if self._machine is None:
            raise PortNotFoundError(f"{self.name} is switched off")
        return self._machine


class _LingeringLine(SocketLine):
    """Its close waits until all that was sent has arrived. Else QEMU, which takes a byte at a time, would tear the last
    frame, and the device count it as damaged."""

    def __init__(self, machine: QemuProbe, lingers: Callable[[], bool]) -> None:
        self._connected = machine.connect_line()
        self._lingers = lingers
        super().__init__(self._connected, f"unix:{machine.line_path}", WRITE_TIMEOUT_S)

    def close(self) -> None:
        until = time.monotonic() + LINGER_S
        with suppress(OSError):
            if self._lingers():
                self._connected.shutdown(socket.SHUT_WR)
            while self._lingers() and time.monotonic() < until:
                select.select([self._connected], [], [], LINGER_S)
                if not self._connected.recv(READ_BYTES):
                    break
        super().close()


def _stimulus_frame(stimulus: Stimulus, value: int) -> bytes:
    return encode_frame(Stimulate(stimulus, value).pack())
