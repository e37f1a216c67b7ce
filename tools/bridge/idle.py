"""A command on a line with nothing else on it, and how long an update takes: `python -m tools.bridge.idle`.

The simulator, the host process, the same paced like a UART of 921,600 bit/s, and the emulated Cortex-M3. An update is
verified, sent, started, tested and confirmed; the emulator takes its own program again, the others random bytes.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median, quantiles

from firmware_bridge.host.probe import Probe
from firmware_bridge.host.update import update
from firmware_bridge.line.transport.serial_port import DEFAULT_BAUD
from tools import firmware
from tools.bridge.bed import devices, process_probe
from tools.bridge.devices import CortexProbe, ProbeDevice

ECHO_BYTES = 32
PROGRAM_BYTES = 200 * 1024


def benches(folder: Path) -> Iterator[tuple[str, ProbeDevice]]:
    for device in devices(folder):
        yield device.name, device
    yield f"host process at {DEFAULT_BAUD:,} bit/s", process_probe(folder, "--baud", str(DEFAULT_BAUD))


def echoes_s(probe: Probe, n: int) -> list[float]:
    """How long each took."""
    times_s = []
    for number in range(n):
        began_s = time.perf_counter()
        probe.echo(number.to_bytes(4, "little") * (ECHO_BYTES // 4))
        times_s.append(time.perf_counter() - began_s)
    return times_s


def update_s(device: ProbeDevice, probe: Probe, folder: Path) -> tuple[int, float]:
    """The image's bytes, and how long the whole update took."""
    program, image = folder / "new.program", folder / "new.signed"
    own = (folder / "app.bin").read_bytes() if isinstance(device, CortexProbe) else Random(1).randbytes(PROGRAM_BYTES)
    program.write_bytes(own)
    key, public = firmware.make_keys(folder)
    firmware.sign(program, image, key, "9.0.0+0")
    began_s = time.perf_counter()
    update(probe, image, public, lambda progress: None)
    return image.stat().st_size, time.perf_counter() - began_s


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bridge.idle", description=__doc__)
    parser.add_argument("--echoes", type=int, default=2000)
    n = parser.parse_args().echoes
    print("| device | echo, median | p99 | worst | update |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, device in benches(folder):
            with device, Probe(device.open_line, name=title) as probe:
                times_ms = [1000 * s for s in echoes_s(probe, n)]
                n_bytes, s = update_s(device, probe, folder)
            p99_ms = quantiles(times_ms, n=100)[98]
            echo = f"{median(times_ms):.2f} ms | {p99_ms:.2f} ms | {max(times_ms):.1f} ms"
            print(f"| {title} | {echo} | {n_bytes:,} bytes in {s:.1f} s |", flush=True)


if __name__ == "__main__":
    main()
