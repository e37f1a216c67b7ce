"""The transports by name: `serial:/dev/ttyACM0`, `socket://127.0.0.1:5566`, `unix:/tmp/probe.sock`, `faulty:...`,
`sim:`.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from firmware_bridge.errors import UnknownTransportError
from firmware_bridge.line.transport.contract import Transport

TRANSPORTS: Mapping[str, str] = MappingProxyType(
    {
        "serial": "firmware_bridge.line.transport.serial_port:open_serial_port",
        "socket": "firmware_bridge.line.transport.socket_line:open_tcp",
        "unix": "firmware_bridge.line.transport.socket_line:open_unix",
        "faulty": "firmware_bridge.line.transport.faulty:open_faulty",
        "sim": "firmware_bridge.device.simulator:open_sim",
    },
)
"""Name to `module:function`, imported only when asked for; the function takes the address's rest."""


def open_transport(address: str) -> Transport:
    """The open transport of `NAME:REST`; a bare path is a serial port.

    Raises UnknownTransportError for another name, and what the transport raises where it cannot be opened.
    """
    name, _, rest = address.partition(":")
    if address.startswith("/"):
        name, rest = "serial", address
    target = TRANSPORTS.get(name)
    if target is None:
        raise UnknownTransportError(
            f"there is no transport '{name}' for '{address}'; there are: {', '.join(sorted(TRANSPORTS))}"
        )
    module, _, function = target.partition(":")
    transport: Transport = getattr(import_module(module), function)(rest)
    return transport
