"""A line that damages, delays and breaks, and a device that hangs or restarts: nothing lost, nothing done twice."""

import random
from concurrent.futures import Future

import pytest

from firmware_bridge.errors import BridgeError, LinkLostError, NoReplyError
from firmware_bridge.host.events import LineLost, LineRestored
from firmware_bridge.host.probe import Probe
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import BootReason, ExposureFlag, FaultCode, Stimulus, TransmitOff
from firmware_bridge.line.packing import Message
from firmware_bridge.line.transport.faulty import FaultSettings
from tests.hil.conftest import Bench
from tests.hil.counters import AGAIN, CUT, NAMES
from tools.bridge.raw_host import SOON_S


def echoes(probe: Probe, seed: int, n: int) -> tuple[list[bytes], list[Future[Message]]]:
    """Random texts on their way there and back, several at a time."""
    rng = random.Random(seed)
    texts = [rng.randbytes(rng.randint(0, 120)) for _ in range(n)]
    return texts, [probe.submit(wire.Echo(0, text), SOON_S) for text in texts]


def until_back(probe: Probe, boot_id: int = 0) -> None:
    """The line is open again, after another start of the device than `boot_id`."""
    assert probe.line.wait_until(lambda: probe.line.is_open and probe.boot_id != boot_id, SOON_S)


# ---------------------------------------------------------------------------------------------------------- bad lines


@pytest.mark.no_cover
@pytest.mark.disturbs(*NAMES)
@pytest.mark.parametrize(
    "faults",
    [
        FaultSettings(damage=0.002, seed=1),
        FaultSettings(drop=0.002, seed=2),
        FaultSettings(double=0.002, seed=3),
        FaultSettings(delay_ms=(0, 60), seed=4),
        FaultSettings(damage=0.004, drop=0.003, double=0.003, delay_ms=(0, 10), seed=5),
    ],
    ids=["changed", "dropped", "doubled", "delayed", "all at once"],
)
@pytest.mark.parametrize("n_echoes", [60, pytest.param(400, marks=pytest.mark.slow)])
def test_over_a_bad_line_everything_arrives_once_and_in_order(bench: Bench, n_echoes: int, faults: FaultSettings):
    bench.device.faults = faults
    probe = bench.open()
    epoch = probe.parameters().epoch
    texts, answers = echoes(probe, faults.seed, n_echoes)
    assert [probe.reply(answer, wire.Echoed).data for answer in answers] == texts
    depths = [15 + 0.5 * k for k in range(20)]
    for depth_mm in depths:
        assert probe.set(depth_mm=depth_mm).depth_mm == depth_mm
    assert probe.parameters().epoch == epoch + len(depths)
    both = probe.link_statistics()
    if faults.damage or faults.drop or faults.double:
        assert both.host.link.damaged + both.probe.damaged > 0
        assert both.host.link.retransmitted + both.probe.retransmitted > 0
    assert both.host.line.losses == both.host.line.unanswered == both.host.line.stale_replies == 0
    assert both.host.line.undecodable == 0


@pytest.mark.disturbs(*CUT)
def test_after_an_unplug_it_comes_back_with_its_settings_and_does_not_transmit(bench: Bench):
    probe = bench.open()
    probe.set(depth_mm=52, gain_db=4)
    probe.start_imaging()
    probe.arm()
    boot_id = probe.boot_id
    watch = probe.watch((LineLost, LineRestored))
    for n in range(3):
        bench.device.unplug()
        assert probe.line.wait_until(lambda: not probe.line.is_open, SOON_S)
        with pytest.raises(LinkLostError):
            probe.identity()
        bench.device.plug()
        until_back(probe)
        parameters = probe.parameters()
        assert (parameters.depth_mm, parameters.gain_db) == (52, 4)
        assert probe.link_statistics().host.line.losses == n + 1
    assert probe.boot_id == boot_id
    assert probe.line.wait_until(
        lambda: (now := probe.doing()) is not None and now.flags == ExposureFlag.IMAGING, SOON_S
    )
    told = probe.events(watch, SOON_S)
    assert [type(event) for event in told] == [LineLost, LineRestored] * 3
    assert not any(event.restarted for event in told if isinstance(event, LineRestored))


