"""A folder with Debian's Python for aarch64 and this project's libraries as aarch64 wheels, made without root.

The packages come through a private apt root, so the machine's own package state is not touched; the wheels at the
versions of tools/constraints.txt. About 600 MB and a minute or two; made once.
"""

import configparser
import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tools.arm.board import BOARDS, EMULATOR, describe

PROJECT = Path(__file__).parents[2]
EXTRAS = ("onnx", "openvino", "tflite", "dicom", "viewer")
PACKAGES = ("python3", "libstdc++6", "libgomp1", "zlib1g", "ca-certificates")
GLIBC = ("manylinux2014", *(f"manylinux_2_{minor}" for minor in (17, 24, 26, 27, 28, 31, 34, 35)))
"""Wheels built for these or older C libraries run on Debian 12 (2.36)."""
CURE = "apt-get install --no-install-recommends qemu-user-static"
APT = """
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Retries "3";
Debug::NoLocking "true";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::State::Lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Dir::Log "{folder}";
"""


class CannotSetUpError(Exception):
    """This machine lacks what the emulation needs; the message says how to get it."""


def set_up(cache: Path) -> None:
    """Make `cache` ready, or leave it where it is. Raises CannotSetUpError."""
    if shutil.which(EMULATOR) is None:
        raise CannotSetUpError(f"the emulator {EMULATOR} is not installed; install it with: sudo {CURE}")
    cache.parent.mkdir(parents=True, exist_ok=True)
    with cache.with_suffix(".lock").open("w") as lock:
        # A second check that starts meanwhile waits here and finds everything made.
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = cache / f"ready-{_made_of()}"
        if not ready.is_file():
            _make(cache)
            ready.touch()


def _make(cache: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise CannotSetUpError("the ARM64 check takes Debian's packages through apt-get; run it on Debian 12 or later")
    shutil.rmtree(cache, ignore_errors=True)
    for folder in ("apt/lists/partial", "apt/cache/archives/partial", "root", "site", "home"):
        (cache / folder).mkdir(parents=True)
    try:
        _unpack_debian(cache)
        _install_wheels(cache)
    except subprocess.CalledProcessError as error:
        said = (error.stdout or "").strip().splitlines()[-3:]
        raise CannotSetUpError(
            f"{Path(error.cmd[0]).name} failed ({' / '.join(said)}); the first run needs a network"
        ) from error
    for board in BOARDS:
        shutil.copytree(cache / "root", cache / board.processor, symlinks=True)
        describe(board, cache / board.processor)
    shutil.rmtree(cache / "root")
    shutil.rmtree(cache / "apt")


def _made_of() -> str:
    parts = [
        PROJECT / "setup.cfg",
        PROJECT / "tools/constraints.txt",
        Path(__file__),
        Path(__file__).with_name("board.py"),
    ]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:16]


def _unpack_debian(cache: Path) -> None:
    apt = cache / "apt"
    (apt / "status").touch()
    (apt / "apt.conf").write_text(APT.format(folder=apt))
    for command in (("update",), ("install", "--yes", "--download-only", *PACKAGES)):
        _call("env", f"APT_CONFIG={apt / 'apt.conf'}", "apt-get", "--quiet", *command)
    for package in (apt / "cache/archives").glob("*.deb"):
        _call("dpkg", "-x", str(package), str(cache / "root"))


def _install_wheels(cache: Path) -> None:
    (python,) = (path.name for path in (cache / "root/usr/bin").glob("python3.*") if path.name[8:].isdigit())
    platforms = [word for tag in GLIBC for word in ("--platform", f"{tag}_aarch64")]
    for_python = ["--implementation", "cp", "--python-version", python.removeprefix("python")]
    _call(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "--no-compile"),
        *("--constraint", str(PROJECT / "tools/constraints.txt"), "--target", str(cache / "site")),
        *(*platforms, *for_python, *requirements()),
    )


def requirements() -> list[str]:
    """What setup.cfg says that a run needs, with every extra that a board has a use for."""
    config = configparser.ConfigParser()
    config.read(PROJECT / "setup.cfg")
    lines = [config["options"]["install_requires"], *(config["options.extras_require"][extra] for extra in EXTRAS)]
    return [word for line in lines for word in line.split()]


def _call(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
