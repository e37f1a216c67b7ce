"""What a watcher learns from events."""

from dataclasses import replace

import pytest

from edge.app.probe.tables import transmit_text
from edge.app.probe.watching import WatchState
from firmware_bridge.host.events import (
    ButtonMoved,
    Exposed,
    FaultLatched,
    LineLost,
    LineRestored,
    Logged,
    ParametersChanged,
    TelemetryReport,
    TransmitChanged,
)
from firmware_bridge.host.parameters import parameters_from_raw
from firmware_bridge.line import messages as wire
from firmware_bridge.line.messages import ExposureFlag, FaultCode, LogLevel, TransmitOff

SECOND = 1_000_000_000
PARAMETERS = parameters_from_raw(wire.PRESETS[0].values, 1)
ON = ExposureFlag.IMAGING | ExposureFlag.ARMED | ExposureFlag.TRANSMITTING


def exposed(at_ns: int, number: int) -> Exposed:
    return Exposed(at_ns, 0, number % (1 << 32), 1, ON)


def test_the_pace_is_that_of_the_last_two_seconds():
    state = WatchState()
    for k in range(100):
        state.add(exposed((k + 1) * SECOND // 25, k))
        if k == 24:
            assert state.exposures_per_s(SECOND) == pytest.approx(25, abs=2)
    assert state.exposures_per_s(4 * SECOND) == pytest.approx(25, abs=0.5)
    assert state.exposures_per_s(7 * SECOND) == 0


def test_gaps_in_the_numbers_are_losses_also_where_they_wrap():
    state = WatchState()
    for k, number in enumerate(((1 << 32) - 2, (1 << 32) - 1, 1, 4)):
        state.add(exposed(k, number))
    assert (state.n_exposures, state.n_exposures_lost) == (4, 3)


def test_numbers_that_start_anew_with_the_probe_are_no_losses():
    state = WatchState()
    state.add(exposed(0, 5000))
    state.add(LineRestored(1, 0.5, restarted=True, refusal=""))
    state.add(exposed(2, 7000))
    assert state.n_exposures_lost == 0


def test_a_state_that_is_repeated_is_no_news():
    state = WatchState()
    first = TransmitChanged(1, 0, ON, TransmitOff.NONE)
    assert state.add(first).text == "on"
    assert state.add(replace(first, received_ns=2)) is None
    off = state.add(TransmitChanged(3, 0, ExposureFlag.IMAGING, TransmitOff.HEARTBEAT_LOST))
    assert off.grave and "heartbeat lost" in off.text


def test_settings_are_news_when_they_changed():
    state = WatchState()
    assert state.add(ParametersChanged(1, 0, PARAMETERS)) is None
    assert state.add(ParametersChanged(2, 0, replace(PARAMETERS, epoch=2))) is None
    news = state.add(ParametersChanged(3, 0, replace(PARAMETERS, depth_mm=40.0, epoch=3)))
    assert "depth" in news.text and "30" in news.text and "40" in news.text
    assert state.parameters.depth_mm == 40.0


@pytest.mark.parametrize(
    ("event", "said", "grave"),
    [
        (ButtonMoved(1, 0, 0, True), "button 0 pressed", False),
        (ButtonMoved(1, 0, 1, False), "button 1 released", False),
        (FaultLatched(1, 0, FaultCode.OVER_TEMPERATURE, 503), "overheated (50.3 °C)", True),
        (FaultLatched(1, 0, FaultCode.NONE, 0), "no fault", False),
        (Logged(1, 0, LogLevel.INFO, "armed"), "armed", False),
        (Logged(1, 0, LogLevel.WARNING, "warm"), "warm", True),
        (LineLost(1, "unplugged"), "unplugged", True),
        (LineRestored(1, 2.5, restarted=True, refusal=""), "2.5 s; it was reset", False),
        (LineRestored(1, 2.5, restarted=False, refusal="too hot"), "refused its settings: too hot", True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_worth_a_line(event, said, grave):
    news = WatchState().add(event)
    assert said in news.text and news.grave is grave


def test_telemetry_and_exposures_are_no_news():
    state = WatchState()
    telemetry = TelemetryReport(1, 0, 80, 30.1, 35.5, 0.8, 0.3, 0.9, 120)
    assert state.add(telemetry) is None and state.telemetry == telemetry
    assert state.add(exposed(1, 1)) is None


def test_only_the_newest_notices_are_kept():
    state = WatchState()
    for k in range(100):
        state.add(Logged(k, 0, LogLevel.INFO, f"line {k}"))
    assert [notice.text for notice in state.notices] == [f"line {k}" for k in range(94, 100)]


@pytest.mark.parametrize(
    ("flags", "off", "text"),
    [
        (ON, TransmitOff.NONE, "on"),
        (ExposureFlag.IMAGING | ExposureFlag.FROZEN, TransmitOff.FROZEN, "off: frozen; imaging"),
        (ExposureFlag.IMAGING | ExposureFlag.FROZEN, TransmitOff.TOO_HOT, "off: too hot; imaging, frozen"),
        (ExposureFlag(0), TransmitOff.NOT_ARMED, "off: not armed yet; imaging off"),
        (ExposureFlag(0), TransmitOff.STOPPED, "off: imaging stopped"),
        (ExposureFlag.IMAGING, TransmitOff.STOPPED, "off: imaging stopped; imaging"),
    ],
)
def test_what_the_probe_does_in_words(flags, off, text):
    assert transmit_text(TransmitChanged(1, 0, flags, off)) == text
