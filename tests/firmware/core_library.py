"""The C core as a library inside Python: built from the sources with sanitizers, declared from its own headers."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware_bridge" / "firmware"
HEADERS = (
    *("core/messages.h", "core/crc32.h", "core/framing.h", "core/outbox.h", "core/round_trip.h", "core/sender.h"),
    *("core/link.h", "core/limits.h", "boot/layout.h", "boot/flash.h", "boot/image.h", "boot/boot.h"),
    *("boot/flash_memory.h", "boot/factory.h", "core/port.h", "core/logbook.h", "core/permission.h"),
    *("core/faults.h", "core/sensors.h", "core/settings.h", "core/exposing.h", "core/updating.h", "core/device.h"),
)
"""In the order in which one needs the other."""

_INLINE_FUNCTION = re.compile(r"static inline [^{]*\{[^}]*\}")


class Core:
    """`ffi` makes and reads C values, `c` holds the functions that the headers declare."""

    def __init__(self, folder: Path) -> None:
        """Builds into `folder`; skips the test where that cannot be."""
        cffi = pytest.importorskip("cffi", reason="the C core is driven through cffi: pip install cffi")
        if shutil.which("gcc") is None or shutil.which("make") is None:
            pytest.skip("the C core needs a compiler: apt-get install -y --no-install-recommends gcc make libc6-dev")
        self.ffi = cffi.FFI()
        self.ffi.cdef(_declarations())
        self.c = self.ffi.dlopen(str(_library(folder)))


def _declarations() -> str:
    text = "\n".join(re.sub(r"(?m)^#include.*$", "", (FIRMWARE / name).read_text()) for name in HEADERS)
    plain = subprocess.run(["gcc", "-E", "-P", "-"], input=text, capture_output=True, text=True, check=True).stdout
    return _INLINE_FUNCTION.sub("", plain)


def _library(folder: Path) -> Path:
    """Undefined behaviour ends the whole test run; so does a bad address where its sanitizer was preloaded."""
    name = "libprobe_asan.so" if "libasan" in os.environ.get("LD_PRELOAD", "") else "libprobe.so"
    flags = "CFLAGS=" + os.environ.get("CORE_CFLAGS", "-fsanitize=undefined -fno-sanitize-recover=all")
    made = subprocess.run(
        ["make", "-s", "-C", FIRMWARE, f"BUILD={folder}", "CC=gcc", flags, f"{folder}/{name}"],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    return folder / name
