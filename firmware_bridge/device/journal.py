"""The boot journal: which bank runs, and which is on trial. The newest whole record counts.

Records of fixed size, each with a CRC-32 and a growing sequence number, lie in two sectors that are written in turn, so
a torn write or erase loses nothing that was there before. `firmware/boot/journal.c` is the same in C.
"""

import struct
import zlib
from dataclasses import dataclass, replace
from typing import Final

from firmware_bridge.device.flash import Flash
from firmware_bridge.firmware_image import FLASH_SECTOR_SIZE

JOURNAL_START: Final = 0x0
JOURNAL_SECTORS: Final = 2
JOURNAL_RECORD_SIZE: Final = 32
"""Bytes."""

BANK_NONE: Final = 0xFF
"""Stands where no bank is meant."""

_FIELDS: Final = struct.Struct("<IIIBBB")
_CRC_AT: Final = JOURNAL_RECORD_SIZE - 4
_N_SLOTS: Final = FLASH_SECTOR_SIZE // JOURNAL_RECORD_SIZE
_ERASED: Final = b"\xff" * JOURNAL_RECORD_SIZE


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """The defaults are a blank device's."""

    sequence: int = 0
    boot_count: int = 0
    minimum_counter: int = 0
    """Images with a security counter under this one are refused."""
    active: int = 0
    """The trusted bank."""
    pending: int = BANK_NONE
    """The bank on trial."""
    tries: int = 0
    """Starts of the bank on trial."""


def newest_record(flash: Flash) -> JournalRecord:
    """The newest whole record, or that of a blank device."""
    return _find_newest(flash)[0]


def append_record(flash: Flash, record: JournalRecord) -> None:
    """Adds a record; its sequence is set here."""
    newest, sector, slot = _find_newest(flash)
    if slot == _N_SLOTS:
        sector, slot = (sector + 1) % JOURNAL_SECTORS, 0
        flash.erase_sector(JOURNAL_START + sector * FLASH_SECTOR_SIZE)
    flash.program(_slot_start(sector, slot), pack_record(replace(record, sequence=newest.sequence + 1)))


def pack_record(record: JournalRecord) -> bytes:
    """As it lies in flash."""
    r = record
    fields = _FIELDS.pack(r.sequence, r.boot_count, r.minimum_counter, r.active, r.pending, r.tries)
    guarded = fields.ljust(_CRC_AT, b"\xff")
    return guarded + zlib.crc32(guarded).to_bytes(4, "little")


def _is_whole(raw: bytes, record: JournalRecord) -> bool:
    crc = int.from_bytes(raw[_CRC_AT:], "little")
    return crc == zlib.crc32(raw[:_CRC_AT]) and record.active <= 1 and record.pending in (0, 1, BANK_NONE)


def _slot_start(sector: int, slot: int) -> int:
    return JOURNAL_START + sector * FLASH_SECTOR_SIZE + slot * JOURNAL_RECORD_SIZE


def _find_newest(flash: Flash) -> tuple[JournalRecord, int, int]:
    """The newest record, its sector, and the first slot there after which all are erased."""
    newest, in_sector = JournalRecord(), JOURNAL_SECTORS - 1
    free_slots = [0] * JOURNAL_SECTORS
    for sector in range(JOURNAL_SECTORS):
        for slot in range(_N_SLOTS):
            raw = flash.read(_slot_start(sector, slot), JOURNAL_RECORD_SIZE)
            if raw == _ERASED:
                continue
            free_slots[sector] = slot + 1
            record = JournalRecord(*_FIELDS.unpack_from(raw))
            if _is_whole(raw, record) and record.sequence > newest.sequence:
                newest, in_sector = record, sector
    # A blank journal counts as full in its last sector: the first record then erases sector 0 and begins there.
    return newest, in_sector, free_slots[in_sector] if newest.sequence else _N_SLOTS
