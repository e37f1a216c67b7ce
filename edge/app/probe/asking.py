"""Asking a port whether a probe is there."""

from firmware_bridge.errors import BridgeError, NoAnswerError, NotAProbeError, ProtocolVersionError
from firmware_bridge.host.probe import open_probe


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
