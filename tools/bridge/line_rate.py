"""How much of the line's bytes are payload: `python -m tools.bridge.line_rate`.

The host process, paced like a UART of 921,600 bit/s, echoes random payloads of 256 bytes, so many under way that both
directions are full at once. Its telemetry goes on beside them.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

from firmware_bridge.device.device import REPLY_ROOM
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import LINK_HEADER_BYTES, encode
from firmware_bridge.line.framing import encode_frame
from firmware_bridge.line.transport.faulty import FaultyTransport
from firmware_bridge.line.transport.serial_port import DEFAULT_BAUD
from tools.bridge.bed import process_probe
from tools.bridge.devices import ProbeDevice
from tools.bridge.raw_host import RawHost, now_us

BITS_PER_BYTE: Final = 10
UNDER_WAY: Final = wire.WINDOW_FRAMES - REPLY_ROOM
"""More of them, and the probe would have to acknowledge some by themselves."""


class Echoer(RawHost):
    """Keeps the line full; a new echo leaves with the acknowledgement of the last reply."""

    def start(self, payloads: list[bytes]) -> None:
        self._left = iter(payloads)
        for _ in range(UNDER_WAY):
            self._next()
        self.link.flush(now_us())

    def reliable(self, body: bytes) -> None:
        super().reliable(body)
        if body[0] == wire.Echoed.NUMBER:
            self._next()

    def _next(self) -> None:
        for payload in islice(self._left, 1):
            self.link.send(encode(wire.Echo(1, payload)))


@dataclass(frozen=True, slots=True)
class Rate:
    """A run of echoes."""

    messages: int
    payload_bytes: int
    """Of all messages, one way."""
    s: float
    to_probe_bytes: int
    from_probe_bytes: int
    """On the line, from the first message to the last echo."""
    wrong: int
    left_out: int
    """Telemetry that the probe did not send, since half of its outbox was taken."""


def frame_bytes(payload: bytes) -> int:
    """What a message with this payload takes on the line, its delimiter included."""
    return len(encode_frame(bytes(LINK_HEADER_BYTES) + encode(wire.Echo(0, payload))))


def echo(device: ProbeDevice, messages: int, payload_bytes: int) -> Rate:
    payloads = [Random(number).randbytes(payload_bytes) for number in range(messages)]
    with device, Echoer(device.open_line()) as host:
        assert isinstance(host.transport, FaultyTransport)
        outgoing, incoming = host.transport.outgoing, host.transport.incoming
        host.open()
        there, back, began_s = outgoing.counts.n_fed, incoming.counts.n_fed, time.monotonic()
        host.start(payloads)
        host.wait_until(lambda: len(host.of(wire.Echoed)) >= messages)
        took_s = time.monotonic() - began_s
        there, back = outgoing.counts.n_fed - there, incoming.counts.n_fed - back
        wrong = sum(one.data != sent for one, sent in zip(host.of(wire.Echoed), payloads, strict=True))
        left_out = host.ask(wire.AskLinkStatistics(0), wire.LinkStatistics).plain_dropped
    return Rate(messages, messages * payload_bytes, took_s, there, back, wrong, left_out)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bridge.line_rate", description=__doc__)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--bytes", type=int, default=256, help="payload of a message")
    parser.add_argument("--baud", type=int, default=DEFAULT_BAUD)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        device = process_probe(Path(folder), "--baud", str(arguments.baud))
        rate = echo(device, arguments.messages, arguments.bytes)
    longest = frame_bytes(b"\1" * arguments.bytes)
    line_bytes = arguments.baud / BITS_PER_BYTE * rate.s
    print(
        f"frame: {arguments.bytes} of at most {longest} bytes, {arguments.bytes / longest:.1%}\n"
        f"measured, both ways at once: {rate.messages} payloads each way in {rate.s:.2f} s, {rate.wrong} wrong, "
        f"{rate.payload_bytes / rate.s / 1000:.1f} kB/s: {rate.payload_bytes / line_bytes:.1%} of the line\n"
        f"of the bytes sent: {rate.payload_bytes / rate.to_probe_bytes:.1%} to the probe, "
        f"{rate.payload_bytes / rate.from_probe_bytes:.1%} from it; {rate.left_out} unreliable frames left out"
    )


if __name__ == "__main__":
    main()
