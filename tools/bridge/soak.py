"""Messages through a bad line, in virtual time: `python -m tools.bridge.soak --messages 1000000`.

A host's and a device's link over a paced line of 921,600 bit/s with 1 ms of latency; half of the messages go each way.
Bytes are changed, dropped and doubled in equal shares. Every message that comes out is compared with what went in.
"""

import argparse
import time
from dataclasses import dataclass
from itertools import count
from typing import Final

from firmware_bridge.line import messages as wire
from firmware_bridge.line.link import Greeting, Link
from firmware_bridge.line.transport.faulty import FaultyLine
from firmware_bridge.line.transport.serial_port import DEFAULT_BAUD

STEP_US: Final = 500
LATENCY_MS: Final = 1.0
BYTES_PER_S: Final = DEFAULT_BAUD / 10
REPORT_S: Final = 5.0


class Checker:
    """Sends numbered messages over a link and checks what the other end's ones look like."""

    def __init__(self, salt: int, n: int, body_bytes: int) -> None:
        self.salt, self.n, self.body_bytes = salt, n, body_bytes
        self.n_sent = self.n_wrong = 0
        self.came = 0

    def opened(self, greeting: Greeting) -> None:
        pass

    def reset(self, boot_id: int) -> None:
        pass

    def ready(self) -> bool:
        return True

    def plain(self, body: bytes) -> None:
        pass

    def reliable(self, body: bytes) -> None:
        """A message lost, doubled, changed or out of order is one that is not the next."""
        self.n_wrong += body != numbered(self.came, 1 - self.salt, self.body_bytes)
        self.came += 1

    def fill(self, link: Link) -> None:
        while self.n_sent < self.n and link.send(numbered(self.n_sent, self.salt, self.body_bytes)):
            self.n_sent += 1


def numbered(number: int, salt: int, body_bytes: int) -> bytes:
    """A body that no other number has, zeros in it included."""
    return (number * 0x9E3779B97F4A7C15 + salt).to_bytes(16, "little")[:8].ljust(
        body_bytes - 4, b"\0"
    ) + number.to_bytes(4, "little")


class PacedLine:
    """A line that carries so many bytes a second and then its faults."""

    def __init__(self, seed: int, rate: float) -> None:
        third = rate / 3
        self.faulty = FaultyLine(seed, damage=third, drop=third, double=third, delay_ms=(LATENCY_MS, LATENCY_MS))
        self._credit = 0.0

    def carry(self, link: Link, now_us: int) -> bytes:
        """Takes what the line has time for; gives what arrives."""
        self._credit = min(self._credit + BYTES_PER_S * STEP_US / 1e6, 64.0)
        data = link.pull(int(self._credit))
        self._credit -= len(data)
        self.faulty.feed(data, now_us)
        return self.faulty.due(now_us)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run."""

    rate: float
    messages: int
    wrong: int
    line_s: float
    wall_s: float
    goodput_bytes_per_s: float
    """Bodies, both ways together."""
    retransmitted: int
    damaged: int
    duplicates: int
    """Copies that the link recognised and dropped."""


def run(rate: float, messages: int, body_bytes: int, seed: int) -> Outcome:
    """Both ends until all messages are through."""
    users = [Checker(salt, messages // 2, body_bytes) for salt in (0, 1)]
    host, device = Link(users[0]), Link(users[1], boot_id=1, outbox_bytes=wire.OUTBOX_BYTES)
    there, back = PacedLine(2 * seed, rate), PacedLine(2 * seed + 1, rate)
    started, said = time.monotonic(), time.monotonic()
    host.open(1, 0)
    for now_us in count(STEP_US, STEP_US):
        device.receive(there.carry(host, now_us), now_us % (1 << 32))
        host.receive(back.carry(device, now_us), now_us % (1 << 32))
        for link, user in ((host, users[0]), (device, users[1])):
            user.fill(link)
            link.tick(now_us % (1 << 32))
        if all(user.came >= user.n for user in users):
            break
        if time.monotonic() - said > REPORT_S:
            said = time.monotonic()
            print(f"  {rate:.1%}: {users[0].came + users[1].came} of {messages}", flush=True)
    return Outcome(
        rate,
        users[0].came + users[1].came,
        users[0].n_wrong + users[1].n_wrong,
        now_us / 1e6,
        time.monotonic() - started,
        messages * body_bytes / (now_us / 1e6),
        host.counters.retransmitted + device.counters.retransmitted,
        host.counters.damaged + device.counters.damaged,
        host.counters.duplicate + device.counters.duplicate,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bridge.soak", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--bytes", type=int, default=24, help="length of a body, message number included")
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[0.0, 0.001, 0.01], help="share of bytes that are hit"
    )
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    outcomes: list[Outcome] = []
    for rate in arguments.rates:
        outcomes.append(run(rate, arguments.messages, arguments.bytes, arguments.seed))
        one, clean = outcomes[-1], outcomes[0]
        print(
            f"{one.rate:.1%} of bytes hit: {one.messages} messages of {arguments.bytes} bytes, {one.wrong} wrong; "
            f"{one.goodput_bytes_per_s / 1000:.1f} kB/s, {one.goodput_bytes_per_s / clean.goodput_bytes_per_s:.0%} of "
            f"the first; {one.damaged} frames damaged, {one.retransmitted} sent again, {one.duplicates} copies "
            f"dropped; {one.line_s:.0f} s of line in {one.wall_s:.0f} s"
        )


if __name__ == "__main__":
    main()
