"""Frames that are not fit to be measured, and why."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from edge.frame import Frame, ProbeState
from edge.trust.faults import UNKNOWN_SCALE, missing_scale, picture_faults, probe_faults


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


def test_the_statistics_of_a_picture_are_those_of_the_plain_formulas() -> None:
    """Dark, even and white, about where each begins: the brightest tenth's mean, the deviation, the share of white."""
    rng, told = np.random.default_rng(6), Counter[str]()
    for _ in range(400):
        low, high = sorted(int(v) for v in rng.integers(0, rng.choice([12, 256]), 2))
        picture = rng.integers(low, high + 1, (200, 150)).astype(np.uint8)
        picture[rng.random(picture.shape) < rng.random() * 0.5] = rng.choice([0, high, 255])
        seen = picture[::3, ::2].astype(float)
        ranked = np.sort(seen.ravel())[::-1]
        tenth = 0.1 * ranked.size
        brightest = (ranked[: int(tenth)].sum() + (tenth % 1) * ranked[int(tenth)]) / tenth
        white = (seen >= 250).mean()
        word = "dark" if brightest < 6 else "even" if seen.std() < 2 else "white" if white > 0.35 else ""
        faults = picture_faults(picture)
        assert bool(faults) == bool(word) and word in "".join(faults)
        told[word] += 1
    assert min(told[word] for word in ("dark", "even", "white", "")) >= 10


@pytest.mark.parametrize(
    "probe",
    [None, ProbeState(), ProbeState(transmitting=True), ProbeState(transmitting=True, frozen=True)],
    ids=["no probe", "does not say", "transmits", "frozen"],
)
def test_a_probe_that_may_have_transmitted_is_no_fault(probe) -> None:
    assert probe_faults(probe) == ()


def test_a_probe_that_does_not_transmit_is_one_with_its_reason() -> None:
    assert probe_faults(ProbeState(transmitting=False)) == ("the probe does not transmit",)
    silent = ProbeState(transmitting=False, frozen=False, transmit_off_reason="too hot")
    assert probe_faults(silent) == ("the probe does not transmit: too hot",)
    dark = ProbeState(transmitting=False, frozen=True, transmit_off_reason="not armed yet")
    assert probe_faults(dark) == ("the probe does not transmit: not armed yet",)


def test_a_scale_is_missing_for_a_reason() -> None:
    frame = Frame(np.zeros((8, 8), np.uint8), 0, 0, "camera:0")
    assert missing_scale(frame) == missing_scale(replace(frame, probe=ProbeState())) == UNKNOWN_SCALE
    in_doubt = replace(frame, probe=ProbeState(doubt="the line was cut"), unscaled="no ticks")
    assert missing_scale(in_doubt) == "scale withheld: the line was cut"
    assert missing_scale(replace(frame, unscaled="no ticks; state it")) == "scale unknown: no ticks; state it"
