"""New firmware for a probe: checked here, sent, tried, tested there, and only then confirmed.

The probe keeps the firmware that runs until the new one has proved itself; an update that was cut off goes on where the
probe says it stopped.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from firmware_bridge.errors import (
    ImageDamagedError,
    LinkLostError,
    NoReplyError,
    UpdateError,
    UpdateFailedError,
    UpdateFlashError,
    UpdateImageError,
    UpdateInterruptedError,
    UpdateNotNowError,
)
from firmware_bridge.firmware_image import (
    BANK_SIZE,
    FirmwareImage,
    check_hardware,
    check_newer,
    check_signature,
    check_size,
    read_image,
)
from firmware_bridge.host.probe import Probe, ProbeIdentity
from firmware_bridge.host.reasons import REFUSALS
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import MAX_BODY_BYTES
from firmware_bridge.line.messages import Refusal
from firmware_bridge.line.packing import Message

PART_BYTES: Final = (MAX_BODY_BYTES - 6) // 4 * 4
"""Of the image in one message, behind its number, tag and offset; flash takes whole words."""
PARTS_UNDER_WAY: Final = 8
FIRST_TIMEOUT_S: Final = 60.0
"""Flash may have to be erased before the first answer, and read as a whole before the last one."""
PART_TIMEOUT_S: Final = 10.0
BACK_TIMEOUT_S: Final = 60.0
"""The line is back within this after a loss, the new firmware after the restart."""
MAX_TRIES: Final = 5
"""Losses of the line in a row with nothing gained."""

T = TypeVar("T")


class UpdateStage(StrEnum):
    """What is being done."""

    SENDING = "sending"
    STARTING = "starting"
    TESTING = "testing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class UpdateProgress:
    """How far the update is."""

    stage: UpdateStage
    sent_bytes: int
    size_bytes: int


class _OutOfStepError(UpdateError):
    """The probe expects another part: it was reset, or a part was lost with the line."""


_LOSSES: Final = (LinkLostError, NoReplyError, _OutOfStepError)

_ERRORS: Final[dict[Refusal, type[UpdateError]]] = {
    Refusal.BAD_SIZE: UpdateImageError,
    Refusal.IMAGE_DAMAGED: UpdateImageError,
    Refusal.WRONG_HARDWARE: UpdateImageError,
    Refusal.TOO_OLD: UpdateImageError,
    Refusal.FLASH_FAILED: UpdateFlashError,
    Refusal.BAD_OFFSET: _OutOfStepError,
}
"""Every other refusal means that the probe takes no update in its present state."""


def update(
    probe: Probe, image_path: Path, public_key: Path, progress: Callable[[UpdateProgress], None]
) -> ProbeIdentity:
    """Install the image and restart the probe with it; what runs then.

    Nothing is sent unless the image is whole, signed with `public_key` (PEM, Ed25519), made for this probe and no older
    than what runs. The same version may be installed again; one that waits to be confirmed is tested and confirmed.
    Raises ImageError, KeyFileError and SignatureLibraryError before anything was sent, UpdateError after.
    """
    content, image = _checked_image(image_path, public_key)
    before = _despite_losses(probe, probe.identity)
    check_hardware(image, before.hardware_id)
    check_newer(image, before.version)

    def tell(stage: UpdateStage, sent_bytes: int = len(content)) -> None:
        progress(UpdateProgress(stage, sent_bytes, len(content)))

    if before.confirmed or before.version != image.version:
        bank = _despite_losses(probe, lambda: _send(probe, content, lambda sent: tell(UpdateStage.SENDING, sent)))
        tell(UpdateStage.STARTING)
        _restart(probe, image, bank)
    tell(UpdateStage.TESTING)
    _test(probe, image)
    after = _despite_losses(probe, lambda: _confirmed(probe))
    tell(UpdateStage.DONE)
    return after


def _checked_image(path: Path, public_key: Path) -> tuple[bytes, FirmwareImage]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImageDamagedError(f"the image {path} cannot be read ({error.strerror}); nothing was sent") from error
    if len(content) > BANK_SIZE:  # else cut to a bank, which would look damaged
        check_size(len(content))
    image = read_image(content)
    check_size(image.size_bytes)
    check_signature(image, public_key)
    return content[: image.size_bytes], image


def _despite_losses(probe: Probe, act: Callable[[], T]) -> T:
    """`act`, again and again where the line was lost on the way, until it gains nothing any more."""
    for _ in range(MAX_TRIES - 1):
        try:
            return act()
        except _LOSSES:
            _wait_for_line(probe)
    try:
        return act()
    except _LOSSES as error:
        raise UpdateInterruptedError(
            f"the line was lost {MAX_TRIES} times in a row ({error}); the probe still runs its old firmware unless it "
            "was restarted already. Check the cable and start the same update again: it goes on where it stopped"
        ) from error


def _wait_for_line(probe: Probe) -> None:
    if not probe.wait_until_back(BACK_TIMEOUT_S):
        raise UpdateInterruptedError(
            f"the probe did not come back within {BACK_TIMEOUT_S:g} s; check its cable and power, then start the same "
            "update again: it goes on where it stopped"
        )


def _send(probe: Probe, content: bytes, tell: Callable[[int], None]) -> int:
    """All that the probe does not have yet; the number of the bank it went to. A loss of the line that came after some
    of it arrived is made up for here."""
    reached = -1
    while True:
        begin = wire.UpdateBegin(0, len(content), hashlib.sha256(content).digest())
        status = _accepted(probe.ask(begin, wire.UpdateStatus, FIRST_TIMEOUT_S))
        gained, reached = status.offset > reached, max(reached, status.offset)
        try:
            _send_parts(probe, content, status.offset, tell)
            return _accepted(probe.ask(wire.UpdateFinish(0), wire.UpdateStatus, FIRST_TIMEOUT_S)).bank
        except _LOSSES:
            if not gained:
                raise
            _wait_for_line(probe)


def _send_parts(probe: Probe, content: bytes, offset: int, tell: Callable[[int], None]) -> None:
    under_way: deque[Future[Message]] = deque()
    tell(offset)
    while offset < len(content) or under_way:
        while offset < len(content) and len(under_way) < PARTS_UNDER_WAY:
            part = content[offset : offset + PART_BYTES]
            under_way.append(probe.submit(wire.UpdateData(0, offset, part), PART_TIMEOUT_S))
            offset += len(part)
        tell(_accepted(probe.reply(under_way.popleft(), wire.UpdateStatus)).offset)


def _accepted(status: wire.UpdateStatus) -> wire.UpdateStatus:
    """Raises the UpdateError of a refusal."""
    refusal = Refusal(status.refusal)
    if refusal == Refusal.NONE:
        return status
    if refusal == Refusal.NO_UPDATE and status.state == wire.UpdateState.TRYING:
        reason = "its own firmware is on trial; confirm that first, or restart the probe until the old one is back"
        raise UpdateNotNowError(f"the probe takes no update: {reason}. Nothing was changed")
    if refusal == Refusal.NO_UPDATE:
        raise _OutOfStepError(REFUSALS[refusal])
    raise _ERRORS.get(refusal, UpdateNotNowError)(
        f"the probe refused the update: {REFUSALS[refusal]}. It still runs its old firmware"
    )


def _restart(probe: Probe, image: FirmwareImage, bank: int) -> None:
    """Start the new firmware, and see that it is what runs."""
    boot_id = probe.boot_id
    _despite_losses(probe, lambda: _restart_once(probe, boot_id))
    if not probe.line.wait_until(lambda: probe.boot_id != boot_id and probe.line.is_open, BACK_TIMEOUT_S):
        raise UpdateFailedError(
            f"the probe was not back {BACK_TIMEOUT_S:g} s after its restart; switch it off and on: it then tries the "
            "new firmware again and falls back to the old one"
        )
    after = _despite_losses(probe, probe.identity)
    if (after.version, after.bank) != (image.version, "AB"[bank]):
        raise UpdateFailedError(
            f"the probe runs {after.version} from bank {after.bank}, not {image.version}: the new firmware did not "
            "start, and the boot loader took the old one again"
        )


def _restart_once(probe: Probe, boot_id: int) -> None:
    """The restart itself may cut off its answer; then it is not asked for again."""
    if probe.boot_id == boot_id:
        probe.reboot()


def _test(probe: Probe, image: FirmwareImage) -> None:
    failed = _despite_losses(probe, probe.self_test).failed
    if failed:
        raise UpdateFailedError(
            f"the new firmware {image.version} failed its self-test ({', '.join(failed)}) and was not confirmed; "
            "restart the probe: after a few starts the old firmware is back"
        )


def _confirmed(probe: Probe) -> ProbeIdentity:
    """What runs, once it is confirmed. Asked twice it is confirmed once."""
    status = probe.ask(wire.UpdateConfirm(0), wire.UpdateStatus, FIRST_TIMEOUT_S)
    if status.refusal != Refusal.NOTHING_PENDING:
        _accepted(status)
    after = probe.identity()
    if not after.confirmed:
        raise UpdateFailedError(f"the new firmware {after.version} runs, but could not be confirmed; start again")
    return after
