"""The permission to transmit and what ends it: a silent host, a noisy line, a fault. Arming gives it back; and
unfreezing, where the freeze alone took it.

Armed implies all of its conditions, since whatever ends one of them clears it; so armed is transmitting.
"""

from firmware_bridge.device.log import LINE_ARMED, LINE_FAULT, LINE_OFF, Log
from firmware_bridge.device.timing import since
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import ExposureFlag, FaultCode, TransmitOff


class Permission:
    """Imaging, freeze and the permission. Imaging and freeze do not depend on each other."""

    def __init__(self, log: Log, now_us: int) -> None:
        self._log = log
        self.imaging = self.frozen = self.armed = False
        self.off = TransmitOff.NOT_ARMED
        """Why it does not transmit: the first reason since it was armed. FROZEN says that the freeze alone took it."""
        self.since_us = now_us
        """When flags or reason changed last."""
        self.unreported = False
        """The host was not told yet. Changes that wait are told as one, with the newest state."""

    @property
    def flags(self) -> int:
        """Bits of ExposureFlag."""
        flags = ExposureFlag.TRANSMITTING | ExposureFlag.ARMED if self.armed else ExposureFlag(0)
        flags |= ExposureFlag.FROZEN if self.frozen else ExposureFlag(0)
        flags |= ExposureFlag.IMAGING if self.imaging else ExposureFlag(0)
        return int(flags)

    def arm(self, now_us: int) -> None:
        """The conditions hold."""
        if not self.armed:
            self.armed, self.off = True, TransmitOff.NONE
            self._log.note(LINE_ARMED, now_us)
            self._changed(now_us)

    def clear(self, reason: TransmitOff, now_us: int) -> None:
        """The first reason stays, but FROZEN: what ends the permission while it waits for the end of the freeze ends
        that too."""
        if self.armed or (self.off == TransmitOff.FROZEN and reason != TransmitOff.FROZEN):
            self.armed, self.off = False, reason
            self._log.note(LINE_OFF + reason, now_us)
            self._changed(now_us)

    def image(self, on: bool, now_us: int) -> None:
        if not on:
            self.clear(TransmitOff.STOPPED, now_us)
        if self.imaging != on:
            self.imaging = on
            self._changed(now_us)

    def freeze(self, on: bool, now_us: int) -> None:
        """Whoever ends the freeze has acted: it gives back what the freeze alone took. The conditions hold then, since
        whatever ended one of them meanwhile took FROZEN's place."""
        if on:
            self.clear(TransmitOff.FROZEN, now_us)
        if self.frozen != on:
            self.frozen = on
            self._changed(now_us)
            if not on and self.off == TransmitOff.FROZEN:
                self.arm(now_us)

    def _changed(self, now_us: int) -> None:
        self.since_us, self.unreported = now_us, True


class HeartbeatWatch:
    """Whether the host was heard lately in this session."""

    def __init__(self) -> None:
        self.heard = False
        self._heard_us = 0

    def begin(self) -> None:
        """A session begins: nothing was heard in it yet."""
        self.heard = False

    def hear(self, now_us: int) -> None:
        self.heard, self._heard_us = True, now_us

    def watch(self, now_us: int) -> bool:
        """Whether the host is unheard."""
        if self.heard and since(now_us, self._heard_us) >= wire.HEARTBEAT_TIMEOUT_US:
            self.heard = False
        return not self.heard


class Storm:
    """Whether too many frames arrive damaged. Windows follow each other; a quiet one ends the storm."""

    def __init__(self, now_us: int) -> None:
        self.noisy = False
        self._began_us = now_us
        self._damaged_before = 0

    def watch(self, n_damaged: int, now_us: int) -> bool:
        """Whether the line is noisy; `n_damaged` counts since the start of the device."""
        many = n_damaged - self._damaged_before > wire.STORM_DAMAGED_FRAMES
        if many:
            self.noisy = True
        if since(now_us, self._began_us) >= wire.STORM_WINDOW_US:
            self.noisy = many
            self._began_us, self._damaged_before = now_us, n_damaged
        return self.noisy


class FaultLatch:
    """The fault latch: the first fault stays until it is cleared, the later ones are only logged."""

    def __init__(self, log: Log, permission: Permission) -> None:
        self._log, self._permission = log, permission
        self.code = FaultCode.NONE
        self.detail = 0
        self.since_us = 0
        self.unreported = False

    def latch(self, code: FaultCode, detail: int, now_us: int) -> None:
        """A fault began. Its cause must call this once, not as long as it lasts."""
        self._log.note(LINE_FAULT + code, now_us)
        if self.code == FaultCode.NONE:
            self.code, self.detail, self.since_us, self.unreported = code, detail, now_us, True
            self._permission.clear(TransmitOff.FAULT, now_us)

    def clear(self) -> None:
        """The causes are gone. A report that waits is dropped: whoever clears it knows it."""
        self.code, self.detail, self.unreported = FaultCode.NONE, 0, False
