"""The probe's line in a run: states on the frames, a phantom that obeys, transmit that is armed once."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, pairwise

import cv2
import numpy as np
import pytest

from edge.app import probe_link
from edge.app.probe_link import Exposures, ProbeLink, ReportedExposures, exposure_of, open_link, state_of
from edge.app.session import open_session
from edge.errors import SettingError
from edge.finding import Finding, Verdict
from edge.frame import ProbeState
from edge.phantom.records import Imaging
from edge.sink.records import read_records
from edge.source.fake import FakeFeed
from edge.source.probe_feed import Exposure
from edge.task.cartilage.phantom import CartilageCine, true_sizes
from firmware_bridge.errors import BridgeError, ClockNotReadyError, LinkLostError
from firmware_bridge.host.clock_sync import HostTime
from firmware_bridge.host.events import Event, Exposed, ParametersChanged, TelemetryReport
from firmware_bridge.host.parameters import ProbeParameters
from firmware_bridge.host.reports import StateKnown, StateUnknown
from firmware_bridge.line.messages import ExposureFlag, TransmitOff

PERIOD_NS = 40_000_000
TELEMETRY = TelemetryReport(1, 2, 80, 35.0, 41.0, 0.9, 0.3, 1.2, 100)
ON, OFF = ExposureFlag.TRANSMITTING | ExposureFlag.IMAGING, ExposureFlag.IMAGING


def set_to(epoch: int = 1, **changes) -> ProbeParameters:
    nominal = ProbeParameters(30.0, 11.0, 0.0, (0.0,) * 8, 15.0, 62.0, 25.0, 0.0, "cartilage", 0.0, epoch)
    return replace(nominal, **changes)


def known(parameters: ProbeParameters | None = None, **changes) -> StateKnown:
    return replace(StateKnown(parameters or set_to(), True, False, TransmitOff.NONE, 7, 8, 9, TELEMETRY), **changes)


def off(reason: TransmitOff, **changes) -> StateKnown:
    return known(transmitting=False, transmit_off=reason, **changes)


def frozen(reason: TransmitOff = TransmitOff.FROZEN) -> StateKnown:
    return known(frozen=True, transmit_off=reason)


@dataclass
class FakeProbe:
    """Both ends of the line: `states(k)` is the truth of exposure k, `told(k)` what the line says of it."""

    states: Callable[[int], StateKnown] = lambda k: known()
    told: Callable[[int], StateKnown | StateUnknown] | None = None
    calls: list[str] = field(default_factory=list)
    boot_id, name = 5, "sim:"

    def exposures(self) -> FakeFeed:
        return FakeFeed(map(self.exposure, count()))

    def exposure(self, k: int) -> Exposure:
        state = self.states(k)
        return exposure_of((k + 1) * PERIOD_NS, 70 + k, state.parameters, ON if state.transmitting else OFF)

    def state_at(self, host_ns: int, timeout_s: float) -> StateKnown | StateUnknown:
        return (self.told or self.states)(host_ns // PERIOD_NS - 1)

    def doing(self) -> None:
        return None

    def listen(self, tell: Callable[[Event], None], kinds: tuple[type[Event], ...]) -> None: ...

    def host_time(self, device_us: int, near_ns: int) -> HostTime:
        return HostTime(near_ns - device_us * 1000, 500)

    def parameters(self) -> ProbeParameters:
        return set_to(imu_rate_hz=100.0)

    def start_imaging(self) -> None:
        self.calls.append("start")

    def stop_imaging(self) -> None:
        self.calls.append("stop")

    def arm(self) -> None:
        self.calls.append("arm")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def plugged_in(monkeypatch):
    """Puts a fake probe behind every address."""

    def plug(probe: FakeProbe) -> FakeProbe:
        monkeypatch.setattr(probe_link, "open_link", lambda address, tell: (ProbeLink(probe, tell), probe.exposures()))
        return probe

    return plug


QUICK = {"runtime": "onnx", "precision": "int8", "threads": 1}


def scan(frames: int, address: str = "sim:", **options) -> list[Finding]:
    with open_session(
        f"phantom:cartilage,frames={frames}", task="cartilage", probe=address, **QUICK, **options
    ) as session:
        return list(session)


def until_measured(run: Iterator[Finding], depth_mm: float) -> None:
    """Reads on to a picture of this depth that was measured; 480 rows show it."""
    for finding in run:
        mm_per_px = finding.spacing.y_mm_per_px if finding.spacing else 0.0
        if finding.verdict is Verdict.MEASURED and mm_per_px == pytest.approx(depth_mm / 480):
            return
    raise AssertionError("the run ended")


def states_of(probe: FakeProbe, times: int, tell=lambda said: None) -> list[ProbeState]:
    link = ProbeLink(probe, tell)
    return [link.state_at((k + 1) * PERIOD_NS) for k in range(times)]


def test_all_that_the_line_knows_is_on_the_frame() -> None:
    assert state_of(known()) == ProbeState(
        depth_mm=30.0,
        frequency_mhz=11.0,
        gain_db=0.0,
        tgc_db=(0.0,) * 8,
        focus_mm=15.0,
        dynamic_range_db=62.0,
        transmit_power_db=0.0,
        preset="cartilage",
        epoch=1,
        frozen=False,
        transmitting=True,
        mi=0.9,
        tis=0.3,
        tib=1.2,
        battery_percent=80,
        temperature_c=35.0,
    )
    assert state_of(off(TransmitOff.TOO_HOT)).transmit_off_reason == "too hot"
    assert state_of(frozen()).transmit_off_reason == "", "it comes back by itself"
    assert state_of(known(telemetry=None)).mi is None


def test_the_phantom_gets_every_parameter_that_it_has() -> None:
    parameters = ProbeParameters(42.0, 7.0, 3.0, (1.0,) * 8, 20.0, 70.0, 50.0, -5.0, "nerve", 0.0, 3)
    imaging = Imaging(
        depth_mm=42.0,
        frequency_mhz=7.0,
        gain_db=3.0,
        tgc_db=(1.0,) * 8,
        focus_mm=20.0,
        dynamic_range_db=70.0,
        transmit_power_db=-5.0,
    )
    assert exposure_of(5, 6, parameters, ON) == Exposure(5, 6, imaging, transmitting=True, frozen=False)
    assert not exposure_of(5, 6, parameters, OFF).transmitting


class TestExposures:
    def test_the_newest_is_given_once(self) -> None:
        exposures, probe = Exposures(lambda: False), FakeProbe()
        for k in range(3):
            exposures.put(probe.exposure(k))
        assert exposures.next_exposure(1.0).sequence == 72
        assert exposures.next_exposure(0.01) is None

    def test_one_that_comes_meanwhile_is_waited_for(self) -> None:
        exposures = Exposures(lambda: False)
        threading.Timer(0.05, exposures.put, (FakeProbe().exposure(4),)).start()
        assert exposures.next_exposure(60.0).sequence == 74

    def test_while_frozen_the_last_comes_again_as_it_was(self) -> None:
        exposures = Exposures(lambda: True)
        exposures.put(FakeProbe().exposure(0))
        first = exposures.next_exposure(60.0)
        assert [exposures.next_exposure(60.0) for _ in range(2)] == [replace(first, frozen=True)] * 2
        exposures.put(FakeProbe().exposure(1))
        assert exposures.next_exposure(60.0) == FakeProbe().exposure(1)

    def test_frozen_before_the_first_there_is_nothing_to_show(self) -> None:
        assert Exposures(lambda: True).next_exposure(0.01) is None


class Reporting:
    """A probe that only reports; `ready` says whether its clock is known."""

    def __init__(self) -> None:
        self.ready = True

    def parameters(self) -> ProbeParameters:
        return set_to(epoch=3)

    def listen(self, tell: Callable[[Event], None], kinds: tuple[type[Event], ...]) -> None:
        self.tell = tell

    def host_time(self, device_us: int, near_ns: int) -> HostTime:
        if not self.ready:
            raise ClockNotReadyError("no clock yet")
        return HostTime(device_us * 1000 + 7, 500)


def test_reported_exposures_are_those_whose_time_and_settings_are_known() -> None:
    probe, got = Reporting(), []
    ReportedExposures(probe, got.append)
    deeper = set_to(epoch=4, depth_mm=50.0)
    for event in (
        Exposed(0, 40_000, 0, 3, ON),
        Exposed(0, 80_000, 1, 4, ON),
        ParametersChanged(0, 70_000, deeper),
        Exposed(0, 120_000, 2, 4, OFF),
    ):
        probe.tell(event)
    probe.ready = False
    probe.tell(Exposed(0, 160_000, 3, 4, ON))
    assert got == [exposure_of(40_000_007, 0, set_to(), ON), exposure_of(120_000_007, 2, deeper, OFF)]


def test_what_is_not_known_is_a_doubt() -> None:
    (state,) = states_of(FakeProbe(told=lambda k: StateUnknown("the line is cut")), 1)
    assert state == ProbeState(doubt="the line is cut")
    (state,) = states_of(FakeProbe(told=lambda k: StateUnknown("set anew", frozen=True)), 1)
    assert state == ProbeState(doubt="set anew", frozen=True)


def test_a_frozen_exposure_keeps_the_time_that_it_was_first_told_with() -> None:
    numbers = (7, 7, 7, 9, 9)
    states = states_of(FakeProbe(lambda k: replace(frozen(), frame_number=numbers[k])), 5)
    assert [state.frozen_ns for state in states] == [k * PERIOD_NS - 8_000 for k in (1, 1, 1, 4, 4)]
    assert states_of(FakeProbe(), 1)[0].frozen_ns is None


def test_a_lost_permission_is_told_once() -> None:
    said: list[str] = []
    states_of(FakeProbe(lambda k: known() if k < 3 else off(TransmitOff.HEARTBEAT_LOST)), 8, said.append)
    assert len(said) == 1
    assert "heartbeat lost" in said[0] and "the key a, or with 'sonoedge probe arm sim:'" in said[0]


def test_freezing_is_no_lost_permission_but_what_comes_up_meanwhile_is() -> None:
    said: list[str] = []
    lives = (known(), frozen(), frozen(), known(), frozen(), frozen(TransmitOff.TOO_HOT), off(TransmitOff.TOO_HOT))
    states_of(FakeProbe(lambda k: lives[k]), 5, said.append)
    assert said == []
    states_of(FakeProbe(lambda k: lives[k]), 7, said.append)
    assert len(said) == 1 and "too hot" in said[0]


def test_the_frozen_exposure_asked_for_once_more_is_followed_only_while_it_is_frozen() -> None:
    said: list[str] = []
    lives = iter((known(), frozen(), frozen(TransmitOff.DISARMED), known(), off(TransmitOff.DISARMED)))
    link = ProbeLink(FakeProbe(lambda k: next(lives)), said.append)
    for k in (1, 2, 2, 2, 3):
        link.state_at(k * PERIOD_NS)
    assert len(said) == 1


def test_one_that_was_armed_again_before_its_loss_was_heard_of_is_not_told() -> None:
    said: list[str] = []
    given_back = off(TransmitOff.NONE)
    probe = FakeProbe(lambda k: (known(), given_back, known(), given_back, off(TransmitOff.TOO_HOT))[k])
    states_of(probe, 4, said.append)
    assert said == []
    states_of(probe, 5, said.append)
    assert len(said) == 1


def test_one_that_never_transmitted_lost_nothing() -> None:
    said: list[str] = []
    states_of(FakeProbe(lambda k: off(TransmitOff.NOT_ARMED)), 3, said.append)
    assert said == []


def test_a_look_back_does_not_tell_again() -> None:
    said: list[str] = []
    link = ProbeLink(FakeProbe(lambda k: known() if k < 2 else off(TransmitOff.TOO_HOT)), said.append)
    for k in (1, 2, 3, 2, 4, 2, 5):
        link.state_at(k * PERIOD_NS)
    assert len(said) == 1


def test_a_cut_line_does_not_keep_the_link_from_closing() -> None:
    class Cut(FakeProbe):
        def stop_imaging(self) -> None:
            raise LinkLostError("unplugged")

    probe = Cut()
    with ProbeLink(probe, print):
        pass
    assert probe.calls == ["close"]


@pytest.mark.usefixtures("cartilage_model")
class TestRun:
    def test_the_probe_is_started_armed_and_stopped(self, plugged_in) -> None:
        probe = plugged_in(FakeProbe())
        findings = scan(4)
        assert probe.calls == ["start", "arm", "stop", "close"]
        assert findings[-1].verdict is Verdict.MEASURED

    def test_it_is_not_armed_where_the_user_says_so(self, plugged_in) -> None:
        probe = plugged_in(FakeProbe(lambda k: off(TransmitOff.NOT_ARMED)))
        findings = scan(3, arm=False)
        assert probe.calls == ["start", "stop", "close"]
        assert {finding.reasons for finding in findings} == {("the probe does not transmit: not armed yet",)}

    def test_what_the_probe_refuses_ends_the_run(self, plugged_in) -> None:
        class Refusing(FakeProbe):
            def arm(self) -> None:
                raise BridgeError("the probe refuses to transmit: battery low")

        probe = plugged_in(Refusing())
        with pytest.raises(BridgeError, match="battery low"):
            scan(3)
        assert probe.calls == ["start", "stop", "close"]

    def test_nothing_is_transmitted_before_the_first_finding_is_asked_for(self, plugged_in) -> None:
        probe = plugged_in(FakeProbe())
        with open_session("phantom:cartilage", task="cartilage", probe="sim:", runtime="onnx", precision="int8"):
            assert probe.calls == []

    def test_the_thickness_stays_true_while_the_depth_is_changed_at_random(self, plugged_in) -> None:
        """The truth changes between exposures; the line knows it, or doubts. Frames that nobody had time for drop."""
        rng = np.random.default_rng(8)
        depths = np.repeat(rng.uniform(22, 70, 30), rng.integers(1, 5, 30)).tolist()
        epochs = np.cumsum([0, *(before != after for before, after in pairwise(depths))]).tolist()

        def truth(k: int) -> StateKnown:
            return known(set_to(epochs[k % len(depths)], depth_mm=depths[k % len(depths)]))

        def told(k: int) -> StateKnown | StateUnknown:
            unsure = k % 3 == 0 and truth(k).epoch != truth(k - 1).epoch
            return StateUnknown("the depth was changed about the time of the exposure") if unsure else truth(k)

        plugged_in(FakeProbe(truth, told))
        findings = scan(len(depths))
        in_doubt = {finding.sequence: isinstance(told(finding.sequence), StateUnknown) for finding in findings}
        assert len(set(in_doubt.values())) == 2, "both kinds are needed to see anything"
        cine = CartilageCine(1)
        for finding in findings:
            if in_doubt[finding.sequence]:
                assert finding.reasons[0] == "scale withheld: the depth was changed about the time of the exposure"
                assert finding.spacing is None
                continue
            depth_mm = depths[finding.sequence]
            assert finding.spacing.y_mm_per_px == pytest.approx(depth_mm / 480)
            imaging = exposure_of(0, 0, set_to(depth_mm=depth_mm), ON).imaging
            size = true_sizes(cine.band(finding.sequence * PERIOD_NS / 1e9, imaging))
            assert finding.measurement("mean_thickness").value == pytest.approx(size["mean_thickness"], abs=0.2)

    def test_what_cannot_be_combined_is_told(self, plugged_in, tmp_path) -> None:
        probe = plugged_in(FakeProbe())
        cv2.imwrite(str(tmp_path / "knee.png"), np.zeros((90, 90), np.uint8))
        with pytest.raises(SettingError, match="recorded"):
            open_session(tmp_path / "knee.png", task="cartilage", probe="sim:")
        with pytest.raises(SettingError, match="probe's"):
            open_session("phantom:cartilage,depth=40", task="cartilage", probe="sim:")
        with pytest.raises(SettingError, match="names no probe"):
            open_session("phantom:cartilage", task="cartilage", probe=" ")
        assert "start" not in probe.calls

    def test_an_error_of_the_line_is_shown_as_it_is(self, sonoedge) -> None:
        ended = sonoedge("run", "cartilage", "--source", "phantom:cartilage", "--probe", "/dev/ttyACM77")
        assert ended.code == 1
        assert "/dev/ttyACM77" in ended.error_line

    def test_the_simulated_probe_is_scanned_with(self) -> None:
        """The real line: the phantom behind it is measured with the depth that the line tells."""
        findings = scan(12, "sim:seed=3,drift=200")
        assert findings[-1].spacing.y_mm_per_px == pytest.approx(30 / 480)
        assert findings[-1].verdict is Verdict.MEASURED

    def test_a_freeze_is_one_record_and_its_end_goes_on_in_the_same_run(self, monkeypatch, tmp_path) -> None:
        """Whatever depth is set meanwhile; what more than a freeze took away is armed again."""
        links, said = [], []
        monkeypatch.setattr(probe_link, "open_link", lambda *given: links.append(open_link(*given)) or links[-1])
        with open_session(
            "phantom:cartilage", task="cartilage", probe="sim:seed=3", tell=said.append, out=tmp_path, **QUICK
        ) as session:
            run, probe = iter(session), links[0][0].probe
            until_measured(run, 30.0)
            probe.freeze()
            orders = threading.Thread(target=lambda: (time.sleep(0.8), probe.set(depth_mm=44.0), probe.unfreeze()))
            orders.start()
            until_measured(run, 44.0)
            orders.join()
            probe.freeze()
            probe.disarm()
            probe.unfreeze()
            refused = next(finding for finding in run if finding.verdict is Verdict.REFUSED)
            assert refused.reasons == ("the probe does not transmit: disarmed",)
            probe.arm()
            until_measured(run, 44.0)
        records = list(read_records(tmp_path / "findings.jsonl"))
        numbers = [record.sequence for record in records]
        assert numbers == sorted(set(numbers))
        last, after = max(pairwise(records), key=lambda pair: pair[1].exposed_ns - pair[0].exposed_ns)
        assert after.exposed_ns - last.exposed_ns > 800_000_000, "meanwhile nothing was measured"
        assert (last.probe.frozen, last.probe.transmitting, last.probe.depth_mm) == (True, True, 30.0)
        assert last.spacing.y_mm_per_px == pytest.approx(30 / 480)
        assert len(said) == 1 and "disarmed" in said[0]

    def test_a_simulated_probe_that_is_not_armed_gives_dark_frames(self) -> None:
        findings = scan(8, arm=False)
        assert findings[-1].reasons == ("the probe does not transmit: not armed yet",)


def test_a_frozen_probe_shows_its_last_exposure_again_whatever_is_set_meanwhile() -> None:
    link, exposures = open_link("sim:seed=3", print)
    with link:
        link.start(arm=True)
        before = [exposures.next_exposure(60.0) for _ in range(3)][-1]
        link.probe.freeze()
        while not (again := exposures.next_exposure(60.0)).frozen:
            before = again
        link.probe.set(depth_mm=50)
        for _ in range(2):
            assert exposures.next_exposure(60.0) == again == replace(before, frozen=True)
            state = link.state_at(again.exposed_ns)
            assert (state.doubt, state.frozen, state.transmitting, state.depth_mm) == ("", True, True, 30.0)
            assert state.frozen_ns == pytest.approx(again.exposed_ns, abs=PERIOD_NS / 4)
        link.probe.unfreeze()
        while (after := exposures.next_exposure(60.0)).frozen:
            pass
        assert after.transmitting and after.imaging.depth_mm == 50
        while (state := link.state_at(after.exposed_ns)).doubt:
            after = exposures.next_exposure(60.0)
        assert (state.frozen, state.transmitting, state.depth_mm) == (False, True, 50.0)


def test_another_probe_sets_the_phantom_by_what_it_reports(monkeypatch) -> None:
    """A transport that the simulator is behind, as a serial line would be."""
    from firmware_bridge.device.simulator import simulated_probe
    from firmware_bridge.host.probe import Probe

    with simulated_probe("seed=3") as simulator:
        monkeypatch.setattr(
            probe_link, "open_probe", lambda address, tell: Probe(simulator.connect, name=address, tell=tell)
        )
        link, exposures = open_link("/dev/ttyACM0", print)
        with link:
            link.probe.set(depth_mm=44.0)
            link.start(arm=True)
            exposure = exposures.next_exposure(60.0)
            assert exposure.imaging.depth_mm == 44.0
            while (state := link.state_at(exposure.exposed_ns)).doubt:
                exposure = exposures.next_exposure(60.0)
            assert (state.depth_mm, state.transmitting) == (44.0, exposure.transmitting)
