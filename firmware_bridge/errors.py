"""The errors of `firmware_bridge`. Every message says what was wrong, what was expected and what to do.

BridgeError
├── FramingError                a payload that no frame can carry            (also ValueError)
├── MessageError                what a frame carries does not fit the layout (also ValueError)
│   ├── UnknownMessageError     a number that this release does not know
│   └── MalformedMessageError   fields that do not fit
├── ClockNotReadyError          what the probe's clock shows is not known now
├── TraceError                  a line cannot be recorded, or read back      (also ValueError)
├── FlashError                  the simulated flash does not do this
│   ├── FlashRangeError         outside it, or not at a sector's start       (also ValueError)
│   ├── FlashBitError           a program would turn a 0 into a 1
│   └── PowerCutError           the power went in the middle of an operation
├── NothingBootsError           neither bank holds an image that may run
├── ImageError                  a firmware image that must not be installed  (also ValueError)
│   ├── ImageDamagedError       not an image, torn, or its digest is wrong
│   ├── ImageSignatureError     unsigned, or not signed with the trusted key
│   ├── ImageHardwareError      made for another probe
│   └── ImageOlderError         older than what runs, or than the minimum
├── KeyFileError                the public key cannot be read                (also ValueError)
├── SignatureLibraryError       `cryptography` is not installed              (also ImportError)
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


class FlashError(BridgeError):
    """The simulated flash does not do what was asked, as the real one would not."""


class FlashRangeError(FlashError, ValueError):
    """An address outside the flash, or an erase that does not begin at a sector."""


class FlashBitError(FlashError):
    """A program that would turn a 0 into a 1: the sector was not erased before. Nothing was written."""


class PowerCutError(FlashError):
    """The power was cut in the middle of an erase or program (tests), and nothing works until the next start."""


class NothingBootsError(BridgeError):
    """Neither bank holds an image that may run: the probe stays in its boot loader and answers nothing."""


class ImageError(BridgeError, ValueError):
    """A firmware image that must not be installed."""


class ImageDamagedError(ImageError):
    """Not an image in MCUboot's format for this probe's memory, cut short, or its digest does not fit."""


class ImageSignatureError(ImageError):
    """The image is not signed, or not with the key that is trusted: it may come from anyone."""


class ImageHardwareError(ImageError):
    """The image was made for another probe."""


class ImageOlderError(ImageError):
    """The image is older than the one that runs, or its security counter is under the probe's minimum."""


class KeyFileError(BridgeError, ValueError):
    """The file of the public key is missing, or holds no Ed25519 public key."""


class SignatureLibraryError(BridgeError, ImportError):
    """`cryptography` is not installed; nothing is uploaded unverified."""


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
