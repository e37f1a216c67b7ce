"""Orders to the probe of a run: scripts, keys at a terminal, other commands over the local socket."""

import json
import os
import pty
import select
import signal
import socket
import sys
import termios
import time
from pathlib import Path

import pytest

from edge.app.probe import run_socket
from edge.app.probe.keys import KeyReader, ProbeKeys
from edge.app.probe.opening import with_seed
from edge.app.probe.orders import FILE_NAME, ProbeControl
from edge.app.probe.run_socket import Request, RunSocket, ask_run, canonical
from edge.app.probe.script import ScriptPlayer, read_script
from edge.errors import SettingError
from firmware_bridge.device.simulator import SimulatedProbe
from firmware_bridge.host.probe import Probe


@pytest.fixture(scope="module")
def probe():
    with SimulatedProbe() as device, Probe(device.connect, name="sim:") as probe:
        yield probe


@pytest.fixture
def control(probe, tmp_path):
    probe.set(depth_mm=30.0, gain_db=0.0)
    probe.start_imaging()
    return ProbeControl(probe, tmp_path)


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path_factory):
    """Where no run of the user's is."""
    folder = tmp_path_factory.mktemp("r")
    monkeypatch.setattr(run_socket, "folders", lambda: (folder / "sonoedge",))
    return folder / "sonoedge"


def kept(folder):
    return [json.loads(line) for line in (folder / FILE_NAME).read_text().splitlines()]


# --------------------------------------------------------------------------------------------------------- the script
def script(tmp_path, text):
    path = tmp_path / "orders.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no order"),
        ("# nothing but a comment\n\n", "holds no order"),
        ("1 depth=35\nsoon freeze", "line 2: 'soon' is no time"),
        ("nan freeze", "line 1: 'nan' is no time"),
        ("-1 freeze", "line 1: '-1' is no time"),
        ("1", "line 1: '' is no order"),
        ("1 freez", "line 1: 'freez' is no order; write freeze, unfreeze, arm"),
        ("1 depth=35 freeze", "line 1: 'depth=35 freeze' is no order"),
        ("1 depth=", "line 1: 'depth=' is no setting"),
        ("5 freeze\n\n4 arm", "line 3: 4 s comes before 5 s above it"),
        ("1 dept=35", "line 1: there is no parameter 'dept'; did you mean depth"),
        ("0 freeze\n1 depth=35 depth=40", "line 2: depth is asked for twice"),
        ("1 depth=35cm", "line 1: depth is set in mm, not in 'cm'"),
        ("1 depth=900", "line 1: depth cannot be 900; this probe takes 15 to 80 mm"),
        ("1 depth=35.3", "line 1: depth cannot be 35.3 mm"),
        ("1 preset=knee", "line 1: there is no preset 'knee'"),
        (b"1 depth=35 \xb5", "is no text in UTF-8"),
        (b"0" * 1_000_001, "is larger than"),
    ],
)
def test_a_script_is_checked_whole_before_anything_is_done(probe, tmp_path, text, said):
    with pytest.raises(SettingError) as refused:
        read_script(script(tmp_path, text)).fitted(probe.parameter_table())
    assert said in str(refused.value)


def test_a_script_that_is_no_file_is_said(tmp_path):
    for path in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(SettingError, match="cannot be read"):
            read_script(path)


def test_a_script_is_played_in_time_and_what_was_done_when_is_kept(control, probe, tmp_path):
    text = "\ufeff0 depth=35 gain=-3 # both\n.1 freeze\n0.15 unfreeze\n0.2 transmit_power=0 depth=15 frequency=4\n9 arm"
    played = read_script(script(tmp_path, text)).fitted(probe.parameter_table())
    said = []
    with ScriptPlayer(played, control, said.append) as player:
        player.start()
        deadline_s = time.monotonic() + 10
        while len(said) < 4 and time.monotonic() < deadline_s:
            time.sleep(0.01)
    rows = kept(tmp_path)
    assert [(row["line"], row["order"]) for row in rows[:3]] == [
        (1, "depth=35 gain=-3"),
        (2, "freeze"),
        (3, "unfreeze"),
    ]
    assert [row["by"] for row in rows] == ["script"] * 4
    assert [row["planned_ns"] - rows[0]["planned_ns"] for row in rows[:3]] == [0, 100_000_000, 150_000_000]
    assert all(row["planned_ns"] <= row["asked_ns"] <= row["done_ns"] for row in rows)
    assert rows[0]["epoch"] == probe.parameters().epoch - (rows[3]["refusal"] == "")
    assert "1 of 5 orders" in player.failure() and "not due yet" in player.failure()


