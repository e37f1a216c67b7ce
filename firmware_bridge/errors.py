"""The errors of `firmware_bridge`. Every message says what was wrong, what was expected and what to do.

BridgeError
├── FramingError                a payload that no frame can carry            (also ValueError)
├── MessageError                what a frame carries does not fit the layout (also ValueError)
│   ├── UnknownMessageError     a number that this release does not know
│   └── MalformedMessageError   fields that do not fit
├── ClockNotReadyError          what the probe's clock shows is not known now
├── TraceError                  a line cannot be recorded, or read back      (also ValueError)
├── UnknownTransportError       no transport has this name                   (also ValueError)
└── TransportError              bytes cannot travel
    ├── PortNotFoundError       no such port: not plugged in, mistyped       (also FileNotFoundError)
    ├── PortBusyError           another program holds the port
    ├── PortPermissionError     the user may not open it                     (also PermissionError)
    ├── PortUnsuitableError     no such kind of port, or a wrong setting     (also ValueError)
    ├── WriteStalledError       the other end takes no bytes                 (also TimeoutError)
    ├── LinkLostError           the other end is gone: unplugged, ended      (also ConnectionError)
    └── LinkClosedError         used after this end closed it                (also ValueError)
"""


class BridgeError(Exception):
    """Base of all errors that this package raises on purpose. `str(error)` is fit to be shown to the user."""


class FramingError(BridgeError, ValueError):
    """A payload that no frame can carry: empty, or longer than a frame may be."""


class MessageError(BridgeError, ValueError):
    """What a frame carries, or should carry, does not fit the layout."""


class UnknownMessageError(MessageError):
    """A message number that this release does not know: the other end is of another release."""


class MalformedMessageError(MessageError):
    """Fields that do not fit the message: a value out of its field's range, too few bytes, too many."""


class ClockNotReadyError(BridgeError):
    """Device time cannot be told from host time: too few queries answered, or the last answers contradict each other."""


class TraceError(BridgeError, ValueError):
    """A line cannot be recorded (the file exists, the folder is missing), or a file is no recorded line."""


class UnknownTransportError(BridgeError, ValueError):
    """No transport has this name; the message lists those that exist."""


class TransportError(BridgeError):
    """Bytes cannot travel."""


class PortNotFoundError(TransportError, FileNotFoundError):
    """No such port: the probe is not plugged in, nothing listens on the socket, or the address is mistyped."""


class PortBusyError(TransportError):
    """The port exists, but another program holds it: a second session, a terminal program, a modem manager."""


class PortPermissionError(TransportError, PermissionError):
    """The user may not open the port; the message names the group that may."""


class PortUnsuitableError(TransportError, ValueError):
    """The address cannot carry bytes as asked: a plain file, a speed the port does not have, a port number of 70000."""


class WriteStalledError(TransportError, TimeoutError):
    """The other end is connected and takes no bytes: it hangs, or flow control holds it."""


class LinkLostError(TransportError, ConnectionError):
    """The other end is gone: the cable was pulled, the device lost power, the simulator ended."""


class LinkClosedError(TransportError, ValueError):
    """The transport was used after its own `close`."""
