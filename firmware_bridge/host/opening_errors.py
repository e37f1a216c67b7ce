"""Who answers when a session is asked for, in words for the user: nobody, no probe, a probe of another release."""

from typing import Final

from firmware_bridge.errors import NoAnswerError, NotAProbeError, ProtocolVersionError, SessionError
from firmware_bridge.line import messages as wire
from firmware_bridge.line.link import Greeting, LinkCounters

_SHOWN_BYTES: Final = 24


class FirstBytes:
    """How many bytes came while nothing was open yet, and the first of them."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self.shown = b""

    def add(self, chunk: bytes) -> None:
        self.n_bytes += len(chunk)
        self.shown += chunk[: _SHOWN_BYTES - len(self.shown)]

    def __str__(self) -> str:
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in self.shown)
        more = " ..." if self.n_bytes > len(self.shown) else ""
        return f"{self.shown.hex(' ')}{more} ('{text}')"


def opening_error(came: FirstBytes, counters: LinkCounters, name: str, waited_s: float) -> SessionError:
    """Why no session opened, out of what came instead of an answer."""
    if came.n_bytes == 0:
        return NoAnswerError(
            f"{name}: no answer in {waited_s:g} s. Is the probe switched on? Is this its port (see: sonoedge probe "
            "list)? Is the speed right (921600 bit/s unless the address says otherwise: serial:/dev/ttyACM0@115200)?"
        )
    if counters.good and counters.malformed == counters.good:  # a probe sends no HELLO: they are this program's own
        return NotAProbeError(
            f"{name}: what is sent comes back, and nothing else comes. Are the cable's two wires joined, or is this "
            "another program's end of the line?"
        )
    if counters.good:
        return NoAnswerError(
            f"{name}: a probe sends, but does not answer in {waited_s:g} s; it does not hear this computer. "
            "Check the cable's other wire"
        )
    return NotAProbeError(
        f"{name}: {came.n_bytes} bytes came in {waited_s:g} s, but no probe's answer; they begin with {came}. Is this "
        "another device's port (see: sonoedge probe list), or is the speed wrong? Nothing but the greeting was sent"
    )


def misfit_error(greeting: Greeting, name: str) -> ProtocolVersionError:
    """What the probe speaks, what this program speaks, and what to do."""
    if greeting.version == wire.PROTOCOL_VERSION:
        newer, what = "the newer of the two is not known", "its message layout is another one"
    else:
        older = greeting.version < wire.PROTOCOL_VERSION
        newer = "update the probe's firmware" if older else "update this program"
        what = f"it speaks version {greeting.version}"
    return ProtocolVersionError(
        f"{name}: the probe's firmware is of another release: {what} (layout {greeting.digest.hex()}), this program "
        f"speaks version {wire.PROTOCOL_VERSION} (layout {wire.LAYOUT_DIGEST.hex()}). Use the release of this program "
        f"that came with the firmware, or {newer}. Nothing was decoded and nothing was changed"
    )
