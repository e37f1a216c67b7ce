"""A probe as a program uses it: typed calls in physical units. `open_probe("/dev/ttyACM0")`, `open_probe("sim:")`."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar, get_args

from firmware_bridge.errors import BridgeError, LinkClosedError, LinkLostError, MalformedMessageError, RefusedError
from firmware_bridge.firmware_image import FirmwareVersion
from firmware_bridge.host.clock_sync import ClockStatus, HostTime
from firmware_bridge.host.connection import Connection
from firmware_bridge.host.events import Event, FaultLatched, LineLost, LineRestored, TelemetryReport, TransmitChanged
from firmware_bridge.host.parameters import (
    Pair,
    ParameterDescription,
    PresetDescription,
    ProbeParameters,
    Setting,
    description_from_raw,
    packed,
    parameters_from_raw,
    preset_from_raw,
    raw_changes,
    refused_setting,
)
from firmware_bridge.host.periodic import ALIVE_S
from firmware_bridge.host.reasons import REFUSALS, SELF_TESTS
from firmware_bridge.host.reports import EventQueue, ProbeMoment, Reports, StateKnown, StateUnknown
from firmware_bridge.host.session import REQUEST_TIMEOUT_S, ConnectionStatistics, ConnectionUser
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import PARAMETER_NUMBERS, Action, BootReason, Refusal
from firmware_bridge.line.packing import Command, Message
from firmware_bridge.line.transport.contract import Transport
from firmware_bridge.line.transport.table import open_transport

STATE_TIMEOUT_S: Final = 0.1
"""How long `state_at` waits for the report of an exposure: two frames at 20 per second."""
_ALL_EVENTS: Final[tuple[type[Event], ...]] = get_args(Event)

Reply = TypeVar("Reply", bound=Message)


class Bank(StrEnum):
    """Where the running firmware lies in flash."""

    A = "A"
    B = "B"


@dataclass(frozen=True, slots=True)
class ProbeIdentity:
    """Who the probe is and what runs on it."""

    model: str
    serial_number: int
    hardware_id: int
    version: FirmwareVersion
    bank: Bank
    confirmed: bool
    """False: the firmware is on trial, and the one before comes back unless it is confirmed."""
    boot_id: int
    """Another one after each start."""
    boot_reason: BootReason


@dataclass(frozen=True, slots=True)
class SelfTestReport:
    """Names of the tests that ran, and of those that failed."""

    run: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BothEnds:
    """Counters of the line, as each end sees it."""

    host: ConnectionStatistics
    probe: wire.LinkStatistics


def silent(sentence: str) -> None:
    """Tells nobody."""


class Probe:
    """An open probe, for several threads. `open_probe` makes one; a context manager.

    After a loss of the line it comes back by itself, with the parameters sent again as they were last set here; what
    is asked meanwhile raises LinkLostError. It never arms transmit by itself. Every call may raise LinkLostError,
    NoReplyError (in both cases it is unknown whether it was done) and LinkClosedError.

    Transmit needs a program that lives: each call counts as a sign of life for `alive_s`, and so does `alive`.
    """

    def __init__(
        self,
        open_line: Callable[[], Transport],
        *,
        name: str,
        tell: Callable[[str], None] = silent,
        alive_s: float = ALIVE_S,
        threaded: bool = True,
        now_ns: Callable[[], int] = time.monotonic_ns,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self.name = name
        self._tell, self._now_ns = tell, now_ns
        self._reports = Reports()
        self._wanted: tuple[Pair, ...] = ()
        self._setting = threading.Lock()
        self._lost_ns: int | None = None
        user = ConnectionUser(self._opened, self._lost, self._reports.heard, self._reports.clock)
        self.line = Connection(
            open_line, user, name=name, alive_s=alive_s, threaded=threaded, now_ns=now_ns, pause=pause
        )
        self.line.open()

    def close(self) -> None:
        """End the session; the probe stops transmitting within half a second. A second call does nothing."""
        self.line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def alive(self) -> None:
        """A sign of life: the program runs, so transmit may go on."""
        self.line.alive()

    # ---------------------------------------------------------------------------------------- who it is, how it is set
    def identity(self) -> ProbeIdentity:
        info = self.ask(wire.Identify(0), wire.Identity)
        major, minor, low, high = info.version
        return ProbeIdentity(
            model=info.model,
            serial_number=info.serial_number,
            hardware_id=info.hardware_id,
            version=FirmwareVersion(major, minor, low | high << 8, info.build),
            bank=Bank.B if info.bank else Bank.A,
            confirmed=bool(info.confirmed),
            boot_id=info.boot_id,
            boot_reason=BootReason(info.boot_reason),
        )

    def parameter_table(self) -> tuple[ParameterDescription, ...]:
        """Every parameter with unit, range and step, by the probe's own words."""
        n_parameters = self.ask(wire.Identify(0), wire.Identity).n_parameters
        answers = [self.line.submit(wire.DescribeParameter(0, k)) for k in range(n_parameters)]
        return tuple(description_from_raw(self.reply(answer, wire.ParameterInfo)) for answer in answers)

    def preset_table(self) -> tuple[PresetDescription, ...]:
        """Every preset with its limits of acoustic output, by the probe's own words."""
        n_presets = self.ask(wire.Identify(0), wire.Identity).n_presets
        answers = [self.line.submit(wire.DescribePreset(0, k)) for k in range(n_presets)]
        return tuple(preset_from_raw(self.reply(answer, wire.PresetInfo)) for answer in answers)

    def parameters(self) -> ProbeParameters:
        report = self.ask(wire.ReportParameters(0), wire.Parameters)
        return parameters_from_raw(report.values, report.epoch)

    def set(self, **changes: Setting) -> ProbeParameters:
        """Set parameters by the names of `ProbeParameters`, all of them or none; they hold from the next exposure on.

        `preset` loads that preset's values first. Raises ParameterRefusedError: what was asked, what is allowed;
        nothing was changed. Nothing is ever rounded.
        """
        pairs = raw_changes(changes)
        with self._setting:
            accepted = self.line.submit(wire.SetParameters(0, packed(pairs)))
            report = self.line.submit(wire.ReportParameters(0))
            result = self.reply(accepted, wire.SetResult)
            if result.refusal:
                raise refused_setting(result)
            self._wanted = _merged(self._wanted, pairs)
            now = self.reply(report, wire.Parameters)
        return parameters_from_raw(now.values, now.epoch)

    # ------------------------------------------------------------------------------------------------ what it shall do
    def start_imaging(self) -> None:
        """Raises RefusedError, as all of these do, with the probe's reason."""
        self._act(Action.START)

    def stop_imaging(self) -> None:
        """Ends transmit too."""
        self._act(Action.STOP)

    def freeze(self) -> None:
        """The last picture stays; transmit pauses. Doing it twice changes nothing, and it needs no imaging."""
        self._act(Action.FREEZE)

    def unfreeze(self) -> None:
        """Go on, and transmit again where the freeze alone ended that. What anything else ended is armed again."""
        self._act(Action.UNFREEZE)

    def arm(self) -> None:
        """Permit transmit, until one of many things ends it. While frozen it is refused."""
        self._act(Action.ARM)

    def disarm(self) -> None:
        self._act(Action.DISARM)

    def clear_fault(self) -> None:
        """Raises RefusedError while the fault's cause is still there."""
        self._done(wire.ClearFault(0), "the fault was not cleared")

    def self_test(self) -> SelfTestReport:
        result = self.ask(wire.SelfTest(0), wire.SelfTestResult)
        return SelfTestReport(_names(result.run), _names(result.failed))

    def reboot(self) -> None:
        """Restart the firmware. The line is lost, and comes back by itself."""
        self._done(wire.Reboot(0), "the probe was not restarted")

    # ------------------------------------------------------------------------------------------------------- the line
    def echo(self, data: bytes, timeout_s: float = REQUEST_TIMEOUT_S) -> bytes:
        """`data` there and back."""
        return self.ask(wire.Echo(0, data), wire.Echoed, timeout_s).data

    def link_statistics(self) -> BothEnds:
        return BothEnds(self.line.statistics(), self.ask(wire.AskLinkStatistics(0), wire.LinkStatistics))

    def clock_status(self) -> ClockStatus:
        return self._reports.clock_status

    def ask(self, command: Command, kind: type[Reply], timeout_s: float = REQUEST_TIMEOUT_S) -> Reply:
        """The reply to a message of the wire. Raises RefusedError where the probe does not know it."""
        return self.reply(self.line.submit(command, timeout_s), kind)

    def submit(self, command: Command, timeout_s: float = REQUEST_TIMEOUT_S) -> Future[Message]:
        """As `ask` without waiting, so that several can be on their way; `reply` waits."""
        return self.line.submit(command, timeout_s)

    def reply(self, answer: Future[Message], kind: type[Reply]) -> Reply:
        """The reply to what was submitted. Raises as `ask` does."""
        reply = self.line.result(answer)
        if isinstance(reply, wire.Refused):
            refusal = Refusal(reply.refusal)
            raise RefusedError(f"message {reply.message:#x} was refused: {REFUSALS[refusal]}", refusal)
        if not isinstance(reply, kind):
            raise MalformedMessageError(f"the probe answered with {type(reply).__name__}, expected {kind.__name__}")
        return reply

    @property
    def boot_id(self) -> int:
        """Of the session that is open, or was last. Another one means that the firmware has started again."""
        return self._reports.boot_id

    def wait_until_back(self, timeout_s: float) -> bool:
        """Whether the line is open, or is again within `timeout_s`."""
        return self.line.wait_until(lambda: self.line.is_open, timeout_s)

    # ---------------------------------------------------------------------------------------------------- what it tells
    def telemetry(self) -> TelemetryReport | None:
        """The newest; None: none came yet."""
        return self._reports.telemetry

    def doing(self) -> TransmitChanged | None:
        """What it does now by its newest word, ten times a second; None: it has not told yet."""
        return self._reports.doing

    def fault(self) -> FaultLatched | None:
        """The fault that is latched now, with its time; None: none is, as far as it has told."""
        return self._reports.fault

    def listen(self, tell: Callable[[Event], None], kinds: tuple[type[Event], ...] = _ALL_EVENTS) -> Callable[[], None]:
        """Call `tell` with each event of these kinds, in the line's thread: it must return soon, and ask nothing of the
        probe. The result ends it."""
        return self._reports.listen(tell, kinds)

    def watch(self, kinds: tuple[type[Event], ...] = _ALL_EVENTS) -> EventQueue:
        """Keep events of these kinds until they are fetched with `events`, or the watch is closed."""
        return EventQueue(kinds, self._reports.listen)

    def events(self, watch: EventQueue, timeout_s: float) -> list[Event]:
        """What `watch` kept, the oldest first; waits at most `timeout_s` for the first. A sign of life."""
        self.line.alive()
        self.line.wait_until(lambda: len(watch) > 0, timeout_s)
        return watch.fetch()

    def host_time(self, device_us: int, near_ns: int) -> HostTime:
        """When the probe's 32-bit counter showed `device_us`, within half an hour of `near_ns`.

        Raises ClockNotReadyError.
        """
        return self._reports.host_time(device_us, near_ns)

    def state_at(self, host_ns: int, timeout_s: float = STATE_TIMEOUT_S) -> ProbeMoment:
        """What the probe was doing at an exposure at this monotonic host time, which is not in the future.

        Waits at most `timeout_s` for what still has to arrive. A sign of life. Never guesses: where two settings are
        possible, the state is unknown.
        """
        self.line.alive()
        moment = self._reports.moment(host_ns)
        if isinstance(moment, StateKnown) or not moment.later:
            return moment
        if timeout_s > 0 and not self._reports.frozen:
            self.line.wait_until(lambda: self._is_settled(host_ns), timeout_s)
            moment = self._reports.moment(host_ns)
        if self._reports.frozen and _may_change(moment):
            moment = self._frozen_moment(host_ns, timeout_s)
        if isinstance(moment, StateUnknown) and not self.line.is_open:
            return StateUnknown("the line to the probe is lost; it is being looked for", later=False)
        return moment

    # ----------------------------------------------------------------------------------------------------- inner part
    def _is_settled(self, host_ns: int) -> bool:
        """Waiting for reports of an exposure brings nothing more."""
        return not self.line.is_open or self._reports.frozen or not _may_change(self._reports.moment(host_ns))

    def _frozen_moment(self, host_ns: int, timeout_s: float) -> ProbeMoment:
        """While frozen nothing is exposed, so nothing is reported. An answer to a later question, in order after all
        changes before it, proves that it was frozen all the time."""
        try:
            self.echo(b"", max(timeout_s, 0.001))
        except BridgeError as error:
            return StateUnknown(str(error), later=True)
        return self._reports.moment(host_ns, still_frozen=host_ns <= self._now_ns())

    def _act(self, action: Action) -> None:
        self._done(wire.Imaging(0, action), f"{action.name.lower()} was refused")

    def _done(self, command: Command, what: str) -> None:
        refusal = Refusal(self.ask(command, wire.Done).refusal)
        if refusal:
            raise RefusedError(f"{what}: {REFUSALS[refusal]}", refusal)

    def _opened(self, boot_id: int) -> None:
        restarted = self._reports.opened(boot_id)
        if self._lost_ns is None:
            return
        if not self._wanted:
            self._restored(restarted, "")
            return
        answer = self.line.submit(wire.SetParameters(0, packed(self._wanted)))
        answer.add_done_callback(partial(self._sent_again, restarted))

    def _sent_again(self, restarted: bool, answer: Future[Message]) -> None:
        error = answer.exception()
        if isinstance(error, LinkLostError | LinkClosedError):
            return  # over again, and told so; the next session sends them once more
        reply = None if error else answer.result()
        if isinstance(reply, wire.SetResult):
            self._restored(restarted, str(refused_setting(reply)) if reply.refusal else "")
        else:
            self._restored(restarted, str(error or f"the probe answered with {reply}"))

    def _restored(self, restarted: bool, refusal: str) -> None:
        now_ns, lost_ns = self._now_ns(), self._lost_ns
        away_s = 0.0 if lost_ns is None else (now_ns - lost_ns) / 1e9
        self._lost_ns = None
        self._reports.publish(LineRestored(now_ns, away_s, restarted, refusal))
        started = "; it was restarted, so imaging is off" if restarted else ""
        kept = "it has its settings" if self._wanted or not restarted else "it starts with settings of its own"
        settings = f"it refused its settings: {refusal}" if refusal else kept
        self._tell(
            f"the probe is back after {away_s:.1f} s{started}; {settings}; transmit stays off until it is armed again"
        )

    def _lost(self, error: BridgeError) -> None:
        now_ns = self._now_ns()
        self._lost_ns = now_ns if self._lost_ns is None else self._lost_ns
        self._reports.publish(LineLost(now_ns, str(error)))
        self._tell(f"the probe is lost: {error}; looking for it")


def open_probe(address: str, *, tell: Callable[[str], None] = silent, alive_s: float = ALIVE_S) -> Probe:
    """The probe at a transport's address: `/dev/ttyACM0`, `socket://127.0.0.1:5566`, `sim:`.

    `tell` is called, from another thread, with a sentence when the line is lost and when it is back.
    Raises UnknownTransportError and TransportError where it cannot be opened, NoAnswerError, NotAProbeError,
    ProtocolVersionError where no probe of this release is there.
    """
    return Probe(partial(open_transport, address), name=address, tell=tell, alive_s=alive_s)


def _merged(wanted: tuple[Pair, ...], pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """All that was set, the newest value of each; a preset replaces everything before it and comes first."""
    if pairs[0].parameter == PARAMETER_NUMBERS["preset"]:
        return pairs
    values = dict(wanted) | dict(pairs)
    return tuple(Pair(parameter, value) for parameter, value in values.items())


def _may_change(moment: ProbeMoment) -> bool:
    return isinstance(moment, StateUnknown) and moment.later


def _names(bits: int) -> tuple[str, ...]:
    return tuple(name for k, name in enumerate(SELF_TESTS) if bits >> k & 1)
