"""Pictures that are not fit to be measured, and intervals that hold what they promise."""

import numpy as np
import pytest

from edge.frame import ProbeState
from edge.trust.interval import conformal_half_width, interval, interval_by_factor
from edge.trust.picture import picture_faults
from edge.trust.probe import UNKNOWN_SCALE, missing_scale, probe_faults


def test_a_speckled_picture_has_no_fault() -> None:
    assert picture_faults(np.random.default_rng(0).integers(0, 200, (300, 400), dtype=np.uint8)) == ()


@pytest.mark.parametrize(
    ("picture", "word"),
    [
        (np.zeros((300, 400), np.uint8), "dark"),
        (np.full((300, 400), 120, np.uint8), "even grey"),
        (np.where(np.random.default_rng(2).random((300, 400)) < 0.6, 255, 40).astype(np.uint8), "white"),
        (np.full((1, 1), 90, np.uint8), "1 x 1 px"),
    ],
)
def test_the_fault_is_named(picture, word) -> None:
    (reason,) = picture_faults(picture)
    assert word in reason


def test_the_half_width_holds_its_share_of_new_errors() -> None:
    rng = np.random.default_rng(1)
    held = [np.mean(np.abs(rng.standard_t(4, 2000)) <= conformal_half_width(rng.standard_t(4, 200))) for _ in range(60)]
    assert np.mean(held) == pytest.approx(0.9, abs=0.015)


def test_a_doubtful_scale_widens_the_interval() -> None:
    assert interval(2.0, 0.1, 0.0) == pytest.approx((1.9, 2.1))
    assert interval(2.0, 0.1, 0.05) == pytest.approx((1.8, 2.2))
    assert interval(0.1, 0.5, 0.0)[0] == 0.0


def test_a_factor_reaches_as_many_times_down_as_up() -> None:
    assert interval_by_factor(6.0, 2.0, 0.0) == pytest.approx((3.0, 12.0))
    assert interval_by_factor(6.0, 2.0, 0.25) == pytest.approx((2.4, 15.0))
    assert interval_by_factor(6.0, 1.0, 0.0) == (6.0, 6.0)


@pytest.mark.parametrize(
    "probe",
    [None, ProbeState(), ProbeState(transmitting=True), ProbeState(transmitting=False, frozen=True)],
    ids=["no probe", "does not say", "transmits", "frozen"],
)
def test_a_probe_that_may_have_transmitted_is_no_fault(probe) -> None:
    assert probe_faults(probe) == ()


def test_a_probe_that_does_not_transmit_is_one_with_its_reason() -> None:
    assert probe_faults(ProbeState(transmitting=False)) == ("the probe does not transmit",)
    silent = ProbeState(transmitting=False, frozen=False, transmit_off_reason="too hot")
    assert probe_faults(silent) == ("the probe does not transmit: too hot",)


def test_a_scale_is_missing_for_a_reason() -> None:
    assert missing_scale(None) == missing_scale(ProbeState()) == UNKNOWN_SCALE
    assert missing_scale(ProbeState(doubt="the line was cut")) == "scale withheld: the line was cut"
