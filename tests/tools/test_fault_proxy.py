"""The bad cable as somebody on the bench uses it: as a program of its own, with signals."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.errors import LinkLostError, PortNotFoundError
from firmware_bridge.line.transport.contract import Transport
from firmware_bridge.line.transport.table import open_transport

ROOT = Path(__file__).parents[2]
SOON_S = 60.0


class Bench:
    """A device on a unix socket, and the proxy before it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.link = folder / "probe"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(folder / "device"))
            server.listen()
            server.settimeout(SOON_S)
            self.proxy = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tools.fault_proxy", f"unix:{folder}/device"),
                    *("--link", str(self.link), *options),
                ],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            self.device, _ = server.accept()
        self.device.settimeout(SOON_S)
        self.greeting = [self.line() for _ in range(5)]

    def line(self) -> str:
        return self.proxy.stdout.readline()

    def end(self) -> tuple[int, str, str]:
        out, err = self.proxy.communicate(timeout=SOON_S)
        return self.proxy.returncode, out, err

    def close(self) -> None:
        self.device.close()
        self.proxy.kill()
        self.proxy.communicate()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, "--double", "1", "--delay", "0..1", "--seed", "3")
    yield bench
    bench.close()


def receive(line: socket.socket | Transport, n: int) -> bytes:
    data = b""
    while len(data) < n:
        part = line.recv(n - len(data)) if isinstance(line, socket.socket) else line.read(SOON_S)
        assert part
        data += part
    return data


def test_it_says_where_the_program_finds_its_port_and_how_to_unplug(bench: Bench) -> None:
    text = "".join(bench.greeting)
    assert f"{bench.link.readlink()}  (always: {bench.link})" in text
    assert "100 % of bytes doubled, 0 to 1 ms late, seed 3" in text
    assert f"kill -USR1 {bench.proxy.pid}" in text


def test_faults_both_ways_and_a_count_at_the_end(bench: Bench) -> None:
    with open_transport(str(bench.link)) as program:
        program.write(b"ab")
        assert receive(bench.device, 4) == b"aabb"
        bench.device.sendall(b"xyz")
        assert receive(program, 6) == b"xxyyzz"
    bench.proxy.send_signal(signal.SIGINT)
    code, out, err = bench.end()
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["bytes", "damaged", "dropped", "doubled", "unplugged"],
        ["to", "the", "probe", "2", "0", "0", "2", "0"],
        ["from", "the", "probe", "3", "0", "0", "3", "0"],
    ]
    assert not bench.link.is_symlink()


def test_unplugging_and_plugging_in(bench: Bench) -> None:
    with open_transport(str(bench.link)) as program:
        bench.proxy.send_signal(signal.SIGUSR1)
        with pytest.raises(LinkLostError):
            while True:
                program.read(SOON_S)
    assert "unplugged" in bench.line()
    with pytest.raises(PortNotFoundError):
        open_transport(str(bench.link))
    bench.proxy.send_signal(signal.SIGUSR1)
    told = bench.line()
    assert f"plugged in: the program's port is {bench.link.readlink()}\n" in told
    with open_transport(str(bench.link)) as program:
        bench.device.sendall(b"again")
        assert receive(program, 10) == b"aaggaaiinn"


def test_a_device_that_goes_away_ends_it(bench: Bench) -> None:
    bench.device.close()
    code, _, err = bench.end()
    assert code == 1
    assert "fault_proxy: unix:" in err
    assert "is gone" in err


def test_a_file_in_the_place_of_the_link_is_kept(tmp_path: Path) -> None:
    (tmp_path / "probe").write_text("precious")
    bench = Bench(tmp_path)
    try:
        code, out, err = bench.end()
        assert (code, out) == (1, "")
        assert "exists and is no link" in err
        assert (tmp_path / "probe").read_text() == "precious"
    finally:
        bench.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["/nowhere/ttyACM0"], "there is no serial port /nowhere/ttyACM0"),
        (["/dev/ttyACM0", "--damage", "2"], "expected none below 0 and a sum of at most 1"),
        (["/dev/ttyACM0", "--delay", "5-6"], "'5-6' is no delay; write 20 or 0..60, in ms"),
    ],
)
def test_wrong_arguments(arguments: list[str], told: str) -> None:
    command = [sys.executable, "-m", "tools.fault_proxy", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SOON_S)
    assert ended.returncode != 0
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
