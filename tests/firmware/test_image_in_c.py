"""The boot loader reads an image as the host does, however its tables are made; its SHA-256 is the standard's."""

import hashlib
import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware_bridge.device import boot
from firmware_bridge.device.flash import Flash
from firmware_bridge.errors import ImageDamagedError, ImageError, ImageHardwareError, ImageOlderError
from tests.firmware.boot_twins import HARDWARE, CTwin

MINIMUM = 3
OK = 0
STATUSES = {ImageDamagedError: 1, ImageHardwareError: 2, ImageOlderError: 3}

KIND = st.sampled_from([0x10, 0x50, 0xA0, 0x24, 0x01])
VALUE = st.sampled_from([b"", b"\3\0\0\0", b"\2\0\0\0", HARDWARE.to_bytes(4, "little"), bytes(32), bytes(64), b"12345"])
ENTRIES = st.lists(st.tuples(KIND, VALUE), max_size=5)
GOOD = [(0x50, b"\3\0\0\0"), (0xA0, HARDWARE.to_bytes(4, "little"))]


@pytest.fixture(scope="module")
def sha256(core):
    def digest(parts: list[bytes]) -> bytes:
        hashed, out = core.ffi.new("sha256 *"), core.ffi.new("uint8_t[32]")
        core.c.sha256_start(hashed)
        for part in parts:
            core.c.sha256_update(hashed, part, len(part))
        core.c.sha256_finish(hashed, out)
        return bytes(out)

    return digest


@given(parts=st.lists(st.binary(max_size=200), max_size=6))
@example(parts=[b""])
@example(parts=[b"abc"])
def test_sha256_is_that_of_the_standard_library(sha256, parts: list[bytes]):
    assert sha256(parts) == hashlib.sha256(b"".join(parts)).digest()


def test_sha256_of_every_length_around_its_block(sha256):
    for n_bytes in range(200):
        assert sha256([b"\xa5" * n_bytes]) == hashlib.sha256(b"\xa5" * n_bytes).digest()


def table(magic: int, entries: list[tuple[int, bytes]], longer: int = 0) -> bytes:
    inside = b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in entries)
    return struct.pack("<HH", magic, max(0, len(inside) + 4 + longer)) + inside


@pytest.mark.no_cover
@settings(max_examples=400)
@example(
    header=(0x96F3B83D, 0x20000000, 0x100, 0, 0, 0x20),
    protected=GOOD,
    plain=[],
    digest="right",
    longer=(0, 0),
    gap=8,
    at_the_end=False,
)
@given(
    header=st.tuples(
        st.sampled_from([0x96F3B83D] * 9 + [0x96F3B83C]),
        st.sampled_from([0x20000000] * 9 + [0]),
        st.sampled_from([0x100] * 9 + [0x20, 0x200]),
        st.sampled_from([0] * 9 + [4, -4, 60000]),
        st.sampled_from([0] * 9 + [-12, 1, 0x5FF00, 0x7FFFFFFF]),
        st.sampled_from([0x20] * 9 + [0, 0x24, 0x30, 0x220]),
    ),
    protected=st.one_of(st.just(GOOD), ENTRIES),
    plain=ENTRIES,
    digest=st.sampled_from(["right", "right", "wrong", "none", "twice"]),
    longer=st.tuples(st.sampled_from([0] * 9 + [-4, -1, 2, 4, 60000]), st.sampled_from([0] * 9 + [-2, 3])),
    gap=st.sampled_from([0] * 9 + [8]),
    at_the_end=st.booleans(),
)
def test_c_and_python_judge_alike(core, header, protected, plain, digest, longer, gap, at_the_end):
    magic, load, n_header, n_protected_off, n_program_off, flags = header
    made = table(0x6908, protected, longer[0])
    n_program = 0x60000 - 0x100 - len(made) - gap - 60 if at_the_end else 12
    fields = (magic, load, n_header, len(made) + gap + n_protected_off, max(0, n_program + n_program_off), flags)
    body = struct.pack("<IIHHII", fields[0], fields[1], fields[2], max(0, fields[3]), fields[4], fields[5])
    body = body.ljust(0x100, b"\0") + b"P" * n_program + made + bytes(gap)
    good = (0x10, hashlib.sha256(body).digest())
    digests = {"right": [good], "wrong": [(0x10, bytes(32))], "none": [], "twice": [good, good]}[digest]
    content = (body + table(0x6907, [*digests, *((k, v) for k, v in plain if k != 0x10)], longer[1]))[:0x60000]
    judged_by_c(core, content, judged_by_python(content))


def judged_by_python(content: bytes) -> tuple[int, tuple[object, ...]]:
    flash = Flash()
    flash.cells[boot.BANK_B_START : boot.BANK_B_START + len(content)] = content
    try:
        image = boot.bank_image(flash, 1, HARDWARE, MINIMUM)
    except ImageError as error:
        return STATUSES[type(error)], ()
    return OK, (image.version.major, image.security_counter, image.size_bytes, image.sha256)


def judged_by_c(core, content: bytes, expected: tuple[int, tuple[object, ...]]) -> None:
    twin = CTwin(core)
    twin.store(boot.BANK_B_START, content)
    facts = core.ffi.new("image_facts *")
    status = core.c.image_check(twin.device, 1, HARDWARE, MINIMUM, facts)
    assert status == expected[0]
    if status == OK:
        assert (facts.version_major, facts.security_counter, facts.size_bytes, bytes(facts.sha256)) == expected[1]
