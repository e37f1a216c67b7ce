"""The two consoles: results go to standard output, everything that is said about them to standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console
from rich.text import Text


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
