"""New firmware reaches the probe whole, or not at all, whatever happens on the way."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from firmware_bridge.device.boot import BANK_B_START
from firmware_bridge.device.flash import Flash
from firmware_bridge.errors import (
    FlashBitError,
    ImageDamagedError,
    ImageHardwareError,
    ImageOlderError,
    ImageSignatureError,
    ImageTooLargeError,
    UpdateFailedError,
    UpdateFlashError,
    UpdateImageError,
    UpdateInterruptedError,
    UpdateNotNowError,
)
from firmware_bridge.firmware_image import FirmwareVersion
from firmware_bridge.host.probe import Bank, Probe
from firmware_bridge.host.update import PART_BYTES, UpdateProgress, UpdateStage, update
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import Stimulus
from tests.firmware_bridge.host.stepped_line import Bench, wait_for

PROGRAM = bytes(range(256)) * 128
V2 = FirmwareVersion(2, 0, 0, 1)


class Maker:
    """Makes signed images as the maker of a probe does."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("imgtool", reason="images are made by MCUboot's imgtool: pip install imgtool")
        self._tool = pytest.importorskip(
            "tools.firmware", reason="the checkout's tools are not importable: run python -m pytest"
        )
        self._folder = folder
        self._key, _ = self._tool.make_keys(folder)
        self.public_key = folder / self._tool.PUBLIC_KEY

    def image(self, version: str, *, security_counter: int = 1, signed: bool = True, program: bytes = PROGRAM) -> Path:
        (self._folder / "app.bin").write_bytes(program)
        path = self._folder / f"{version}-{security_counter}-{signed}-{len(program)}.bin"
        key = self._key if signed else None
        self._tool.sign(self._folder / "app.bin", path, key, version, security_counter=security_counter)
        return path


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


@pytest.fixture(scope="module")
def v2(maker: Maker) -> Path:
    return maker.image("2.0.0+1")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def probe(bench: Bench) -> Probe:
    return bench.open()


def ignore(progress: UpdateProgress) -> None:
    """Nobody looks."""


class At:
    """Does something once when the update has come to a stage and so many bytes."""

    def __init__(
        self, act: Callable[[], object], stage: UpdateStage = UpdateStage.SENDING, sent_bytes: int = 0
    ) -> None:
        self._act, self._stage, self._sent_bytes = act, stage, sent_bytes
        self.seen: list[UpdateProgress] = []
        self.done = False

    def __call__(self, progress: UpdateProgress) -> None:
        self.seen.append(progress)
        if not self.done and progress.stage == self._stage and progress.sent_bytes >= self._sent_bytes:
            self.done = True
            self._act()


def test_an_update_ends_with_the_new_firmware_confirmed(probe: Probe, maker: Maker, v2: Path):
    probe.set(depth_mm=40)
    seen: list[UpdateProgress] = []
    after = update(probe, v2, maker.public_key, seen.append)
    assert (after.version, after.bank, after.confirmed) == (V2, Bank.B, True)
    assert [stage for k, stage in enumerate(p.stage for p in seen) if k == 0 or seen[k - 1].stage != stage] == [
        UpdateStage.SENDING,
        UpdateStage.STARTING,
        UpdateStage.TESTING,
        UpdateStage.DONE,
    ]
    sent = [p.sent_bytes for p in seen if p.stage == UpdateStage.SENDING]
    assert sent == sorted(sent)
    assert (sent[0], sent[-1]) == (0, v2.stat().st_size)
    assert len(sent) >= v2.stat().st_size // PART_BYTES
    assert probe.parameters().depth_mm == 40, "settings are sent again after the restart"


def test_the_same_version_may_be_installed_again_and_goes_to_the_other_bank(probe: Probe, maker: Maker, v2: Path):
    assert update(probe, v2, maker.public_key, ignore).bank is Bank.B
    assert update(probe, v2, maker.public_key, ignore).bank is Bank.A


# ------------------------------------------------------------------------------------------- what is refused, and where
@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda content: content[:-1], ImageDamagedError),
        (lambda content: content[:5000] + bytes((content[5000] ^ 1,)) + content[5001:], ImageDamagedError),
        (lambda content: b"not an image", ImageDamagedError),
    ],
)
def test_a_damaged_image_is_not_sent(bench: Bench, probe: Probe, maker: Maker, v2: Path, tmp_path: Path, spoil, error):
    (tmp_path / "bad.bin").write_bytes(spoil(v2.read_bytes()))
    n_written = len(bench.written)
    with pytest.raises(error):
        update(probe, tmp_path / "bad.bin", maker.public_key, ignore)
    with pytest.raises(ImageDamagedError, match="cannot be read"):
        update(probe, tmp_path / "missing.bin", maker.public_key, ignore)
    assert len(bench.written) == n_written


