"""What is known of a probe from all that it told: its clock, its exposures, its newest state; and who is told of it."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from firmware_bridge.errors import ClockNotReadyError
from firmware_bridge.host.clock_sync import ClockSample, ClockStatus, ClockSync, HostTime
from firmware_bridge.host.events import (
    Event,
    Exposed,
    FaultLatched,
    ParametersChanged,
    TelemetryReport,
    TransmitChanged,
    event_from,
)
from firmware_bridge.host.exposures import ExposureHistory, Unknown
from firmware_bridge.host.parameters import ProbeParameters, describe_change
from firmware_bridge.host.reasons import TRANSMIT_OFF
from firmware_bridge.line.messages import DeviceHeartbeat, ExposureFlag, TransmitOff
from firmware_bridge.line.packing import Message

KEPT_EVENTS: Final = 1024
"""Events that wait in one EventQueue; the oldest are dropped first, counted."""

_KEPT_CHANGES: Final = 64


@dataclass(frozen=True, slots=True)
class StateKnown:
    """What the probe was doing at an exposure."""

    parameters: ProbeParameters
    transmitting: bool
    frozen: bool
    """True: it is the last exposure before the freeze that lasts; parameters and `transmitting` are those of it."""
    transmit_off: TransmitOff
    """Why it does not transmit now; NONE where it did at the exposure. FROZEN: nothing but the freeze keeps it from
    that, and the end of the freeze gives it back."""
    frame_number: int
    exposed_device_us: int
    """Extended beyond 32 bits."""
    uncertainty_us: int
    """How far the host's time may be off when told in the device's."""
    telemetry: TelemetryReport | None
    """The newest; None: none came yet."""

    @property
    def transmit_off_reason(self) -> str:
        """In words; empty for NONE."""
        return TRANSMIT_OFF[self.transmit_off]

    @property
    def epoch(self) -> int:
        return self.parameters.epoch


@dataclass(frozen=True, slots=True)
class StateUnknown:
    """Why it cannot be told what the probe was doing."""

    reason: str
    """Fit to be shown to the user."""
    later: bool = False
    """What is still to come may bring the answer."""
    frozen: bool = False
    """True: it is sure that the picture is frozen, and not what it was exposed with."""


Kinds = tuple[type[Event], ...]
ProbeMoment = StateKnown | StateUnknown


class EventQueue:
    """Events that wait until they are fetched."""

    def __init__(self, kinds: Kinds, listen: Callable[[Callable[[Event], None], Kinds], Callable[[], None]]) -> None:
        self.n_dropped = 0
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self.close = listen(self.add, kinds)
        """Keep no more."""

    def add(self, event: Event) -> None:
        self.n_dropped += len(self._events) == KEPT_EVENTS
        self._events.append(event)

    def __len__(self) -> int:
        return len(self._events)

    def fetch(self) -> list[Event]:
        """All that wait, the oldest first."""
        return [self._events.popleft() for _ in range(len(self._events))]


class Reports:
    """Everything a probe told, for several threads. The line's thread writes."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._clock = ClockSync()
        self._history = ExposureHistory[ProbeParameters](describe_change)
        self._listeners: list[tuple[Kinds, Callable[[Event], None]]] = []
        self.boot_id = 0
        self._forget()

    def _forget(self) -> None:
        """The device's counters started again, or the clock did."""
        self._history.forget()
        self._exposed_us: int | None = None
        self._changed_us: deque[int] = deque(maxlen=_KEPT_CHANGES)
        self._frozen_us: int | None = None
        self._frozen_by_itself = False
        """The probe transmitted until it was frozen."""
        self._doing: TransmitChanged | None = None
        self._doing_us = 0
        self._parameters: ParametersChanged | None = None
        self._telemetry: TelemetryReport | None = None
        self._fault: FaultLatched | None = None

    # ------------------------------------------------------------------------------------------- for the line's thread
    def opened(self, boot_id: int) -> bool:
        """A session began. Whether the device started again since the last one."""
        with self._lock:
            restarted = self.boot_id not in (0, boot_id)
            self.boot_id = boot_id
            self._frozen_us = None  # whether it was frozen all the time meanwhile, nobody heard
            if restarted:
                self._clock.reset()
                self._forget()
            return restarted

    def clock(self, sample: ClockSample) -> None:
        with self._lock:
            n_restarts = self._clock.status.n_restarts
            self._clock.add(sample)
            if self._clock.status.n_restarts != n_restarts:
                self._start_history_again()

    def heard(self, message: Message, received_ns: int) -> None:
        """Take what the probe told by itself. Raises MessageError where it says nothing."""
        event = event_from(message, received_ns)
        with self._lock:
            if isinstance(event, TransmitChanged):
                self._note_doing(event)
            elif isinstance(event, ParametersChanged):
                self._note_parameters(event)
            elif isinstance(event, Exposed):
                self._note_exposure(event)
            elif isinstance(event, TelemetryReport):
                self._telemetry = event
            elif isinstance(event, FaultLatched):
                self._fault = event if event.fault else None
            if isinstance(message, DeviceHeartbeat) and not message.fault:
                self._fault = None
        if not isinstance(message, DeviceHeartbeat):
            self.publish(event)

    def publish(self, event: Event) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for kinds, tell in listeners:
            if isinstance(event, kinds):
                tell(event)

    # ----------------------------------------------------------------------------------------------- for all threads
    def listen(self, tell: Callable[[Event], None], kinds: Kinds) -> Callable[[], None]:
        """Call `tell` with each event of these kinds; the result ends it."""
        entry = (kinds, tell)
        with self._lock:
            self._listeners.append(entry)

        def stop() -> None:
            with self._lock:
                if entry in self._listeners:
                    self._listeners.remove(entry)

        return stop

    @property
    def clock_status(self) -> ClockStatus:
        with self._lock:
            return self._clock.status

    @property
    def telemetry(self) -> TelemetryReport | None:
        """The newest; None: none came yet."""
        return self._telemetry

    @property
    def fault(self) -> FaultLatched | None:
        """The fault that is latched now; None: none is, by the probe's newest word."""
        return self._fault

    @property
    def doing(self) -> TransmitChanged | None:
        """The newest word on what the probe does; None: none came in this session of its firmware."""
        return self._doing

    @property
    def frozen(self) -> bool:
        return self._frozen_us is not None

    def host_time(self, device_us: int, near_ns: int) -> HostTime:
        """Raises ClockNotReadyError."""
        with self._lock:
            return self._clock.host_ns_from_device_us(device_us, near_ns)

    def moment(self, host_ns: int, *, still_frozen: bool = False) -> ProbeMoment:
        """What the probe was doing at `host_ns`. `still_frozen`: it was asked after that time, and is frozen now."""
        with self._lock:
            try:
                at = self._clock.device_us_from_host_ns(host_ns)
            except ClockNotReadyError as error:
                return StateUnknown(str(error), later=True)
            earliest_us, latest_us = at.device_us - at.uncertainty_us, at.device_us + at.uncertainty_us
            if self._frozen_us is not None and (self._exposed_us is None or latest_us > self._exposed_us):
                return self._frozen_moment(earliest_us, self._frozen_us, at.uncertainty_us, still_frozen)
            return self._moment(earliest_us, latest_us, at.uncertainty_us)

    # ----------------------------------------------------------------------------------------------------- inner part
    def _moment(self, earliest_us: int, latest_us: int, uncertainty_us: int) -> ProbeMoment:
        answer = self._history.lookup(earliest_us, latest_us)
        if isinstance(answer, Unknown):
            return StateUnknown(answer.reason, answer.later)
        exposure = answer.exposure
        return StateKnown(
            parameters=answer.values,
            transmitting=exposure.transmitting,
            frozen=False,
            transmit_off=TransmitOff.NONE if exposure.transmitting else self._off(),
            frame_number=exposure.frame_number,
            exposed_device_us=exposure.device_us,
            uncertainty_us=uncertainty_us,
            telemetry=self._telemetry,
        )

    def _frozen_moment(self, earliest_us: int, since_us: int, uncertainty_us: int, still_frozen: bool) -> ProbeMoment:
        """The state of the exposure that is frozen: the last one reported, if no lost one can have been another. It is
        what a frame shows that was exposed about its time or later."""
        if not still_frozen:
            return StateUnknown("the probe is frozen, and has not confirmed it since", later=True)
        last_us = self._exposed_us
        if last_us is None:
            return StateUnknown("the probe is frozen, and its last exposure is not known", frozen=True)
        if any(last_us < changed_us <= since_us for changed_us in self._changed_us):
            return StateUnknown("the probe was set anew shortly before it was frozen", frozen=True)
        answer = self._history.lookup(min(earliest_us, last_us), last_us)
        if isinstance(answer, Unknown):
            return StateUnknown(answer.reason, answer.later, frozen=True)
        if answer.exposure.transmitting and not self._frozen_by_itself:
            return StateUnknown("transmit ended shortly before the probe was frozen", frozen=True)
        return StateKnown(
            parameters=answer.values,
            transmitting=answer.exposure.transmitting,
            frozen=True,
            transmit_off=self._off(),
            frame_number=answer.exposure.frame_number,
            exposed_device_us=last_us,
            uncertainty_us=uncertainty_us,
            telemetry=self._telemetry,
        )

    def _off(self) -> TransmitOff:
        return self._doing.off if self._doing else TransmitOff.NOT_ARMED

    def _note_doing(self, event: TransmitChanged) -> None:
        try:
            now_us = self._clock.extended_us(event.device_us, event.received_ns)
        except ClockNotReadyError:
            self._doing = event
            return
        if self._doing and now_us < self._doing_us:
            return  # a repeated frame that was overtaken by a heartbeat
        self._doing, self._doing_us = event, now_us
        if ExposureFlag.FROZEN not in event.flags:
            self._frozen_us = None
        elif self._frozen_us is None:
            self._frozen_us = now_us
            self._frozen_by_itself = event.off is TransmitOff.FROZEN

    def _note_parameters(self, event: ParametersChanged) -> None:
        self._parameters = event
        self._history.add_parameters(event.parameters.epoch, event.parameters)
        with suppress(ClockNotReadyError):
            self._changed_us.append(self._clock.extended_us(event.device_us, event.received_ns))

    def _note_exposure(self, event: Exposed) -> None:
        try:
            exposed_us = self._clock.extended_us(event.device_us, event.received_ns)
        except ClockNotReadyError:
            return  # it cannot be placed in time; the first query is answered within milliseconds
        flags = event.flags
        self._exposed_us = exposed_us
        self._history.add_exposure(
            event.frame_number,
            exposed_us,
            event.epoch,
            ExposureFlag.TRANSMITTING in flags,
            ExposureFlag.FROZEN in flags,
        )

    def _start_history_again(self) -> None:
        """The clock was learned anew: counts extended by the old one mean nothing. What holds now is kept."""
        parameters, doing, telemetry, fault = self._parameters, self._doing, self._telemetry, self._fault
        self._forget()
        self._telemetry, self._doing, self._fault = telemetry, doing, fault
        if parameters:
            self._note_parameters(parameters)
