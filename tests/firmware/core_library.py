"""The C core as a library inside Python: built from the sources with sanitizers, declared from its own headers."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware_bridge" / "firmware"
_INCLUDE = re.compile(r'(?m)^#include "(.*)"$')
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


def headers() -> list[Path]:
    """Of the core and the boot loader, each behind those that it includes."""
    ordered: dict[Path, None] = {}

    def add(header: Path) -> None:
        if header not in ordered:
            for name in _INCLUDE.findall(header.read_text()):
                add((header.parent / name).resolve())
            ordered[header] = None

    for folder in ("boot", "core"):
        for header in sorted((FIRMWARE / folder).resolve().glob("*.h")):
            add(header)
    return list(ordered)


def _declarations() -> str:
    text = "\n".join(re.sub(r"(?m)^#include.*$", "", header.read_text()) for header in headers())
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
