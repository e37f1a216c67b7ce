"""A camera that misbehaves, seen from the command line; tests/source has the simulated camera's own tests."""

import errno

import pytest

from edge.exam.folder import RunFolder

pytestmark = pytest.mark.usefixtures("cartilage_model")
QUICK = ("--runtime", "onnx", "--precision", "int8")
READY = "import edge.app.session, edge.runtime.onnx"
"""Loaded before the camera is opened, whose own time runs from then on."""


@pytest.fixture
def scan(sonoedge, shim):
    """`sonoedge run` on the simulated camera, with the shim's switches."""

    def run(*options, prelude="", **switches):
        told = [f"SHIM_{name.upper()}={value}" for name, value in switches.items()]
        within = ("env", f"LD_PRELOAD={shim}", *told)
        command = ("run", "cartilage", "--source", "camera:0", "--out", "kept")
        return sonoedge(*command, *QUICK, *options, within=within, prelude=prelude)

    return run


def test_a_camera_that_another_program_holds(scan, tmp_path):
    ended = scan(open_errno=errno.EBUSY)
    assert ended.code == 1
    assert "another program" in ended.error_line
    assert not (tmp_path / "kept").exists()


def test_a_camera_that_is_unplugged_and_stays_away(scan, tmp_path):
    ended = scan(unplug_after=60, prelude=f"{READY}; import edge.loop.capture as c; c.REPLUG_WAIT_S = 1")
    assert ended.code == 1
    assert "was unplugged" in ended.error_line
    findings = list(RunFolder(tmp_path / "kept").findings())
    assert findings and (tmp_path / "kept" / "video-001.mkv").stat().st_size > 0
    assert f"{len(findings)} frame" in ended.out


def test_a_camera_that_is_plugged_in_again(scan, tmp_path):
    ended = scan("--frames", "80", unplug_after=60, replug_ms=1500, prelude=READY)
    assert ended.code == 0, ended.err
    assert "was unplugged" in ended.err and "frames come again" in ended.err
    assert len(list(RunFolder(tmp_path / "kept").findings())) == 80


def test_a_camera_that_is_connected_and_sends_nothing(scan, tmp_path):
    ended = scan(stall_after=60, prelude=READY)
    assert ended.code == 1
    assert "connected but sends no frames" in ended.error_line
    assert (tmp_path / "kept" / "findings.jsonl").stat().st_size > 0
