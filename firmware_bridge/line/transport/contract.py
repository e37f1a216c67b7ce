"""What a transport must do."""

from types import TracebackType
from typing import Protocol, Self


class Transport(Protocol):
    """Carries bytes both ways and knows nothing of frames. A context manager, for those who inherit from it.

    One thread may read while another writes; any thread may close, which ends a read that waits.
    """

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at once if there is something, else after at most `timeout_s`: then perhaps nothing, `b""`.

        Raises LinkLostError where the other end is gone; what it sent last may be lost with it.
        """
        ...

    def write(self, data: bytes) -> None:
        """Hand over all of `data`.

        Raises LinkLostError where the other end is gone, WriteStalledError where it takes no bytes: a part of `data`
        may then have gone out.
        """
        ...

    def close(self) -> None:
        """Let go of the line; a second call does nothing. Reads and writes then raise LinkClosedError."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
