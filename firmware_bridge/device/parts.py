"""The parts of the device's brain, together."""

from dataclasses import dataclass

from firmware_bridge.device.exposing import Exposing
from firmware_bridge.device.faults import Faults
from firmware_bridge.device.log import Log
from firmware_bridge.device.permission import Heartbeat, Permission, Storm
from firmware_bridge.device.port import DevicePort
from firmware_bridge.device.sensors import Sensors
from firmware_bridge.device.settings import Settings
from firmware_bridge.device.updating import Updating
from firmware_bridge.line.link import Link


@dataclass(slots=True)
class Reboot:
    """Asked for by the host; it happens when the answer has left."""

    asked: bool = False
    asked_us: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """Each changes; which they are does not."""

    port: DevicePort
    link: Link
    log: Log
    permission: Permission
    heartbeat: Heartbeat
    storm: Storm
    faults: Faults
    sensors: Sensors
    settings: Settings
    exposing: Exposing
    updating: Updating
    reboot: Reboot


def make_parts(port: DevicePort, link: Link, now_us: int) -> Parts:
    """As they are at the start of the device."""
    log = Log()
    permission = Permission(log, now_us)
    faults = Faults(log, permission)
    return Parts(
        port=port,
        link=link,
        log=log,
        permission=permission,
        heartbeat=Heartbeat(),
        storm=Storm(now_us),
        faults=faults,
        sensors=Sensors(permission, faults),
        settings=Settings(now_us),
        exposing=Exposing(now_us),
        updating=Updating(port, log, faults),
        reboot=Reboot(),
    )
