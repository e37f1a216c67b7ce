"""What is said of serial ports, with none there."""

import grp
import json
import os
import pty
import subprocess
import sys

import pytest

from edge.app.probe import ports
from edge.app.probe.ports import ListedPort, open_devices, serial_right


@pytest.mark.parametrize(
    ("held_by", "may_open", "state"),
    [
        ((), True, "free"),
        (("minicom (12)",), True, "in use by minicom (12)"),
        ((), False, "no permission: join the group 'dialout'"),
    ],
)
def test_the_state_of_a_port(held_by, may_open, state):
    assert ListedPort("/dev/ttyACM0", "a probe", held_by, "dialout", may_open).state == state


def test_who_holds_a_port_is_found_and_this_program_is_not_named(tmp_path, monkeypatch):
    """A pty stands for the port: it is known under /dev/pts, so that folder counts as one of ports here."""
    monkeypatch.setattr(ports, "_PORT_PATHS", ("/dev/pts/",))
    master, slave = pty.openpty()
    path = os.ttyname(slave)
    try:
        before = open_devices().get(path, ())
        code = "import sys; line = open(sys.argv[1], 'rb', 0); print('open', flush=True); sys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout is not None and other.stdout.readline() == b"open\n"
            held = open_devices()[path]
            other.communicate()
    finally:
        os.close(master)
        os.close(slave)
    assert before == ()
    assert len(held) == 1 and f"({other.pid})" in held[0]


@pytest.mark.parametrize(
    ("groups", "members", "expected"),
    [((20,), [], (True, False)), ((), ["me"], (False, True)), ((), [], (False, False))],
)
def test_the_right_to_open_ports(monkeypatch, groups, members, expected):
    monkeypatch.setattr(ports, "_user", lambda: "me")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: 1000)
    monkeypatch.setattr(os, "getgroups", lambda: list(groups))
    monkeypatch.setattr(grp, "getgrnam", lambda name: grp.struct_group((name, "x", 20, members)))
    right = serial_right()
    assert (right.member, right.member_next_login) == expected


@pytest.fixture
def no_ports(monkeypatch):
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [])


@pytest.mark.usefixtures("no_ports")
def test_a_machine_without_ports_is_told_what_to_look_at(sonoedge):
    ended = sonoedge("probe", "list")
    assert ended.code == 0
    assert "sim:" in ended.out and "no serial port" in ended.err and "cable" in ended.err
    assert json.loads(sonoedge("probe", "list", "--json").out) == []


def test_a_port_in_use_and_one_without_permission_are_listed(sonoedge, monkeypatch):
    found = [
        ListedPort("/dev/ttyACM0", "Probe", ("minicom (12)",), "dialout", True),
        ListedPort("/dev/ttyUSB7", "", (), "uucp", False),
    ]
    monkeypatch.setattr(ports, "list_ports", lambda: found)
    ended = sonoedge("probe", "list")
    assert "in use by minicom (12)" in ended.out and "uucp" in ended.out
    assert [row["state"] for row in json.loads(sonoedge("probe", "list", "--json").out)] == [
        "in use by minicom (12)",
        "no permission: join the group 'uucp'",
    ]


def test_the_doctor_says_how_to_come_to_the_right(sonoedge, monkeypatch):
    monkeypatch.setattr(
        ports,
        "serial_right",
        lambda: ports.SerialRight("dialout", "me", member=False, member_next_login=False, exists=True),
    )
    ended = sonoedge("doctor")
    assert ended.code == 0
    assert "usermod -aG dialout me" in " ".join(ended.out.split())


def test_the_doctor_names_the_extra_that_updates_need(sonoedge):
    prelude = """
import importlib.metadata as metadata
true = metadata.version
def version(name):
    if name == "cryptography":
        raise metadata.PackageNotFoundError(name)
    return true(name)
metadata.version = version
"""
    assert "sonoedge[probe]" in sonoedge("doctor", prelude=prelude).out
