"""The device: what it does with the bytes of its line, with time and with its surroundings.

Every call has the same order, which the firmware keeps:

1. Catch up: heartbeat, storm, temperature, battery, and the exposure that fell due. What was due until `now_us` comes
   before what the call brings, so the permission does not depend on when ticks happen, and an exposure has the
   settings of its own moment.
2. The call itself: the link and the commands in it, or a stimulus.
3. A tick only: motion, telemetry, heartbeat are noted where due.
4. Reliable reports while the window has room: fault, transmit state, parameters, buttons.
5. The link's flush, then unreliable frames: exposure, motion, telemetry, heartbeat, log.

Time is `now_us`, u32, and wraps. Nothing here reads a clock, starts a thread or draws a random number.
"""

from typing import Final

from firmware_bridge.device.commands import answer, parameters
from firmware_bridge.device.limits import acoustic_output
from firmware_bridge.device.port import DevicePort
from firmware_bridge.device.settings import FRAME_RATE, IMU_RATE
from firmware_bridge.device.state import DeviceState, initial_state
from firmware_bridge.device.timing import MASK, PeriodicMoments, since
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import encode
from firmware_bridge.line.link import Greeting, Link
from firmware_bridge.line.messages import BootReason, FaultCode, Stimulus, TransmitOff
from firmware_bridge.line.packing import Message

MAX_BUTTONS: Final = 8
"""Button events that wait; the oldest goes when one more comes."""

REPLY_ROOM: Final = 4
"""Free places in the window without which no command is taken: its reply, what it announces, and some spare."""

REBOOT_PATIENCE_US: Final = 100_000
"""A reboot waits no longer than this for the answer to leave."""

_SECOND_US: Final = 1_000_000


