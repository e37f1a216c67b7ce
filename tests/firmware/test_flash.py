"""The rules of flash, held by the Python simulator and by the C that the ports use."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import firmware_image
from firmware_bridge.device import boot, flash, journal
from firmware_bridge.device.flash import FLASH_SIZE, Flash
from firmware_bridge.errors import FlashBitError, FlashRangeError, PowerCutError
from firmware_bridge.firmware_image import FLASH_SECTOR_SIZE
from tests.firmware.boot_twins import CTwin, PythonTwin, Twin
from tests.firmware.core_library import FIRMWARE


@pytest.fixture(params=["python", "c"])
def twin(request: pytest.FixtureRequest) -> Twin:
    return PythonTwin() if request.param == "python" else CTwin(request.getfixturevalue("core"))


def test_it_is_blank_at_first_and_erased_to_ones(twin: Twin):
    assert twin.cells() == b"\xff" * FLASH_SIZE
    twin.program(0x3FFE, b"\0\0\0\0")
    twin.erase(0x3000)
    assert twin.read(0x3FFE, 4) == b"\xff\xff\0\0"


def test_programming_only_clears_bits_and_says_so_where_it_cannot(twin: Twin):
    twin.program(5, b"\xf0\x0f")
    twin.program(5, b"\x30\x0f")
    with pytest.raises(FlashBitError):
        twin.program(4, b"\x00\x30\x1f")
    assert twin.read(4, 4) == b"\xff\x30\x0f\xff"


@pytest.mark.parametrize(("at", "n_bytes"), [(FLASH_SIZE, 1), (FLASH_SIZE - 3, 4), (0xFFFF_FFFF, 2)])
def test_nothing_is_outside(twin: Twin, at: int, n_bytes: int):
    with pytest.raises(FlashRangeError):
        twin.read(at, n_bytes)
    with pytest.raises(FlashRangeError):
        twin.program(at, b"\0" * n_bytes)
    with pytest.raises(FlashRangeError):
        twin.erase(at)
    assert twin.cells() == b"\xff" * FLASH_SIZE


def test_an_erase_begins_at_a_sector(twin: Twin):
    twin.program(0x1000, b"\0")
    with pytest.raises(FlashRangeError):
        twin.erase(0x1001)
    assert twin.read(0x1000, 1) == b"\0"
    assert twin.read(FLASH_SIZE, 0) == b""


def test_a_power_cut_tears_one_operation_and_ends_all_until_the_next_start(twin: Twin):
    twin.store(0x1000, b"\0" * FLASH_SECTOR_SIZE)
    twin.cut_after(1)
    twin.program(0, b"\0")
    with pytest.raises(PowerCutError):
        twin.erase(0x1000)
    for operation in (lambda: twin.erase(0x2000), lambda: twin.program(0, b"\0"), lambda: twin.read(0, 1)):
        with pytest.raises(PowerCutError):
            operation()
    half = FLASH_SECTOR_SIZE // 2
    assert twin.cells()[0x1000:0x2000] == b"\xff" * half + b"\0" * half


def test_a_power_cut_tears_a_program_half_way_and_comes_once(twin: Twin):
    twin.cut_after(0)
    with pytest.raises(PowerCutError):
        twin.program(8, b"\1\2\3\4\5")
    assert twin.cells()[8:13] == b"\1\2\xff\xff\xff"
    twin.start()
    twin.program(8, b"\1\2\3\4\5")
    assert twin.read(8, 5) == b"\1\2\3\4\5"


@given(
    operations=st.lists(
        st.one_of(
            st.tuples(st.just("erase"), st.integers(0, 3).map(lambda sector: sector * FLASH_SECTOR_SIZE), st.just(b"")),
            st.tuples(st.just("program"), st.integers(0, 0x3FF0), st.binary(max_size=40)),
        ),
        max_size=30,
    ),
    n_until_cut=st.integers(0, 30),
)
def test_python_and_c_do_the_same(core, operations: list[tuple[str, int, bytes]], n_until_cut: int):
    twins: list[Twin] = [PythonTwin(), CTwin(core)]
    seen = []
    for twin in twins:
        twin.cut_after(n_until_cut)
        seen.append([attempt(twin, *operation) for operation in operations])
    assert seen[0] == seen[1]
    assert twins[0].cells() == twins[1].cells()


def attempt(twin: Twin, kind: str, at: int, content: bytes) -> str:
    try:
        if kind == "erase":
            twin.erase(at)
        else:
            twin.program(at, content)
    except (FlashBitError, PowerCutError) as error:
        return type(error).__name__
    return "done"


def test_a_file_keeps_what_was_written(tmp_path: Path):
    path = tmp_path / "flash.bin"
    with Flash(path) as device:
        device.program(0x10, b"kept")
    with Flash(path) as device:
        assert device.read(0x10, 4) == b"kept"
    assert path.stat().st_size == FLASH_SIZE


def test_a_file_that_is_too_short_is_refused(tmp_path: Path):
    path = tmp_path / "flash.bin"
    path.write_bytes(b"\xff" * 100)
    with pytest.raises(FlashRangeError, match="100 bytes"):
        Flash(path)
    assert path.read_bytes() == b"\xff" * 100


def test_the_layout_is_the_same_in_c():
    text = (FIRMWARE / "boot" / "layout.h").read_text()
    defined = {name: int(value, 0) for name, value in re.findall(r"#define (\w+) (0x\w+?|\d+)u\n", text)}
    here = {name: value for module in (flash, journal, firmware_image, boot) for name, value in vars(module).items()}
    assert len(defined) == 12
    assert defined == {name: here[name] for name in defined}
