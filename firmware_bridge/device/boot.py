"""Which bank runs: the decision at each start, and what the running image may change about it.

The active bank is the trusted one. A pending one is on trial: it falls back to the active one unless it confirms itself
within BOOT_TRIES starts. `firmware/boot/boot.c` is the same in C.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from firmware_bridge.device.flash import FLASH_SIZE, Flash
from firmware_bridge.device.journal import BANK_NONE, JournalRecord, append_record, newest_record
from firmware_bridge.errors import (
    ImageDamagedError,
    ImageError,
    ImageHardwareError,
    ImageOlderError,
    NothingBootsError,
)
from firmware_bridge.firmware_image import (
    BANK_SIZE,
    FirmwareImage,
    FirmwareVersion,
    check_hardware,
    read_image,
    unsigned_image,
)

BANK_A_START: Final = 0x10000
BANK_B_START: Final = 0x80000
BANK_STARTS: Final = (BANK_A_START, BANK_B_START)
"""First address of each bank."""

BOOT_TRIES: Final = 3
"""Starts that an image on trial has to confirm itself."""

_LAST_COUNT: Final = 0xFFFF_FFFF


class UpdateOutcome(IntEnum):
    """How a step of an update ended."""

    OK = 0
    ON_TRIAL = 1
    """The running image must be confirmed first, or the way back would be erased."""
    DAMAGED = 2
    WRONG_HARDWARE = 3
    TOO_OLD = 4
    FLASH_FAILED = 5
    """The journal could not be written. Never here; worn flash on real hardware."""


_REFUSALS: Final[dict[type[ImageError], UpdateOutcome]] = {
    ImageDamagedError: UpdateOutcome.DAMAGED,
    ImageHardwareError: UpdateOutcome.WRONG_HARDWARE,
    ImageOlderError: UpdateOutcome.TOO_OLD,
}
"""How `mark_pending` names what is wrong with an image."""


@dataclass(frozen=True, slots=True)
class BootOutcome:
    """What runs since the last start."""

    bank: int
    """0 = A, 1 = B."""
    on_trial: bool
    boot_id: int
    """Never 0, another one at each start."""
    image: FirmwareImage

    @property
    def spare_bank(self) -> int:
        """Where a new image goes."""
        return 1 - self.bank


def factory_reset(flash: Flash, hardware_id: int) -> None:
    """Blanks the flash and puts an unsigned image of a few bytes, version 1.0.0+0, into bank A: a simulator's start."""
    image = unsigned_image(b"sonoedge factory", FirmwareVersion(1, 0, 0, 0), hardware_id, security_counter=1)
    flash.cells[:] = b"\xff" * FLASH_SIZE
    flash.cells[BANK_A_START : BANK_A_START + len(image)] = image


def bank_image(flash: Flash, bank: int, hardware_id: int, minimum_counter: int) -> FirmwareImage:
    """The bank's image, which may run. Raises ImageDamagedError, ImageHardwareError, ImageOlderError."""
    image = read_image(flash.read(BANK_STARTS[bank], BANK_SIZE))
    check_hardware(image, hardware_id)
    if image.security_counter < minimum_counter:
        raise ImageOlderError(
            f"the image's security counter is {image.security_counter}, the probe takes {minimum_counter} or more"
        )
    return image


def select(flash: Flash, hardware_id: int) -> BootOutcome:
    """At each start: choose, record the try and the start, say what runs. Raises NothingBootsError."""
    record = newest_record(flash)
    record = replace(record, boot_count=1 if record.boot_count == _LAST_COUNT else record.boot_count + 1)
    trials = (record.pending,) if record.pending != BANK_NONE and record.tries < BOOT_TRIES else ()
    for bank in (*trials, record.active, 1 - record.active):
        try:
            image = bank_image(flash, bank, hardware_id, record.minimum_counter)
        except ImageError:
            continue
        on_trial = bank in trials
        append_record(flash, _on_trial(record) if on_trial else _trusted(record, bank))
        return BootOutcome(bank, on_trial, record.boot_count, image)
    raise NothingBootsError("neither bank of the probe holds an image that may run; it needs a new factory image")


def is_on_trial(flash: Flash, running: BootOutcome) -> bool:
    """Whether the running image still has to confirm itself."""
    return newest_record(flash).pending == running.bank


def begin_update(flash: Flash, running: BootOutcome) -> UpdateOutcome:
    """Before the first erase of the spare bank. Takes back an older mark of it."""
    record = newest_record(flash)
    if record.pending == running.bank:
        return UpdateOutcome.ON_TRIAL
    if record.pending != BANK_NONE:
        append_record(flash, replace(record, pending=BANK_NONE, tries=0))
    return UpdateOutcome.OK


def mark_pending(flash: Flash, running: BootOutcome, hardware_id: int) -> UpdateOutcome:
    """After the last byte: check the image and let the next start try it."""
    record = newest_record(flash)
    if record.pending == running.bank:
        return UpdateOutcome.ON_TRIAL
    try:
        bank_image(flash, running.spare_bank, hardware_id, record.minimum_counter)
    except ImageError as error:
        return _REFUSALS[type(error)]
    if record.pending == BANK_NONE:
        append_record(flash, replace(record, active=running.bank, pending=running.spare_bank, tries=0))
    return UpdateOutcome.OK


def confirm(flash: Flash, running: BootOutcome) -> UpdateOutcome:
    """The running image works: keep it, and refuse older security counters from now on."""
    record = newest_record(flash)
    kept = _trusted(record, running.bank) if record.pending == running.bank else record
    kept = replace(kept, minimum_counter=max(kept.minimum_counter, running.image.security_counter))
    if kept != record:
        append_record(flash, kept)
    return UpdateOutcome.OK


def _on_trial(record: JournalRecord) -> JournalRecord:
    return replace(record, tries=record.tries + 1)


def _trusted(record: JournalRecord, bank: int) -> JournalRecord:
    return replace(record, active=bank, pending=BANK_NONE, tries=0)
