"""Records of a run whose course is known: a contraction, a moment that is predicted, a gap."""

import numpy as np

from edge.finding import Finding, Measurement, SeriesMark, Verdict
from edge.frame import Frame
from edge.sink.schema import record_of

FRAME_NS = 40_000_000
PREDICTED, MISSING = range(130, 140), range(140, 160)
QUANTITIES = (("fascicle_angle", "deg", 16.0, 14.0, 1.8), ("fascicle_length", "mm", 62.0, -26.0, 4.5))
THICKNESS = ("muscle_thickness", "mm", 18.2, -0.3, 0.4)
PICTURE = np.zeros((4, 4), np.uint8)


def effort(t_s):
    share = float(np.clip((t_s - 1) / 2, 0, 1) - np.clip((t_s - 7) / 1.5, 0, 1))
    return share * share * (3 - 2 * share)


def record(number, quantities=(*QUANTITIES, THICKNESS), start_ns=7_000_000_000):
    """A frame of the run; without followed values where it is not measured."""
    rng = np.random.default_rng(number)
    now_ns = start_ns + number * FRAME_NS
    measured, marks = [], []
    for name, unit, rest, change, half in quantities:
        value = rest + change * effort(number / 25)
        if number in PREDICTED:
            wide = half * (1 + (number - PREDICTED[0]) / 6)
            row = np.array([[value, value - wide, value + wide]])
            marks.append(SeriesMark(name, unit, np.array([now_ns]), row, np.array([True]), np.array([True])))
        elif number not in MISSING:
            single = value + half / 2 * float(rng.normal())
            measured.append(Measurement(name, value, unit, value - half, value + half, single))
    verdict = Verdict.MEASURED if measured else Verdict.REFUSED
    reasons = () if measured else ("no deep aponeurosis is seen",)
    finding = Finding("muscle", number, now_ns, verdict, reasons, tuple(measured), tuple(marks))
    return record_of(Frame(PICTURE, now_ns, number, "test"), finding)


def run_of(frames=250, **how):
    return [record(number, **how) for number in range(frames)]
