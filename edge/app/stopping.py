"""Ctrl-C and SIGTERM end a run in order: files are finished, the summary is shown."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
