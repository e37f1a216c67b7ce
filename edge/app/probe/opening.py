"""A probe opened for a command: what goes wrong says who holds the port, and losses of the line are told."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import SystemRandom
from typing import Final

from edge.app.console import busy, say
from edge.app.probe.ports import open_devices
from firmware_bridge.errors import (
    BridgeError,
    NoAnswerError,
    NotAProbeError,
    PortBusyError,
    ProtocolVersionError,
    UnknownTransportError,
)
from firmware_bridge.host.probe import Probe, open_probe
from firmware_bridge.line.transport.contract import Transport
from firmware_bridge.line.transport.table import open_transport

_SEEDS: Final = 1 << 31


def with_seed(address: str) -> str:
    """The address of a simulated probe with the seed that is drawn where it names none, so that it can be told."""
    simulated, colon, rest = address.partition(":")
    if simulated != "sim" or not colon or re.search(r"(^|,)seed=", rest.partition("flash=")[0]):
        return address
    seed = f"seed={SystemRandom().randrange(_SEEDS)}"
    return f"sim:{seed},{rest}" if rest else f"sim:{seed}"


def unwrapped(transport: Transport) -> Transport:
    return transport


@contextmanager
def opened(
    address: str, tell: Callable[[str], None] = say, wrap: Callable[[Transport], Transport] = unwrapped
) -> Iterator[Probe]:
    """The probe at `address`, closed in the end. `wrap` is put around each transport that is opened to it.

    Raises what `open_probe` raises, in the user's terms.
    """
    with busy(f"opening {address}"), in_users_terms(address):
        probe = Probe(lambda: wrap(open_transport(address)), name=address, tell=tell)
    with probe:
        yield probe


@contextmanager
def in_users_terms(address: str) -> Iterator[None]:
    """What opening raises: no address at all, or a busy port with the programs that hold it, as far as may be seen."""
    if not address.startswith("/") and ":" not in address:
        raise UnknownTransportError(
            f"'{address}' is no address; write a port's path such as /dev/ttyACM0, socket://HOST:PORT, or sim:"
        )
    try:
        yield
    except PortBusyError as error:
        raise _with_holders(address, error) from error


def start(probe: Probe, *, arm: bool) -> None:
    """Imaging, and with `arm` transmit. Raises RefusedError."""
    probe.start_imaging()
    if arm:
        probe.arm()


def stop_imaging(probe: Probe) -> None:
    """A line that is lost cannot be told; the probe then stops transmitting by itself."""
    with suppress(BridgeError):
        probe.stop_imaging()


def ask_identity(address: str) -> str:
    """Who answers, in a few words."""
    try:
        with open_probe(address) as probe:
            identity = probe.identity()
    except NoAnswerError:
        return "no answer"
    except NotAProbeError:
        return "something else: it sends, but is no probe"
    except ProtocolVersionError:
        return "a probe of another release"
    except BridgeError as error:
        return str(error)
    return f"{identity.model}, serial number {identity.serial_number:08x}, firmware {identity.version}"


def _with_holders(address: str, error: PortBusyError) -> PortBusyError:
    path = address.removeprefix("serial:").partition("@")[0]
    holders = open_devices().get(path, ())
    if not holders:
        return error
    return PortBusyError(f"{path} is in use by {', '.join(holders)}; end that, then try again")
