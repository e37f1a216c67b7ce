"""The sending half of the link's window: reliable bodies until they are acknowledged, and which of them must go.

The firmware's core/sender.c and core/round_trip.c are its port. Times are microseconds that wrap at 2^32. No clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from firmware_bridge.line import messages as wire

SEQUENCES: Final = 256
"""Sequence numbers wrap here."""
_MASK: Final = 0xFFFFFFFF


def since(now_us: int, then_us: int) -> int:
    """Microseconds from `then_us` to `now_us`, below 2^32."""
    return (now_us - then_us) & _MASK


@dataclass(slots=True)
class Slot:
    """A body on its way."""

    body: bytes
    due: bool = True
    """To be transmitted at the next flush."""
    sends: int = 0
    sent_us: int = 0
    order: int = 0
    """Counts transmissions of the whole link, to tell which left later."""
    lost: bool = True
    """Whether the copy before the next one cannot have come."""
    proven: int = 0
    """Order of the earliest copy that an acknowledgement can mean."""


class RetransmitTimer:
    """Round-trip time and timeout after RFC 6298, in microseconds."""

    def __init__(self) -> None:
        self.srtt_us = 0
        """Smoothed round trip; 0: no sample yet."""
        self._rttvar_us = 0
        self.rto_us = wire.RTO_INITIAL_US

    def sample(self, rtt_us: int) -> None:
        if self.srtt_us == 0:
            self.srtt_us, self._rttvar_us = rtt_us, rtt_us // 2
        else:
            self._rttvar_us = (3 * self._rttvar_us + abs(self.srtt_us - rtt_us)) // 4
            self.srtt_us = (7 * self.srtt_us + rtt_us) // 8
        self.srtt_us = max(1, self.srtt_us)
        rto = self.srtt_us + max(wire.RTO_GRANULARITY_US, 4 * self._rttvar_us)
        self.rto_us = min(max(rto, wire.RTO_MIN_US), wire.RTO_MAX_US)

    def back_off(self, most_us: int) -> None:
        """Twice the timeout, or `most_us` where that is less."""
        self.rto_us = max(self.rto_us, min(2 * self.rto_us, most_us))


class Sender:
    """Of one session."""

    def __init__(self) -> None:
        self.timer = RetransmitTimer()
        self._base = self._next = 0
        self._slots: dict[int, Slot] = {}
        self._order = self._newest_acked = 0
        self._heard_us: int | None = None

    @property
    def n_free(self) -> int:
        """Bodies that may still be taken before one is acknowledged."""
        return wire.WINDOW_FRAMES - (self._next - self._base) % SEQUENCES

    def take(self, body: bytes) -> bool:
        """False: the window is full."""
        if self.n_free == 0:
            return False
        self._slots[self._next] = Slot(body)
        self._next = (self._next + 1) % SEQUENCES
        return True

    def due(self) -> Iterator[tuple[int, Slot]]:
        """What must go now and its sequence number, the oldest first."""
        return ((seq, slot) for seq, slot in self._unacknowledged() if slot.due)

    def sent(self, slot: Slot, now_us: int) -> None:
        """The body is on its way."""
        self._order += 1
        slot.proven = self._order if slot.lost else slot.proven
        slot.due, slot.lost, slot.sends, slot.sent_us, slot.order = False, False, slot.sends + 1, now_us, self._order

    def acknowledged(self, ack: int, bitmap: int, now_us: int) -> bool:
        """All before `ack` came, and by bit i of the bitmap `ack + i`. False: that cannot be."""
        self._heard_us = now_us
        count = (ack - self._base) % SEQUENCES
        if count > (self._next - self._base) % SEQUENCES:
            return (self._base - ack) % SEQUENCES <= wire.WINDOW_FRAMES
        done = [(self._base + k) % SEQUENCES for k in range(count)]
        done += [(ack + k) % SEQUENCES for k in range(wire.WINDOW_FRAMES) if bitmap >> k & 1]
        newest: Slot | None = None
        for seq in done:
            slot = self._slots.pop(seq, None)
            if slot is not None and slot.sends and (newest is None or slot.proven > newest.proven):
                newest = slot
        self._base = ack
        if newest is not None:
            self._learn(newest, now_us)
        return True

    def find_lost(self) -> None:
        """What left before an acknowledged frame, and is not here by the other end's full account, is lost."""
        for _, slot in self._unacknowledged():
            if slot.sends and slot.order < self._newest_acked:
                slot.due = slot.lost = True

    def nak(self, now_us: int) -> None:
        """The other end got a damaged frame. What left later proves the loss by itself, unless nothing left later: so
        the oldest goes again where all have been away long enough to be the damaged one."""
        away = [slot for _, slot in self._unacknowledged() if slot.sends]
        if away and all(since(now_us, slot.sent_us) >= self.timer.srtt_us // 2 for slot in away):
            away[0].due = True

    def timed_out(self, now_us: int) -> bool:
        """Whether the oldest frame on its way has timed out; it is due again then."""
        waiting = next((slot for _, slot in self._unacknowledged() if slot.sends and not slot.due), None)
        if waiting is None or since(now_us, waiting.sent_us) < self.timer.rto_us:
            return False
        waiting.due = True
        self.timer.back_off(self._most_rto_us(waiting, now_us))
        return True

    def _unacknowledged(self) -> list[tuple[int, Slot]]:
        """What was taken and is not acknowledged, the oldest first."""
        if not self._slots:
            return []
        seqs = ((self._base + k) % SEQUENCES for k in range((self._next - self._base) % SEQUENCES))
        return [(seq, self._slots[seq]) for seq in seqs if seq in self._slots]

    def _learn(self, newest: Slot, now_us: int) -> None:
        """From the acknowledged frame that left last: the round trip, and how far the other end has come."""
        if newest.sends == 1:  # after Karn: a retransmitted frame does not say which copy was acknowledged
            self.timer.sample(since(now_us, newest.sent_us))
        self._newest_acked = max(self._newest_acked, newest.proven)

    def _most_rto_us(self, slot: Slot, now_us: int) -> int:
        """A line that still brings the other end's frames is bad, not busy: waiting ever longer would not help it."""
        heard = self._heard_us is not None and since(now_us, self._heard_us) < since(now_us, slot.sent_us)
        return wire.RTO_HEARD_MAX_US if heard else wire.RTO_MAX_US
