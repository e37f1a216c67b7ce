"""`sonoedge probe` as a user types it, on the simulated probe and on lines where no probe is."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import tty
from contextlib import contextmanager

import pytest
from rich.console import Console

from edge.app.probe.info import ask_facts, facts_view
from edge.app.probe.watch_view import watch_view
from edge.app.probe.watching import Display, WatchOptions, follow
from firmware_bridge.device.simulator import SimulatedProbe
from firmware_bridge.host.probe import Probe
from firmware_bridge.line import messages as wire
from firmware_bridge.line.framing import Deframer, encode_frame
from firmware_bridge.line.link import FrameKind


@contextmanager
def line_with(answer):
    """A pty with something at its other end that says `answer(bytes that came)`; the path to open."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    path, ended = os.ttyname(slave), threading.Event()

    def speak() -> None:
        os.set_blocking(master, False)
        while not ended.wait(0.01):
            try:
                came = os.read(master, 4096)
            except BlockingIOError:
                came = b""
            except OSError:
                return
            said = answer(came)
            if said:
                os.write(master, said)

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        yield path
    finally:
        ended.set()
        speaker.join()
        os.close(master)
        os.close(slave)


def older_probe():
    """Answers each greeting as a device of protocol version 0 does."""
    deframer = Deframer()

    def answer(came: bytes) -> bytes:
        said = b""
        for payload in deframer.feed(came):
            session = payload[0] & 0x1F
            body = b"SONO" + (0).to_bytes(2, "little") + bytes(8) + (77).to_bytes(4, "little")
            said += encode_frame(bytes((FrameKind.WELCOME << 5 | session, 0, 0)) + body)
        return said

    return answer


def test_info_shows_every_parameter_preset_and_counter_within_80_columns(sonoedge, environment):
    environment["COLUMNS"] = "80"
    ended = sonoedge("probe", "info", "sim:seed=3")
    assert ended.code == 0, ended.err
    for row in wire.PARAMETERS:
        assert row.name in ended.out
    for preset in wire.PRESETS:
        assert preset.name in ended.out
    for said in (wire.MODEL, "not armed yet", "MI", "battery", "frames damaged", "in bank A, confirmed", "0.5"):
        assert said in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_info_as_json(sonoedge):
    facts = json.loads(sonoedge("probe", "info", "sim:", "--json").out)
    assert facts["identity"]["model"] == wire.MODEL
    assert facts["identity"]["boot_reason"] == "power"
    assert facts["parameters"]["depth_mm"] == 30.0
    assert len(facts["parameter_table"]) == len(wire.PARAMETERS)
    assert facts["doing"]["off"] == "not_armed" and facts["fault"] is None
    assert facts["telemetry"]["mi"] > 0
    assert facts["link"]["probe"]["damaged"] == facts["link"]["host"]["link"]["damaged"] == 0


def test_set_shows_before_and_after(sonoedge):
    ended = sonoedge("probe", "set", "sim:", "depth=35mm", "gain=-3", "tgc_3=4dB")
    assert ended.code == 0, ended.err
    assert [line.split() for line in ended.out.splitlines()] == [
        ["depth", "30", "->", "35", "mm"],
        ["gain", "0", "->", "-3", "dB"],
        ["tgc_3", "0", "->", "4", "dB"],
    ]


def test_set_takes_the_names_of_the_records_too(sonoedge):
    ended = sonoedge("probe", "set", "sim:", "transmit_power_db=-8")
    assert ended.code == 0, ended.err
    assert ended.out.split() == ["transmit_power", "-6", "->", "-8", "dB"]


