"""How long a probe still transmits without heartbeats, on its own clock: `python -m tools.bridge.heartbeat`.

A clock query goes out just before the last heartbeat; its answer says when. The end of transmit carries its time.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import Action, ExposureFlag
from tools.bridge.bed import devices
from tools.bridge.raw_host import RawHost

_FRAME_RATE: Final = next(k for k, row in enumerate(wire.PARAMETERS) if row.name == "frame_rate")
_FRAMES_PER_S: Final = 60


@dataclass(frozen=True, slots=True)
class Silence:
    """From the arrival of the last heartbeat to the end of transmit."""

    us: int
    off: int
    """TransmitOff."""
    n_missed: int
    """Exposures that the device did not come to meanwhile: it was not run by this machine."""


def silence_until_off(host: RawHost) -> Silence:
    """Arm, send one heartbeat, then none, and wait for the end. A session must be open."""
    _arm(host)
    n_before = len(host.heard)
    host.send(wire.ClockQuery(n_before & 0xFFFF), wire.HostHeartbeat(0))
    last = host.next(wire.ClockReply, n_before)
    off = host.next(wire.TransmitState, n_before)
    host.next(wire.Exposure, len(host.heard))
    frames = [message.frame for message in host.heard[n_before:] if isinstance(message, wire.Exposure)]
    n_missed = frames[-1] - frames[0] + 1 - len(frames) if frames else _FRAMES_PER_S // 2
    return Silence((off.device_us - last.received_us) % (1 << 32), off.off, n_missed)


def _arm(host: RawHost) -> None:
    faster = bytes((_FRAME_RATE,)) + _FRAMES_PER_S.to_bytes(4, "little")
    host.ask(wire.SetParameters(0, faster), wire.SetResult)
    host.ask(wire.Imaging(0, Action.START), wire.Done)
    while True:
        n_before = len(host.heard)
        host.send(wire.HostHeartbeat(0))
        if host.ask(wire.Imaging(0, Action.ARM), wire.Done).refusal == wire.Refusal.NONE:
            break
    host.next(wire.TransmitState, n_before, lambda state: bool(state.flags & ExposureFlag.TRANSMITTING))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bridge.heartbeat", description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    print("| device | runs | median | worst | exposures missed |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for device in devices(Path(folder)):
            with device, RawHost(device.open_line()) as host:
                host.open()
                found = [silence_until_off(host) for _ in range(runs)]
            times_ms = [silence.us / 1000 for silence in found]
            n_missed = sum(silence.n_missed for silence in found)
            print(
                f"| {device.name} | {runs} | {median(times_ms):.1f} ms | {max(times_ms):.1f} ms | {n_missed} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
