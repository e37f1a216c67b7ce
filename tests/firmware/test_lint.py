"""The checkers of the C code find what is planted, and their lists of exceptions stay true. `make lint` runs them."""

import shutil
from pathlib import Path

import pytest

lint = pytest.importorskip("tools.quality.lint", reason="the checkout's tools are not importable: run python -m pytest")
pytestmark = pytest.mark.slow

PLANTED = """#include <stdint.h>
#include <string.h>
uint32_t planted(uint32_t a, int32_t b);
uint32_t planted(uint32_t a, int32_t b) {
    uint8_t four[4] = {0, 0, 0, 0};
    const uint8_t *nowhere = NULL;
    if (b > 0)
        four[4] = 1u;
    memset(four, 0, sizeof(four));
    if (a == 0u) {
        return *nowhere;
    }
    return a + b;
}
"""
MISRA = {"misra-c2012-15.6": 7, "misra-c2012-17.7": 9, "misra-c2012-10.4": 13}
CPPCHECK = {"arrayIndexOutOfBounds": 8, "nullPointer": 11}
TIDY = {"readability-braces-around-statements": 7, "clang-analyzer-security.ArrayBound": 8}
TIDY |= {"clang-analyzer-core.NullDereference": 11}


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, with faults planted in a file of its own."""
    copy = tmp_path_factory.mktemp("planted") / "firmware"
    shutil.copytree(lint.FIRMWARE, copy)
    (copy / "core" / "planted.c").write_text(PLANTED)
    return copy


def assert_each(planted: dict[str, int], found: list[str]) -> None:
    for name, line in planted.items():
        assert any(f"planted.c:{line}:" in text and name in text for text in found), (name, found)


def test_cppcheck_and_misra_find_what_is_planted(firmware):
    found = lint.cppcheck(firmware, ["core/faults.c", "core/planted.c"])
    assert_each(MISRA | CPPCHECK, found)


def test_clang_tidy_finds_what_is_planted_and_nothing_beside_it(firmware):
    found = lint.clang_tidy(firmware, ["core/faults.c", "core/planted.c"])
    assert_each(TIDY, found)
    assert not [text for text in found if "faults" in text]


def test_an_exception_that_leaves_nothing_out_is_found(firmware):
    exceptions = firmware / "cppcheck.suppressions"
    exceptions.write_text(exceptions.read_text() + "misra-c2012-15.6:core/faults.c\n")
    found = lint.cppcheck(firmware, ["core/faults.c"])
    assert any("unmatchedSuppression" in text and text.endswith("misra-c2012-15.6") for text in found), found


def test_a_checker_that_cannot_run_is_no_clean_bill(firmware):
    with pytest.raises(lint.LintToolError, match="clang-tidy failed"):
        lint.clang_tidy(firmware, ["core/missing.c"])
