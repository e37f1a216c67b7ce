"""Keys at the terminal of a run: depth, gain, freeze and transmit of its probe."""

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import ceil, floor
from types import FrameType
from typing import Final

from edge.app.probe.orders import Order, ProbeControl, Sender
from edge.closing import Closing
from edge.errors import SinkError
from firmware_bridge.errors import BridgeError
from firmware_bridge.host.parameters import ParameterDescription

HELP: Final = "keys: up, down: depth; right, left: gain; f: freeze, unfreeze; a: arm, transmit; Ctrl-C: end"
DEPTH_STEP_MM: Final = 5.0
GAIN_STEP_DB: Final = 2.0
_POLL_S: Final = 0.1
_ESCAPES: Final = {"A": "up", "B": "down", "C": "right", "D": "left"}
"""What comes after ESC [ or, of some terminals, ESC O."""
_SHOW_CURSOR: Final = b"\x1b[?25h"
_LOCAL, _CONTROL = 3, 6
"""Places in what tcgetattr gives."""


class KeyReader:
    """Bytes of a terminal to keys: a letter, or `up`, `down`, `right`, `left`."""

    def __init__(self) -> None:
        self._left = ""

    def keys(self, came: bytes) -> Iterator[str]:
        text, self._left = self._left + came.decode("ascii", "replace"), ""
        while text:
            if text[0] != "\x1b":
                yield text[0].lower()
                text = text[1:]
            elif len(text) > 2 and text[1] in "[O":
                if text[2] in _ESCAPES:
                    yield _ESCAPES[text[2]]
                text = text[3:]
            elif len(text) > 1 and text[1] not in "[O":
                text = text[1:]
            else:
                self._left = text  # the rest is on its way
                return


class TerminalKeys(Closing):
    """Calls `pressed` with each key that is pressed at the terminal, in a thread of its own.

    The terminal gives keys at once and without showing them meanwhile, only while this program is in its foreground,
    and is as it was before from `close` on. Harmless a second time, and in a signal handler.
    """

    def __init__(self, pressed: Callable[[str], None], descriptor: int) -> None:
        self._pressed, self._descriptor = pressed, descriptor
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._before: list[object] | None = None
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)
        self._thread.start()

    def close(self) -> None:
        with self._lock:
            self._ended.set()
            if self._before is not None and self._in_foreground():
                with suppress(termios.error):
                    termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)  # type: ignore[arg-type]
                self._before = None

    def _run(self) -> None:
        reader = KeyReader()
        with suppress(OSError, termios.error):  # the terminal has gone away
            while self._take_over():
                came = self._read()
                for key in reader.keys(came):
                    self._pressed(key)
                if not came:
                    self._ended.wait(_POLL_S)

    def _take_over(self) -> bool:
        """Whether to go on. Sets the terminal, also when the program comes back from the background."""
        with self._lock:
            if not self._ended.is_set() and self._in_foreground():
                now = termios.tcgetattr(self._descriptor)
                if now[_LOCAL] & termios.ICANON:
                    self._before = [*now[:_CONTROL], list(now[_CONTROL])]
                    now[_LOCAL] &= ~(termios.ICANON | termios.ECHO)
                    now[_CONTROL][termios.VMIN], now[_CONTROL][termios.VTIME] = 0, 0
                    termios.tcsetattr(self._descriptor, termios.TCSANOW, now)
            return not self._ended.is_set()

    def _read(self) -> bytes:
        with self._lock:
            # From the background, reading would stop the program.
            if self._ended.is_set() or not self._in_foreground():
                return b""
            return os.read(self._descriptor, 256)  # what there is, without waiting

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return False


class ProbeKeys:
    """What each key does to the probe; called with it. Tells what came of it."""

    def __init__(self, control: ProbeControl, tell: Callable[[str], None]) -> None:
        self._control, self._tell = control, tell
        self._rows: dict[str, ParameterDescription] = {}

    def __call__(self, key: str) -> None:
        try:
            order = self._order(key)
            if order is not None:
                self._control.do(order, Sender("key"))
                self._tell(order.text)
        except (BridgeError, SinkError) as error:
            self._tell(str(error))

    def _order(self, key: str) -> Order | None:
        if key in ("up", "down"):
            return self._step("depth_mm", DEPTH_STEP_MM, more=key == "down")
        if key in ("right", "left"):
            return self._step("gain_db", GAIN_STEP_DB, more=key == "right")
        if key == "a":
            return Order("arm", action="arm")
        if key == "f":
            doing = self._control.probe.doing()
            action = "unfreeze" if doing is not None and doing.frozen else "freeze"
            return Order(action, action=action)
        return None

    def _step(self, keyword: str, step: float, *, more: bool) -> Order | None:
        """To the next multiple of `step`, within the probe's range."""
        probe = self._control.probe
        self._rows = self._rows or {row.keyword: row for row in probe.parameter_table()}
        row, now = self._rows[keyword], float(getattr(probe.parameters(), keyword))
        steps = now / step
        to = step * (floor(steps) + 1 if more else ceil(steps) - 1)
        value = min(max(to, row.low), row.high)
        if value == now:
            self._tell(f"{row.name} is {now:g} {row.unit}, and this probe goes no further")
            return None
        return Order(f"{row.name}={value:g}", changes={keyword: value})


@contextmanager
def terminal_keys(control: ProbeControl | None, tell: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """The keys of a run with a probe at a terminal; nothing without one of the two. Gives what puts the terminal back
    at once, for a signal's handler; leaving does so anyway."""
    if control is None or not sys.stdin.isatty():
        yield lambda: None
        return
    tell(HELP)
    with TerminalKeys(ProbeKeys(control, tell), sys.stdin.fileno()) as keys:

        def put_back() -> None:
            keys.close()
            if sys.stderr.isatty():
                with suppress(OSError):
                    os.write(2, _SHOW_CURSOR)

        def quit_at_once(number: int, frame: FrameType | None) -> None:
            put_back()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

        before = signal.signal(signal.SIGQUIT, quit_at_once)
        try:
            yield put_back
        finally:
            signal.signal(signal.SIGQUIT, before)
