"""Updates through messages: every refusal, going on after every power cut, and what runs afterwards."""

import hashlib
from dataclasses import dataclass

import pytest

from firmware_bridge.device.boot import factory_reset
from firmware_bridge.device.flash import Flash
from firmware_bridge.device.updating import MAX_UPDATE_BYTES
from firmware_bridge.errors import FlashBitError, PowerCutError
from firmware_bridge.firmware_image import FLASH_SECTOR_SIZE, FirmwareVersion, unsigned_image
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import Action, BootReason, FaultCode, Refusal, UpdateState

CHUNK_BYTES = 400
BANK_B = 0x80000


def image(major=2, n_program=9_001, hardware_id=wire.HARDWARE_ID, security_counter=2):
    program = bytes(k * 7 % 256 for k in range(n_program))
    return unsigned_image(program, FirmwareVersion(major, 0, 0, 0), hardware_id, security_counter)


@dataclass
class Uploader:
    """The host's side of an update, as plain as can be."""

    bench: object
    file: bytes

    def begin(self):
        return self.bench.ask(wire.UpdateBegin(0, len(self.file), hashlib.sha256(self.file).digest()))

    def send(self, status, until=None):
        """From the device's offset on; the last status."""
        end = len(self.file) if until is None else until
        while status.offset < end and not status.refusal:
            part = self.file[status.offset : min(status.offset + CHUNK_BYTES, end)]
            status = self.bench.ask(wire.UpdateData(0, status.offset, part))
        return status

    def finish(self):
        return self.bench.ask(wire.UpdateFinish(0))

    def all(self):
        assert not self.send(self.begin()).refusal
        return self.finish()


def reboot(bench):
    bench.done(wire.Reboot(0))
    bench.run(120_000)
    return bench.connect().ask(wire.Identify(0))


def status(bench):
    return bench.ask(wire.AskUpdate(0))


def test_an_update_from_begin_to_confirm(bench):
    new = Uploader(bench, image())
    began = new.begin()
    assert (began.refusal, began.state, began.bank) == (Refusal.NONE, UpdateState.RECEIVING, 1)
    assert (began.offset, began.size) == (0, len(new.file))
    sent = new.send(began)
    assert (sent.refusal, sent.offset) == (Refusal.NONE, len(new.file))
    done = new.finish()
    assert (done.refusal, done.state) == (Refusal.NONE, UpdateState.PENDING)
    trying = reboot(bench)
    assert (trying.version[0], trying.bank, trying.confirmed) == (2, 1, 0)
    assert trying.boot_reason == BootReason.UPDATE
    assert status(bench).state == UpdateState.TRYING
    confirmed = bench.ask(wire.UpdateConfirm(0))
    assert (confirmed.refusal, confirmed.state, confirmed.bank) == (Refusal.NONE, UpdateState.IDLE, 0)
    kept = reboot(bench)
    assert (kept.version[0], kept.bank, kept.confirmed) == (2, 1, 1)
    assert kept.boot_reason == BootReason.REQUEST
    lines = [line.line for line in bench.all_of(wire.LogLine)]
    assert lines == ["update: receiving", "update: pending", "update: confirmed"]


def test_an_unconfirmed_update_rolls_back(bench):
    Uploader(bench, image()).all()
    assert [reboot(bench).version[0] for _ in range(4)] == [2, 2, 2, 1]
    assert bench.ask(wire.UpdateConfirm(0)).refusal == Refusal.NOTHING_PENDING


def test_beginning_erases_nothing(bench):
    bench.probe.flash.cells[BANK_B : BANK_B + 4] = b"old!"
    before = bytes(bench.probe.flash.cells)
    Uploader(bench, image()).begin()
    assert bytes(bench.probe.flash.cells) == before


def test_only_the_spare_bank_is_written(bench):
    before = bytes(bench.probe.flash.cells)
    new = Uploader(bench, image())
    new.send(new.begin())
    after = bytes(bench.probe.flash.cells)
    assert after[:BANK_B] == before[:BANK_B]
    assert after[BANK_B + 0x60000 :] == before[BANK_B + 0x60000 :]
    assert after[BANK_B : BANK_B + len(new.file)] == new.file


@pytest.mark.parametrize("size", [0, MAX_UPDATE_BYTES + 1, 0xFFFFFFFF])
def test_a_size_that_does_not_fit_is_refused(bench, size):
    before = bench.state()
    assert bench.ask(wire.UpdateBegin(0, size, bytes(32))).refusal == Refusal.BAD_SIZE
    assert bench.state() == before


def test_the_largest_size_is_taken(bench):
    assert bench.ask(wire.UpdateBegin(0, MAX_UPDATE_BYTES, bytes(32))).refusal == Refusal.NONE


