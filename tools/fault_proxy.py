"""A bad cable for the bench: stands between a probe and a program, and inserts faults both ways.

    python -m tools.fault_proxy /dev/ttyACM0 --damage 0.001 --delay 0..60 --link /tmp/probe

It opens the device, makes a new serial port for the program and prints its path. In a second terminal, use that path
wherever a probe's port is asked for. The same seed and the same bytes give the same faults.

Unplug the cable with SIGUSR1: the program's port goes away, and what the device says meanwhile is lost. SIGUSR1 again
plugs it in: there is a new port, perhaps under another path; --link keeps one path that always leads to it.

Where no unplugging is needed, an address does the same without a second terminal:
faulty:damage=0.001,delay=0..60,via=/dev/ttyACM0

Ctrl-C ends the proxy, and it says what it did. Exit code 1: the device cannot be opened, or it went away.
"""

import argparse
import os
import select
import signal
import sys
import time
import tty
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Final

from firmware_bridge.errors import BridgeError, PortUnsuitableError, WriteStalledError
from firmware_bridge.line.transport.faulty import FaultCounts, FaultSettings, FaultyTransport, delay_range_ms
from firmware_bridge.line.transport.table import open_transport

SIGNALS: Final = frozenset({signal.SIGUSR1, signal.SIGINT, signal.SIGTERM})
LOOK_S: Final = 0.1
"""How often a thread that waits for bytes looks whether it is to stop."""


class ProgramPort:
    """A serial port for a program: the far side of a pty. `open_port` makes one."""

    def __init__(self, master: int, path: str) -> None:
        self._master = master
        self.path = path

    def read(self, timeout_s: float) -> bytes:
        select.select([self._master], [], [], timeout_s)
        try:
            return os.read(self._master, 65536)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        """What no program reads is lost once the port's buffer is full, as with a real one."""
        with suppress(BlockingIOError):
            while data:
                data = data[os.write(self._master, data) :]


@contextmanager
def open_port(link: Path | None) -> Iterator[ProgramPort]:
    """A new port, with `link` leading to it; at the end whoever uses it is hung up on."""
    master, slave = os.openpty()
    try:
        tty.setraw(slave)
        os.set_blocking(master, False)
        port = ProgramPort(master, os.ttyname(slave))
        with leading_to(port.path, link):
            yield port
    finally:
        os.close(master)
        os.close(slave)


@contextmanager
def leading_to(path: str, link: Path | None) -> Iterator[None]:
    if link is None:
        yield
        return
    if link.exists() and not link.is_symlink():
        raise PortUnsuitableError(f"{link} exists and is no link; name another path after --link")
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    try:
        yield
    finally:
        link.unlink(missing_ok=True)


class Proxy:
    """The cable. `say` takes what a person should know."""

    def __init__(self, device: FaultyTransport, link: Path | None, say: Callable[[str], None]) -> None:
        self._device = device
        self._link = link
        self._say = say

    def run(self, greet: Callable[[str], None]) -> None:
        """Until told to end; `greet` gets the first port's path. Raises BridgeError where the device goes away."""
        tell = greet
        while self._plugged_in(tell) == signal.SIGUSR1 and self._unplugged() == signal.SIGUSR1:
            tell = self._tell_plugged_in

    def _plugged_in(self, tell: Callable[[str], None]) -> int:
        """Carries bytes until a signal comes, and returns it."""
        stop = Event()
        with open_port(self._link) as port, ThreadPoolExecutor(2) as threads:
            tell(port.path)
            pumps = [
                threads.submit(pump, port.read, self._to_device, stop),
                threads.submit(pump, self._device.read, port.write, stop),
            ]
            try:
                while not wait(pumps, 0, FIRST_EXCEPTION).done:
                    if came := signal.sigtimedwait(SIGNALS, LOOK_S):
                        return came.si_signo
            finally:
                stop.set()
            for ended in pumps:
                ended.result()
        raise AssertionError("a pump ended without being told")

    def _unplugged(self) -> int:
        """Loses what the device says until a signal comes, and returns it."""
        self._say("unplugged: the program's port is gone")
        self._device.incoming.cut()
        came = None
        while came is None:
            self._device.read(LOOK_S)
            came = signal.sigtimedwait(SIGNALS, 0)
        self._device.incoming.mend()
        return came.si_signo

    def _tell_plugged_in(self, path: str) -> None:
        self._say(f"plugged in: the program's port is {path}")

    def _to_device(self, data: bytes) -> None:
        try:
            self._device.write(data)
        except WriteStalledError as error:
            self._say(f"bytes to the device are lost: {error}")