class Device:
    """One run of the firmware, from a start to the next reset.

    Where flash is written, PowerCutError passes through: the device is dead then, and nothing more of it counts.
    """

    def __init__(self, port: DevicePort, now_us: int) -> None:
        self._now_us = now_us
        self._link = Link(self, boot_id=port.running.boot_id, outbox_bytes=wire.OUTBOX_BYTES)
        self._state = initial_state(port, self._link, now_us)
        self._buttons: list[wire.Button] = []
        self._motion = PeriodicMoments(now_us)
        self._telemetry_us = self._heartbeat_us = now_us
        self._plain: list[Message] = []
        """Unreliable frames of the present call, in order."""
        if port.boot_reason == BootReason.WATCHDOG:
            self._state.faults.latch(FaultCode.WATCHDOG, 0, now_us)

    # --------------------------------------------------------------------------------------------- for the machine
    @property
    def state(self) -> DeviceState:
        """For a look inside."""
        return self._state

    def receive(self, chunk: bytes, now_us: int) -> None:
        """Bytes came off the line."""
        self._catch_up(now_us)
        self._link.receive(chunk, now_us)
        self._speak()

    def tick(self, now_us: int) -> None:
        """Time passed: to be called about each millisecond while imaging or with the IMU on, else each 10 ms."""
        reboot = self._state.reboot
        gone = self._link.n_waiting_bytes == 0 or since(now_us, reboot.asked_us) >= REBOOT_PATIENCE_US
        if reboot.asked and gone:
            self._state.port.request_reset()
            return
        self._catch_up(now_us)
        self._link.tick(now_us)
        self._note_due()
        self._speak()

    def stimulate(self, stimulus: int, value: int, now_us: int) -> None:
        """The bench does something to the device: `Stimulus` and its value. An unknown one does nothing."""
        port = self._state.port
        if stimulus == Stimulus.HANG:
            port.hang()
        elif stimulus == Stimulus.RESET:
            port.request_reset()
        elif stimulus == Stimulus.CUT_FLASH_AFTER:
            port.cut_flash_after(max(value, 0))
        else:
            self._catch_up(now_us)
            if stimulus in (Stimulus.PRESS_BUTTON, Stimulus.RELEASE_BUTTON):
                self._press(value & 0xFF, stimulus == Stimulus.PRESS_BUTTON)
            else:
                self._state.sensors.stimulate(stimulus, value, now_us)
            self._speak()

    def pull(self, room: int) -> bytes:
        """Up to `room` bytes for the line."""
        return self._link.pull(room)

    # ------------------------------------------------------------------------------------------------ for the link
    def opened(self, greeting: Greeting) -> None:
        """A session began: the host must be heard again, arm again, and be told everything."""
        state = self._state
        state.heartbeat.begin()
        state.permission.clear(TransmitOff.NEW_SESSION, self._now_us)
        state.permission.unreported = state.settings.unreported = True
        state.faults.unreported = state.faults.code != FaultCode.NONE
        self._buttons.clear()
        self._telemetry_us = self._heartbeat_us = self._now_us

    def reset(self, boot_id: int) -> None:
        """Never on a device."""

    def ready(self) -> bool:
        return self._link.n_free >= REPLY_ROOM

    def reliable(self, body: bytes) -> None:
        """A command. The parameters follow at once on a change, so that no epoch stays untold."""
        settings = self._state.settings
        epoch = settings.epoch
        self._link.send(encode(answer(self._state, body, self._now_us)))
        if settings.epoch != epoch:
            self._announce_parameters()

    def plain(self, body: bytes) -> None:
        """A heartbeat or a query of the clock; anything else unreliable is dropped."""
        if body[:1] == bytes((wire.HostHeartbeat.NUMBER,)) and len(body) == 1 + wire.HostHeartbeat.LAYOUT.size:
            self._state.heartbeat.hear(self._now_us)
        elif body[:1] == bytes((wire.ClockQuery.NUMBER,)) and len(body) == 1 + wire.ClockQuery.LAYOUT.size:
            query = wire.ClockQuery.unpack(body[1:]).query
            self._link.send_plain(wire.ClockReply(query, self._now_us, self._now_us).pack())

    # ------------------------------------------------------------------------------------------------------ inside
    def _catch_up(self, now_us: int) -> None:
        self._now_us = now_us
        state = self._state
        if state.heartbeat.watch(now_us):
            state.permission.clear(TransmitOff.HEARTBEAT_LOST, now_us)
        if state.storm.watch(self._link.counters.damaged, now_us):
            state.permission.clear(TransmitOff.NOISY_LINE, now_us)
        state.sensors.watch(now_us)
        self._expose()

    def _expose(self) -> None:
        state = self._state
        permission, settings, exposure_timer = state.permission, state.settings, state.exposure_timer
        running = permission.imaging and not permission.frozen
        if exposure_timer.watch(running, settings.values[FRAME_RATE], self._now_us):
            frame, exposed_us, flags = exposure_timer.frame, exposure_timer.exposed_us, permission.flags
            state.port.exposed(frame, exposed_us, settings.values, flags)
            self._plain.append(wire.Exposure(frame, exposed_us, settings.epoch, flags))

    def _note_due(self) -> None:
        now_us, rate_hz = self._now_us, self._state.settings.values[IMU_RATE]
        if self._link.session == 0:
            self._motion.restart(now_us)
            return
        if rate_hz == 0:
            self._motion.restart(now_us)
        elif self._motion.n_due(_SECOND_US // rate_hz, now_us):
            sampled_us = self._motion.last_us
            motion = self._state.sensors.moved(self._state.port.felt(sampled_us))
            self._plain.append(wire.Imu(sampled_us, motion[:3], motion[3:]))
        if since(now_us, self._telemetry_us) >= wire.TELEMETRY_PERIOD_US:
            self._telemetry_us = now_us
            self._plain.append(self._telemetry())
        if since(now_us, self._heartbeat_us) >= wire.HEARTBEAT_PERIOD_US:
            self._heartbeat_us = now_us
            self._plain.append(self._heartbeat())

    def _telemetry(self) -> Message:
        sensors, counters = self._state.sensors, self._link.counters
        output = acoustic_output(self._state.settings.values)
        return wire.Telemetry(
            device_us=self._now_us,
            battery_percent=sensors.battery_percent,
            probe_temperature_dc=sensors.probe_dc,
            board_temperature_dc=sensors.board_dc,
            mi_milli=output.mi_milli,
            tis_milli=output.tis_milli,
            tib_milli=output.tib_milli,
            ispta_mw_cm2=output.ispta_mw_cm2,
            damaged=counters.damaged & MASK,
            retransmitted=counters.retransmitted & MASK,
            plain_dropped=counters.plain_dropped & MASK,
        )

    def _heartbeat(self) -> Message:
        permission = self._state.permission
        return wire.DeviceHeartbeat(
            permission.flags, permission.off, self._state.faults.code, self._state.settings.epoch, self._now_us
        )

    def _press(self, button: int, pressed: bool) -> None:
        if len(self._buttons) == MAX_BUTTONS:
            self._buttons.pop(0)
        self._buttons.append(wire.Button(button, pressed, self._now_us))
        if button == 0 and pressed:
            self._state.permission.freeze(not self._state.permission.frozen, self._now_us)

    def _speak(self) -> None:
        if self._link.session:
            self._announce()
        self._link.flush(self._now_us)
        for message in self._plain:
            self._link.send_plain(message.pack())
        self._plain.clear()
        self._state.log.emit(self._link.send_plain)

    def _announce(self) -> None:
        faults, permission = self._state.faults, self._state.permission
        if faults.unreported and self._link.n_free:
            self._link.send(wire.FaultReport(faults.code, faults.detail, faults.since_us).pack())
            faults.unreported = False
        if permission.unreported and self._link.n_free:
            self._link.send(wire.TransmitState(permission.flags, permission.off, permission.since_us).pack())
            permission.unreported = False
        if self._state.settings.unreported and self._link.n_free:
            self._announce_parameters()
        while self._buttons and self._link.n_free:
            self._link.send(self._buttons.pop(0).pack())

    def _announce_parameters(self) -> None:
        self._link.send(parameters(self._state, 0).pack())
        self._state.settings.unreported = False