@pytest.mark.parametrize("command", [wire.UpdateData(0, 0, bytes(4)), wire.UpdateFinish(0)])
def test_nothing_was_begun(bench, command):
    before = bench.state()
    assert bench.ask(command).refusal == Refusal.NO_UPDATE
    assert bench.state() == before


def test_no_step_is_taken_while_imaging(bench):
    new = Uploader(bench, image())
    bench.do(Action.START)
    assert new.begin().refusal == Refusal.IMAGING_ON
    bench.do(Action.STOP)
    new.send(new.begin(), until=800)
    bench.do(Action.START)
    before = bench.state()
    for command in (wire.UpdateData(0, 800, bytes(4)), wire.UpdateFinish(0)):
        assert bench.ask(command).refusal == Refusal.IMAGING_ON
    assert new.begin().refusal == Refusal.IMAGING_ON
    assert bench.state() == before
    bench.do(Action.STOP)
    assert not new.send(status(bench)).refusal
    assert not new.finish().refusal


@pytest.mark.parametrize(
    ("offset", "n_bytes", "refusal"),
    [
        (0, 4, Refusal.BAD_OFFSET),
        (796, 4, Refusal.BAD_OFFSET),
        (804, 4, Refusal.BAD_OFFSET),
        (0xFFFFFFFF, 4, Refusal.BAD_OFFSET),
        (800, 0, Refusal.BAD_SIZE),
        (800, 3, Refusal.BAD_SIZE),
        (800, 401, Refusal.BAD_SIZE),
    ],
)
def test_data_that_does_not_go_on_is_refused_and_the_wanted_offset_said(bench, offset, n_bytes, refusal):
    new = Uploader(bench, image())
    new.send(new.begin(), until=800)
    before = bench.state()
    answer = bench.ask(wire.UpdateData(0, offset, bytes(n_bytes)))
    assert (answer.refusal, answer.offset) == (refusal, 800)
    assert bench.state() == before


