"""Who may look: names that the page is asked for by, cookies that were given for a code, codes that hold once.

For browsers on this machine the address that the program prints holds a code that whoever has the terminal may use
again. Beyond it a code holds once, for some minutes. Either is changed for a cookie, which the program signs with a
key of its own and knows again after a restart.
"""

import hashlib
import hmac
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from edge.sink.folder import make_folder, sink_error

COOKIE_S: Final = 12 * 3600
"""A working day."""
CODE_S: Final = 300.0
"""To hold a telephone before the screen, and to type where it has no camera."""
MOST_WRONG: Final = 10
"""Wrong codes within WRONG_S, from all together, before none is looked at any more: of 40 bits nobody guesses one."""
WRONG_S: Final = 60.0
_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""None is taken for another one when it is read from a screen."""
_CODE_LENGTH: Final = 8
_KEY_BYTES: Final = 32


class Refusal(StrEnum):
    """Why somebody was not served."""

    HOST = "asked for under a name that is not this board's"
    ORIGIN = "sent by another page"
    COOKIE = "without a valid cookie"
    CODE = "with a wrong, used or old code"
    TOO_MANY_CODES = "after too many wrong codes"
    PATH = "for a file that is not the page's"
    MESSAGE = "with a message that is none"
    TOO_LARGE = "with a message that is too large"
    TOO_FAST = "with too many messages a second"
    TOO_MANY = "beyond the most connections"
    IDLE = "without asking for anything in time"
    SLOW = "without reading what was sent"
    NOT_DRIVER = "without being in control"


class Refusals:
    """Counts them; safe for threads that each add one at a time."""

    def __init__(self) -> None:
        self._counts: Counter[Refusal] = Counter()

    def add(self, refusal: Refusal) -> None:
        self._counts[refusal] += 1

    def counts(self) -> dict[str, int]:
        """The most frequent first."""
        return {str(refusal): count for refusal, count in self._counts.most_common()}


@dataclass(frozen=True, slots=True)
class Names:
    """Under which the page may be asked for."""

    scheme: str
    hosts: frozenset[str]
    port: int

    def allow_host(self, host: str) -> bool:
        """Host header. A page elsewhere may point its own name at this board; the header gives it away."""
        return self._allow(f"{self.scheme}://{host}")

    def allow_origin(self, origin: str) -> bool:
        """Origin header: scheme, name and port, all three."""
        return self._allow(origin) and origin.startswith(f"{self.scheme}://")

    def _allow(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
            port = parts.port or (443 if self.scheme == "https" else 80)
            return (parts.hostname or "").removesuffix(".") in self.hosts and port == self.port and not parts.username
        except ValueError:
            return False


class Access:
    """Codes and cookies. `now_s`: the wall clock, since cookies outlive the program."""

    def __init__(self, key: bytes, *, alone: bool, now_s: Callable[[], float]) -> None:
        """alone: nobody beyond this machine is let in, and its own code is the only one."""
        self._key, self._now_s, self._alone = key, now_s, alone
        self.own_code = new_code()
        """Holds for browsers on this machine, again and again, until the program ends."""
        self._codes: dict[str, float] = {}
        self._wrong_s: list[float] = []
        self._standing = ""
        self._lock = threading.Lock()
        """Codes are asked for in other threads than that of the door."""

    def code(self) -> str:
        """A new one for CODE_S, or the own one where no other is needed."""
        if self._alone:
            return self.own_code
        with self._lock:
            return self._new_code()

    def standing_code(self) -> str:
        """One for a screen that stands there and is asked again and again: the same until somebody came by it, or it
        ends soon."""
        if self._alone:
            return self.own_code
        with self._lock:
            if self._codes.get(self._standing, 0.0) - self._now_s() < CODE_S / 2:
                self._standing = self._new_code()
            return self._standing

    def _new_code(self) -> str:
        now_s = self._now_s()
        self._codes = {code: end_s for code, end_s in self._codes.items() if end_s > now_s}
        code = new_code()
        self._codes[code] = now_s + CODE_S
        return code

    def admit(self, code: str, *, own: bool) -> str | Refusal:
        """A cookie for a code that holds, which then holds no more unless it is the own one. own: the browser runs on
        this machine."""
        with self._lock:
            return self._admit(code, own)

    def _admit(self, code: str, own: bool) -> str | Refusal:
        now_s = self._now_s()
        self._wrong_s = [at_s for at_s in self._wrong_s if now_s - WRONG_S < at_s <= now_s]
        if len(self._wrong_s) >= MOST_WRONG:
            return Refusal.TOO_MANY_CODES
        given = code.strip().upper().encode()
        if own and hmac.compare_digest(given, self.own_code.encode()):
            return self._cookie(now_s)
        match = next((one for one in self._codes if hmac.compare_digest(given, one.encode())), None)
        if match is None or self._codes.pop(match) <= now_s:
            self._wrong_s.append(now_s)
            return Refusal.CODE
        return self._cookie(now_s)

    def knows(self, cookie: str) -> bool:
        """Whether this program, or one before it with the same key, gave the cookie, and it still holds."""
        end, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(end).encode()):
            return False
        return float(end.partition(".")[0]) > self._now_s()

    def _cookie(self, now_s: float) -> str:
        end = f"{now_s + COOKIE_S:.0f}.{secrets.token_hex(8)}"
        return f"{end}.{self._signature(end)}"

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def new_code() -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(_CODE_LENGTH))


def signing_key(folder: Path) -> bytes:
    """The board's own, made the first time. Raises SinkError where it cannot be kept."""
    path = make_folder(folder) / "page.key"
    try:
        if path.exists() and len(key := path.read_bytes()) == _KEY_BYTES:
            return key
        return keep_secret(path, secrets.token_bytes(_KEY_BYTES))
    except OSError as error:
        raise sink_error(error, path) from error


def keep_secret(path: Path, content: bytes) -> bytes:
    """Writes a file that its owner alone may read; gives what was written."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)
    return content
