"""All at once on a paced line: `python -m tools.bridge.mixed`.

The host process, paced like a UART of 921,600 bit/s, sends 400 samples of motion and 60 exposures a second beside its
telemetry, while commands are given one after the other. Exposures and samples are counted by their own numbers and
times; each command's reply is compared with what must be answered.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Final

from firmware_bridge.host.events import Event, Exposed, MotionSample
from firmware_bridge.host.probe import BothEnds, Probe
from firmware_bridge.line.transport.serial_port import DEFAULT_BAUD
from tools.bridge.bed import process_probe
from tools.bridge.devices import ProbeDevice

IMU_HZ: Final = 400
FRAMES_PER_S: Final = 60
DEPTHS_MM: Final = (25.0, 45.0)
LONGEST_PAUSE_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """What came in a run."""

    s: float
    round_trips_s: list[float]
    wrong: int
    """Replies that do not belong to their command."""
    frames: list[int]
    samples_us: list[int]
    """Device times of the samples of motion."""
    line: BothEnds


def run(device: ProbeDevice, seconds: float, seed: int = 1) -> Run:
    frames: list[int] = []
    samples_us: list[int] = []

    def note(event: Event) -> None:
        if isinstance(event, Exposed):
            frames.append(event.frame_number)
        elif isinstance(event, MotionSample):
            samples_us.append(event.device_us)

    with device, Probe(device.open_line, name=device.name) as probe:
        probe.set(imu_rate_hz=IMU_HZ, frame_rate_hz=FRAMES_PER_S)
        probe.listen(note, (Exposed, MotionSample))
        probe.start_imaging()
        began_s = time.monotonic()
        trips = list(commands(probe, began_s + seconds, Random(seed)))
        took_s = time.monotonic() - began_s
        line = probe.link_statistics()
    return Run(took_s, [s for s, _ in trips], sum(not right for _, right in trips), frames, samples_us, line)


def commands(probe: Probe, until_s: float, random: Random) -> Iterator[tuple[float, bool]]:
    """Echoes and settings in turn at random; of each how long it took and whether the reply was right."""
    while (began_s := time.monotonic()) < until_s:
        if random.random() < 0.5:
            data = random.randbytes(random.randint(0, 64))
            right = probe.echo(data) == data
        else:
            depth_mm = random.choice(DEPTHS_MM)
            right = probe.set(depth_mm=depth_mm).depth_mm == depth_mm
        yield time.monotonic() - began_s, right
        time.sleep(random.uniform(0, LONGEST_PAUSE_S))


def report(done: Run) -> Iterator[str]:
    trips_ms = [1000 * s for s in done.round_trips_s]
    host, probe = done.line.host, done.line.probe
    p99_ms = quantiles(trips_ms, n=100)[98]
    exposures, samples = len(done.frames), len(done.samples_us)
    yield (
        f"{done.s:.0f} s: {exposures} exposures ({exposures / done.s:.1f} a second), {samples} samples of motion "
        f"({samples / done.s:.1f} a second), {len(trips_ms)} commands"
    )
    worst = f"p99 {p99_ms:.2f} ms, worst {max(trips_ms):.2f} ms"
    yield f"round trip of a command: median {median(trips_ms):.2f} ms, {worst}"
    yield f"commands unanswered: {host.line.unanswered}; replies wrong: {done.wrong}; twice: {host.line.stale_replies}"
    yield _series("exposures", [(after - before) % (1 << 32) for before, after in pairwise(done.frames)])
    period_us = 1_000_000 // IMU_HZ
    steps = [round((after - before) % (1 << 32) / period_us) for before, after in pairwise(done.samples_us)]
    yield _series("samples of motion", steps)
    yield (
        f"of these lost on the line {host.link.plain_lost}, left out since it was full {probe.plain_dropped}; the rest "
        "the probe never made, since this machine did not run it in time"
    )
    yield (
        f"frames damaged {host.link.damaged + probe.damaged}, sent again "
        f"{host.link.retransmitted + probe.retransmitted}, twice {host.link.duplicate + probe.duplicate}"
    )


def _series(name: str, steps: list[int]) -> str:
    """What the numbers of a series tell that should count one by one."""
    return f"{name} missing: {sum(step - 1 for step in steps if step)}; twice: {steps.count(0)}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bridge.mixed", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--baud", type=int, default=DEFAULT_BAUD)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        device = process_probe(Path(folder), "--baud", str(arguments.baud))
        for line in report(run(device, arguments.seconds)):
            print(line)


if __name__ == "__main__":
    main()