def test_an_image_of_nobody_or_of_another_maker_is_not_sent(
    bench: Bench, probe: Probe, maker: Maker, v2: Path, tmp_path: Path
):
    other = Maker(tmp_path)
    n_written = len(bench.written)
    with pytest.raises(ImageSignatureError, match="not signed"):
        update(probe, maker.image("2.0.0+1", signed=False), maker.public_key, ignore)
    with pytest.raises(ImageSignatureError):
        update(probe, v2, other.public_key, ignore)
    assert len(bench.written) == n_written


def test_an_older_image_is_not_sent(bench: Bench, probe: Probe, maker: Maker):
    with pytest.raises(ImageOlderError):
        update(probe, maker.image("0.9.9+0"), maker.public_key, ignore)
    assert status_of(probe).state == wire.UpdateState.IDLE


def test_an_image_for_another_probe_is_not_sent(probe: Probe, maker: Maker, v2: Path, monkeypatch: pytest.MonkeyPatch):
    identity = replace(probe.identity(), hardware_id=0x12345678)
    monkeypatch.setattr(probe, "identity", lambda: identity)
    with pytest.raises(ImageHardwareError):
        update(probe, v2, maker.public_key, ignore)
    assert status_of(probe).state == wire.UpdateState.IDLE


def status_of(probe: Probe) -> wire.UpdateStatus:
    return probe.ask(wire.AskUpdate(0), wire.UpdateStatus)


def test_no_update_while_imaging(probe: Probe, maker: Maker, v2: Path):
    probe.start_imaging()
    with pytest.raises(UpdateNotNowError, match="imaging is on; stop it first"):
        update(probe, v2, maker.public_key, ignore)
    assert probe.identity().version == FirmwareVersion(1, 0, 0, 0)


def test_a_security_counter_that_went_back_is_refused_by_the_probe(probe: Probe, maker: Maker):
    update(probe, maker.image("2.0.0+1", security_counter=7), maker.public_key, ignore)
    with pytest.raises(UpdateImageError, match="old weakness"):
        update(probe, maker.image("2.0.0+2", security_counter=6), maker.public_key, ignore)
    assert probe.identity().version == V2


def test_an_image_that_is_too_large_is_not_sent(bench: Bench, probe: Probe, maker: Maker, tmp_path: Path):
    n_written = len(bench.written)
    with pytest.raises(ImageTooLargeError, match="room for 389,120"):
        update(probe, maker.image("2.0.0+1", program=bytes(0x5F800)), maker.public_key, ignore)
    (tmp_path / "film.mp4").write_bytes(bytes(0x60001))
    with pytest.raises(ImageTooLargeError, match="393,217 bytes"):
        update(probe, tmp_path / "film.mp4", maker.public_key, ignore)
    assert len(bench.written) == n_written


def test_the_largest_image_is_taken(probe: Probe, maker: Maker):
    tables = maker.image("3.0.0+0").stat().st_size - len(PROGRAM)
    largest = maker.image("3.0.0+0", program=bytes(0x5F000 - tables))
    assert largest.stat().st_size == 0x5F000
    assert update(probe, largest, maker.public_key, ignore).version == FirmwareVersion(3, 0, 0, 0)


# ----------------------------------------------------------------------------------------------- what happens meanwhile
@pytest.mark.parametrize("sent_bytes", [0, 5_000, 20_000, 32_000])
def test_a_pulled_cable_costs_no_more_than_the_time_it_is_out(
    bench: Bench, probe: Probe, maker: Maker, v2: Path, sent_bytes: int
):
    bench_at = At(lambda: (bench.unplug(), bench.plan(0.5, bench.plug)), sent_bytes=sent_bytes)
    assert update(probe, v2, maker.public_key, bench_at).version == V2
    sent = [p.sent_bytes for p in bench_at.seen if p.stage == UpdateStage.SENDING]
    assert bench_at.done
    assert sum(later < earlier for earlier, later in pairwise(sent)) <= 1
    assert sent.count(0) <= 2


@pytest.mark.parametrize("n_operations", [0, 1, 5, 17, 60])
def test_a_power_cut_while_flash_is_written_is_made_up_for(
    bench: Bench, probe: Probe, maker: Maker, v2: Path, n_operations: int
):
    bench.device.stimulate(Stimulus.CUT_FLASH_AFTER, n_operations)
    boot_id = probe.boot_id
    after = update(probe, v2, maker.public_key, ignore)
    assert (after.version, after.confirmed) == (V2, True)
    assert after.boot_id > boot_id + 1, "the power was cut, then the new firmware was started"


