"""How soon a probe is back after its cable was pulled: `python -m tools.bridge.unplug --runs 200`.

Every other time it loses its power meanwhile, and with it its settings. The time runs from the plug until the probe has
confirmed that it took its settings again; the host looks for it all the while.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Final

from firmware_bridge.host.events import LineRestored
from firmware_bridge.host.probe import Probe
from tools.bridge.bed import process_probe, python_probe
from tools.bridge.devices import ProbeDevice
from tools.bridge.raw_host import SOON_S

DEPTHS_MM: Final = (25.0, 45.0)
LONGEST_AWAY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Return:
    """One pull and replug."""

    s: float
    restarted: bool
    kept: bool
    """It has the settings that it was last given."""


def pull(device: ProbeDevice, probe: Probe, random: Random, *, power: bool) -> Return:
    """Set the probe, pull its cable, with `power` also switch it off and on, plug it in again. Raises BridgeErrors."""
    wanted = probe.set(depth_mm=random.choice(DEPTHS_MM), gain_db=random.randint(-10, 10))
    watch = probe.watch((LineRestored,))
    device.unplug()
    probe.line.wait_until(lambda: not probe.line.is_open, SOON_S)
    time.sleep(random.uniform(0, LONGEST_AWAY_S))
    if power:
        device.restart()
    plugged_ns = time.monotonic_ns()
    device.plug()
    (back,) = probe.events(watch, SOON_S)
    watch.close()
    assert isinstance(back, LineRestored)
    now = probe.parameters()
    sent_again = now.epoch == (1 if power else wanted.epoch + 1)
    kept = now == wanted and sent_again and not back.refusal
    return Return((back.received_ns - plugged_ns) / 1e9, back.restarted, kept)


def pulls(device: ProbeDevice, runs: int, seed: int = 1) -> list[Return]:
    random = Random(seed)
    with device, Probe(device.open_line, name=device.name) as probe:
        return [pull(device, probe, random, power=run % 2 == 1) for run in range(runs)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bridge.unplug", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    print("| device | pulls | restarted meanwhile | has its settings | median | worst |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for device in (process_probe(Path(folder)), python_probe(Path(folder))):
            found = pulls(device, runs)
            restarted, kept = sum(each.restarted for each in found), sum(each.kept for each in found)
            times_ms = [1000 * each.s for each in found]
            times = f"{median(times_ms):.0f} ms | {max(times_ms):.0f} ms"
            print(f"| {device.name} | {runs} | {restarted} | {kept} | {times} |", flush=True)


if __name__ == "__main__":
    main()