def test_data_beyond_the_end_is_refused(bench):
    new = Uploader(bench, image())
    sent = new.send(new.begin(), until=len(new.file) // 4 * 4)
    rest = len(new.file) - sent.offset
    assert rest == 1
    assert bench.ask(wire.UpdateData(0, sent.offset, bytes(4))).refusal == Refusal.BAD_SIZE
    assert bench.ask(wire.UpdateData(0, sent.offset, bytes(2))).refusal == Refusal.BAD_SIZE
    assert not new.send(status(bench)).refusal
    assert not new.finish().refusal


def test_a_file_that_did_not_come_whole_is_not_finished(bench):
    new = Uploader(bench, image())
    new.send(new.begin(), until=8_000)
    before = bench.state()
    answer = new.finish()
    assert (answer.refusal, answer.offset, answer.state) == (Refusal.BAD_SIZE, 8_000, UpdateState.RECEIVING)
    assert bench.state() == before


BAD_FILES = {
    "no image": (b"no image at all " * 40, Refusal.IMAGE_DAMAGED),
    "torn image": (image()[:-40], Refusal.IMAGE_DAMAGED),
    "another probe's": (image(hardware_id=1), Refusal.WRONG_HARDWARE),
    "too old": (image(security_counter=0), Refusal.TOO_OLD),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_must_not_run_is_refused_and_the_old_image_runs_on(bench, name):
    file, refusal = BAD_FILES[name]
    confirm_the_factory_image(bench)
    answer = Uploader(bench, file).all()
    assert (answer.refusal, answer.state, answer.offset) == (refusal, UpdateState.IDLE, 0)
    assert reboot(bench).version[0] == 1
    assert Uploader(bench, file).begin().offset == 0
    assert not Uploader(bench, image()).all().refusal


def confirm_the_factory_image(bench):
    """So that its security counter, 1, is the minimum: by an update to an image that has the same."""
    Uploader(bench, image(major=1, security_counter=1)).all()
    reboot(bench)
    assert not bench.ask(wire.UpdateConfirm(0)).refusal


def test_bytes_that_changed_in_flash_are_noticed_and_the_file_must_come_again(bench):
    new = Uploader(bench, image())
    new.send(new.begin())
    bench.probe.flash.cells[BANK_B + 5_000] ^= 1
    assert new.finish().refusal == Refusal.IMAGE_DAMAGED
    assert new.begin().offset == 0
    assert not new.all().refusal


def test_the_same_file_goes_on_and_another_starts_anew(bench):
    new, other = Uploader(bench, image()), Uploader(bench, image(major=3))
    new.send(new.begin(), until=5_200)
    assert (new.begin().offset, status(bench).state) == (5_200, UpdateState.RECEIVING)
    bench.connect()
    assert new.begin().offset == 5_200
    assert other.begin().offset == 0
    assert not other.send(status(bench)).refusal
    assert not other.finish().refusal
    assert reboot(bench).version[0] == 3


def test_after_a_reset_it_goes_on_at_the_sector(bench):
    new = Uploader(bench, image())
    new.send(new.begin(), until=5_200)
    reboot(bench)
    assert status(bench).state == UpdateState.IDLE
    assert new.begin().offset == FLASH_SECTOR_SIZE
    assert not new.all().refusal
    assert reboot(bench).version[0] == 2


def test_after_a_reset_another_file_of_the_same_size_starts_anew(bench):
    new, other = Uploader(bench, image()), Uploader(bench, image(major=3))
    new.send(new.begin(), until=9_000)
    reboot(bench)
    assert other.begin().offset == 0
    assert not other.all().refusal
    assert reboot(bench).version[0] == 3


def test_a_pending_update_can_be_replaced(bench):
    Uploader(bench, image()).all()
    assert not Uploader(bench, image(major=3)).all().refusal
    assert reboot(bench).version[0] == 3


def test_an_image_on_trial_must_be_confirmed_before_the_next(bench):
    Uploader(bench, image()).all()
    reboot(bench)
    before = bench.state()
    answer = Uploader(bench, image(major=3)).begin()
    assert (answer.refusal, answer.state) == (Refusal.NO_UPDATE, UpdateState.TRYING)
    assert bench.state() == before
    bench.ask(wire.UpdateConfirm(0))
    assert not Uploader(bench, image(major=3)).all().refusal
    assert reboot(bench).version[0] == 3


def test_nothing_is_to_be_confirmed(bench):
    before = bench.state()
    assert bench.ask(wire.UpdateConfirm(0)).refusal == Refusal.NOTHING_PENDING
    assert bench.state() == before


def worn(flash, patch):
    def fail(at, content):
        raise FlashBitError("worn")

    patch.setattr(flash, "program", fail)


def written_before(flash, patch):
    flash.cells[BANK_B + 8_000 : BANK_B + 8_400] = bytes(400)


@pytest.mark.parametrize("spoil", [worn, written_before])
def test_flash_that_fails_is_a_fault_and_the_file_can_begin_again(bench, monkeypatch, spoil):
    new = Uploader(bench, image())
    new.send(new.begin(), until=8_000)
    with monkeypatch.context() as patch:
        spoil(bench.probe.flash, patch)
        answer = bench.ask(wire.UpdateData(0, 8_000, new.file[8_000:8_400]))
    assert (answer.refusal, answer.state) == (Refusal.FLASH_FAILED, UpdateState.IDLE)
    bench.run(5_000)
    assert bench.last(wire.FaultReport).fault == FaultCode.FLASH
    assert [line.line for line in bench.all_of(wire.LogLine)].count("fault: flash") == 1
    assert new.begin().offset == FLASH_SECTOR_SIZE
    assert not new.all().refusal


class CountingFlash(Flash):
    """As it leaves the factory."""

    def __init__(self):
        super().__init__()
        factory_reset(self, wire.HARDWARE_ID)
        self.n_operations = self.n_cuts = 0

    def erase_sector(self, at):
        self.count(super().erase_sector, at)

    def program(self, at, content):
        self.count(super().program, at, content)

    def count(self, operation, *args):
        self.n_operations += 1
        try:
            operation(*args)
        except PowerCutError:
            self.n_cuts += 1
            raise


def go_on(bench, file):
    """What a host does that finds the device as it is; whether the new image is there to stay."""
    identity = bench.connect().ask(wire.Identify(0))
    if identity.version[0] == 1:
        assert not Uploader(bench, file).all().refusal
        reboot(bench)
    elif not identity.confirmed:
        assert not bench.ask(wire.UpdateConfirm(0)).refusal
    else:
        return reboot(bench).version[0] == 2
    return False


def carry_through(bench, file):
    for _ in range(5):
        try:
            if go_on(bench, file):
                return
        except bench.StartedAnewError:
            continue
    raise AssertionError("the update never came to its end")


@pytest.mark.no_cover
def test_a_power_cut_at_every_flash_operation_loses_nothing(new_bench):
    """There is always an image that runs, and the update comes to its end."""
    file = image(n_program=2 * FLASH_SECTOR_SIZE - 300)
    uncut = CountingFlash()
    carry_through(new_bench(flash=uncut), file)
    assert uncut.n_operations > 30
    for k in range(uncut.n_operations):
        flash = CountingFlash()
        flash.cut_after(k)
        carry_through(new_bench(flash=flash), file)
        assert flash.n_cuts == 1, k