def test_what_the_probe_refuses_is_kept_told_and_counted_and_the_script_goes_on(control, probe, tmp_path):
    probe.stop_imaging()
    played = read_script(script(tmp_path, "0 arm\n0 depth=40")).fitted(probe.parameter_table())
    said = []
    with ScriptPlayer(played, control, said.append) as player:
        player.start()
        player._thread.join(10)
    assert player.failure().startswith("1 of 2 orders") and player.failure().endswith("were refused")
    refused, done = kept(tmp_path)
    assert "arm was refused" in refused["refusal"] and "arm was refused" in said[0]
    assert (done["refusal"], probe.parameters().depth_mm) == ("", 40.0)


# ------------------------------------------------------------------------------------------------------------ the keys
def test_keys_come_out_of_bytes_however_they_are_cut():
    came = b"f\x1b[A\x1bOB\x1b[CA\x1b[D\x1b[Hx\xff"
    whole = list(KeyReader().keys(came))
    assert whole == ["f", "up", "down", "right", "a", "left", "x", "\ufffd"]
    reader = KeyReader()
    assert [key for byte in came for key in reader.keys(bytes([byte]))] == whole


def test_keys_set_depth_gain_freeze_and_transmit(control, probe, tmp_path):
    said = []
    press = ProbeKeys(control, said.append)
    for key in ("down", "up", "up", "right", "left", "left", "f", "q"):
        press(key)
    assert probe.line.wait_until(lambda: probe.doing() is not None and probe.doing().frozen, 5)
    press("f")
    assert probe.line.wait_until(lambda: not probe.doing().frozen, 5)
    press("a")
    assert [row["order"] for row in kept(tmp_path)] == said
    assert said == ["depth=35", "depth=30", "depth=25", "gain=2", "gain=0", "gain=-2", "freeze", "unfreeze", "arm"]
    probe.set(depth_mm=79.0)
    press("down")
    press("down")
    probe.stop_imaging()
    press("a")
    assert said[9:11] == ["depth=80", "depth is 80 mm, and this probe goes no further"]
    assert "arm was refused" in said[11]


CHILD = """
import os, sys, time
from edge.app.console import stopping_by_signal
from edge.app.probe import keys
keys.ProbeKeys = lambda control, tell: lambda key: print("key", key, flush=True)
how, ended = sys.argv[1], []
with keys.terminal_keys(object(), print) as put_back:
    with stopping_by_signal(lambda name: (ended.append(name), put_back())):
        print("ready", flush=True)
        while not ended:
            time.sleep(0.01)
            if how == "error" and os.path.exists(sys.argv[2]):
                raise RuntimeError("on purpose")
        while how == "twice":
            time.sleep(0.01)
"""


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGQUIT", "error", "twice"])
def test_the_terminal_is_as_it_was_however_a_run_ends(tmp_path, how):
    flag = tmp_path / "flag"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", CHILD, how, str(flag)])
    before = termios.tcgetattr(terminal)
    said = _until(terminal, b"ready")
    deadline_s = time.monotonic() + 10
    while termios.tcgetattr(terminal)[3] == before[3] and time.monotonic() < deadline_s:
        time.sleep(0.01)
    os.write(terminal, b"\x1b[A")
    said += _until(terminal, b"key up")
    assert b"keys: up, down: depth" in said and b"^[" not in said
    flag.touch()
    if how != "error":
        os.kill(pid, signal.SIGTERM if how == "twice" else signal.Signals[how])
    while how == "twice" and termios.tcgetattr(terminal)[3] != before[3] and time.monotonic() < deadline_s:
        time.sleep(0.01)
    if how == "twice":
        os.kill(pid, signal.SIGTERM)
    _until(terminal, b"\0never\0")
    os.waitpid(pid, 0)
    assert termios.tcgetattr(terminal) == before
    os.close(terminal)


def _until(terminal, wanted):
    """What was said up to `wanted`, or to the end."""
    said, deadline_s = b"", time.monotonic() + 20
    while wanted not in said and time.monotonic() < deadline_s:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                said += os.read(terminal, 4096)
            except OSError:
                return said
    return said


# ---------------------------------------------------------------------------------------------------------- the socket
@pytest.fixture
def reached(control):
    said = []
    with RunSocket(control, "sim:drift=3", said.append) as server:
        assert server.problem == ""
        yield said


