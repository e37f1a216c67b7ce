"""The page of a run or of `sonoedge serve`: where it is served, who is let in, and what is told of it at the end."""

import json
import socket
import statistics
import time
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version

from edge.app.settings import Settings
from edge.app.user_folder import settings_folder
from edge.errors import BackendUnavailableError, SettingError
from edge.loop.pointer import Pointer
from edge.sink.contract import Sink
from edge.task.words import LANGUAGES, task_words
from edge.viewer.access import signing_key

try:
    from edge.viewer.certificate import board_certificate
    from edge.viewer.desk import Desk, WatchingDesk
    from edge.viewer.pictures import Pictures, PicturesView
    from edge.viewer.place import EVERYWHERE, LOCAL_NAMES, LOOPBACK, Place
    from edge.viewer.server import PageServer
except ImportError as error:
    raise BackendUnavailableError(
        f"the page needs a package that is missing ({error.name}); install it: pip install 'sonoedge[viewer]'"
    ) from error


def open_page(desk: Desk, pictures: Pictures, port: int, address: str = LOOPBACK) -> PageServer:
    """The page, served. Raises SettingError where the place cannot be had, SinkError where the board's secrets cannot
    be kept."""
    folder = settings_folder() / "page"
    if address in LOCAL_NAMES:
        place = Place(port, address)
    else:
        hosts = own_names(address)
        place = Place(port, address, board_certificate(folder, hosts), frozenset((*hosts, *LOCAL_NAMES)))
    words = {f"tasks.{one}.json": json.dumps(task_words(one)).encode() for one in LANGUAGES}
    program = f"sonoedge {version('sonoedge')}"
    return PageServer(place, desk, pictures, signing_key(folder), program, files=words)


def open_watching(settings: Settings, pointer: Pointer | None) -> tuple[PageServer, Sink]:
    """The page that looks on at a run, and the view that feeds it."""
    pictures = Pictures(time.monotonic_ns)
    page = open_page(WatchingDesk(pictures, pointer, settings.task.name), pictures, settings.view_port or 0)
    return page, PicturesView(pictures, settings.task.terms)


def own_names(address: str) -> tuple[str, ...]:
    """Names and addresses by which others reach a page that is served at `address`. Asks no network."""
    name = socket.gethostname().lower()
    names = [name, f"{name}.local"] if name and "." not in name else [name] if name else []
    return tuple(dict.fromkeys([*names, *(_addresses() if address in EVERYWHERE else [address])]))


def _addresses() -> Iterable[str]:
    found = []
    with suppress(OSError):
        found += [str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None)]
    # A datagram socket that is connected sends nothing, and knows the address that it would be sent from.
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            found.append(str(probe.getsockname()[0]))
    return [one for one in found if not one.startswith("127.") and one != "::1" and "%" not in one]


def page_lines(page: PageServer) -> list[str]:
    """What was refused, and how old pictures were when they were seen."""
    lines = [f"the page refused {count} {what}" for what, count in page.refusals.counts().items()]
    if len(ages := page.ages_ms()) > 1:
        p99 = statistics.quantiles(ages, n=100, method="inclusive")[98]
        lines.append(f"pictures were {statistics.median(ages):.0f} ms old when they were seen, p99 {p99:.0f} ms")
    return lines


def checked_address(text: str) -> str:
    """An address of this machine to serve at. Raises SettingError."""
    try:
        socket.getaddrinfo(text, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError) as error:
        raise SettingError(f"--bind is '{text}'; it must be an address of this board, such as 192.168.4.1") from error
    return text
