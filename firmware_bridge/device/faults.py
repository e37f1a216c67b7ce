"""The fault latch: the first fault stays until it is cleared, the later ones are only logged."""

from firmware_bridge.device.log import LINE_FAULT, Log
from firmware_bridge.device.permission import Permission
from firmware_bridge.line.messages import FaultCode, TransmitOff


class Faults:
    """The first fault since the last clearing."""

    def __init__(self, log: Log, permission: Permission) -> None:
        self._log, self._permission = log, permission
        self.code = FaultCode.NONE
        self.detail = 0
        self.since_us = 0
        self.is_news = False

    def latch(self, code: FaultCode, detail: int, now_us: int) -> None:
        """A fault began. Its cause must call this once, not as long as it lasts."""
        self._log.note(LINE_FAULT + code, now_us)
        if self.code == FaultCode.NONE:
            self.code, self.detail, self.since_us, self.is_news = code, detail, now_us, True
            self._permission.clear(TransmitOff.FAULT, now_us)

    def clear(self) -> None:
        """The causes are gone. A report that waits is dropped: whoever clears it knows it."""
        self.code, self.detail, self.is_news = FaultCode.NONE, 0, False
