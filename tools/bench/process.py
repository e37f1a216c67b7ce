"""A contender's process: started on the cores it may use, and its one line read."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 600.0


class ContenderError(Exception):
    """A contender gave no figures; the text says why."""


def run(
    program: str,
    given: Mapping[str, Any],
    cores: Sequence[int],
    *,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> dict[str, Any]:
    """What the program `tools.bench.contenders.PROGRAM` printed of itself. Raises ContenderError."""
    started = start(program, given, cores, python=python, environment=environment)
    return ended(started, timeout_s)


def start(
    program: str,
    given: Mapping[str, Any],
    cores: Sequence[int],
    *,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """The program, running on those cores alone."""
    asked = json.dumps({**given, "spawned_ns": time.monotonic_ns()})
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)  # of this thread, which the program inherits
    try:
        return _started(program, asked, python, environment or {})
    finally:
        os.sched_setaffinity(0, before)


def _started(program: str, asked: str, python: str, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [python, "-m", f"tools.bench.contenders.{program}", asked],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(process: "subprocess.Popen[bytes]", timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """The line that it printed last. Raises ContenderError where there is none."""
    try:
        told, complained = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise ContenderError(f"it did not end within {timeout_s:g} s") from None
    return line_of(told.decode(errors="replace"), complained.decode(errors="replace"))


def line_of(told: str, complained: str) -> dict[str, Any]:
    """The last line that is a JSON object, whatever a library printed around it; some abort on their way out."""
    for line in reversed(told.splitlines()):
        if line.startswith("{"):
            found: dict[str, Any] = msgspec.json.decode(line)
            return found
    lines = [line.strip() for line in complained.splitlines() if line.strip()]
    named = [line for line in lines if ("Error" in line or "error" in line) and not line.startswith("File ")]
    raise ContenderError((named or lines or ["it ended without a word"])[-1][:200])
