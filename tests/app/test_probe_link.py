"""The probe's line in a run: states on the frames, a phantom that obeys, transmit that is armed once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count, pairwise

import cv2
import numpy as np
import pytest

from edge.app import probe_link
from edge.app.probe_link import ProbeLink, imaging_of, open_link, state_of
from edge.app.session import open_session
from edge.app.truth import true_sizes
from edge.errors import SettingError
from edge.finding import Finding, Verdict
from edge.frame import ProbeState
from edge.phantom.cine import Cine
from edge.phantom.records import Imaging
from firmware_bridge.errors import BridgeError, LinkLostError

PERIOD_NS = 40_000_000


@dataclass(frozen=True)
class Parameters:
    depth_mm: float = 30.0
    frequency_mhz: float = 11.0
    gain_db: float = 0.0
    tgc_db: tuple[float, ...] = (0.0,) * 8
    focus_mm: float = 15.0
    dynamic_range_db: float = 62.0
    transmit_power_db: float = 0.0
    preset: str = "cartilage"


@dataclass(frozen=True)
class Telemetry:
    mi: float | None = 0.9
    tis: float | None = 0.3
    tib: float | None = 1.2
    battery_percent: float | None = 80.0
    temperature_c: float | None = 35.0


@dataclass(frozen=True)
class Known:
    parameters: Parameters = Parameters()
    telemetry: Telemetry = Telemetry()
    epoch: int = 1
    transmitting: bool = True
    frozen: bool = False
    transmit_off_reason: str = ""


@dataclass(frozen=True)
class Unknown:
    reason: str


@dataclass(frozen=True)
class Exposed:
    exposed_ns: int
    frame_number: int
    parameters: Parameters
    transmitting: bool
    frozen: bool


@dataclass
class FakeProbe:
    """Both ends of the line: `states(k)` is the truth of exposure k, `told(k)` what the line says of it."""

    states: Callable[[int], Known] = lambda k: Known()
    told: Callable[[int], Known | Unknown] | None = None
    calls: list[str] = field(default_factory=list)
    simulator: None = None

    def __post_init__(self) -> None:
        self._numbers = count()

    def next_exposure(self, timeout_s: float) -> Exposed:
        k = next(self._numbers)
        state = self.states(k)
        return Exposed((k + 1) * PERIOD_NS, 70 + k, state.parameters, state.transmitting, state.frozen)

    def state_at(self, host_ns: int, timeout_s: float) -> Known | Unknown:
        return (self.told or self.states)(host_ns // PERIOD_NS - 1)

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
        monkeypatch.setattr(probe_link, "_open_probe", lambda address, tell: probe)
        return probe

    return plug


def scan(probe: FakeProbe, frames: int, **options) -> list[Finding]:
    quick = {"runtime": "onnx", "precision": "int8", "threads": 1}
    with open_session(f"phantom:cartilage,frames={frames}", probe="sim:", **quick, **options) as session:
        return [replace(result.finding, marks=()) for result in session.results()]


def states_of(probe: FakeProbe, times: int, tell=lambda said: None) -> list[ProbeState]:
    link = ProbeLink(probe, tell)
    return [link.state_at((k + 1) * PERIOD_NS) for k in range(times)]


def test_all_that_the_line_knows_is_on_the_frame() -> None:
    assert state_of(Known()) == ProbeState(
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
        battery_percent=80.0,
        temperature_c=35.0,
    )
    assert state_of(Known(transmitting=False, transmit_off_reason="too hot")).transmit_off_reason == "too hot"


def test_the_phantom_gets_every_parameter_that_it_has() -> None:
    set_to = Parameters(42.0, 7.0, 3.0, (1.0,) * 8, 20.0, 70.0, -5.0, "nerve")
    assert imaging_of(set_to) == Imaging(
        depth_mm=42.0,
        frequency_mhz=7.0,
        gain_db=3.0,
        tgc_db=(1.0,) * 8,
        focus_mm=20.0,
        dynamic_range_db=70.0,
        transmit_power_db=-5.0,
    )


def test_the_simulators_own_exposures_are_preferred_to_those_reported() -> None:
    probe = FakeProbe()
    probe.simulator = FakeProbe(lambda k: Known(Parameters(55.0)))
    assert ProbeLink(probe, print).next_exposure(1.0).imaging.depth_mm == 55.0


def test_what_is_not_known_is_a_doubt() -> None:
    (state,) = states_of(FakeProbe(told=lambda k: Unknown("the line is cut")), 1)
    assert state == ProbeState(doubt="the line is cut")


def test_a_lost_permission_is_told_once() -> None:
    said: list[str] = []
    off = Known(transmitting=False, transmit_off_reason="heartbeat lost")
    states_of(FakeProbe(lambda k: Known() if k < 3 else off), 8, said.append)
    assert len(said) == 1
    assert "heartbeat lost" in said[0] and "not armed again by itself" in said[0]


def test_freezing_is_no_lost_permission_but_what_follows_may_be() -> None:
    said: list[str] = []
    frozen = Known(transmitting=False, frozen=True, transmit_off_reason="frozen")
    probe = FakeProbe(lambda k: (Known(), frozen, frozen, replace(frozen, frozen=False))[k])
    states_of(probe, 3, said.append)
    assert said == []
    states_of(probe, 4, said.append)
    assert len(said) == 1


def test_one_that_never_transmitted_lost_nothing() -> None:
    said: list[str] = []
    states_of(FakeProbe(lambda k: Known(transmitting=False, transmit_off_reason="not armed")), 3, said.append)
    assert said == []


def test_a_look_back_neither_tells_again_nor_forgets() -> None:
    said: list[str] = []
    off = Known(transmitting=False, transmit_off_reason="too hot", epoch=2)
    link = ProbeLink(FakeProbe(lambda k: Known() if k < 2 else off), said.append)
    for k in (1, 2, 3, 2, 4, 2, 5):
        link.state_at(k * PERIOD_NS)
    assert len(said) == 1


def test_a_frozen_picture_keeps_its_state_unless_the_probe_is_set_meanwhile() -> None:
    frozen = Known(transmitting=False, frozen=True)
    set_anew = replace(frozen, parameters=Parameters(60.0), epoch=2)
    states = states_of(FakeProbe(lambda k: (Known(), frozen, set_anew, Known(epoch=2))[k]), 4)
    assert [state.depth_mm for state in states] == [30.0, 30.0, None, 30.0]
    assert "frozen" in states[2].doubt


def test_a_probe_that_is_frozen_from_the_start_is_in_doubt() -> None:
    assert states_of(FakeProbe(lambda k: Known(frozen=True)), 1)[0].doubt


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
        findings = scan(probe, 4)
        assert probe.calls == ["start", "arm", "stop", "close"]
        assert findings[-1].verdict is Verdict.MEASURED

    def test_it_is_not_armed_where_the_user_says_so(self, plugged_in) -> None:
        off = Known(transmitting=False, transmit_off_reason="not armed")
        probe = plugged_in(FakeProbe(lambda k: off))
        findings = scan(probe, 3, arm=False)
        assert probe.calls == ["start", "stop", "close"]
        assert {finding.reasons for finding in findings} == {("the probe does not transmit: not armed",)}

    def test_what_the_probe_refuses_ends_the_run_before_it_begins(self, plugged_in, tmp_path) -> None:
        class Refusing(FakeProbe):
            def arm(self) -> None:
                raise BridgeError("the probe refuses to transmit: battery low")

        probe = plugged_in(Refusing())
        with pytest.raises(BridgeError, match="battery low"):
            open_session("phantom:cartilage", probe="sim:", runtime="onnx", out=tmp_path / "kept")
        assert probe.calls == ["start", "stop", "close"]

    def test_the_thickness_stays_true_while_the_depth_is_changed_at_random(self, plugged_in) -> None:
        """The truth changes between exposures; the line knows it, or doubts. Frames that nobody had time for drop."""
        rng = np.random.default_rng(8)
        depths = np.repeat(rng.uniform(22, 70, 30), rng.integers(1, 5, 30)).tolist()
        epochs = np.cumsum([0, *(before != after for before, after in pairwise(depths))]).tolist()

        def truth(k: int) -> Known:
            return Known(Parameters(depths[k % len(depths)]), epoch=epochs[k % len(depths)])

        def told(k: int) -> Known | Unknown:
            unsure = k % 3 == 0 and truth(k).epoch != truth(k - 1).epoch
            return Unknown("the depth was changed about the time of the exposure") if unsure else truth(k)

        findings = scan(plugged_in(FakeProbe(truth, told)), len(depths))
        in_doubt = {finding.sequence: isinstance(told(finding.sequence), Unknown) for finding in findings}
        assert len(set(in_doubt.values())) == 2, "both kinds are needed to see anything"
        cine = Cine(1)
        for finding in findings:
            if in_doubt[finding.sequence]:
                assert finding.reasons == ("scale withheld: the depth was changed about the time of the exposure",)
                assert finding.spacing is None
                continue
            depth_mm = depths[finding.sequence]
            assert finding.spacing.y_mm_per_px == pytest.approx(depth_mm / 480)
            size = true_sizes(cine.band(finding.sequence * PERIOD_NS / 1e9, imaging_of(Parameters(depth_mm))))
            assert finding.measurement("mean_thickness").value == pytest.approx(size["mean_thickness"], abs=0.2)

    def test_what_cannot_be_combined_is_told(self, plugged_in, tmp_path) -> None:
        probe = plugged_in(FakeProbe())
        cv2.imwrite(str(tmp_path / "knee.png"), np.zeros((90, 90), np.uint8))
        with pytest.raises(SettingError, match="recorded"):
            open_session(tmp_path / "knee.png", probe="sim:")
        with pytest.raises(SettingError, match="probe's"):
            open_session("phantom:cartilage,depth=40", probe="sim:")
        with pytest.raises(SettingError, match="names no probe"):
            open_session("phantom:cartilage", probe=" ")
        assert "start" not in probe.calls

    def test_an_error_of_the_line_is_shown_as_it_is(self, plugged_in, sonoedge, monkeypatch) -> None:
        def unplugged(address, tell):
            raise BridgeError(f"there is no port {address}; plug the probe in")

        monkeypatch.setattr(probe_link, "_open_probe", unplugged)
        ended = sonoedge("run", "--source", "phantom:cartilage", "--probe", "/dev/ttyACM7")
        assert (ended.code, ended.error_line) == (1, "error: there is no port /dev/ttyACM7; plug the probe in")


def test_the_address_is_handed_on(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(probe_link, "_open_probe", lambda address, tell: asked.append((address, tell)) or FakeProbe())
    open_link("socket://board:5000", print)
    assert asked == [("socket://board:5000", print)]
