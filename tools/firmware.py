"""Build the probe's firmware, sign its image, and make a flash file fresh from the factory.

    python -m tools.firmware build                     # boot.elf, app.bin, probe (host process), libprobe.so
    python -m tools.firmware sign --version 1.2.0      # build/firmware/app.bin -> app.signed.bin
    python -m tools.firmware factory                   # app.signed.bin -> flash.bin, in bank A
    python -m tools.firmware all

Signing makes a development key in the build folder the first time. It is for tests only and no program trusts it by
itself. Needs gcc and make, gcc-arm-none-eabi and libnewlib-arm-none-eabi, and `pip install imgtool`.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from firmware_bridge.device.boot import BANK_A_START
from firmware_bridge.device.flash import FLASH_SIZE, Flash
from firmware_bridge.device.journal import JournalRecord, append_record
from firmware_bridge.errors import BridgeError
from firmware_bridge.firmware_image import (
    BANK_SIZE,
    IMAGE_HEADER_SIZE,
    IMAGE_LOAD_ADDRESS,
    IMAGE_TLV_HARDWARE_ID,
    read_image,
)
from firmware_bridge.line.messages import HARDWARE_ID

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "firmware_bridge" / "firmware"
BUILD = ROOT / "build" / "firmware"
VERSION = "1.0.0+0"
KEY, PUBLIC_KEY = "development.key.pem", "development.pub.pem"


class FirmwareToolError(Exception):
    """A step failed; the message holds what the program said."""


def build(folder: Path, *targets: str) -> None:
    """Runs the firmware's Makefile: host, asan, core.so, mps2. Raises FirmwareToolError."""
    _run("make", "--no-print-directory", "-j2", "-C", str(SOURCES), f"BUILD={folder.resolve()}", *targets)


def make_keys(folder: Path) -> tuple[Path, Path]:
    """The development key pair in `folder`, made the first time: private and public, both PEM."""
    key, public = folder / KEY, folder / PUBLIC_KEY
    if not key.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _imgtool("keygen", "--type", "ed25519", "--key", str(key))
        key.chmod(0o600)
    if not public.exists():
        _imgtool("getpub", "--key", str(key), "--encoding", "pem", "--output", str(public))
    return key, public


def sign(
    program: Path,
    signed: Path,
    key: Path | None,
    version: str = VERSION,
    security_counter: int = 1,
    hardware_id: int = HARDWARE_ID,
) -> None:
    """Puts MCUboot's header and tables around `program`; without a key the image is not signed."""
    _imgtool(
        "sign",
        *("--header-size", hex(IMAGE_HEADER_SIZE), "--pad-header", "--slot-size", hex(BANK_SIZE), "--align", "4"),
        *("--version", version, "--security-counter", str(security_counter), "--load-addr", hex(IMAGE_LOAD_ADDRESS)),
        *("--custom-tlv", hex(IMAGE_TLV_HARDWARE_ID), "0x" + hardware_id.to_bytes(4, "little").hex(), "--sha", "256"),
        *(("--key", str(key)) if key else ()),
        *(str(program), str(signed)),
    )


def make_factory_flash(signed: Path, flash: Path) -> None:
    """Writes a flash file whose bank A holds the image and whose journal trusts it."""
    content = signed.read_bytes()
    image = read_image(content)
    flash.write_bytes(b"\xff" * FLASH_SIZE)
    with Flash(flash) as device:
        device.program(BANK_A_START, content[: image.size_bytes])
        append_record(device, JournalRecord(minimum_counter=image.security_counter))


def _imgtool(*arguments: str) -> None:
    _run(sys.executable, "-m", "imgtool.main", *arguments)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError as error:
        raise FirmwareToolError(f"{command[0]} could not be started: {error}") from error
    if done.returncode:
        raise FirmwareToolError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools.firmware", description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("build", "sign", "factory", "all"))
    parser.add_argument("--folder", type=Path, default=BUILD, help="where everything is (default: build/firmware)")
    parser.add_argument("--version", default=VERSION, help="of the image, as 1.2.3+4")
    parser.add_argument("--security-counter", type=int, default=1, help="raise it where a weakness was mended")
    parser.add_argument("--key", type=Path, help="private Ed25519 key in PEM (default: the development key)")
    return parser.parse_args()


def main() -> None:
    args = _parsed()
    folder: Path = args.folder
    signed = folder / "app.signed.bin"
    try:
        if args.step in ("build", "all"):
            build(folder, "all")
        if args.step in ("sign", "all"):
            key = args.key or make_keys(folder)[0]
            sign(folder / "app.bin", signed, key, args.version, args.security_counter)
        if args.step in ("factory", "all"):
            make_factory_flash(signed, folder / "flash.bin")
    except (FirmwareToolError, BridgeError, OSError) as error:
        raise SystemExit(str(error)) from error
    sys.stdout.write(f"{args.step}: done, in {folder}\n")


if __name__ == "__main__":
    main()