def pump(read: Callable[[float], bytes], write: Callable[[bytes], None], stop: Event) -> None:
    while not stop.is_set():
        if data := read(LOOK_S):
            write(data)


def greeting(device: str, faults: FaultSettings, path: str, link: Path | None) -> str:
    return (
        f"Bad cable between {device} and a program.\n"
        f"  the program's port  {path}{f'  (always: {link})' if link else ''}\n"
        f"  faults each way     {in_words(faults)}\n"
        f"  unplug, plug in     kill -USR1 {os.getpid()}\n"
        f"  end                 Ctrl-C"
    )


def in_words(faults: FaultSettings) -> str:
    low_ms, high_ms = faults.delay_ms
    shares = {"damaged": faults.damage, "dropped": faults.drop, "doubled": faults.double}
    words = [f"{100 * share:g} % of bytes {kind}" for kind, share in shares.items() if share]
    if high_ms:
        words.append(f"{low_ms:g} ms late" if low_ms == high_ms else f"{low_ms:g} to {high_ms:g} ms late")
    return ", ".join([*words, f"seed {faults.seed}"]) if words else "none"


def report(to_probe: FaultCounts, from_probe: FaultCounts) -> str:
    lines = [f"{'':16}{'bytes':>12}{'damaged':>10}{'dropped':>10}{'doubled':>10}{'unplugged':>12}"]
    for name, n in (("to the probe", to_probe), ("from the probe", from_probe)):
        row = f"{n.n_fed:>12,}{n.n_damaged:>10,}{n.n_dropped:>10,}{n.n_doubled:>10,}{n.n_cut:>12,}"
        lines.append(f"{name:16}{row}")
    return "\n".join(lines)


def milliseconds(text: str) -> tuple[float, float]:
    try:
        return delay_range_ms(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no delay; write 20 or 0..60, in ms") from error


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.fault_proxy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("device", help="the probe's port: /dev/ttyACM0, socket://HOST:PORT, unix:PATH")
    parser.add_argument("--damage", type=float, default=0.0, metavar="P", help="share of bytes changed, 0 to 1")
    parser.add_argument("--drop", type=float, default=0.0, metavar="P", help="share of bytes left out")
    parser.add_argument("--double", type=float, default=0.0, metavar="P", help="share of bytes sent twice")
    parser.add_argument(
        "--delay", type=milliseconds, default=(0.0, 0.0), metavar="MS", help="20, or 0..60 for a new one each chunk"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which faults (0)")
    parser.add_argument("--link", type=Path, metavar="PATH", help="a link that leads to the program's port")
    return parser.parse_args()


def serve(arguments: argparse.Namespace) -> None:
    faults = FaultSettings(arguments.damage, arguments.drop, arguments.double, arguments.delay, arguments.seed)
    outgoing, incoming = faults.lines()
    started_s = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started_s:8.1f} s  {text}", flush=True)

    def greet(path: str) -> None:
        print(greeting(arguments.device, faults, path, arguments.link), flush=True)

    with FaultyTransport(open_transport(arguments.device), outgoing, incoming) as device:
        try:
            Proxy(device, arguments.link, say).run(greet)
        finally:
            if outgoing.counts.n_fed or incoming.counts.n_fed:
                print(report(outgoing.counts, incoming.counts), flush=True)


def main() -> None:
    arguments = parse()
    # Before any thread starts, so that signals reach nobody but the one who waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        serve(arguments)
    except BridgeError as error:
        print(f"fault_proxy: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
