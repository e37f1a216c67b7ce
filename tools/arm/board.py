"""Emulated boards: what QEMU is told, and the system files that the runtimes read to learn about the processor.

QEMU looks up absolute paths under the board's root first. Without these files the runtimes would read the host's, take
an x86 processor for an ARM one, and crash.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EMULATOR = "qemu-aarch64-static"


@dataclass(frozen=True)
class EmulatedBoard:
    """A processor, as it describes itself."""

    processor: str
    """QEMU's name."""
    part: str
    features: str
    """As in /proc/cpuinfo. What is listed and not emulated ends in an illegal instruction."""
    midr: str
    """Main ID register: implementer, variant, part, revision."""


BOARDS = (
    EmulatedBoard("cortex-a72", "0xd08", "fp asimd evtstrm crc32 cpuid", "0x00000000410fd083"),
    # Adds half precision and the int8 dot product, for which the runtimes have other kernels.
    EmulatedBoard(
        "cortex-a76",
        "0xd0b",
        "fp asimd evtstrm crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp",
        "0x00000000414fd0b1",
    ),
)
"""Raspberry Pi 4 and 5."""
CORES = 2


def describe(board: EmulatedBoard, root: Path) -> None:
    """Write the processor's description into a root folder."""
    midr = int(board.midr, 16)
    processor = (
        "processor\t: {core}\nBogoMIPS\t: 108.00\n"
        f"Features\t: {board.features}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
        f"CPU variant\t: 0x{midr >> 20 & 0xF:x}\nCPU part\t: {board.part}\nCPU revision\t: {midr & 0xF}\n\n"
    )
    _write(root / "proc/cpuinfo", "".join(processor.format(core=core) for core in range(CORES)))
    cpus = root / "sys/devices/system/cpu"
    for name in ("possible", "present", "online"):
        _write(cpus / name, f"0-{CORES - 1}\n")
    for core in range(CORES):
        _write(cpus / f"cpu{core}/regs/identification/midr_el1", f"{board.midr}\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run_python(board: EmulatedBoard, cache: Path, arguments: Sequence[str], timeout_s: float) -> str:
    """Run the board's Python in the current folder; returns what it prints. Raises CalledProcessError.

    cache: as `tools.arm.system.set_up` made it.
    """
    root = cache / board.processor
    (python,) = (path for path in (root / "usr/bin").glob("python3.*") if path.name[8:].isdigit())
    command = [EMULATOR, "-cpu", board.processor, "-L", str(root), str(python), *arguments]
    places = {"PYTHONPATH": os.pathsep.join((str(cache / "site"), str(Path.cwd()))), "HOME": str(cache / "home")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "XDG_", "LD_"))}
    done = subprocess.run(
        command,
        check=True,
        env=environment | places,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
    )
    return done.stdout
