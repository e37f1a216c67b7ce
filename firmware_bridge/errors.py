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
│   ├── ImageTooLargeError      it does not fit into the probe's flash
│   └── ImageOlderError         older than what runs, or than the minimum
├── KeyFileError                the public key cannot be read                (also ValueError)
├── SignatureLibraryError       `cryptography` is not installed              (also ImportError)
├── RefusedError                the probe does not do it, and says why
│   └── ParameterRefusedError   a setting that may not be made               (also ValueError)
├── NoReplyError                a request was not answered in its time       (also TimeoutError)
├── SessionError                nobody to talk to at the other end
│   ├── NoAnswerError           not a byte                                   (also TimeoutError)
│   ├── NotAProbeError          bytes, but of something else
│   └── ProtocolVersionError    a probe of another release
├── UpdateError                 firmware was not updated
│   ├── UpdateNotNowError       the probe takes no update in this state
│   ├── UpdateImageError        the probe rejects the image
│   ├── UpdateFlashError        the probe's flash memory failed
│   ├── UpdateInterruptedError  the line was lost too often
│   └── UpdateFailedError       the new firmware did not start or does not work
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

from firmware_bridge.line.messages import Refusal


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
    """Device time cannot be told from host time: too few queries answered, or the last answers disagree."""


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


class ImageTooLargeError(ImageError):
    """The image does not fit into a bank of the probe's flash."""


class ImageOlderError(ImageError):
    """The image is older than the one that runs, or its security counter is under the probe's minimum."""


class KeyFileError(BridgeError, ValueError):
    """The file of the public key is missing, or holds no Ed25519 public key."""


class SignatureLibraryError(BridgeError, ImportError):
    """`cryptography` is not installed; nothing is uploaded unverified."""


class RefusedError(BridgeError):
    """The probe does not do what was asked, and nothing was changed: to arm while frozen, for example."""

    def __init__(self, reason: str, refusal: Refusal) -> None:
        super().__init__(reason)
        self.refusal = refusal


class ParameterRefusedError(RefusedError, ValueError):
    """A setting out of range, between two steps, unknown, or over a limit of acoustic output."""


class NoReplyError(BridgeError, TimeoutError):
    """A request was not answered in its time; whether it was done is unknown."""


class SessionError(BridgeError):
    """Nobody at the other end of the line with whom this program can talk. Nothing was changed there."""


class NoAnswerError(SessionError, TimeoutError):
    """Nothing came back: the probe is off, this is not its port, the speed is wrong, or only one wire is connected."""


class NotAProbeError(SessionError):
    """Bytes came that no probe sends: a modem, a GPS receiver, a console, a probe at another speed."""


class ProtocolVersionError(SessionError):
    """The probe's firmware is of another release, whose messages mean something else."""


class UpdateError(BridgeError):
    """The probe's firmware was not updated; the message says what runs now."""


class UpdateNotNowError(UpdateError):
    """The probe takes no update in its present state: it is imaging, or its own image is not confirmed yet."""


class UpdateImageError(UpdateError):
    """The probe rejects the image: damaged on arrival, for another probe, too old, too large."""


class UpdateFlashError(UpdateError):
    """The probe could not erase or write its flash memory."""


class UpdateInterruptedError(UpdateError):
    """The line was lost and did not come back, or too often in a row. The same update goes on where it stopped."""


class UpdateFailedError(UpdateError):
    """The new firmware did not start, was rolled back, or failed its self-test, and was not confirmed."""


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