def test_another_command_sets_and_asks_the_probe_of_a_run(sonoedge, control, probe, reached, tmp_path):
    ended = sonoedge("probe", "set", "sim:", "depth=35", "gain=-3")
    assert ended.code == 0, ended.err
    assert "30 -> 35 mm" in ended.out and (probe.parameters().depth_mm, probe.parameters().gain_db) == (35.0, -3.0)
    refused = sonoedge("probe", "set", "sim:drift=3", "depth=999")
    assert refused.code == 1 and "allowed: 15 to 80 mm" in refused.error_line
    told = json.loads(sonoedge("probe", "info", "sim:", "--json").out)
    assert told["parameters"]["depth_mm"] == 35.0
    assert told["identity"]["serial_number"] == probe.identity().serial_number
    for action in ("freeze", "unfreeze", "arm", "disarm"):
        assert sonoedge("probe", action, "sim:").code == 0
    assert [row["by"] for row in kept(tmp_path)] == ["command"] * 6
    assert reached[0] == "by another command: depth=35 gain=-3"
    assert "no run of this user has the probe" in sonoedge("probe", "arm", "sim:drift=4").error_line


def test_of_several_runs_the_one_that_is_meant_must_be_named(reached, control, sonoedge):
    with RunSocket(control, "sim:", reached.append):
        both = sonoedge("probe", "set", "sim:", "depth=40")
        assert both.code == 1 and "2 runs have a probe at sim:" in both.error_line and "--run" in both.error_line
        assert ask_run("sim:drift=3", Request(action="freeze")) is not None
        with pytest.raises(SettingError, match="no run of process 1 has"):
            ask_run("sim:", Request(action="freeze"), process=1)


def test_a_socket_that_a_killed_run_left_is_removed_and_a_closed_one_is_gone(own_folder, control):
    with RunSocket(control, "sim:", print):
        left = own_folder / "probe-1-1.sock"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(left))
        assert ask_run("sim:", Request(action="freeze")) is not None
        assert not left.exists() and len(list(own_folder.iterdir())) == 1
    assert list(own_folder.iterdir()) == []
    assert ask_run("sim:", Request(action="freeze")) is None


def test_nonsense_and_silence_at_the_socket_do_no_harm(own_folder, reached, monkeypatch):
    monkeypatch.setattr(run_socket, "_REQUEST_S", 0.1)
    (path,) = own_folder.iterdir()
    nonsense = (b"", b"\n", b"{}\n", b'{"action": "explode"}\n', b'{"settings": 3}\n', b"\xff" * 200_000, b"silent")
    for sent in nonsense:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.settimeout(5)
            client.recv(1000)
            try:
                client.sendall(sent)
                if sent == b"silent":
                    assert client.recv(10) == b""
            except ConnectionError:
                pass
    assert ask_run("sim:drift=3", Request(action="freeze")) is not None


def test_nobody_else_may_enter_and_a_folder_of_another_is_not_used(own_folder, control, reached):
    (path,) = own_folder.iterdir()
    assert own_folder.stat().st_mode & 0o777 == 0o700 and path.stat().st_mode & 0o777 == 0o600
    own_folder.chmod(0o755)
    with RunSocket(control, "sim:", print) as server:
        assert "no other command can reach the probe" in server.problem and str(own_folder) in server.problem
    assert ask_run("sim:drift=3", Request(action="freeze")) is None
    own_folder.chmod(0o700)


def test_where_sockets_may_be(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert run_socket.folders()[0] == tmp_path / "sonoedge"
    for strange in ("", "relative", str(tmp_path / "gone")):
        monkeypatch.setenv("XDG_RUNTIME_DIR", strange)
        assert all(folder.parent.is_dir() and folder.is_absolute() for folder in run_socket.folders())
        assert Path(f"/tmp/sonoedge-{os.geteuid()}") in run_socket.folders()


def test_one_probe_has_one_name_however_it_is_written(tmp_path):
    port, link = tmp_path / "ttyACM0", tmp_path / "by-id"
    port.touch()
    link.symlink_to(port)
    names = {
        canonical(f"{kind}{path}{speed}") for kind, speed in (("", ""), ("serial:", "@115200")) for path in (port, link)
    }
    assert names == {f"serial:{port}"}
    assert canonical("socket://LOCALHOST:1") == canonical("socket://localhost:1 ")


def test_the_seed_of_a_simulated_probe_is_drawn_where_it_can_be_told():
    assert with_seed("sim:").startswith("sim:seed=") and with_seed("sim:delay=0..60").endswith(",delay=0..60")
    for named in ("/dev/ttyACM0", "sim:seed=3", "sim:drift=2,seed=3,flash=f", "socket://h:1"):
        assert with_seed(named) == named
    assert "seed=" in with_seed("sim:flash=seed=3").partition("flash=")[0]