def test_set_shows_what_a_preset_changed_along_with_it(sonoedge):
    ended = sonoedge("probe", "set", "sim:", "preset=nerve")
    rows = [line.split() for line in ended.out.splitlines()]
    assert ["preset", "musculoskeletal", "->", "nerve"] in rows
    assert ["frequency", "10", "->", "12", "MHz"] in rows and ["focus", "15", "->", "10", "mm"] in rows


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["depth=900"], ("900 mm", "15 to 80 mm")),
        (["gain=1", "depth=30.2"], ("30.2", "30 and 30.5")),
        (["frequency=4", "transmit_power=0"], ("mechanical index", "1.9")),
        (["preset=spleen"], ("spleen", "cartilage")),
        (["dept=35"], ("dept", "did you mean depth?")),
        (["depth=3.5cm"], ("mm", "cm")),
        (["depth"], ("NAME=VALUE",)),
    ],
    ids=lambda value: value[0],
)
def test_a_refusal_says_what_was_asked_what_is_allowed_and_that_nothing_changed(sonoedge, settings, said):
    ended = sonoedge("probe", "set", "sim:", *settings)
    assert ended.code == 1
    assert ended.out == ""
    assert "nothing was changed" in ended.error_line.lower()
    for part in said:
        assert part in ended.error_line


def test_selftest_says_each_test(sonoedge):
    ended = sonoedge("probe", "selftest", "sim:")
    assert ended.code == 0, ended.err
    assert [line.split() for line in ended.out.splitlines()][2] == ["front", "end", "passed"]
    assert ended.out.count("passed") == 5


def test_a_failed_selftest_is_exit_code_1(sonoedge):
    prelude = """
import firmware_bridge.host.probe as p
p.Probe.self_test = lambda self: p.SelfTestReport(("memory", "flash"), ("flash",))
"""
    ended = sonoedge("probe", "selftest", "sim:", prelude=prelude)
    assert ended.code == 1
    assert [line.split()[-1] for line in ended.out.splitlines()] == ["passed", "FAILED", "run", "run", "run"]
    assert "Traceback" not in ended.err


def test_watch_in_a_pipe_gives_lines_and_the_probe_transmits_only_where_asked(sonoedge):
    quiet = sonoedge("probe", "watch", "sim:", "--seconds", "0.3")
    assert quiet.code == 0, quiet.err
    assert "transmit off: not armed yet; imaging off" in quiet.out and "transmit on" not in quiet.out
    armed = sonoedge("probe", "watch", "sim:", "--seconds", "0.5", "--arm")
    assert "transmit on" in armed.out and "exposures/s" in armed.out and "MI" in armed.out
    assert "transmit off: imaging stopped" in armed.out.splitlines()[-1]


