"""A host in virtual time on a simulated probe's line."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest

from firmware_bridge.device.flash import Flash
from firmware_bridge.device.stepped_probe import SimulationSettings, SteppedProbe, TrueExposure
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import decode, encode
from firmware_bridge.line.link import Greeting, Link
from firmware_bridge.line.messages import Action, ExposureFlag, Refusal, Stimulus
from firmware_bridge.line.packing import Message

M = TypeVar("M", bound=Message)

STEP_US = 1_000
ANSWER_STEPS = 5_000
"""Virtual milliseconds; an answer that takes longer does not come."""


class StartedAnewError(Exception):
    """The device started anew while its answer was waited for."""


class Bench:
    """A probe, and a host that keeps all it hears. Heartbeats go out while `alive`."""

    StartedAnewError = StartedAnewError

    def __init__(self, settings: SimulationSettings | None = None, flash: Flash | None = None, now_us: int = 0) -> None:
        self.probe = SteppedProbe(settings or SimulationSettings(start_us=0), flash, now_us)
        self.exposures: list[TrueExposure] = []
        self.probe.on_exposure(self.exposures.append)
        self.host = Link(self)
        self.heard: list[Message] = []
        """Everything that the device said, in order."""
        self.alive = self.listens = True
        self._session = self._tag = 0
        self._asked_device = self.probe.device
        self._beat_us = 0

    # ------------------------------------------------------------------------------------------- the link's user
    def opened(self, greeting: Greeting) -> None:
        assert greeting.fits

    def reset(self, boot_id: int) -> None:
        """The test opens a new session where it wants one."""

    def ready(self) -> bool:
        return True

    def reliable(self, body: bytes) -> None:
        self.heard.append(decode(body))

    plain = reliable

    # --------------------------------------------------------------------------------------------------- for tests
    def connect(self) -> "Bench":
        """Open a new session and let it settle."""
        self._session = self._session % 31 + 1
        self._asked_device = self.probe.device
        self.host.open(self._session, self.probe.now_us & 0xFFFF_FFFF)
        self.run(5_000)
        self.run_until(lambda: self.host.session > 0)
        return self

    def run(self, us: int) -> None:
        """Let this time pass, in steps of a millisecond and a rest."""
        until_us = self.probe.now_us + us
        while self.probe.now_us < until_us:
            self._step(min(STEP_US, until_us - self.probe.now_us))

    def run_until(self, happened: Callable[[], bool]) -> None:
        for _ in range(ANSWER_STEPS):
            if happened():
                return
            self._step(STEP_US)
        raise AssertionError("it did not happen")

    def send(self, message: Message) -> None:
        send = self.host.send if message.RELIABLE else self.host.send_plain
        assert send(encode(message))

    def ask(self, command: Message) -> Message:
        """The one reply to a command, which gets a tag of its own. Raises StartedAnewError."""
        self._tag = self._tag % 255 + 1
        n_before = len(self.heard)
        self.send(replace(command, tag=self._tag))  # type: ignore[type-var]

        def replies() -> list[Message]:
            return [message for message in self.heard[n_before:] if getattr(message, "tag", 0) == self._tag]

        self.run_until(lambda: bool(replies()) or self.probe.device is not self._asked_device)
        if not replies():
            raise StartedAnewError
        assert len(replies()) == 1
        return replies()[0]

    def do(self, action: Action) -> Refusal:
        return self.done(wire.Imaging(0, action))

    def done(self, command: Message) -> Refusal:
        reply = self.ask(command)
        assert isinstance(reply, wire.Done)
        return Refusal(reply.refusal)

    def set(self, *pairs: tuple[int, int]) -> wire.SetResult:
        body = b"".join(bytes((number,)) + value.to_bytes(4, "little", signed=True) for number, value in pairs)
        reply = self.ask(wire.SetParameters(0, body))
        assert isinstance(reply, wire.SetResult)
        return reply

    def arm(self) -> "Bench":
        """Connect where that was not done, image, and arm."""
        if not self.host.session:
            self.connect()
        assert self.do(Action.START) == Refusal.NONE
        self.run_until(lambda: self.device.state.heartbeat.heard)
        assert self.do(Action.ARM) == Refusal.NONE
        assert self.transmits
        return self

    def stimulate(self, stimulus: Stimulus, value: int = 0) -> None:
        self.probe.stimulate(stimulus, value)

    def all_of(self, kind: type[M]) -> list[M]:
        """What was heard of this kind, in order."""
        return [message for message in self.heard if isinstance(message, kind)]

    def last(self, kind: type[M]) -> M:
        return self.all_of(kind)[-1]

    @property
    def device(self):
        assert self.probe.device is not None
        return self.probe.device

    @property
    def flags(self) -> ExposureFlag:
        return ExposureFlag(self.device.state.permission.flags)

    @property
    def transmits(self) -> bool:
        return ExposureFlag.TRANSMITTING in self.flags

    def state(self) -> tuple[object, ...]:
        """All that a refused command must leave as it was."""
        parts = self.device.state
        permission, settings, faults, updating = parts.permission, parts.settings, parts.faults, parts.updating
        return (
            (permission.flags, permission.off, permission.since_us),
            (tuple(settings.values), settings.epoch, settings.since_us),
            (faults.code, faults.detail, faults.since_us),
            (updating.state, updating.offset, updating.size),
            bytes(self.probe.flash.cells),
        )

    def _step(self, us: int) -> None:
        now_us = (self.probe.now_us + us) & 0xFFFF_FFFF
        if self.alive and self.host.session and self.probe.now_us - self._beat_us >= wire.HEARTBEAT_PERIOD_US:
            self._beat_us = self.probe.now_us
            self.send(wire.HostHeartbeat(0))
        self.host.tick(now_us)
        self.probe.feed(self.host.pull(1 << 16))
        self.probe.step(self.probe.now_us + us)
        if self.listens:
            self.host.receive(self.probe.take(), now_us)
            self.probe.feed(self.host.pull(1 << 16))


@pytest.fixture
def new_bench() -> type[Bench]:
    """To make benches that are not the usual one."""
    return Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A probe with a session open."""
    yield Bench().connect()
