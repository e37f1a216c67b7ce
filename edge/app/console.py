"""What all commands share at a terminal: two consoles, words and colours, an end in order.

Results go to standard output, everything that is said about them to standard error.
"""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import FrameType, MappingProxyType

from rich.console import Console
from rich.text import Text

COLOURS: Mapping[str, str] = MappingProxyType({"measured": "green", "limited": "yellow", "refused": "red"})
SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""That end a run in order: files are finished, the summary is shown."""


@cache
def out() -> Console:
    return Console(highlight=False)


@cache
def err() -> Console:
    return Console(stderr=True, highlight=False)


def say_error(text: str) -> None:
    """One red line on standard error, never wrapped, so that it can be found in a log."""
    if err().is_terminal:
        err().print(Text(f"error: {text}", style="bold red"))
    else:
        sys.stderr.write(f"error: {' '.join(text.split())}\n")


@contextmanager
def busy(text: str) -> Iterator[None]:
    """Shows that something is going on, on a terminal only."""
    if not err().is_terminal:
        yield
        return
    with err().status(text):
        yield


def say(text: str) -> None:
    err().print(text, markup=False, soft_wrap=True)


def counted(number: int, noun: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


@contextmanager
def stopping_by_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop` at the first signal; a second one ends the program at once, as without us."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop()
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    before = {number: signal.signal(number, on_signal) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
