"""Firmware images in MCUboot's format, as its own `imgtool` makes them, for running from memory (RAM_LOAD).

    header (32 bytes, padded to 256) | program | protected table | table

The protected table holds the hardware id and the security counter, the other one the SHA-256 of all before it and the
Ed25519 signature of that digest. `firmware/boot/image.c` reads the same, save the signature.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_bridge.errors import (
    ImageDamagedError,
    ImageHardwareError,
    ImageOlderError,
    ImageSignatureError,
    ImageTooLargeError,
    KeyFileError,
    SignatureLibraryError,
)

BANK_SIZE: Final = 0x60000
"""Bytes; an image with its tables must fit."""

FLASH_SECTOR_SIZE: Final = 0x1000
"""Bytes that one erase sets to ones."""

MAX_UPDATE_BYTES: Final = BANK_SIZE - FLASH_SECTOR_SIZE
"""Of an image that is uploaded: the bank's last sector holds how far the update came."""

IMAGE_HEADER_SIZE: Final = 0x100
"""Bytes before the program."""

IMAGE_LOAD_ADDRESS: Final = 0x20000000
"""Where the boot loader copies an image to, header first."""

IMAGE_TLV_HARDWARE_ID: Final = 0x00A0
"""Our own entry of the protected table: which probe the image is for, u32."""

_HEADER: Final = struct.Struct("<IIHHIIBBHI4x")
_MAGIC: Final = 0x96F3B83D
_FLAGS_RAM_LOAD: Final = 0x20
_TABLE: Final = struct.Struct("<HH")
_TABLE_PROTECTED, _TABLE_PLAIN = 0x6908, 0x6907
_TLV_SHA256, _TLV_ED25519, _TLV_SECURITY_COUNTER = 0x10, 0x24, 0x50
_SHA256_BYTES: Final = 32
_NUMBER_BYTES: Final = 4


@dataclass(frozen=True, slots=True, order=True)
class FirmwareVersion:
    """Of an image. A later one compares greater."""

    major: int
    minor: int
    revision: int
    build: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.revision}+{self.build}"


@dataclass(frozen=True, slots=True)
class FirmwareImage:
    """What an undamaged image says of itself."""

    version: FirmwareVersion
    hardware_id: int
    security_counter: int
    """An image under the probe's minimum is refused; it grows only where a weakness was mended."""
    size_bytes: int
    """Header, program and tables; what is uploaded."""
    sha256: bytes
    """Of header, program and protected table."""
    signature: bytes
    """Ed25519 over `sha256`; empty: not signed."""


def read_image(content: bytes) -> FirmwareImage:
    """The image at the start of `content`, its digest checked, its signature not. Raises ImageDamagedError."""
    content = content[:BANK_SIZE]
    if len(content) < _HEADER.size:
        raise _damaged(f"it has only {len(content)} bytes")
    magic, load_address, n_header, n_protected, n_program, flags, *version = _HEADER.unpack_from(content)
    expected = (_MAGIC, IMAGE_LOAD_ADDRESS, IMAGE_HEADER_SIZE, _FLAGS_RAM_LOAD)
    if (magic, load_address, n_header, flags) != expected or n_program == 0:
        raise _damaged("its header is not that of an image that runs from this probe's memory")
    n_before = IMAGE_HEADER_SIZE + n_program + n_protected
    protected = _entries(content, n_before - n_protected, _TABLE_PROTECTED)
    plain = _entries(content, n_before, _TABLE_PLAIN)
    if _n_bytes(protected) != n_protected:
        raise _damaged("its header and its protected table do not agree")
    digest = hashlib.sha256(content[:n_before]).digest()
    if _only(plain, _TLV_SHA256, _SHA256_BYTES) != digest:
        raise _damaged("its SHA-256 does not fit")
    signatures = [value for kind, value in plain if kind == _TLV_ED25519]
    return FirmwareImage(
        version=FirmwareVersion(*version),
        hardware_id=int.from_bytes(_only(protected, IMAGE_TLV_HARDWARE_ID, _NUMBER_BYTES), "little"),
        security_counter=int.from_bytes(_only(protected, _TLV_SECURITY_COUNTER, _NUMBER_BYTES), "little"),
        size_bytes=n_before + _n_bytes(plain),
        sha256=digest,
        signature=signatures[0] if len(signatures) == 1 else b"",
    )


