"""What is said of the probe: the output display rule, the time that may be scanned, why nothing is sent out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.frame import ProbeState
from edge.overlay.palette import WARNING
from edge.overlay.state import index_text, limit_text, state_pieces


def texts(**state) -> list[str]:
    return [text for text, _, _ in state_pieces(ProbeState(**state))]


def warned(**state) -> list[str]:
    return [text for text, colour, _ in state_pieces(ProbeState(**state)) if colour == WARNING]


def test_what_the_probe_does_not_say_is_not_shown() -> None:
    assert texts() == []
    assert texts(depth_mm=32.5, mi=0.9) == ["Depth 32.5 mm", "MI 0.9"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "<0.4"),
        (0.399, "<0.4"),
        (0.4, "0.4"),
        (0.41, "0.5"),
        (0.7, "0.7"),
        (1.0, "1.0"),
        (1.001, "1.1"),
        (1.9, "1.9"),
    ],
)
def test_an_index_is_shown_from_0_4_in_tenths_upward(value, shown) -> None:
    assert index_text(value) == shown


@given(st.integers(400, 6000))
def test_no_index_is_shown_lower_than_it_is_nor_more_than_a_step_higher(milli) -> None:
    shown = round(float(index_text(milli / 1000)) * 1000)
    assert milli <= shown < milli + 100


@pytest.mark.parametrize(
    ("index", "limit"),
    [
        (0.0, ""), (0.7, ""), (0.71, "max 60 min"), (1.0, "max 60 min"), (1.01, "max 30 min"), (1.5, "max 30 min"),
        (1.51, "max 15 min"), (2.0, "max 15 min"), (2.5, "max 4 min"), (3.0, "max 1 min"), (3.01, "not recommended"),
    ],
)  # fmt: skip
def test_the_ladder_of_scan_times(index, limit) -> None:
    assert limit_text(index) == limit


def test_the_time_goes_by_bone_and_by_soft_tissue_where_bone_is_not_told() -> None:
    assert warned(mi=1.8, tis=1.4, tib=1.2) == ["TIB 1.2: max 30 min"]
    assert warned(tis=1.4) == ["TIS 1.4: max 30 min"]
    assert warned(mi=1.8, tis=1.4, tib=0.7) == []


def test_while_nothing_is_sent_out_nothing_limits_the_time() -> None:
    assert "TIB 1.2" in texts(frozen=True, transmitting=True, tib=1.2)
    assert "TIB 1.2" in texts(transmitting=False, tib=1.2)


def test_the_reason_for_no_transmit_comes_first() -> None:
    off = {"transmitting": False, "depth_mm": 30.0}
    assert texts(**off, transmit_off_reason="heartbeat lost")[0] == "NO TRANSMIT: heartbeat lost"
    assert warned(**off) == ["NO TRANSMIT"]


def test_frozen_is_said_and_what_will_keep_it_from_transmitting_later() -> None:
    assert texts(frozen=True, transmitting=True) == ["FROZEN"]
    assert texts(frozen=True, transmitting=True, transmit_off_reason="too hot") == ["FROZEN", "NO TRANSMIT: too hot"]


def test_an_unknown_state_is_said() -> None:
    assert warned(doubt="the line is cut") == ["Probe state unknown"]
