"""The host's commands: each is answered once, with its tag, in order. A refused one has changed nothing."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import astuple
from types import MappingProxyType
from typing import Final, TypeVar

from firmware_bridge.device.boot import bank_image
from firmware_bridge.device.limits import check
from firmware_bridge.device.sensors import SELF_TESTS
from firmware_bridge.device.settings import FRAME_RATE
from firmware_bridge.device.state import DeviceState
from firmware_bridge.device.timing import MASK
from firmware_bridge.errors import ImageError
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import Action, FaultCode, Refusal, TransmitOff
from firmware_bridge.line.packing import Message

M = TypeVar("M", bound=Message)


def answer(state: DeviceState, body: bytes, now_us: int) -> Message:
    """The one reply to a reliable body."""
    number, tag = body[0] if body else 0, body[1] if len(body) > 1 else 0
    command = COMMANDS.get(number)
    if command is None:
        return wire.Refused(tag, Refusal.UNKNOWN_MESSAGE, number)
    try:
        return command(state, body[1:], now_us)
    except struct.error:
        return wire.Refused(tag, Refusal.MALFORMED, number)


def _identify(state: DeviceState, asked: wire.Identify, now_us: int) -> Message:
    running = state.port.running
    version = running.image.version
    return wire.Identity(
        tag=asked.tag,
        hardware_id=state.port.hardware_id,
        version=bytes((version.major, version.minor, version.revision & 0xFF, version.revision >> 8)),
        build=version.build,
        boot_id=running.boot_id,
        boot_reason=state.port.boot_reason,
        bank=running.bank,
        confirmed=not state.updating.on_trial,
        n_parameters=len(wire.PARAMETERS),
        n_presets=len(wire.PRESETS),
        serial_number=state.port.serial_number,
        model=wire.MODEL,
    )


def _describe_parameter(state: DeviceState, asked: wire.DescribeParameter, now_us: int) -> Message:
    if asked.index >= len(wire.PARAMETERS):
        return wire.Refused(asked.tag, Refusal.UNKNOWN_PARAMETER, asked.NUMBER)
    row = wire.PARAMETERS[asked.index]
    return wire.ParameterInfo(
        tag=asked.tag,
        parameter=asked.index,
        unit=wire.Unit[row.unit.upper()],
        decimals=row.decimals,
        minimum=row.minimum,
        maximum=row.maximum,
        step=row.step,
        default=row.default,
        value=state.settings.values[asked.index],
        label=row.name,
    )


def _describe_preset(state: DeviceState, asked: wire.DescribePreset, now_us: int) -> Message:
    if asked.index >= len(wire.PRESETS):
        return wire.Refused(asked.tag, Refusal.UNKNOWN_PRESET, asked.NUMBER)
    row = wire.PRESETS[asked.index]
    return wire.PresetInfo(asked.tag, asked.index, row.mi_cap_milli, row.ispta_cap_mw_cm2, row.ti_cap_milli, row.name)


def _get_parameter(state: DeviceState, asked: wire.GetParameter, now_us: int) -> Message:
    settings, known = state.settings, asked.parameter < len(wire.PARAMETERS)
    refusal = Refusal.NONE if known else Refusal.UNKNOWN_PARAMETER
    value = settings.values[asked.parameter] if known else 0
    return wire.ParameterValue(asked.tag, refusal, asked.parameter, value, settings.epoch)


def _set_parameters(state: DeviceState, asked: wire.SetParameters, now_us: int) -> Message:
    settings = state.settings
    verdict = settings.change(asked.pairs, now_us)
    if not verdict.refusal:
        state.exposure_timer.change_rate(settings.values[FRAME_RATE], now_us)
    return wire.SetResult(
        asked.tag, verdict.refusal, verdict.parameter, verdict.asked, verdict.low, verdict.high, settings.epoch
    )


def _report_parameters(state: DeviceState, asked: wire.ReportParameters, now_us: int) -> Message:
    return parameters(state, asked.tag)


def parameters(state: DeviceState, tag: int) -> wire.Parameters:
    settings = state.settings
    return wire.Parameters(tag, settings.epoch, settings.since_us, tuple(settings.values))


def _imaging(state: DeviceState, asked: wire.Imaging, now_us: int) -> Message:
    permission, refusal = state.permission, Refusal.NONE
    if asked.action in (Action.START, Action.STOP):
        permission.image(asked.action == Action.START, now_us)
    elif asked.action in (Action.FREEZE, Action.UNFREEZE):
        permission.freeze(asked.action == Action.FREEZE, now_us)
    elif asked.action == Action.ARM:
        refusal = _refusal_to_arm(state)
        if not refusal:
            permission.arm(now_us)
    elif asked.action == Action.DISARM:
        permission.clear(TransmitOff.DISARMED, now_us)
    else:
        refusal = Refusal.MALFORMED
    return wire.Done(asked.tag, refusal)


def _refusal_to_arm(state: DeviceState) -> Refusal:
    """The first condition that does not hold."""
    for refusal, prevents in (
        (Refusal.FAULT_LATCHED, state.faults.code != FaultCode.NONE),
        (Refusal.FROZEN, state.permission.frozen),
        (Refusal.NO_HEARTBEAT, not state.heartbeat.heard),
        (Refusal.TOO_HOT, state.sensors.hot),
        (Refusal.BATTERY_LOW, state.sensors.battery_percent < wire.BATTERY_READY_PERCENT),
        (Refusal.NOISY_LINE, state.storm.noisy),
        (Refusal.NOT_IMAGING, not state.permission.imaging),
    ):
        if prevents and not state.permission.armed:
            return refusal
    return Refusal.NONE


def _clear_fault(state: DeviceState, asked: wire.ClearFault, now_us: int) -> Message:
    if state.sensors.fault_persists:
        return wire.Done(asked.tag, Refusal.FAULT_LATCHED)
    state.faults.clear()
    return wire.Done(asked.tag, Refusal.NONE)


def _self_test(state: DeviceState, asked: wire.SelfTest, now_us: int) -> Message:
    failed = _failed_self_tests(state)
    if failed:
        state.faults.latch(FaultCode.SELF_TEST, failed, now_us)
    return wire.SelfTestResult(asked.tag, SELF_TESTS, failed)


def _failed_self_tests(state: DeviceState) -> int:
    """Bits of SelfTestResult: flash (the image that runs is whole), front end, limits (all presets keep them), sensors
    (readings that can be), and whatever the bench lets fail. Memory is the machine's own test at its start."""
    failed = state.sensors.self_test_fails
    failed |= 0 if _image_is_whole(state) else 2
    failed |= 4 if state.sensors.front_end_fails else 0
    failed |= 0 if all(check(preset.values).refusal == Refusal.NONE for preset in wire.PRESETS) else 8
    failed |= 0 if state.sensors.readings_can_be else 16
    return failed & SELF_TESTS


