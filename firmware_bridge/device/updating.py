"""A firmware update as the device takes it: into the bank that does not run, in order, and not while imaging.

The bank's last sector is the update's own record: size and digest of the file, then one byte a sector, cleared when
that sector was written whole. So an update goes on where it was, to the sector, after the power was cut at any moment;
a record torn or of another file means from the start. A file may thus be one sector shorter than a bank.
"""

import hashlib
from typing import Final

from firmware_bridge.device import boot, log
from firmware_bridge.device.boot import BANK_STARTS
from firmware_bridge.device.log import Log
from firmware_bridge.device.permission import FaultLatch
from firmware_bridge.device.port import DevicePort
from firmware_bridge.errors import FlashBitError, FlashRangeError
from firmware_bridge.firmware_image import FLASH_SECTOR_SIZE, MAX_UPDATE_BYTES
from firmware_bridge.line.messages import FaultCode, Refusal, UpdateState

_MARKS_AT: Final = 64
"""In the record: the marks of the sectors begin here."""
_WRITTEN: Final = b"\x00"
_ALIGNMENT: Final = 4

_REFUSALS: Final = (
    Refusal.NONE,
    Refusal.NO_UPDATE,
    Refusal.IMAGE_DAMAGED,
    Refusal.WRONG_HARDWARE,
    Refusal.TOO_OLD,
    Refusal.FLASH_FAILED,
)
"""By the boot loader's UpdateOutcome. On trial means that the running image must be confirmed first."""


class Updating:
    """Where the update stands. It outlives sessions."""

    def __init__(self, port: DevicePort, notes: Log, faults: FaultLatch) -> None:
        self._port, self._log, self._faults = port, notes, faults
        self._receiving = self._pending = False
        self._digest = b""
        self.size = self.offset = 0
        """Of the file, and the offset wanted next; 0 while nothing is received or pending."""

    @property
    def on_trial(self) -> bool:
        """Whether the running image still has to be confirmed."""
        return boot.is_on_trial(self._port.flash, self._port.running)

    @property
    def state(self) -> UpdateState:
        if self._receiving:
            return UpdateState.RECEIVING
        if self._pending:
            return UpdateState.PENDING
        return UpdateState.TRYING if self.on_trial else UpdateState.IDLE

    @property
    def bank(self) -> int:
        """Where a new image goes."""
        return self._port.running.spare_bank

    def begin(self, imaging: bool, size: int, digest: bytes, now_us: int) -> Refusal:
        """The same file again goes on. Erases nothing of the bank."""
        if imaging:
            return Refusal.IMAGING_ON
        if not 0 < size <= MAX_UPDATE_BYTES:
            return Refusal.BAD_SIZE
        if self._receiving and (size, digest) == (self.size, self._digest):
            return Refusal.NONE
        refusal = _REFUSALS[boot.begin_update(self._port.flash, self._port.running)]
        if refusal == Refusal.FLASH_FAILED:
            self._fail(now_us)
        if not refusal:
            self._receiving, self._pending = True, False
            self.size, self._digest = size, digest
            self.offset = self._n_written_bytes()
            self._log.note(log.LINE_UPDATE_RECEIVING, now_us)
        return refusal

    def take(self, imaging: bool, offset: int, data: bytes, now_us: int) -> Refusal:
        """The next part of the file."""
        if not self._receiving:
            return Refusal.NO_UPDATE
        if imaging:
            return Refusal.IMAGING_ON
        if offset != self.offset:
            return Refusal.BAD_OFFSET
        if not 0 < len(data) <= self.size - offset:
            return Refusal.BAD_SIZE
        if len(data) % _ALIGNMENT and len(data) != self.size - offset:
            return Refusal.BAD_SIZE
        try:
            self._write(data)
        except (FlashRangeError, FlashBitError):
            self._fail(now_us)
            return Refusal.FLASH_FAILED
        return Refusal.NONE

    def finish(self, imaging: bool, now_us: int) -> Refusal:
        """All came: check the file, and let the next start try it. A file that was refused must come again."""
        if not self._receiving:
            return Refusal.NO_UPDATE
        if imaging:
            return Refusal.IMAGING_ON
        if self.offset != self.size:
            return Refusal.BAD_SIZE
        refusal = self._mark_pending()
        self._receiving, self._pending = False, not refusal
        if refusal == Refusal.FLASH_FAILED:
            self._fail(now_us)
        elif refusal:
            self._log.note(log.LINE_UPDATE_REFUSED, now_us)
            self._forget()
        else:
            self._log.note(log.LINE_UPDATE_PENDING, now_us)
        return refusal

    def confirm(self, now_us: int) -> Refusal:
        """The running image works."""
        if not self.on_trial:
            return Refusal.NOTHING_PENDING
        refusal = _REFUSALS[boot.confirm(self._port.flash, self._port.running)]
        if refusal:
            self._fail(now_us)
        else:
            self._log.note(log.LINE_UPDATE_CONFIRMED, now_us)
        return refusal

    @property
    def _start(self) -> int:
        return BANK_STARTS[self.bank]

    @property
    def _record_at(self) -> int:
        return self._start + MAX_UPDATE_BYTES

    def _record(self) -> bytes:
        return self.size.to_bytes(4, "little") + self._digest

    def _n_written_bytes(self) -> int:
        """Of this very file, in whole sectors; all of it where its last sector was written."""
        flash, n_sectors = self._port.flash, -(-self.size // FLASH_SECTOR_SIZE)
        if flash.read(self._record_at, len(self._record())) != self._record():
            return 0
        n = 0
        while n < n_sectors and flash.read(self._record_at + _MARKS_AT + n, 1) == _WRITTEN:
            n += 1
        return min(n * FLASH_SECTOR_SIZE, self.size)

    def _write(self, data: bytes) -> None:
        flash, at = self._port.flash, 0
        if self.offset == 0:
            flash.erase_sector(self._record_at)
            flash.program(self._record_at, self._record())
        while at < len(data):
            sector, inside = divmod(self.offset, FLASH_SECTOR_SIZE)
            part = data[at : at + FLASH_SECTOR_SIZE - inside]
            if inside == 0:
                flash.erase_sector(self._start + self.offset)
            flash.program(self._start + self.offset, part)
            at += len(part)
            self.offset += len(part)
            if self.offset % FLASH_SECTOR_SIZE == 0 or self.offset == self.size:
                flash.program(self._record_at + _MARKS_AT + sector, _WRITTEN)

    def _mark_pending(self) -> Refusal:
        flash = self._port.flash
        if hashlib.sha256(flash.read(self._start, self.size)).digest() != self._digest:
            return Refusal.IMAGE_DAMAGED
        status = boot.mark_pending(flash, self._port.running, self._port.hardware_id)
        return _REFUSALS[status]

    def _forget(self) -> None:
        self._port.flash.erase_sector(self._record_at)
        self.size = self.offset = 0

    def _fail(self, now_us: int) -> None:
        """Flash did not do what it must. The same file may begin again, at the last sector that is whole."""
        self._receiving = self._pending = False
        self.size = self.offset = 0
        self._faults.latch(FaultCode.FLASH, self.bank, now_us)