@pytest.mark.disturbs(*CUT)
def test_an_unplug_in_the_middle_of_commands_ends_each_with_a_reply_or_the_truth(bench: Bench):
    """What was answered was done, and what was not answered may have been."""
    probe = bench.open()
    for seed in range(5):
        epoch = probe.parameters().epoch
        answers = [probe.submit(set_depth(150 + 5 * k)) for k in range(30)]
        bench.device.unplug()
        n_done = sum(was_done(answer) for answer in answers)
        bench.device.plug()
        until_back(probe)
        assert n_done <= probe.parameters().epoch - epoch <= len(answers), f"round {seed}"


def set_depth(raw: int) -> wire.SetParameters:
    return wire.SetParameters(0, bytes((0,)) + raw.to_bytes(4, "little"))


def was_done(answer: Future[Message]) -> bool:
    """False: the line was lost before the answer came. Anything else fails."""
    try:
        reply = answer.result(SOON_S)
    except LinkLostError:
        return False
    assert isinstance(reply, wire.SetResult)
    assert reply.refusal == wire.Refusal.NONE
    return True


# -------------------------------------------------------------------------------------------------------- late answers


@pytest.mark.disturbs(*AGAIN, "stale_replies", "unanswered")
def test_a_late_answer_meets_nobody(bench: Bench):
    """Shorter than the silence after which a device counts as lost."""
    probe = bench.open()
    probe.parameters()
    bench.device.stop()
    with pytest.raises(NoReplyError):
        probe.echo(b"late", timeout_s=0.05)
    bench.device.go_on()
    assert probe.echo(b"in time", timeout_s=SOON_S) == b"in time"
    line = probe.line.statistics().line
    assert (line.unanswered, line.stale_replies) == (1, 1)


@pytest.mark.disturbs(*AGAIN, *CUT)
def test_a_device_that_stands_still_is_lost_and_found(bench: Bench):
    probe = bench.open()
    probe.set(depth_mm=33)
    boot_id = probe.boot_id
    bench.device.stop()
    assert probe.line.wait_until(lambda: not probe.line.is_open, SOON_S)
    with pytest.raises(LinkLostError):
        probe.identity()
    bench.device.go_on()
    until_back(probe)
    assert probe.parameters().depth_mm == 33
    assert probe.boot_id == boot_id


@pytest.mark.disturbs(*CUT)
def test_a_hang_ends_with_the_watchdog_which_latches_a_fault(bench: Bench):
    probe = bench.open()
    probe.set(depth_mm=70)
    probe.start_imaging()
    probe.arm()
    boot_id = probe.boot_id
    bench.device.stimulate(Stimulus.HANG)
    until_back(probe, boot_id)
    identity = probe.identity()
    assert (identity.boot_id, identity.boot_reason) == (boot_id + 1, BootReason.WATCHDOG)
    assert probe.parameters().depth_mm == 70
    assert probe.line.wait_until(lambda: probe.fault() is not None and probe.doing() is not None, SOON_S)
    fault, doing = probe.fault(), probe.doing()
    assert fault is not None and doing is not None
    assert fault.fault == FaultCode.WATCHDOG
    assert (doing.flags, doing.off) == (ExposureFlag(0), TransmitOff.NOT_ARMED)
    with pytest.raises(BridgeError, match="fault"):
        probe.arm()
    probe.clear_fault()


@pytest.mark.disturbs(*CUT)
def test_a_restart_in_the_middle_of_a_command_is_told_and_the_settings_sent_again(bench: Bench):
    probe = bench.open()
    for k in range(6):
        kept_mm = 20.0 + k
        probe.set(depth_mm=kept_mm)
        boot_id = probe.boot_id
        answers = [probe.submit(set_depth(600)) for _ in range(8)]
        bench.device.stimulate(Stimulus.RESET)
        for answer in answers:
            was_done(answer)
        until_back(probe, boot_id)
        assert probe.parameters().depth_mm == kept_mm
        assert probe.identity().boot_reason == BootReason.REQUEST


@pytest.mark.disturbs(*CUT)
def test_the_power_goes_and_comes_back_in_the_middle_of_everything(new_bench):
    bench: Bench = new_bench()
    probe = bench.open()
    probe.set(depth_mm=44)
    probe.start_imaging()
    for _ in range(2):
        boot_id = probe.boot_id
        _, answers = echoes(probe, 7, 20)
        bench.device.unplug()
        bench.device.power_off()
        bench.device.power_on()
        bench.device.plug()
        for answer in answers:
            assert isinstance(answer.exception(SOON_S), LinkLostError | None)
        until_back(probe, boot_id)
        assert probe.parameters().depth_mm == 44
        assert probe.identity().boot_reason == BootReason.POWER