def _image_is_whole(state: DeviceState) -> bool:
    try:
        bank_image(state.port.flash, state.port.running.bank, state.port.hardware_id, minimum_counter=0)
    except ImageError:
        return False
    return True


def _link_statistics(state: DeviceState, asked: wire.AskLinkStatistics, now_us: int) -> Message:
    timer = state.link.timer
    counts = (*astuple(state.link.counters), timer.srtt_us, timer.rto_us)
    return wire.LinkStatistics(asked.tag, *(count & MASK for count in counts))


def _echo(state: DeviceState, asked: wire.Echo, now_us: int) -> Message:
    return wire.Echoed(asked.tag, asked.data)


def _update_begin(state: DeviceState, asked: wire.UpdateBegin, now_us: int) -> Message:
    return _status(state, asked.tag, state.updating.begin(state.permission.imaging, asked.size, asked.digest, now_us))


def _update_data(state: DeviceState, asked: wire.UpdateData, now_us: int) -> Message:
    return _status(state, asked.tag, state.updating.take(state.permission.imaging, asked.offset, asked.data, now_us))


def _update_finish(state: DeviceState, asked: wire.UpdateFinish, now_us: int) -> Message:
    return _status(state, asked.tag, state.updating.finish(state.permission.imaging, now_us))


def _update_confirm(state: DeviceState, asked: wire.UpdateConfirm, now_us: int) -> Message:
    return _status(state, asked.tag, state.updating.confirm(now_us))


def _ask_update(state: DeviceState, asked: wire.AskUpdate, now_us: int) -> Message:
    return _status(state, asked.tag, Refusal.NONE)


def _status(state: DeviceState, tag: int, refusal: Refusal) -> Message:
    stands = state.updating
    return wire.UpdateStatus(tag, refusal, stands.state, stands.bank, stands.offset, stands.size)


def _reboot(state: DeviceState, asked: wire.Reboot, now_us: int) -> Message:
    if not state.reboot.asked:
        state.reboot.asked, state.reboot.asked_us = True, now_us
    return wire.Done(asked.tag, Refusal.NONE)


_Command = Callable[[DeviceState, bytes, int], Message]


def _taking(kind: type[M], handle: Callable[[DeviceState, M, int], Message]) -> tuple[int, _Command]:
    return kind.NUMBER, lambda state, fields, now_us: handle(state, kind.unpack(fields), now_us)


COMMANDS: Final[Mapping[int, _Command]] = MappingProxyType(
    dict(
        (
            _taking(wire.Identify, _identify),
            _taking(wire.DescribeParameter, _describe_parameter),
            _taking(wire.DescribePreset, _describe_preset),
            _taking(wire.GetParameter, _get_parameter),
            _taking(wire.SetParameters, _set_parameters),
            _taking(wire.ReportParameters, _report_parameters),
            _taking(wire.Imaging, _imaging),
            _taking(wire.ClearFault, _clear_fault),
            _taking(wire.SelfTest, _self_test),
            _taking(wire.AskLinkStatistics, _link_statistics),
            _taking(wire.Echo, _echo),
            _taking(wire.UpdateBegin, _update_begin),
            _taking(wire.UpdateData, _update_data),
            _taking(wire.UpdateFinish, _update_finish),
            _taking(wire.UpdateConfirm, _update_confirm),
            _taking(wire.AskUpdate, _ask_update),
            _taking(wire.Reboot, _reboot),
        )
    )
)
"""By message number. Anything else is refused."""
