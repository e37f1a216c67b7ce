"""Check the firmware's C code: cppcheck with its MISRA addon, and clang-tidy.

    python -m tools.quality.lint

Both come from PyPI at pinned versions, since what they find differs much between versions. What they leave alone, and
why, is in firmware_bridge/firmware/cppcheck.suppressions and .clang-tidy. Only their output counts: the exit status of
cppcheck says nothing about what an addon found.
"""

import re
import subprocess
import sys
from pathlib import Path

FIRMWARE = Path(__file__).parents[2] / "firmware_bridge" / "firmware"
INCLUDES = ("-Icore", "-Iboot", "-Iports")
CPPCHECK = (
    *(
        "cppcheck",
        "--quiet",
        "--std=c99",
        "--enable=all",
        "--addon=misra",
        "--library=posix",
        "--check-level=exhaustive",
    ),
    *("--check-level=exhaustive", "--platform=arm32-wchar_t4", "--suppressions-list=cppcheck.suppressions", *INCLUDES),
    "--template={file}:{line}: {id}: {message}",
)
TIDY = ("clang-tidy", "--quiet")
FINDING = re.compile(r"\S+:\d+:(\d+:)? (?!note: )\S")
"""A line that says what is wrong where; the others tell more about it."""


class LintToolError(Exception):
    """A checker could not run; the message says what to do."""


def sources(firmware: Path, *folders: str) -> list[str]:
    """The C files of these folders, as the checkers are to name them."""
    return [str(path.relative_to(firmware)) for folder in folders for path in sorted((firmware / folder).glob("*.c"))]


def cppcheck(firmware: Path, files: list[str]) -> list[str]:
    """What cppcheck and MISRA find, a line each. All files at once, or what is not used cannot be known."""
    return _found(firmware, [*CPPCHECK, *files])


def clang_tidy(firmware: Path, files: list[str]) -> list[str]:
    """What clang-tidy finds, a line each."""
    return _found(firmware, [*TIDY, *files, "--", "-std=c99", *INCLUDES])


def _found(firmware: Path, command: list[str]) -> list[str]:
    program = Path(sys.executable).with_name(command[0])
    try:
        done = subprocess.run([program, *command[1:]], check=False, cwd=firmware, capture_output=True, text=True)
    except OSError as error:
        raise LintToolError(f"{command[0]} could not be started ({error}): pip install -e '.[dev]'") from error
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    found = sorted({line for line in lines if FINDING.match(line)})
    if not found and (done.returncode != 0 or any("rror" in line for line in lines)):
        raise LintToolError(f"{command[0]} failed:\n" + "\n".join(lines))
    return found


def main() -> None:
    everything = sources(FIRMWARE, "core", "boot", "ports", "ports/host")
    try:
        found = cppcheck(FIRMWARE, everything + sources(FIRMWARE, "ports/mps2"))
        # The board's own files need the cross compiler's headers, and are little but registers.
        found += clang_tidy(FIRMWARE, everything)
    except LintToolError as error:
        raise SystemExit(str(error)) from error
    for line in found:
        print(line)
    if found:
        raise SystemExit(f"{len(found)} findings in the firmware")
    print(f"{len(everything)} C files checked: nothing found")


if __name__ == "__main__":
    main()