def check_signature(image: FirmwareImage, public_key: Path) -> None:
    """Whether the holder of `public_key` (PEM, Ed25519) signed the image.

    Raises ImageSignatureError, KeyFileError, SignatureLibraryError.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError as error:
        raise SignatureLibraryError(
            "an image is uploaded only when its signature was checked; install it: pip install 'sonoedge[probe]'"
        ) from error
    try:
        key = load_pem_public_key(public_key.read_bytes())
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{public_key} is no readable public key in PEM: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{public_key} holds a key of another kind; an Ed25519 public key is needed")
    if not image.signature:
        raise ImageSignatureError("the image is not signed; use the one that the maker of the probe signed")
    try:
        key.verify(image.signature, image.sha256)
    except InvalidSignature as error:
        raise ImageSignatureError(
            f"the image was not signed with the key {public_key}; it was changed, or is another maker's"
        ) from error


def check_size(n_bytes: int) -> None:
    """Whether an image of so many bytes can be uploaded. Raises ImageTooLargeError."""
    if n_bytes > MAX_UPDATE_BYTES:
        raise ImageTooLargeError(
            f"the image has {n_bytes:,} bytes, the probe has room for {MAX_UPDATE_BYTES:,}; "
            "is it this probe's firmware? Nothing was sent"
        )


def check_hardware(image: FirmwareImage, hardware_id: int) -> None:
    """Whether the image was made for this probe. Raises ImageHardwareError."""
    if image.hardware_id != hardware_id:
        raise ImageHardwareError(f"the image is for hardware {image.hardware_id:#x}, this probe is {hardware_id:#x}")


def check_newer(image: FirmwareImage, running: FirmwareVersion) -> None:
    """Whether the image is no older than what runs. Raises ImageOlderError."""
    if image.version < running:
        raise ImageOlderError(f"the image is version {image.version}, the probe already runs {running}")


def unsigned_image(program: bytes, version: FirmwareVersion, hardware_id: int, security_counter: int) -> bytes:
    """An image as `imgtool` makes it without a key: for the simulator's factory and for tests."""
    protected = _table(
        _TABLE_PROTECTED,
        [
            (_TLV_SECURITY_COUNTER, security_counter.to_bytes(_NUMBER_BYTES, "little")),
            (IMAGE_TLV_HARDWARE_ID, hardware_id.to_bytes(_NUMBER_BYTES, "little")),
        ],
    )
    header = _HEADER.pack(
        _MAGIC,
        IMAGE_LOAD_ADDRESS,
        IMAGE_HEADER_SIZE,
        len(protected),
        len(program),
        _FLAGS_RAM_LOAD,
        version.major,
        version.minor,
        version.revision,
        version.build,
    )
    body = header.ljust(IMAGE_HEADER_SIZE, b"\xff") + program + protected
    return body + _table(_TABLE_PLAIN, [(_TLV_SHA256, hashlib.sha256(body).digest())])


_Entries = list[tuple[int, bytes]]


def _entries(content: bytes, at: int, magic: int) -> _Entries:
    """The entries of the table that begins at `at`."""
    found, n_bytes = _TABLE.unpack(content[at : at + _TABLE.size].ljust(_TABLE.size, b"\0"))
    end = at + n_bytes
    if found != magic or n_bytes < _TABLE.size or end > len(content):
        raise _damaged("a table is missing or cut short")
    entries: _Entries = []
    at += _TABLE.size
    while at < end:
        kind, n_value = _TABLE.unpack(content[at : min(at + _TABLE.size, end)].ljust(_TABLE.size, b"\xff"))
        at += _TABLE.size + n_value
        if at > end:
            raise _damaged("an entry leaves its table")
        entries.append((kind, content[at - n_value : at]))
    return entries


def _table(magic: int, entries: _Entries) -> bytes:
    inside = b"".join(_TABLE.pack(kind, len(value)) + value for kind, value in entries)
    return _TABLE.pack(magic, _TABLE.size + len(inside)) + inside


def _n_bytes(entries: _Entries) -> int:
    return _TABLE.size + sum(_TABLE.size + len(value) for _, value in entries)


def _only(entries: _Entries, kind: int, n_bytes: int) -> bytes:
    """The value of the one entry of this kind."""
    values = [value for found, value in entries if found == kind]
    if len(values) != 1 or len(values[0]) != n_bytes:
        raise _damaged(f"entry {kind:#x} is missing, doubled or of a wrong length")
    return values[0]


def _damaged(why: str) -> ImageDamagedError:
    return ImageDamagedError(f"this is no whole firmware image: {why}; get it again, or make it with tools/firmware.py")
