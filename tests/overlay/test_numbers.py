"""What has a number shows it, in its colour; of a refusal the proposals' numbers are all that is written."""

import numpy as np

from edge.finding import CaliperMark, Finding, LineMark, Verdict
from edge.overlay import palette
from edge.overlay.draw import draw
from edge.source.fake import fake_frame
from edge.terms import MarkTerm, Role, Terms

TERMS = Terms(
    marks=(
        MarkTerm("thing # border", Role.NUMBERED),
        MarkTerm("proposal #", Role.PROPOSAL),
        MarkTerm("plain", Role.PROPOSAL),
    )
)
TURN = np.linspace(0, 2 * np.pi, 40)


def ring(x, y):
    return np.stack((x + 30 * np.cos(TURN), y + 30 * np.sin(TURN)), axis=1).astype(np.float32)


def drawn(verdict, *marks):
    frame = fake_frame(0, np.full((480, 640), 40, np.uint8))
    reasons = () if verdict is Verdict.MEASURED else ("a reason",)
    return draw(frame, Finding("fake", 0, 0, verdict, reasons, marks=marks), TERMS)


def written_below(picture, x, y):
    """Bright pixels where the number of a ring about x, y stands."""
    return int((picture[y + 34 : y + 60, x - 12 : x + 12].max(axis=2) > 150).sum())


def test_outlines_and_numbers_have_the_colour_of_the_number():
    picture = drawn(
        Verdict.MEASURED, LineMark("thing 1 border", ring(200, 100)), LineMark("thing 2 border", ring(400, 100))
    )
    for number, x in ((1, 200), (2, 400)):
        near = picture[60:160, x - 40 : x + 40].reshape(-1, 3).astype(int)
        colour = np.array(palette.mask_colour(number))
        assert (np.abs(near - colour).max(axis=1) < 12).sum() > 20
        assert written_below(picture, x, 100) > 3


def test_of_a_refusal_proposals_show_their_numbers_and_nothing_else_is_written():
    for verdict in (Verdict.REFUSED, Verdict.LIMITED):
        picture = drawn(verdict, LineMark("proposal 1", ring(200, 100)), LineMark("plain", ring(400, 100)))
        assert written_below(picture, 200, 100) > 3
        assert written_below(picture, 400, 100) == 0
    caliper = CaliperMark("plain", (300.0, 60.0), (300.0, 130.0), "7.0 mm")
    assert (drawn(Verdict.REFUSED, caliper) == drawn(Verdict.REFUSED, CaliperMark("plain", *caliper_ends(), ""))).all()


def caliper_ends():
    return (300.0, 60.0), (300.0, 130.0)
