"""The probe's flash as the simulator has it: erase a sector to ones, program only to zeros, and power cuts on purpose.

`firmware/boot/flash_memory.c` is the same in C.
"""

import mmap
from pathlib import Path
from typing import Final, Self

from firmware_bridge.errors import FlashBitError, FlashRangeError, PowerCutError
from firmware_bridge.firmware_image import FLASH_SECTOR_SIZE

FLASH_SIZE: Final = 0x100000
"""Bytes."""


class Flash:
    """FLASH_SIZE bytes, blank, or those of a file: a file that does not exist is made, of ones."""

    def __init__(self, path: Path | None = None) -> None:
        """Raises FlashRangeError for a file of another size."""
        self.cells = _blank() if path is None else _mapped(path)
        """What is stored, without the rules: for the factory, and for tests that let bits rot."""
        self._n_until_cut = -1
        self._is_dead = False

    def read(self, at: int, n_bytes: int) -> bytes:
        """Raises FlashRangeError, PowerCutError."""
        self._check(at, n_bytes)
        return bytes(self.cells[at : at + n_bytes])

    def erase_sector(self, at: int) -> None:
        """Sets the sector that begins at `at` to ones. Raises FlashRangeError, PowerCutError."""
        self._check(at, FLASH_SECTOR_SIZE)
        if at % FLASH_SECTOR_SIZE:
            raise FlashRangeError(f"no sector begins at {at:#x}; sectors are {FLASH_SECTOR_SIZE:#x} bytes long")
        self._write(at, b"\xff" * FLASH_SECTOR_SIZE)

    def program(self, at: int, content: bytes) -> None:
        """Turns ones into zeros. Raises FlashRangeError, FlashBitError, PowerCutError."""
        self._check(at, len(content))
        old = int.from_bytes(self.cells[at : at + len(content)], "big")
        if int.from_bytes(content, "big") & ~old:
            raise FlashBitError(f"flash at {at:#x} holds zeros where ones were to be written; erase the sector first")
        self._write(at, content)

    def cut_after(self, n_operations: int) -> None:
        """Lets `n_operations` more erases and programs pass; the next is torn half-way and the power goes. -1: none."""
        self._n_until_cut = n_operations

    def power_on(self) -> None:
        """The next start: what is stored is as the power cut left it."""
        self._is_dead = False

    def close(self) -> None:
        """Ends the use of the file. The content is in it already."""
        if isinstance(self.cells, mmap.mmap):
            self.cells.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _check(self, at: int, n_bytes: int) -> None:
        if self._is_dead:
            raise PowerCutError("the probe has no power; start it again")
        if at < 0 or at + n_bytes > FLASH_SIZE:
            raise FlashRangeError(f"{n_bytes} bytes at {at:#x} leave the flash, which ends at {FLASH_SIZE:#x}")

    def _write(self, at: int, content: bytes) -> None:
        self._is_dead = self._n_until_cut == 0
        self._n_until_cut -= self._n_until_cut >= 0
        if self._is_dead:
            content = content[: len(content) // 2]
        self.cells[at : at + len(content)] = content
        if self._is_dead:
            raise PowerCutError(f"the power was cut while flash was written at {at:#x}")


def _blank() -> bytearray | mmap.mmap:
    return bytearray(b"\xff" * FLASH_SIZE)


def _mapped(path: Path) -> bytearray | mmap.mmap:
    if not path.exists():
        path.write_bytes(_blank())
    if path.stat().st_size < FLASH_SIZE:
        raise FlashRangeError(f"{path} has {path.stat().st_size} bytes, a flash has {FLASH_SIZE}; delete the file")
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), FLASH_SIZE)
