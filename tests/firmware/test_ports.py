"""What a port owes the core: lines, clock, resets that leave the line open, the watchdog, flash that outlives all.

A parrot stands in for the core, so that nothing here depends on the protocol. Host process and emulated Cortex-M3 run
the same tests.
"""

import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from firmware_bridge.device.boot import BANK_STARTS, BOOT_TRIES
from firmware_bridge.device.flash import FLASH_SIZE, Flash
from firmware_bridge.device.journal import JournalRecord, append_record
from firmware_bridge.line.framing import encode_frame
from firmware_bridge.line.messages import BootReason, Stimulus
from tests.firmware.boot_twins import image
from tools.bridge.host_process import HostProbe
from tools.bridge.qemu import QemuProbe, missing_for_qemu

ROOT = Path(__file__).parents[2]
PARROT = Path(__file__).parent / "parrot"
CORE = f"{PARROT}/device.c core/crc32.c core/framing.c core/messages.c"
"""What stands where the core's sources would."""
SOON_S = 60.0


class State(NamedTuple):
    """What the parrot says of its start."""

    boot_id: int
    reason: int
    bank: int
    on_trial: int
    version: int


class Line:
    """Reads and writes a file descriptor with patience."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def ask(self, letters: bytes) -> str:
        os.write(self.fd, letters)
        return self.line()

    def line(self) -> str:
        said = b""
        while not said.endswith(b"\n"):
            said += self.some(1)
        return said.decode().strip()

    def some(self, most: int) -> bytes:
        until = time.monotonic() + SOON_S
        while time.monotonic() < until:
            try:
                return os.read(self.fd, most)
            except BlockingIOError:
                time.sleep(0.001)
        raise AssertionError("the probe says nothing")

    def exactly(self, n_bytes: int) -> bytes:
        said = b""
        while len(said) < n_bytes:
            said += self.some(n_bytes - len(said))
        return said

    def state(self, after: int = 0) -> State:
        """Its state, once it was started anew since boot id `after`."""
        until = time.monotonic() + SOON_S
        while time.monotonic() < until:
            self.settle()
            os.write(self.fd, b"?")
            time.sleep(0.05)
            numbers = re.findall(rb"^(\d+) (\d) (\d) (\d) (\d+)$", self.settle(), re.MULTILINE)
            if numbers and int(numbers[-1][0]) > after:
                return State(*map(int, numbers[-1]))
        raise AssertionError("the probe did not start anew")

    def settle(self) -> bytes:
        """All that it said so far."""
        said = b""
        try:
            while more := os.read(self.fd, 4096):
                said += more
        except BlockingIOError:
            pass
        return said


class Bed(NamedTuple):
    """A probe under test."""

    line: Line
    stimulate: Callable[[bytes], None]
    probe: HostProbe | QemuProbe


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory):
    return pytest.importorskip("tools.firmware", reason="the checkout's tools are not importable: run python -m pytest")


@pytest.fixture(scope="session")
def host_binary(firmware, compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("host")
    flags = f"CFLAGS=-I{PARROT} -fsanitize=undefined -fno-sanitize-recover=all"
    firmware.build(folder, "host", f"CC={compiler}", f"CORE={CORE}", flags)
    return folder / "probe"


@pytest.fixture(scope="session")
def mps2_folder(firmware, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Boot loader and program, and the program as images of version 1 and 2."""
    if missing_for_qemu():
        pytest.skip(missing_for_qemu())
    pytest.importorskip("imgtool", reason="images are made by MCUboot's imgtool: pip install imgtool")
    folder = tmp_path_factory.mktemp("mps2")
    firmware.build(folder, "mps2", f"CORE={CORE}", f"CFLAGS=-I{PARROT}")
    for version in (1, 2):
        firmware.sign(folder / "app.bin", folder / f"{version}.bin", None, f"{version}.0.0+0")
    return folder