def test_a_cable_that_stays_out_ends_the_update_which_goes_on_later(bench: Bench, probe: Probe, maker: Maker, v2: Path):
    pulled = At(bench.unplug, sent_bytes=16_000)
    with pytest.raises(UpdateInterruptedError, match="start the same update again"):
        update(probe, v2, maker.public_key, pulled)
    bench.plug()
    assert wait_for(probe, lambda: probe.line.is_open)
    seen: list[UpdateProgress] = []
    assert update(probe, v2, maker.public_key, seen.append).version == V2
    assert seen[0].sent_bytes >= 8_000, "it goes on where it stopped, to the sector"


def test_a_line_that_breaks_again_and_again_is_given_up(bench: Bench, probe: Probe, maker: Maker, v2: Path):
    def breaks(progress: UpdateProgress) -> None:
        bench.unplug()
        bench.plan(0.2, bench.plug)

    with pytest.raises(UpdateInterruptedError, match="in a row"):
        update(probe, v2, maker.public_key, breaks)


def test_a_cable_pulled_at_the_restart_does_no_harm(bench: Bench, probe: Probe, maker: Maker, v2: Path):
    for stage in (UpdateStage.STARTING, UpdateStage.TESTING):
        pulled = At(lambda: (bench.unplug(), bench.plan(0.3, bench.plug)), stage)
        assert update(probe, v2, maker.public_key, pulled).confirmed
        assert pulled.done


def test_flash_that_fails_is_told(probe: Probe, maker: Maker, v2: Path, monkeypatch: pytest.MonkeyPatch):
    def worn(self: Flash, address: int, data: bytes) -> None:
        raise FlashBitError("worn")

    monkeypatch.setattr(Flash, "program", worn)
    with pytest.raises(UpdateFlashError, match=r"flash memory failed.*still runs its old firmware"):
        update(probe, v2, maker.public_key, ignore)


# --------------------------------------------------------------------------------------------------- the new firmware
def test_firmware_that_does_not_start_leaves_the_old_one(bench: Bench, probe: Probe, maker: Maker, v2: Path):
    def rot() -> None:
        bench.device.flash.cells[BANK_B_START + 5000] ^= 1

    with pytest.raises(UpdateFailedError, match=r"runs 1\.0\.0\+0 from bank A, not 2\.0\.0\+1"):
        update(probe, v2, maker.public_key, At(rot, UpdateStage.STARTING))
    assert probe.identity().version == FirmwareVersion(1, 0, 0, 0)


def test_firmware_that_fails_its_self_test_is_not_confirmed(bench: Bench, probe: Probe, maker: Maker, v2: Path):
    failing = At(lambda: bench.device.stimulate(Stimulus.SELF_TEST_FAILS, 1), UpdateStage.TESTING)
    with pytest.raises(UpdateFailedError, match=r"failed its self-test \(memory\)"):
        update(probe, v2, maker.public_key, failing)
    assert not probe.identity().confirmed
    with pytest.raises(UpdateNotNowError, match="on trial"):
        update(probe, maker.image("3.0.0+0"), maker.public_key, ignore)
    for _ in range(3):
        boot_id = probe.boot_id
        probe.reboot()
        assert wait_for(probe, lambda boot_id=boot_id: probe.boot_id != boot_id and probe.line.is_open)
    assert probe.identity().version == FirmwareVersion(1, 0, 0, 0)


def test_firmware_on_trial_is_tested_and_confirmed_without_being_sent_again(
    bench: Bench, probe: Probe, maker: Maker, v2: Path
):
    failing = At(lambda: bench.device.stimulate(Stimulus.SELF_TEST_FAILS, 1), UpdateStage.TESTING)
    with pytest.raises(UpdateFailedError):
        update(probe, v2, maker.public_key, failing)
    bench.device.stimulate(Stimulus.SELF_TEST_FAILS, 0)
    seen: list[UpdateProgress] = []
    assert update(probe, v2, maker.public_key, seen.append).confirmed
    assert {p.stage for p in seen} == {UpdateStage.TESTING, UpdateStage.DONE}


def test_a_part_fills_a_frame_with_whole_words():
    body = wire.UpdateData(0, 0, bytes(PART_BYTES)).pack()
    assert PART_BYTES % 4 == 0
    assert 509 - 4 < len(body) <= 509
