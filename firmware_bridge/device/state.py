"""All that the device knows and does, part by part."""

from dataclasses import dataclass

from firmware_bridge.device.log import Log
from firmware_bridge.device.permission import FaultLatch, HeartbeatWatch, Permission, Storm
from firmware_bridge.device.port import DevicePort
from firmware_bridge.device.sensors import Sensors
from firmware_bridge.device.settings import DeviceSettings
from firmware_bridge.device.timing import ExposureTimer
from firmware_bridge.device.updating import Updating
from firmware_bridge.line.link import Link


@dataclass(slots=True)
class RebootRequest:
    """Asked for by the host; it happens when the answer has left."""

    asked: bool = False
    asked_us: int = 0


@dataclass(frozen=True, slots=True)
class DeviceState:
    """Each changes; which they are does not."""

    port: DevicePort
    link: Link
    log: Log
    permission: Permission
    heartbeat: HeartbeatWatch
    storm: Storm
    faults: FaultLatch
    sensors: Sensors
    settings: DeviceSettings
    exposure_timer: ExposureTimer
    updating: Updating
    reboot: RebootRequest


def initial_state(port: DevicePort, link: Link, now_us: int) -> DeviceState:
    """As they are at the start of the device."""
    log = Log()
    permission = Permission(log, now_us)
    faults = FaultLatch(log, permission)
    return DeviceState(
        port=port,
        link=link,
        log=log,
        permission=permission,
        heartbeat=HeartbeatWatch(),
        storm=Storm(now_us),
        faults=faults,
        sensors=Sensors(permission, faults),
        settings=DeviceSettings(now_us),
        exposure_timer=ExposureTimer(now_us),
        updating=Updating(port, log, faults),
        reboot=RebootRequest(),
    )