class Kind:
    """One of the two machines: how its images are made and how it is started."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.is_host = request.param == "host"
        self.built: Path = request.getfixturevalue("host_binary" if self.is_host else "mps2_folder")
        self.flash = request.getfixturevalue("tmp_path") / "flash.bin"

    def image(self, version: int) -> bytes:
        return image(version) if self.is_host else (self.built / f"{version}.bin").read_bytes()

    def fill(self, *versions: int, record: JournalRecord | None = None) -> None:
        """Puts images of these versions into bank A and B."""
        with Flash(self.flash) as flash:
            for bank, version in enumerate(versions):
                content = self.image(version)
                flash.cells[BANK_STARTS[bank] : BANK_STARTS[bank] + len(content)] = content
            if record is not None:
                append_record(flash, record)

    def start(self, *options: str) -> "Running":
        return Running(self, options)


class Running:
    """A started machine with its line open."""

    def __init__(self, kind: Kind, options: tuple[str, ...]) -> None:
        if kind.is_host:
            self.probe: HostProbe | QemuProbe = HostProbe(kind.built, "--flash", str(kind.flash), *options)
            flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK
            self.fds = [os.open(path, flags) for path in (self.probe.line_path, self.probe.bench_path)]
        else:
            self.probe = QemuProbe(kind.built / "boot.elf", kind.flash)
            self.fds = [s.detach() for s in (self.probe.connect_line(), self.probe.connect_bench())]
            for fd in self.fds:
                os.set_blocking(fd, False)
            self.probe.start()
        self.line = Line(self.fds[0])

    def stimulate(self, stimulus: int, value: int) -> None:
        message = bytes([0x30, stimulus]) + value.to_bytes(4, "little", signed=True)
        os.write(self.fds[1], encode_frame(message))

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *error: object) -> None:
        for fd in self.fds:
            os.close(fd)
        self.probe.__exit__(*error)


@pytest.fixture(params=["host", pytest.param("mps2", marks=pytest.mark.slow)])
def kind(request: pytest.FixtureRequest) -> Kind:
    made = Kind(request)
    made.fill(1)
    return made


def test_bytes_come_back_whole_and_in_order(kind: Kind):
    sent = bytes(range(0x80, 0x100)) * 10
    with kind.start() as running:
        os.write(running.line.fd, sent)
        assert running.line.exactly(len(sent)) == sent


def test_a_reset_leaves_the_line_open_and_changes_the_boot_id(kind: Kind):
    with kind.start() as running:
        first = running.line.state()
        assert first == State(1, BootReason.POWER, 0, 0, 1)
        os.write(running.line.fd, b"R")
        assert running.line.state(after=1) == State(2, BootReason.REQUEST, 0, 0, 1)


def test_the_answer_before_a_reset_still_leaves(kind: Kind):
    with kind.start() as running:
        running.line.state()
        os.write(running.line.fd, b"x" * 300 + b"\nR")
        assert running.line.line() == "x" * 300


def test_a_hang_ends_with_the_watchdog(kind: Kind):
    with kind.start() as running:
        running.line.state()
        os.write(running.line.fd, b"H")
        assert running.line.state(after=1).reason == BootReason.WATCHDOG


def test_stimuli_come_over_the_side_channel_and_noise_does_not(kind: Kind):
    with kind.start() as running:
        running.line.state()
        os.write(running.fds[1], b"noise\0\0" + encode_frame(b"\x31\0\0\0\0\0") + encode_frame(b"\x30\1"))
        running.stimulate(Stimulus.PROBE_TEMPERATURE_DC, 431)
        assert running.line.line() == f"{int(Stimulus.PROBE_TEMPERATURE_DC)} 431"


def test_a_power_cut_during_the_start_is_followed_by_another_start(kind: Kind):
    with kind.start() as running:
        running.line.state()
        running.stimulate(Stimulus.CUT_FLASH_AFTER, 0)
        running.line.line()
        os.write(running.line.fd, b"R")
        assert running.line.state(after=1) == State(2, BootReason.POWER, 0, 0, 1)


def test_flash_outlives_the_power(kind: Kind):
    kind.fill(1, 2)
    with kind.start() as running:
        running.line.state()
        assert [running.line.ask(letter) for letter in (b"B", b"M")] == ["0", "0"]
    with kind.start() as running:
        assert running.line.state() == State(2, BootReason.POWER, 1, 1, 2)
        assert [running.line.ask(letter) for letter in (b"B", b"C", b"B")] == ["1", "0", "0"]
        running.line.settle()
        os.write(running.line.fd, b"R")
        assert running.line.state(after=2) == State(3, BootReason.REQUEST, 1, 0, 2)


def test_a_start_after_an_update_says_so(kind: Kind):
    kind.fill(1, 2)
    with kind.start() as running:
        running.line.state()
        running.line.ask(b"M")
        os.write(running.line.fd, b"R")
        assert running.line.state(after=1) == State(2, BootReason.UPDATE, 1, 1, 2)


def test_an_image_that_hangs_loses_its_tries(kind: Kind):
    kind.fill(1, 2, record=JournalRecord(pending=1))
    with kind.start() as running:
        banks = []
        for n_starts in range(BOOT_TRIES + 1):
            banks.append(running.line.state(after=n_starts).bank)
            os.write(running.line.fd, b"H")
        assert banks == [1] * BOOT_TRIES + [0]


def test_rot_in_the_active_bank_starts_the_other(kind: Kind):
    kind.fill(1, 2)
    with Flash(kind.flash) as flash:
        flash.cells[BANK_STARTS[0] + 0x200] ^= 1
    with kind.start() as running:
        assert running.line.state() == State(1, BootReason.POWER, 1, 0, 2)


def test_with_no_image_it_stays_silent_and_alive(kind: Kind):
    kind.flash.write_bytes(b"\xff" * FLASH_SIZE)
    with kind.start() as running:
        os.write(running.line.fd, b"??")
        time.sleep(0.3)
        assert running.line.settle() == b""
        if isinstance(running.probe, QemuProbe):
            running.probe.command("query-status")
        else:
            assert running.probe.process.poll() is None


def test_the_clock_counts_microseconds_from_the_start(kind: Kind):
    with kind.start() as running:
        assert_clock_runs(running.line, drift=0.0)


def assert_clock_runs(line: Line, drift: float) -> None:
    """Between two looks as much passes as at most did here, and at least: no timing of ours comes in."""
    line.state()
    earliest = time.monotonic()
    first_us = int(line.ask(b"T"))
    latest = time.monotonic()
    time.sleep(0.5)
    then_earliest = time.monotonic()
    passed_s = (int(line.ask(b"T")) - first_us) % (1 << 32) / 1e6 / (1 + drift)
    assert then_earliest - latest - 1e-3 <= passed_s <= time.monotonic() - earliest + 1e-3


@pytest.mark.slow
def test_qemu_stops_goes_on_and_resets(request: pytest.FixtureRequest, mps2_folder: Path, tmp_path: Path):
    flash = tmp_path / "flash.bin"
    request.getfixturevalue("firmware").make_factory_flash(mps2_folder / "1.bin", flash)
    with QemuProbe(mps2_folder / "boot.elf", flash) as probe, probe.connect_line() as line:
        probe.start()
        probe.stop()
        line.sendall(b"late")
        probe.cont()
        os.set_blocking(line.fileno(), False)
        assert Line(line.fileno()).exactly(4) == b"late"
        probe.reset()
        assert Line(line.fileno()).state(after=1).reason == BootReason.POWER


@pytest.mark.slow
def test_qemu_ends_when_whoever_started_it_is_killed(request: pytest.FixtureRequest, mps2_folder: Path, tmp_path: Path):
    flash = tmp_path / "flash.bin"
    request.getfixturevalue("firmware").make_factory_flash(mps2_folder / "1.bin", flash)
    starting = (
        "import sys; from pathlib import Path; from tools.bridge.qemu import QemuProbe;"
        "print(QemuProbe(*map(Path, sys.argv[1:])).pid, flush=True); sys.stdin.read()"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", starting, mps2_folder / "boot.elf", flash],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    emulator = os.pidfd_open(int(starter.stdout.readline()))
    starter.kill()
    starter.communicate()
    assert select.select([emulator], [], [], SOON_S)[0], "the emulator goes on alone"
    os.close(emulator)


# ------------------------------------------------------------------------------------------- the host process alone


@pytest.fixture
def start(host_binary: Path) -> Iterator[Callable[..., tuple[HostProbe, Line]]]:
    running: list[tuple[HostProbe, int]] = []

    def started(*options: str) -> tuple[HostProbe, Line]:
        probe = HostProbe(host_binary, *options)
        fd = os.open(probe.line_path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        running.append((probe, fd))
        return probe, Line(fd)

    yield started
    for probe, fd in running:
        os.close(fd)
        probe.kill()


def test_without_a_flash_file_it_is_fresh_from_the_factory(start):
    assert start()[1].state() == State(1, BootReason.POWER, 0, 0, 1)


def test_the_line_is_raw(start):
    _, line = start()
    flags = termios.tcgetattr(line.fd)
    assert flags[3] & (termios.ECHO | termios.ICANON | termios.ISIG) == 0
    sent = b"\r\n\x03\x04\x11\x13\x7f\x00\xff"
    os.write(line.fd, sent)
    assert line.exactly(len(sent)) == sent


def test_links_lead_to_the_ptys_and_go_with_the_process(start, tmp_path: Path):
    links = [tmp_path / "line", tmp_path / "bench"]
    links[0].symlink_to("/nowhere")
    probe, _ = start("--link", str(links[0]), "--bench-link", str(links[1]))
    assert [link.readlink() for link in links] == [probe.line_path, probe.bench_path]
    probe.process.send_signal(signal.SIGTERM)
    assert probe.process.wait(SOON_S) == 0
    assert not any(link.is_symlink() for link in links)


def test_it_ends_when_whoever_started_it_is_gone(start):
    probe, line = start()
    line.state()
    probe.process.stdin.close()
    assert probe.process.wait(SOON_S) == 0
    probe.process.stdin = None


def test_a_power_cut_ends_it_if_asked(start):
    probe, line = start("--cut-exit")
    line.state()
    bench = os.open(probe.bench_path, os.O_RDWR | os.O_NOCTTY)
    os.write(bench, encode_frame(bytes([0x30, Stimulus.CUT_FLASH_AFTER, 0, 0, 0, 0])))
    os.close(bench)
    line.line()
    os.write(line.fd, b"R")
    assert probe.process.wait(SOON_S) == 3


def test_a_paced_line_loses_nothing(start):
    _, line = start("--baud", "230400")
    sent = bytes(range(0x80, 0x100)) * 30
    os.write(line.fd, sent)
    assert line.exactly(len(sent)) == sent


def test_what_the_receive_buffer_does_not_hold_is_lost(start):
    _, line = start("--rx-buffer", "10")
    line.state()
    os.write(line.fd, b"x" * 100)
    assert line.exactly(10) == b"x" * 10
    os.write(line.fd, b"\n")
    assert len(line.line()) < 90


def test_the_clock_drifts_as_told(start):
    assert_clock_runs(start("--drift", "50000")[1], drift=0.05)


def test_the_clock_wraps(start):
    _, line = start("--start-us", str((1 << 32) - 200_000))
    assert_clock_runs(line, drift=0.0)
    assert int(line.ask(b"T")) < 1 << 31


def test_a_seed_gives_the_clock_its_start(start):
    def read(*options: str) -> int:
        return int(start(*options)[1].ask(b"T"))

    first, again, other = read("--seed", "7"), read("--seed", "7"), read("--seed", "8")
    assert (again - first) % (1 << 32) < SOON_S * 1e6 or (first - again) % (1 << 32) < SOON_S * 1e6
    assert min((other - first) % (1 << 32), (first - other) % (1 << 32)) > SOON_S * 1e6


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--baud", "fast"], "--baud takes a whole number"),
        (["--drift", "1e3"], "--drift"),
        (["--start-us", "4294967296"], "--start-us"),
        (["surplus"], "surplus"),
        (["--flash", "/nowhere/flash.bin"], "No such file"),
    ],
)
def test_a_wrong_option_is_named(host_binary: Path, options: list[str], said: str):
    done = subprocess.run([host_binary, *options], capture_output=True, text=True, timeout=SOON_S)
    assert done.returncode != 0
    assert said in done.stderr


def test_a_flash_file_that_is_too_short_is_named(host_binary: Path, tmp_path: Path):
    (tmp_path / "flash.bin").write_bytes(b"short")
    done = subprocess.run([host_binary, "--flash", tmp_path / "flash.bin"], capture_output=True, text=True)
    assert (done.returncode, "shorter than 1 MiB" in done.stderr) == (1, True)
    assert (tmp_path / "flash.bin").read_bytes() == b"short"
