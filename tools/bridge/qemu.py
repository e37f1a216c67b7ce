"""The probe's firmware on QEMU's mps2-an385: two UARTs and the monitor on unix sockets.

The flash is a file that outlives the machine. QEMU's monitor (QMP) stops it in mid-air, lets it go on, resets it.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

QEMU = "qemu-system-arm"
CROSS_COMPILER = "arm-none-eabi-gcc"
INSTALL = "apt-get install -y --no-install-recommends qemu-system-arm gcc-arm-none-eabi libnewlib-arm-none-eabi make"
MEMORY_BYTES = 16 * 1024 * 1024
"""The machine's memory at 0x21000000 is the flash file, and QEMU takes a file of no other length."""
_ENDS_WITH_ITS_STARTER = ("setpriv", "--pdeathsig", "KILL")
"""Of util-linux. QEMU outlives a killed test run otherwise."""
SOON_S = 60.0
"""Long enough on a busy machine; nothing waits that long unless it fails."""


def missing_for_qemu() -> str:
    """Which of the programs that build and run it are not there, and how to install them; empty: all are."""
    missing = [program for program in (QEMU, CROSS_COMPILER, "make") if shutil.which(program) is None]
    if CROSS_COMPILER not in missing and not _has_newlib():
        missing.append("newlib")
    return f"{', '.join(missing)} not installed: {INSTALL}" if missing else ""


class QemuProbe:
    """One running machine. `line` and `bench` are connected sockets; `line_path` is for a second program."""

    def __init__(self, boot: Path, flash: Path) -> None:
        """`boot`: the boot loader's ELF; `flash`: a file that is lengthened to MEMORY_BYTES."""
        self.last_words = ""
        """What QEMU said, after `kill`."""
        self._folder = tempfile.TemporaryDirectory(prefix="probe")  # a short path: unix sockets allow 107 bytes
        folder = Path(self._folder.name)
        os.truncate(flash, MEMORY_BYTES)
        self.line_path, self.bench_path, monitor_path = folder / "line", folder / "bench", folder / "qmp"
        self._process = subprocess.Popen(
            _command(boot, flash, self.line_path, self.bench_path, monitor_path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            self._monitor = self._connected(monitor_path)
            self._answers = self._monitor.makefile("rb")
            self._answers.readline()
            self.command("qmp_capabilities")
        except OSError as error:
            self.kill()
            raise RuntimeError(f"QEMU does not start: {self.last_words}") from error

    def connect_line(self) -> socket.socket:
        """The probe's serial line. One at a time; closing it is an unplug, and it may be opened again."""
        return self._connected(self.line_path)

    def connect_bench(self) -> socket.socket:
        """The side channel for stimuli."""
        return self._connected(self.bench_path)

    def start(self) -> None:
        """Lets the machine begin; it waits for this, so that nothing is said before somebody listens."""
        self.command("cont")

    def stop(self) -> None:
        """Freezes the machine: it hangs, its clock stands still, and what is sent to it waits."""
        self.command("stop")

    def cont(self) -> None:
        """Lets a stopped machine go on."""
        self.command("cont")

    def reset(self) -> None:
        """Presses the machine's reset button, and sees that it has worked; the sockets stay open."""
        self._ask("system_reset")
        done = answered = False
        while not (done and answered):  # the event may come before the answer or after it
            word = self._answer()
            done |= word.get("event") == "RESET" and not word["data"]["guest"]
            answered |= "return" in word

    def kill(self) -> None:
        """Pulls the plug: no warning, no flush. The flash file keeps what was written."""
        self._process.kill()
        _, said = self._process.communicate()
        self._folder.cleanup()
        self.last_words = said.decode(errors="replace")

    @property
    def is_plugged_in(self) -> bool:
        """Whether somebody is on the line, or what was sent before the unplug has not all arrived."""
        lines = self.command("query-chardev")
        return not any(x["label"] == "serial0" and x["filename"].startswith("disconnected") for x in lines)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def command(self, name: str) -> Any:
        """One command of the monitor; its answer."""
        self._ask(name)
        while True:
            answer = self._answer()
            if "error" in answer:
                raise RuntimeError(f"QEMU refuses {name}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def close(self) -> None:
        """As `kill`, and lets go of the monitor."""
        self._answers.close()
        self._monitor.close()
        self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _ask(self, name: str) -> None:
        self._monitor.sendall(json.dumps({"execute": name}).encode())

    def _answer(self) -> dict[str, Any]:
        """The monitor's next word: an answer, or an event that nobody asked for."""
        word: dict[str, Any] = json.loads(self._answers.readline())
        return word

    def _connected(self, path: Path) -> socket.socket:
        until = time.monotonic() + SOON_S
        while True:
            found = socket.socket(socket.AF_UNIX)
            found.settimeout(SOON_S)
            try:
                found.connect(str(path))
                return found
            except (FileNotFoundError, ConnectionRefusedError):
                found.close()
                if not self.is_alive or time.monotonic() > until:
                    raise
                time.sleep(0.01)


def _has_newlib() -> bool:
    """The compiler's package only recommends its C library. It tells a path for what it finds."""
    found = subprocess.run([CROSS_COMPILER, "-print-file-name=nano.specs"], capture_output=True, text=True, check=False)
    return "/" in found.stdout


def _command(boot: Path, flash: Path, line: Path, bench: Path, monitor: Path) -> list[str]:
    served = "server=on,wait=off"
    return [
        *_ENDS_WITH_ITS_STARTER,
        *(QEMU, "-machine", "mps2-an385,memory-backend=flash", "-display", "none", "-monitor", "none", "-S"),
        *("-object", f"memory-backend-file,id=flash,mem-path={flash},size={MEMORY_BYTES},share=on"),
        *("-kernel", str(boot), "-serial", f"unix:{line},{served}", "-serial", f"unix:{bench},{served}"),
        *("-qmp", f"unix:{monitor},{served}"),
    ]