def test_watch_as_json(sonoedge):
    ended = sonoedge("probe", "watch", "sim:", "--seconds", "0.6", "--start", "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    changes = [line for line in lines if line.get("event") == "TransmitChanged"]
    assert [change["flags"] for change in changes][-2:] == [["imaging"], []]
    assert lines[-1]["exposures"] > 0 and lines[-1]["parameters"]["frame_rate_hz"] == 25
    assert lines[-1]["clock_uncertainty_us"] > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_watch_in_order(tmp_path, environment, number):
    command = [sys.executable, "-u", "-m", "edge.app.cli", "probe", "watch", "sim:", "--arm"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        assert any("transmit on" in line for line in watching.stdout)
        os.kill(watching.pid, number)
        _, err = watching.communicate(timeout=60)
    assert (watching.returncode, err) == (0, "")


def test_a_recorded_line_can_be_shown(sonoedge, tmp_path):
    ended = sonoedge("probe", "trace", "sim:", "--out", "line.trace", "--seconds", "0.5", "--arm")
    assert ended.code == 0, ended.err
    shown = sonoedge("probe", "trace", "line.trace")
    assert shown.code == 0
    for said in ("hello", "welcome", "action=arm", "Exposure", "HostHeartbeat", "action=stop"):
        assert said in shown.out
    again = sonoedge("probe", "trace", "sim:", "--out", "line.trace")
    assert again.code == 1 and "exists already" in again.error_line


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    """Signed images and the key: newer and older than what a simulated probe runs."""
    pytest.importorskip("imgtool", reason="images are made by MCUboot's imgtool: pip install imgtool")
    tool = pytest.importorskip("tools.firmware", reason="the checkout's tools are not importable: run python -m pytest")
    folder = tmp_path_factory.mktemp("firmware")
    (folder / "app.bin").write_bytes(bytes(range(251)) * 90)
    key, _ = tool.make_keys(folder)
    for name, version, signing in (("new", "1.2.3", key), ("old", "0.1.0", key), ("unsigned", "1.2.3", None)):
        tool.sign(folder / "app.bin", folder / f"{name}.bin", signing, version, security_counter=7)
    rotten = bytearray((folder / "new.bin").read_bytes())
    rotten[5000] ^= 1
    (folder / "rotten.bin").write_bytes(rotten)
    (folder / "key.pem").write_bytes((folder / tool.PUBLIC_KEY).read_bytes())
    return folder


def test_update_says_what_runs_before_and_after(sonoedge, firmware):
    ended = sonoedge("probe", "update", "sim:", firmware / "new.bin", "--key", firmware / "key.pem")
    assert ended.code == 0, ended.err
    assert "in bank A -> 1.2.3+0 in bank B, confirmed" in ended.out
    assert "sending" in ended.err and "lost" not in ended.err


@pytest.mark.parametrize(
    ("image", "said"),
    [("old.bin", "0.1.0"), ("unsigned.bin", "not signed"), ("rotten.bin", "SHA-256"), ("none.bin", "none.bin")],
)
def test_an_image_that_must_not_be_installed(sonoedge, firmware, image, said):
    ended = sonoedge("probe", "update", "sim:", firmware / image, "--key", firmware / "key.pem")
    assert ended.code == 1
    assert said in ended.error_line


def test_update_takes_the_key_that_the_user_keeps(sonoedge, firmware, environment, tmp_path):
    environment["XDG_CONFIG_HOME"] = str(tmp_path / "settings")
    kept = tmp_path / "settings" / "sonoedge" / "probe-key.pem"
    missing = sonoedge("probe", "update", "sim:", firmware / "new.bin")
    assert missing.code == 1
    assert "--key" in missing.error_line and str(kept) in missing.error_line
    kept.parent.mkdir(parents=True)
    kept.write_bytes((firmware / "key.pem").read_bytes())
    assert sonoedge("probe", "update", "sim:", firmware / "new.bin").code == 0


def test_update_names_the_extra_that_it_needs(sonoedge, firmware):
    prelude = "sys.modules['cryptography'] = None; sys.modules['cryptography.exceptions'] = None"
    command = ("probe", "update", "sim:", firmware / "new.bin", "--key", firmware / "key.pem")
    ended = sonoedge(*command, prelude=prelude)
    assert ended.code == 1
    assert "sonoedge[probe]" in ended.error_line


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/dev/ttyACM97", "no serial port /dev/ttyACM97"),
        ("serial:/dev/ttyACM97@115200", "no serial port /dev/ttyACM97"),
        ("serial:/dev/ttyACM97@fast", "'fast' is not a speed"),
        ("socket://127.0.0.1:1", "nothing listens"),
        ("socket://127.0.0.1:70000", "70000"),
        ("ttyACM0", "/dev/ttyACM0"),
        ("sim:colour=red", "colour"),
    ],
)
def test_an_address_where_nothing_is(sonoedge, address, said):
    ended = sonoedge("probe", "info", address)
    assert ended.code == 1
    assert said in ended.error_line


def test_a_run_says_what_is_wrong_with_the_address_too(sonoedge):
    ended = sonoedge("run", "cartilage", "--source", "phantom:cartilage", "--probe", "ttyACM0", "--frames", "1")
    assert ended.code == 1
    assert "'ttyACM0' is no address; write a port's path such as /dev/ttyACM0" in ended.error_line


def test_a_port_without_permission_names_the_group(sonoedge):
    prelude = """
import errno, serial
def refuse(*given, **named):
    raise serial.SerialException(errno.EACCES, "could not open port")
serial.Serial = refuse
"""
    ended = sonoedge("probe", "info", "/dev/null", prelude=prelude)
    assert ended.code == 1
    assert "usermod -aG" in ended.error_line and "group" in ended.error_line


