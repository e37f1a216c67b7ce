"""What all commands share at a terminal: two consoles, words and colours, an end in order.

Results go to standard output, everything that is said about them to standard error.
"""

import codecs
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import FrameType, MappingProxyType

from rich.console import Console
from rich.text import Text

from edge.terms import ASCII_SIGNS

COLOURS: Mapping[str, str] = MappingProxyType({"measured": "green", "limited": "yellow", "refused": "red"})
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""That end a run in order: files are finished, the summary is shown where there still is a terminal."""


_ANY_SIGN = "sonoedge.any_sign"


def accept_any_sign() -> None:
    """From now on no text is an error at a terminal whose encoding lacks some of its signs: these become others."""
    codecs.register_error(_ANY_SIGN, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ANY_SIGN)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """`mm²` as `mm2`; of a file name's byte that is no text its number: `\\xe9`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain_sign, error.object[error.start : error.end])), error.end


def _plain_sign(sign: str) -> str:
    if "\udc80" <= sign <= "\udcff":
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return ASCII_SIGNS.get(sign, "?")


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
def stopping_by_signal(stop: Callable[[str], None]) -> Iterator[None]:
    """Calls `stop` with the signal's name at the first one; a second one ends the program at once, as without us."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            _leave_dead_terminal()
        stop(signal.Signals(number).name)
        for each in before:
            signal.signal(each, signal.SIG_DFL)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    if before[signal.SIGHUP] is signal.SIG_IGN:  # nohup asked for that
        del before[signal.SIGHUP]
    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_dead_terminal() -> None:
    """What is still to be said goes nowhere, where the terminal it would be said to has gone away."""
    for descriptor in (1, 2):
        try:
            os.write(descriptor, b"")
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
