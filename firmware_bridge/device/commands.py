"""The host's commands: each is answered once, with its tag, in order. A refused one has changed nothing."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import astuple
from types import MappingProxyType
from typing import Final, TypeVar

from firmware_bridge.device.parts import Parts
from firmware_bridge.device.self_test import failed_self_tests
from firmware_bridge.device.sensors import SELF_TESTS
from firmware_bridge.device.settings import FRAME_RATE
from firmware_bridge.device.wrapping import MASK
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import Action, FaultCode, Message, Refusal, TransmitOff

M = TypeVar("M", bound=Message)


def answer(parts: Parts, body: bytes, now_us: int) -> Message:
    """The one reply to a reliable body."""
    number, tag = body[0] if body else 0, body[1] if len(body) > 1 else 0
    command = COMMANDS.get(number)
    if command is None:
        return wire.Refused(tag, Refusal.UNKNOWN_MESSAGE, number)
    try:
        return command(parts, body[1:], now_us)
    except struct.error:
        return wire.Refused(tag, Refusal.MALFORMED, number)


def _identify(parts: Parts, asked: wire.Identify, now_us: int) -> Message:
    running = parts.port.running
    version = running.image.version
    return wire.Identity(
        tag=asked.tag,
        hardware_id=parts.port.hardware_id,
        version=bytes((version.major, version.minor, version.revision & 0xFF, version.revision >> 8)),
        build=version.build,
        boot_id=running.boot_id,
        boot_reason=parts.port.boot_reason,
        bank=running.bank,
        confirmed=not parts.updating.on_trial,
        n_parameters=len(wire.PARAMETERS),
        n_presets=len(wire.PRESETS),
        serial_number=parts.port.serial_number,
        model=wire.MODEL,
    )


def _describe_parameter(parts: Parts, asked: wire.DescribeParameter, now_us: int) -> Message:
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
        value=parts.settings.values[asked.index],
        label=row.name,
    )


def _describe_preset(parts: Parts, asked: wire.DescribePreset, now_us: int) -> Message:
    if asked.index >= len(wire.PRESETS):
        return wire.Refused(asked.tag, Refusal.UNKNOWN_PRESET, asked.NUMBER)
    row = wire.PRESETS[asked.index]
    return wire.PresetInfo(asked.tag, asked.index, row.mi_cap_milli, row.ispta_cap_mw_cm2, row.ti_cap_milli, row.name)


def _get_parameter(parts: Parts, asked: wire.GetParameter, now_us: int) -> Message:
    settings, known = parts.settings, asked.parameter < len(wire.PARAMETERS)
    refusal = Refusal.NONE if known else Refusal.UNKNOWN_PARAMETER
    value = settings.values[asked.parameter] if known else 0
    return wire.ParameterValue(asked.tag, refusal, asked.parameter, value, settings.epoch)


def _set_parameters(parts: Parts, asked: wire.SetParameters, now_us: int) -> Message:
    settings = parts.settings
    verdict = settings.change(asked.pairs, now_us)
    if not verdict.refusal:
        parts.exposing.change_rate(settings.values[FRAME_RATE], now_us)
    return wire.SetResult(
        asked.tag, verdict.refusal, verdict.parameter, verdict.asked, verdict.low, verdict.high, settings.epoch
    )


def _report_parameters(parts: Parts, asked: wire.ReportParameters, now_us: int) -> Message:
    return parameters(parts, asked.tag)


def parameters(parts: Parts, tag: int) -> wire.Parameters:
    settings = parts.settings
    return wire.Parameters(tag, settings.epoch, settings.since_us, tuple(settings.values))


def _imaging(parts: Parts, asked: wire.Imaging, now_us: int) -> Message:
    permission, refusal = parts.permission, Refusal.NONE
    if asked.action in (Action.START, Action.STOP):
        permission.image(asked.action == Action.START, now_us)
    elif asked.action in (Action.FREEZE, Action.UNFREEZE):
        permission.freeze(asked.action == Action.FREEZE, now_us)
    elif asked.action == Action.ARM:
        refusal = _refusal_to_arm(parts)
        if not refusal:
            permission.arm(now_us)
    elif asked.action == Action.DISARM:
        permission.clear(TransmitOff.DISARMED, now_us)
    else:
        refusal = Refusal.MALFORMED
    return wire.Done(asked.tag, refusal)


def _refusal_to_arm(parts: Parts) -> Refusal:
    """The first condition that does not hold."""
    for refusal, prevents in (
        (Refusal.FAULT_LATCHED, parts.faults.code != FaultCode.NONE),
        (Refusal.FROZEN, parts.permission.frozen),
        (Refusal.NO_HEARTBEAT, not parts.heartbeat.heard),
        (Refusal.TOO_HOT, parts.sensors.hot),
        (Refusal.BATTERY_LOW, parts.sensors.battery_percent < wire.BATTERY_READY_PERCENT),
        (Refusal.NOISY_LINE, parts.storm.noisy),
        (Refusal.NOT_IMAGING, not parts.permission.imaging),
    ):
        if prevents and not parts.permission.armed:
            return refusal
    return Refusal.NONE


def _clear_fault(parts: Parts, asked: wire.ClearFault, now_us: int) -> Message:
    if parts.sensors.fault_persists:
        return wire.Done(asked.tag, Refusal.FAULT_LATCHED)
    parts.faults.clear()
    return wire.Done(asked.tag, Refusal.NONE)


def _self_test(parts: Parts, asked: wire.SelfTest, now_us: int) -> Message:
    failed = failed_self_tests(parts)
    if failed:
        parts.faults.latch(FaultCode.SELF_TEST, failed, now_us)
    return wire.SelfTestResult(asked.tag, SELF_TESTS, failed)


def _link_statistics(parts: Parts, asked: wire.AskLinkStatistics, now_us: int) -> Message:
    timer = parts.link.timer
    counts = (*astuple(parts.link.counters), timer.srtt_us, timer.rto_us)
    return wire.LinkStatistics(asked.tag, *(count & MASK for count in counts))


def _echo(parts: Parts, asked: wire.Echo, now_us: int) -> Message:
    return wire.Echoed(asked.tag, asked.data)


def _update_begin(parts: Parts, asked: wire.UpdateBegin, now_us: int) -> Message:
    return _status(parts, asked.tag, parts.updating.begin(parts.permission.imaging, asked.size, asked.digest, now_us))


def _update_data(parts: Parts, asked: wire.UpdateData, now_us: int) -> Message:
    return _status(parts, asked.tag, parts.updating.take(parts.permission.imaging, asked.offset, asked.data, now_us))


def _update_finish(parts: Parts, asked: wire.UpdateFinish, now_us: int) -> Message:
    return _status(parts, asked.tag, parts.updating.finish(parts.permission.imaging, now_us))


def _update_confirm(parts: Parts, asked: wire.UpdateConfirm, now_us: int) -> Message:
    return _status(parts, asked.tag, parts.updating.confirm(now_us))


def _ask_update(parts: Parts, asked: wire.AskUpdate, now_us: int) -> Message:
    return _status(parts, asked.tag, Refusal.NONE)


def _status(parts: Parts, tag: int, refusal: Refusal) -> Message:
    stands = parts.updating
    return wire.UpdateStatus(tag, refusal, stands.state, stands.bank, stands.offset, stands.size)


def _reboot(parts: Parts, asked: wire.Reboot, now_us: int) -> Message:
    if not parts.reboot.asked:
        parts.reboot.asked, parts.reboot.asked_us = True, now_us
    return wire.Done(asked.tag, Refusal.NONE)


_Command = Callable[[Parts, bytes, int], Message]


def _taking(kind: type[M], handle: Callable[[Parts, M, int], Message]) -> tuple[int, _Command]:
    return kind.NUMBER, lambda parts, fields, now_us: handle(parts, kind.unpack(fields), now_us)


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
