"""A script of timed orders to a run's probe, for a rig with hardware in the loop. A line holds seconds and an order:

    0.5  depth=35 gain=-3    # comments are left out
    4    freeze

The seconds count from the moment when the probe is started. The whole file is checked before that.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Self

from edge.app.probe.orders import ACTIONS, Order, ProbeControl, Sender
from edge.app.probe.setting import AskedSetting, changes_from, split_settings
from edge.closing import Closing
from edge.errors import SettingError, SinkError
from firmware_bridge.errors import BridgeError, ParameterRefusedError
from firmware_bridge.host.parameters import ParameterDescription, raw_changes

_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One order with its time."""

    number: int
    """In the file, from 1."""
    at_s: float
    order: Order
    asked: tuple[AskedSetting, ...] = ()
    """Settings that the order's changes are made of, once the probe has told what it has."""


@dataclass(frozen=True, slots=True)
class Script:
    """A checked file of orders."""

    path: Path
    lines: tuple[ScriptLine, ...]

    def fitted(self, table: Sequence[ParameterDescription]) -> Self:
        """The script with its settings as this probe takes them.

        Raises SettingError for a name, a unit, a range or a step that this probe has not. Limits that depend on
        several settings are left to it.
        """
        lines = []
        for line in self.lines:
            with _at_line(self.path, line.number):
                lines.append(_fitted(line, table))
        return replace(self, lines=tuple(lines))


def read_script(path: Path) -> Script:
    """Raises SettingError for a file that cannot be read and, with its number, for a line that is none."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SettingError(f"--script {path} cannot be read: {error.strerror}; expected a text file") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"--script {path} is no text in UTF-8; write lines such as '2.5 depth=35'") from error
    if len(content) > _MOST_BYTES:
        raise SettingError(f"--script {path} is larger than {_MOST_BYTES} bytes; expected a few lines of orders")
    lines: list[ScriptLine] = []
    for number, written in enumerate(text.splitlines(), start=1):
        words = written.partition("#")[0].split()
        if words:
            with _at_line(path, number):
                lines.append(_line(number, words, lines[-1].at_s if lines else 0.0))
    if not lines:
        raise SettingError(f"--script {path} holds no order; write lines such as '2.5 depth=35'")
    return Script(path, tuple(lines))


class ScriptPlayer(Closing):
    """Gives a script's orders in time, in a thread of its own; what the probe refuses is told, and it goes on."""

    def __init__(self, script: Script, control: ProbeControl, tell: Callable[[str], None]) -> None:
        self._script, self._control, self._tell = script, control, tell
        self._ended = threading.Event()
        self._done = self._refused = 0
        self._thread = threading.Thread(target=self._play, name="script", daemon=True)

    def start(self) -> None:
        """Its seconds count from now on."""
        self._began_ns = time.monotonic_ns()
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def failure(self) -> str:
        """What of the script was not done, by now; empty: nothing."""
        all_of_it, left = len(self._script.lines), len(self._script.lines) - self._done - self._refused
        refused = f"{self._refused} of {all_of_it} orders of {self._script.path} were refused" if self._refused else ""
        waiting = f"{left} of {all_of_it} orders of {self._script.path} were not due yet" if left else ""
        return "; ".join(part for part in (refused, waiting) if part)

    def _play(self) -> None:
        for line in self._script.lines:
            planned_ns = self._began_ns + round(line.at_s * 1e9)
            if self._ended.wait(max(0.0, (planned_ns - time.monotonic_ns()) / 1e9)):
                return
            told = f"script line {line.number}, {line.at_s:g} s: {line.order.text}"
            try:
                self._control.do(line.order, Sender("script", line.number, planned_ns))
            except (BridgeError, SinkError) as error:
                self._refused += 1
                self._tell(f"{told}: {error}")
            else:
                self._done += 1
                self._tell(told)


@contextmanager
def _at_line(path: Path, number: int) -> Iterator[None]:
    try:
        yield
    except (SettingError, ParameterRefusedError) as error:
        raise SettingError(f"{path} line {number}: {error}") from error


def _line(number: int, words: Sequence[str], before_s: float) -> ScriptLine:
    at_s, text = _seconds(words[0]), " ".join(words[1:])
    if at_s < before_s:
        raise SettingError(f"{at_s:g} s comes before {before_s:g} s above it; write the lines in the order of time")
    if text in ACTIONS:
        return ScriptLine(number, at_s, Order(text, action=text))
    if not text or not all("=" in word for word in words[1:]):
        raise SettingError(f"'{text}' is no order; write {', '.join(ACTIONS)}, or settings such as depth=35 gain=-3")
    return ScriptLine(number, at_s, Order(text), split_settings(words[1:]))


def _seconds(word: str) -> float:
    try:
        at_s = float(word)
    except ValueError:
        at_s = -1.0
    if not (isfinite(at_s) and at_s >= 0):
        raise SettingError(f"'{word}' is no time; a line begins with seconds from the start, such as '2.5 depth=35'")
    return at_s


def _fitted(line: ScriptLine, table: Sequence[ParameterDescription]) -> ScriptLine:
    if line.order.action:
        return line
    changes = changes_from(line.asked, table)
    raw_changes(changes)  # the step, and a preset's name
    for row in table:
        value = changes.get(row.keyword)
        if isinstance(value, float) and not row.low <= value <= row.high:
            raise SettingError(
                f"{row.name} cannot be {value:g}; this probe takes {row.low:g} to {row.high:g} {row.unit}"
            )
    return replace(line, order=replace(line.order, changes=changes))
