"""The factory's flash file starts, and a step that fails says what its program said."""

import subprocess
import sys
from pathlib import Path

import pytest

from firmware_bridge.device import boot
from firmware_bridge.device.flash import Flash
from firmware_bridge.device.journal import newest_record
from firmware_bridge.errors import ImageDamagedError
from firmware_bridge.firmware_image import FirmwareVersion, unsigned_image
from firmware_bridge.line.messages import HARDWARE_ID
from tools.firmware import FirmwareToolError, build, make_factory_flash, sign


def test_the_factorys_flash_starts_its_image_and_keeps_its_minimum(tmp_path: Path):
    content = unsigned_image(b"program", FirmwareVersion(3, 2, 1, 0), HARDWARE_ID, security_counter=5)
    (tmp_path / "image.bin").write_bytes(content + b"behind")
    make_factory_flash(tmp_path / "image.bin", tmp_path / "flash.bin")
    with Flash(tmp_path / "flash.bin") as flash:
        assert newest_record(flash).minimum_counter == 5
        started = boot.select(flash, HARDWARE_ID)
        assert (started.bank, started.on_trial, started.image.version) == (0, False, FirmwareVersion(3, 2, 1, 0))
        assert flash.read(boot.BANK_A_START + len(content), 6) == b"\xff" * 6


def test_a_damaged_image_is_not_put_into_a_flash_file(tmp_path: Path):
    (tmp_path / "image.bin").write_bytes(b"nothing of the kind")
    with pytest.raises(ImageDamagedError):
        make_factory_flash(tmp_path / "image.bin", tmp_path / "flash.bin")
    assert not (tmp_path / "flash.bin").exists()


def test_a_program_that_is_missing_is_named(tmp_path: Path):
    pytest.importorskip("imgtool", reason="images are made by MCUboot's imgtool: pip install imgtool")
    with pytest.raises(FirmwareToolError, match=r"app\.bin"):
        sign(tmp_path / "app.bin", tmp_path / "image.bin", None)


def test_a_compiler_that_is_missing_is_named(tmp_path: Path, compiler: str):
    with pytest.raises(FirmwareToolError, match="no-such-compiler"):
        build(tmp_path, "core.so", "CC=no-such-compiler")


def test_the_command_line_says_what_went_wrong(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "tools.firmware", "factory", "--folder", tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "app.signed.bin" in done.stderr
    assert "Traceback" not in done.stderr
