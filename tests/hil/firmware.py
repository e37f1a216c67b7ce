"""The firmware as the tests need it: built once, and images of it, signed or wrong on purpose."""

import shutil
from functools import cache
from pathlib import Path

import pytest

from firmware_bridge.line.messages import HARDWARE_ID
from tools import firmware
from tools.bridge.devices import CortexProbe, ProbeDevice, ProcessProbe, PythonProbe
from tools.bridge.qemu import missing_for_qemu

PYTHON, PROCESS, CORTEX = "python", "process", "cortex_m3"
KINDS = (PYTHON, PROCESS, pytest.param(CORTEX, marks=pytest.mark.slow))
"""The parameters of every test of a device."""

SMALL_PROGRAM = bytes(range(256)) * 20
"""What is updated where the image's code does not run: two sectors."""


class Firmware:
    """Everything that the three kinds of device are made of, in one folder. Each part is made when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.image = cache(self._image)
        self.binary = cache(self._binary)
        self._mps2 = cache(self._build_mps2)
        (folder / "small.bin").write_bytes(SMALL_PROGRAM)

    @property
    def public_key(self) -> Path:
        return firmware.make_keys(self.folder)[1]

    def device(self, kind: str, flash: Path, **options: int) -> ProbeDevice:
        """A device whose flash comes from the factory with version 1.0.0. Skips the test where it cannot be made."""
        self.factory(kind, flash)
        if kind == PYTHON:
            return PythonProbe(flash, _python_settings(**options))
        if kind == PROCESS:
            return ProcessProbe(flash, self.binary(), *_process_options(**options))
        return CortexProbe(flash, self._mps2() / "boot.elf")

    def factory(self, kind: str, flash: Path) -> None:
        firmware.make_factory_flash(self.image(kind, "1.0.0"), flash)

    def _image(
        self, kind: str, version: str, *, counter: int = 1, hardware_id: int = HARDWARE_ID, other_maker: bool = False
    ) -> Path:
        """A signed image for this kind of device."""
        pytest.importorskip("imgtool", reason="images are made by MCUboot's imgtool: pip install imgtool")
        program = self._mps2() / "app.bin" if kind == CORTEX else self.folder / "small.bin"
        makers = self.folder / "other" if other_maker else self.folder
        signed = self.folder / f"{program.stem}-{version}-{counter}-{hardware_id:x}-{other_maker}.bin"
        firmware.sign(program, signed, firmware.make_keys(makers)[0], version, counter, hardware_id)
        return signed

    def _binary(self) -> Path:
        if missing := [program for program in ("gcc", "make") if shutil.which(program) is None]:
            install = "apt-get install -y --no-install-recommends gcc make libc6-dev"
            pytest.skip(f"{', '.join(missing)} not installed: {install}")
        firmware.build(self.folder, f"{self.folder.resolve()}/probe_asan", "CC=gcc")
        return self.folder / "probe_asan"

    def _build_mps2(self) -> Path:
        if missing := missing_for_qemu():
            pytest.skip(missing)
        firmware.build(self.folder, "mps2")
        return self.folder


def _python_settings(drift_ppm: int = 0, start_us: int | None = None):
    from firmware_bridge.device.stepped_probe import SimulationSettings

    return SimulationSettings(drift_ppm=drift_ppm, seed=1, start_us=start_us)


def _process_options(drift_ppm: int = 0, start_us: int | None = None) -> list[str]:
    start = [] if start_us is None else ["--start-us", str(start_us)]
    return ["--drift", str(drift_ppm), *start]
