"""What a source of frames must do."""

from types import TracebackType
from typing import Protocol, Self

from edge.frame import Frame


class FrameSource(Protocol):
    """A context manager that gives frames in the order of their exposure."""

    live: bool
    """True where frames come by themselves in real time and old ones must be dropped, False for recordings."""

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None at the source's end.

        Raises SourceStalledError where no frame came within `timeout_s`, SourceLostError where the device is gone,
        SourceFormatError where a file is damaged.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
