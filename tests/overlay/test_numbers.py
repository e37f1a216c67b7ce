"""What has a number shows it, in its colour; of a refusal the proposals' numbers are all that is written."""

from dataclasses import replace

import numpy as np

from edge.finding import CaliperMark, Finding, LineMark, Measurement, Verdict
from edge.overlay import palette
from edge.overlay.draw import draw
from edge.overlay.panel import finding_card
from edge.overlay.wording import value_text
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


NAMED = Measurement("step", 2.0, "mm", 1.0, 3.0, named="third")


def test_a_name_stands_in_the_place_of_number_unit_and_interval():
    assert value_text(NAMED, TERMS) == "Step third"
    assert value_text(replace(NAMED, named=""), TERMS) == "Step 2.0 mm"
    finding = Finding("fake", 0, 0, Verdict.MEASURED, measurements=(NAMED, Measurement("area", 5.0, "mm2", 4.0, 6.0)))
    rows = [[cell.text for cell in row] for row in finding_card(finding, TERMS, None, False, 12, 400).rows]
    assert ["Step", "third", "", ""] in rows and ["Area", "5", "mm²", "4 – 6"] in rows
    assert "step third, area 5.00 mm² (4.00 to 6.00)" in finding.summary()
