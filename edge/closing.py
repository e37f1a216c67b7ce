"""What sources, runtimes and sinks have in common: each is a context manager that closes itself."""

from types import TracebackType
from typing import Protocol, Self


class Closing(Protocol):
    """`with thing:` ends with `thing.close()`. The contracts build on it, and so may what keeps to them."""

    def close(self) -> None:
        """Lets go of what it holds, if anything; harmless a second time."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
