"""Where the page is served: port and address, the board's certificate, names under which it is asked for."""

import socket
from dataclasses import dataclass
from typing import Final

from edge.errors import SettingError
from edge.viewer.certificate import Certificate

LOOPBACK: Final = "127.0.0.1"
LOCAL_NAMES: Final = (LOOPBACK, "localhost", "::1")
EVERYWHERE: Final = ("0.0.0.0", "::")
FIRST_FREE_PORT: Final = 1024
"""Those below are the system's own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Raises SettingError where it is open to others without a certificate."""

    port: int = 0
    """0: any that is free."""
    address: str = LOOPBACK
    certificate: Certificate | None = None
    hosts: frozenset[str] = frozenset(LOCAL_NAMES)
    """Names and addresses under which it is asked for."""

    def __post_init__(self) -> None:
        if not self.local and self.certificate is None:
            raise SettingError(f"the page is not served at {self.address} without a certificate of this board")

    @property
    def local(self) -> bool:
        return self.address in LOCAL_NAMES

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"

    def url(self, port: int) -> str:
        """As a viewer types it: by an address that others reach, where there is one."""
        host = LOOPBACK if self.address in (*EVERYWHERE, *LOCAL_NAMES) else self.address
        if not self.local:
            host = next((one for one in sorted(self.hosts) if _is_reached(one)), host)
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{port}/"

    def listening(self) -> socket.socket:
        """Raises SettingError where the port cannot be had."""
        try:
            family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
            return socket.create_server((self.address, self.port), family=family)
        except (OSError, OverflowError) as error:
            rights = f": those below {FIRST_FREE_PORT} are for the system's administrator"
            why = f"{getattr(error, 'strerror', error)}{rights if isinstance(error, PermissionError) else ''}"
            raise SettingError(
                f"the page cannot use port {self.port} of {self.address} ({why}); choose another port, such as 8080"
            ) from error


def _is_reached(host: str) -> bool:
    """An address of this board that others reach it by."""
    return host.replace(".", "").isdigit() and not host.startswith("127.")
