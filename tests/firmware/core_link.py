"""The device's end of the line in C, framing, link and timer, behind the methods of the Python one."""

from dataclasses import fields
from operator import attrgetter

from firmware_bridge.line import messages as wire
from firmware_bridge.line.framing import MAX_BLOCK_BYTES
from firmware_bridge.line.link import LinkCounters

COUNTERS = [field.name for field in fields(LinkCounters)]
all_counters = attrgetter(*COUNTERS)
"""As a tuple, of Python's and of C's."""
DAMAGED = None


def core_encoder(core):
    """core/framing.c as `encode_frame`; a payload may come in parts."""
    out, writer = core.ffi.new("uint8_t[]", MAX_BLOCK_BYTES + 1), core.ffi.new("frame_writer *")

    def encode(*parts):
        core.c.frame_begin(writer, out)
        for part in parts:
            core.c.frame_add(writer, part, len(part))
        return bytes(core.ffi.buffer(out, core.c.frame_end(writer)))

    return encode


class CoreDeframer:
    """core/framing.c behind the methods of `firmware_bridge.line.framing.Deframer`."""

    def __init__(self, core):
        self._ffi, self._c = core.ffi, core.c
        self._state, self._n_payload = core.ffi.new("deframer *"), core.ffi.new("size_t *")
        self.n_good = self.n_damaged = 0
        core.c.deframer_start(self._state)

    def ended(self, stream):
        """Payloads and DAMAGED, in the order in which their frames ended."""
        for byte in stream:
            result = self._c.deframer_take(self._state, byte, self._n_payload)
            if result == self._c.DEFRAMER_FRAME:
                self.n_good += 1
                yield bytes(self._ffi.buffer(self._state.block, self._n_payload[0]))
            elif result == self._c.DEFRAMER_DAMAGED:
                self.n_damaged += 1
                yield DAMAGED

    def feed(self, chunk):
        return [payload for payload in self.ended(chunk) if payload is not DAMAGED]


class CoreLink:
    """core/link.c behind the methods of `firmware_bridge.line.link.Link`. It keeps the greeting to itself."""

    def __init__(self, core, user, boot_id):
        ffi, self._c = core.ffi, core.c
        self._ffi, self._state, self._room = ffi, ffi.new("link_state *"), ffi.new("uint8_t[]", wire.OUTBOX_BYTES)

        def body(start, size):
            return bytes(ffi.buffer(start, size))

        self._calls = (
            ffi.callback("void(void *)", lambda _: user.opened(None)),
            ffi.callback("bool(void *)", lambda _: user.ready()),
            ffi.callback("void(void *, const uint8_t *, size_t)", lambda _, at, size: user.reliable(body(at, size))),
            ffi.callback("void(void *, const uint8_t *, size_t)", lambda _, at, size: user.plain(body(at, size))),
        )
        ffi.memmove(self._state, b"\xa5" * ffi.sizeof("link_state"), ffi.sizeof("link_state"))
        self._c.link_start(self._state, ffi.new("link_user *", (ffi.NULL, *self._calls)), boot_id)

    @property
    def session(self):
        return self._state.session

    @property
    def counters(self):
        return self._state.counters

    def send(self, body):
        return self._c.link_send(self._state, body, len(body))

    def send_plain(self, body):
        return self._c.link_send_plain(self._state, body, len(body))

    def receive(self, chunk, now_us):
        self._c.link_receive(self._state, chunk, len(chunk), now_us)

    def tick(self, now_us):
        self._c.link_tick(self._state, now_us)

    def flush(self, now_us):
        self._c.link_flush(self._state, now_us)

    def pull(self, room):
        return bytes(self._ffi.buffer(self._room, self._c.link_pull(self._state, self._room, room)))

    def state(self):
        state = self._state
        timer = (state.outgoing.timer.srtt_us, state.outgoing.timer.rto_us)
        return state.session, self._c.link_n_free(state), state.output.n_bytes, timer, all_counters(state.counters)


class CoreTimer:
    """core/round_trip.c behind the methods of `firmware_bridge.line.link.RetransmitTimer`."""

    def __init__(self, core):
        self._c, self._state = core.c, core.ffi.new("round_trip *")
        self._c.round_trip_start(self._state)

    def sample(self, rtt_us):
        self._c.round_trip_sample(self._state, rtt_us)

    def back_off(self, most_us):
        self._c.round_trip_back_off(self._state, most_us)

    @property
    def srtt_us(self):
        return self._state.srtt_us

    @property
    def rto_us(self):
        return self._state.rto_us
