"""The three devices for a measurement, fresh from the factory."""

from collections.abc import Iterator
from pathlib import Path

from tools import firmware
from tools.bridge.devices import CortexProbe, ProbeDevice, ProcessProbe, PythonProbe
from tools.bridge.qemu import missing_for_qemu


def devices(folder: Path) -> Iterator[ProbeDevice]:
    """One after the other, each switched off. What cannot be made is told and left out."""
    yield python_probe(folder)
    yield process_probe(folder)
    if missing := missing_for_qemu():
        print(f"| emulated Cortex-M3 | {missing} |")
        return
    firmware.build(folder, "mps2")
    firmware.sign(folder / "app.bin", folder / "app.signed.bin", None)
    firmware.make_factory_flash(folder / "app.signed.bin", folder / "cortex.bin")
    yield CortexProbe(folder / "cortex.bin", folder / "boot.elf")


def python_probe(folder: Path) -> PythonProbe:
    return PythonProbe(_factory_flash(folder, "python"))


def process_probe(folder: Path, *options: str) -> ProcessProbe:
    """Builds it, without sanitizers. `options`: see `probe --help`."""
    firmware.build(folder, "host")
    return ProcessProbe(_factory_flash(folder, "process"), folder / "probe", *options)


def _factory_flash(folder: Path, name: str) -> Path:
    program, signed, flash = (folder / f"{name}.{part}" for part in ("program", "signed", "flash"))
    program.write_bytes(bytes(1024))
    firmware.sign(program, signed, None)
    firmware.make_factory_flash(signed, flash)
    return flash
