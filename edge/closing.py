"""What sources, runtimes and sinks have in common: each is a context manager that closes itself."""

from types import TracebackType
from typing import Self


class Closing:
    """`with thing:` ends with `thing.close()`."""

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
