"""New firmware: installed, tried, confirmed or rolled back; resumed after a loss; and what a power cut leaves starts.

The images of the emulated Cortex-M3 are its own program; on the others the program's bytes are not run.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from firmware_bridge.device.boot import BANK_STARTS, BOOT_TRIES
from firmware_bridge.device.flash import Flash
from firmware_bridge.device.journal import JOURNAL_RECORD_SIZE, append_record, newest_record
from firmware_bridge.device.simulator import SimulatedProbe
from firmware_bridge.device.stepped_probe import SimulationSettings
from firmware_bridge.errors import (
    ImageDamagedError,
    ImageHardwareError,
    ImageOlderError,
    ImageSignatureError,
    LinkLostError,
    NoReplyError,
    UpdateImageError,
    UpdateNotNowError,
)
from firmware_bridge.firmware_image import FLASH_SECTOR_SIZE, FirmwareVersion, read_image
from firmware_bridge.host.probe import Bank, Probe, ProbeIdentity
from firmware_bridge.host.update import PART_BYTES, update
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import HARDWARE_ID, BootReason, Refusal, Stimulus, UpdateState
from firmware_bridge.line.transport.faulty import FaultSettings
from tests.hil.conftest import Bench
from tests.hil.counters import CUT, NAMES
from tools.bridge.raw_host import SOON_S

OLD, NEW = FirmwareVersion(1, 0, 0, 0), FirmwareVersion(2, 0, 0, 0)
pytestmark = pytest.mark.disturbs(*CUT)  # an update restarts the device
_N_RECORDS = FLASH_SECTOR_SIZE // JOURNAL_RECORD_SIZE


@pytest.fixture
def bench(new_bench: Callable[..., Bench]) -> Bench:
    """A device of its own: its flash is to be written."""
    return new_bench()


def install(bench: Bench, probe: Probe, image: Path) -> ProbeIdentity:
    return update(probe, image, bench.firmware.public_key, lambda progress: None)


def send(probe: Probe, content: bytes, *, until: int | None = None) -> wire.UpdateStatus:
    """As a host without any check of its own sends it. Raises where the line is lost; stops where it is refused."""
    begin = wire.UpdateBegin(0, len(content), hashlib.sha256(content).digest())
    status = probe.ask(begin, wire.UpdateStatus, SOON_S)
    while not status.refusal and status.offset < (len(content) if until is None else until):
        part = content[status.offset : status.offset + PART_BYTES]
        status = probe.ask(wire.UpdateData(0, status.offset, part), wire.UpdateStatus, SOON_S)
    return status


def send_and_finish(probe: Probe, content: bytes) -> wire.UpdateStatus:
    status = send(probe, content)
    return status if status.refusal else probe.ask(wire.UpdateFinish(0), wire.UpdateStatus, SOON_S)


def restart(probe: Probe) -> ProbeIdentity:
    """Who runs after a restart on request."""
    boot_id = probe.boot_id
    with suppress(LinkLostError, NoReplyError):  # the restart may cut off its own answer
        probe.reboot()
    assert probe.line.wait_until(lambda: probe.line.is_open and probe.boot_id != boot_id, SOON_S)
    return probe.identity()


# ------------------------------------------------------------------------------------------------- the way it should go


def test_an_update_is_tried_tested_and_confirmed(bench: Bench):
    probe = bench.open()
    before = probe.identity()
    after = install(bench, probe, bench.image("2.0.0"))
    assert (before.version, before.bank) == (OLD, Bank.A)
    assert (after.version, after.bank, after.confirmed) == (NEW, Bank.B, True)
    assert after.boot_reason == BootReason.UPDATE
    again = restart(probe)
    assert (again.version, again.bank, again.confirmed) == (NEW, Bank.B, True)
    back = install(bench, probe, bench.image("2.0.1"))
    assert (back.version, back.bank) == (FirmwareVersion(2, 0, 1, 0), Bank.A)


def test_an_update_that_nobody_confirms_is_rolled_back(bench: Bench):
    probe = bench.open()
    assert send_and_finish(probe, bench.image("2.0.0").read_bytes()).state == UpdateState.PENDING
    for _ in range(BOOT_TRIES):
        trial = restart(probe)
        assert (trial.version, trial.bank, trial.confirmed) == (NEW, Bank.B, False)
    old = restart(probe)
    assert (old.version, old.bank, old.confirmed) == (OLD, Bank.A, True)
    assert install(bench, probe, bench.image("2.0.0")).version == NEW


def test_an_image_that_hangs_is_rolled_back(bench: Bench):
    probe = bench.open()
    send_and_finish(probe, bench.image("2.0.0").read_bytes())
    restart(probe)
    for _ in range(BOOT_TRIES):
        assert probe.identity().version == NEW
        boot_id = probe.boot_id
        bench.device.stimulate(Stimulus.HANG)
        assert probe.line.wait_until(lambda before=boot_id: probe.line.is_open and probe.boot_id != before, SOON_S)
    assert probe.identity().version == OLD


# ----------------------------------------------------------------------------------------------------- what is refused


def flash_banks(bench: Bench) -> bytes:
    """All that an update may write, save the journal, which counts the starts."""
    return bench.device.flash.read_bytes()[BANK_STARTS[0] : BANK_STARTS[1] * 2]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"version": "2.0.0", "other_maker": True}, ImageSignatureError),
        ({"version": "0.9.9"}, ImageOlderError),
        ({"version": "2.0.0", "hardware_id": HARDWARE_ID + 1}, ImageHardwareError),
    ],
    ids=["another maker's", "older", "another probe's"],
)
def test_what_must_not_be_installed_is_refused_before_anything_is_sent(bench: Bench, wrong: dict, error: type):
    probe, image = bench.open(), bench.image(**wrong)
    before = flash_banks(bench)
    with pytest.raises(error):
        install(bench, probe, image)
    assert probe.ask(wire.AskUpdate(0), wire.UpdateStatus).state == UpdateState.IDLE
    assert flash_banks(bench) == before
    assert restart(probe).version == OLD


def test_a_damaged_file_is_refused_before_anything_is_sent(bench: Bench, tmp_path: Path):
    content = bytearray(bench.image("2.0.0").read_bytes())
    content[len(content) // 2] ^= 4
    (tmp_path / "damaged.bin").write_bytes(content)
    probe = bench.open()
    with pytest.raises(ImageDamagedError):
        install(bench, probe, tmp_path / "damaged.bin")
    assert probe.ask(wire.AskUpdate(0), wire.UpdateStatus).state == UpdateState.IDLE


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"version": "2.0.0", "hardware_id": HARDWARE_ID + 1}, Refusal.WRONG_HARDWARE),
        ({"version": "2.0.0", "counter": 0}, Refusal.TOO_OLD),
    ],
)
def test_the_device_itself_refuses_what_must_not_run(bench: Bench, wrong: dict, refusal: Refusal):
    """Should a host not look, or be another program."""
    probe = bench.open()
    assert send_and_finish(probe, bench.image(**wrong).read_bytes()).refusal == refusal
    assert restart(probe).version == OLD


def test_the_device_itself_refuses_a_file_that_changed_on_the_way(bench: Bench):
    probe = bench.open()
    content = bench.image("2.0.0").read_bytes()
    digest = hashlib.sha256(content).digest()
    changed = content[:5000] + bytes((content[5000] ^ 1,)) + content[5001:]
    probe.ask(wire.UpdateBegin(0, len(content), digest), wire.UpdateStatus)
    for at in range(0, len(changed), PART_BYTES):
        probe.ask(wire.UpdateData(0, at, changed[at : at + PART_BYTES]), wire.UpdateStatus, SOON_S)
    assert probe.ask(wire.UpdateFinish(0), wire.UpdateStatus, SOON_S).refusal == Refusal.IMAGE_DAMAGED
    assert restart(probe).version == OLD


def test_the_devices_minimum_version_grows_with_a_confirmed_update(bench: Bench):
    probe = bench.open()
    install(bench, probe, bench.image("2.0.0", counter=2))
    with pytest.raises(UpdateImageError):
        install(bench, probe, bench.image("3.0.0", counter=1))
    assert restart(probe).version == NEW


def test_no_update_while_imaging(bench: Bench):
    probe = bench.open()
    probe.start_imaging()
    with pytest.raises(UpdateNotNowError, match="imaging"):
        install(bench, probe, bench.image("2.0.0"))
    probe.stop_imaging()
    assert install(bench, probe, bench.image("2.0.0")).version == NEW


# ----------------------------------------------------------------------------------------------------- what breaks it


@pytest.mark.disturbs(*NAMES)
def test_an_update_over_a_bad_line_arrives_whole(bench: Bench):
    bench.device.faults = FaultSettings(damage=0.0005, drop=0.0005, double=0.0005, delay_ms=(0, 3), seed=6)
    probe = bench.open()
    assert install(bench, probe, bench.image("2.0.0")).version == NEW
    bank = bench.device.flash.read_bytes()[BANK_STARTS[1] :]
    assert bank.startswith(bench.image("2.0.0").read_bytes())
    assert probe.line.statistics().link.retransmitted > 0


@pytest.mark.parametrize("at", ["header", "program", "digest"])
def test_a_rotten_bit_in_the_running_bank_starts_the_other(bench: Bench, at: str):
    probe = bench.open()
    content = bench.image("2.0.0").read_bytes()
    rots_at = {"header": 8, "program": 0x300, "digest": content.index(read_image(content).sha256)}[at]
    install(bench, probe, bench.image("2.0.0"))
    probe.close()
    bench.device.power_off()
    with Flash(bench.device.flash) as flash:
        flash.cells[BANK_STARTS[1] + rots_at] ^= 1
    bench.device.power_on()
    identity = bench.open().identity()
    assert (identity.version, identity.bank) == (OLD, Bank.A)


@pytest.mark.parametrize("how", ["unplugged", "restarted", "power gone"])
def test_an_update_goes_on_where_it_was_cut_off(bench: Bench, how: str):
    content = bench.image("2.0.0").read_bytes()
    probe = bench.open()
    reached = send(probe, content, until=FLASH_SECTOR_SIZE + 100).offset
    if how == "unplugged":
        bench.device.unplug()
        assert probe.line.wait_until(lambda: not probe.line.is_open, SOON_S)
        bench.device.plug()
    elif how == "restarted":
        restart(probe)
    else:
        bench.device.unplug()
        bench.device.power_off()
        bench.device.power_on()
        bench.device.plug()
    assert probe.wait_until_back(SOON_S)
    begin = wire.UpdateBegin(0, len(content), hashlib.sha256(content).digest())
    resumed = probe.ask(begin, wire.UpdateStatus, SOON_S).offset
    assert resumed == (reached if how == "unplugged" else FLASH_SECTOR_SIZE)
    assert install(bench, probe, bench.image("2.0.0")).version == NEW


@pytest.mark.no_cover
def test_a_power_cut_at_any_flash_operation_leaves_a_device_that_starts_and_can_be_updated(bench: Bench):
    """The journal is nearly full at first, so that its change of sector is among the operations."""
    with Flash() as template:
        template.cells[:] = bench.device.flash.read_bytes()[: len(template.cells)]
        fill_journal(template)
        factory = bytes(template.cells)
    image = bench.image("2.0.0")
    n_operations = operations_of_an_update(factory, image.read_bytes())
    for n_before in range(n_operations):
        boot_id, identity = cut_in_the_middle(bench, factory, image.read_bytes(), n_before)
        where = f"cut in operation {n_before} of {n_operations}"
        assert (identity.boot_reason, identity.boot_id > boot_id) == (BootReason.POWER, True), where
        assert (identity.version, identity.bank) in ((OLD, Bank.A), (NEW, Bank.B)), where
        after = install(bench, bench.open(), image)
        assert (after.version, after.confirmed) == (NEW, True), where
    _, identity = cut_in_the_middle(bench, factory, image.read_bytes(), n_operations)
    assert identity.boot_reason == BootReason.UPDATE, "there is an operation more than was counted"


def fill_journal(flash: Flash) -> None:
    """Up to two records before its first sector is full; a start and the end of an upload write one each."""
    for _ in range(_N_RECORDS - 3):
        append_record(flash, newest_record(flash))


class CountingFlash(Flash):
    """Counts erases and programs."""

    n = 0

    def erase_sector(self, at: int) -> None:
        super().erase_sector(at)
        self.n += 1

    def program(self, at: int, content: bytes) -> None:
        super().program(at, content)
        self.n += 1


def operations_of_an_update(factory: bytes, image: bytes) -> int:
    """On the simulator. That the others do as many, each of them shows by a cut behind the last."""
    flash = CountingFlash()
    flash.cells[:] = factory
    with SimulatedProbe(SimulationSettings(seed=1), flash) as device, Probe(device.connect, name="counted") as probe:
        flash.n = 0
        install_carelessly(probe, image)
        return flash.n


def cut_in_the_middle(bench: Bench, factory: bytes, image: bytes, n_before: int) -> tuple[int, ProbeIdentity]:
    """The boot id before, and who runs after an update in which the power goes after so many operations."""
    bench.close()
    bench.device.refill(factory)
    probe = bench.open()
    boot_id = probe.boot_id
    bench.device.stimulate(Stimulus.CUT_FLASH_AFTER, n_before)
    probe.echo(b"")  # the side channel is read at least as often as the line
    install_carelessly(probe, image)
    identity = probe.identity()
    probe.close()
    return boot_id, identity


def install_carelessly(probe: Probe, image: bytes) -> None:
    """Sends, restarts and confirms; gives up where the line is lost, and waits until it is back."""
    with suppress(LinkLostError, NoReplyError):
        send_and_finish(probe, image)
        restart(probe)
        probe.ask(wire.UpdateConfirm(0), wire.UpdateStatus, SOON_S)
    assert probe.wait_until_back(SOON_S)