def test_a_port_in_use_names_who_holds_it(sonoedge):
    with line_with(lambda came: b"") as path:
        code = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, 2); print(0, flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as holder:
            assert holder.stdout is not None and holder.stdout.readline() == "0\n"
            prelude = "import edge.app.probe.ports as p; p._PORT_PATHS = ('/dev/pts/',)"
            ended = sonoedge("probe", "info", path, prelude=prelude)
            holder.communicate("\n")
    assert ended.code == 1
    assert f"{path} is in use by" in ended.error_line and f"({holder.pid})" in ended.error_line


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda came: b"", "no answer"),
        (lambda came: b"$GPGGA,123519,4807.038,N\r\n", "no probe's answer"),
        (lambda came: came, "comes back"),
        (None, "speaks version 0"),
    ],
    ids=["silent", "a receiver of positions", "an echo", "an older probe"],
)
def test_what_is_no_probe_of_this_release(sonoedge, answer, said):
    with line_with(answer or older_probe()) as path:
        ended = sonoedge("probe", "info", path)
    assert ended.code == 1
    assert said in ended.error_line and path in ended.error_line


def test_a_port_is_asked_only_where_the_user_says_so(sonoedge, monkeypatch):
    from edge.app.probe import ports

    asked = []

    def note(came: bytes) -> bytes:
        asked.append(came)
        return b""

    with line_with(note) as path:
        monkeypatch.setattr(ports, "list_ports", lambda: [ports.ListedPort(path, "", (), "tty", True)])
        plain = sonoedge("probe", "list")
        assert plain.code == 0 and path in plain.out
        assert not any(asked)
        ended = sonoedge("probe", "list", "--ask")
    assert any(asked) and "no answer" in ended.out


def test_a_watch_outlives_the_loss_of_the_line():
    """The cable is pulled once the first word came; the watch ends when the probe is back."""
    seen = []
    with SimulatedProbe() as simulated, Probe(simulated.connect, name="bench") as probe:

        def note(shown):
            if not seen:
                simulated.unplug()
            seen.append(shown)

        def is_back() -> bool:
            return any("back after" in news.text for shown in seen for news in shown.news)

        follow(
            probe,
            Display(lambda *event: None, note, 0.02),
            lambda since_s: not is_back(),
            WatchOptions(False, True, False),
        )
    said = [news.text for news in seen[-1].news if news.kind == "line"]
    assert said[0].startswith("lost:") and said[-1].startswith("back after") and "not armed" in said[-1]
    assert seen[-1].ended and not seen[0].ended


def test_a_latched_fault_stands_on_the_screens_until_it_is_cleared():
    heat, cool = 520, 300
    with SimulatedProbe() as simulated, Probe(simulated.connect, name="bench") as probe:
        simulated.stimulate(wire.Stimulus.PROBE_TEMPERATURE_DC, heat)
        assert probe.line.wait_until(lambda: probe.fault() is not None, timeout_s=60)
        shown = text_of(facts_view(ask_facts(probe)))
        simulated.stimulate(wire.Stimulus.PROBE_TEMPERATURE_DC, cool)
        probe.clear_fault()
        assert probe.line.wait_until(lambda: probe.fault() is None, timeout_s=60)
    assert "the probe overheated (52.0 °C)" in shown


def test_the_live_screen_fits_a_small_terminal():
    seen = []
    with SimulatedProbe() as simulated, Probe(simulated.connect, name="bench") as probe:
        simulated.stimulate(wire.Stimulus.FRONT_END_FAULT, 1)
        for depth_mm in range(20, 29):
            probe.set(depth_mm=depth_mm)

        def note(shown):
            probe.set(depth_mm=30 + len(seen) % 2, frequency_mhz=10 + len(seen) % 2)
            seen.append(shown)

        shown = Display(lambda *event: None, note, 0.02)
        follow(probe, shown, lambda since_s: len(seen) < 12, WatchOptions(False, True, False))
    lines = text_of(watch_view(seen[-1])).splitlines()
    assert "settings" in "\n".join(lines) and any(line.startswith("fault") for line in lines)
    assert len(lines) <= 24 and max(map(len, lines)) <= 80


def text_of(view) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(view)
    return console.export_text()
