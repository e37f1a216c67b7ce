"""What the terminal shows, at the width of a small screen."""

import io

import pytest
from rich.console import Console

from edge.app.progress import progress_text
from edge.app.tables import run_view, summary_view
from edge.exam.summary import summarise
from edge.finding import Finding, Measurement, Timings, Verdict
from edge.loop.statistics import Drops, Spread, Statistics
from edge.task.cartilage.spec import SPEC

TERMS = SPEC.terms
MEASURED = Finding(
    "cartilage",
    7,
    280_000_000,
    Verdict.MEASURED,
    measurements=(
        Measurement("mean_thickness_medial", 2.04, "mm", 1.9, 2.2),
        Measurement("area", 61.5, "mm2", 58.0, 65.0),
    ),
    timings=Timings(1, 2, 3, 4, 5),
)
REFUSED = Finding("cartilage", 8, 320_000_000, Verdict.REFUSED, reasons=("the cartilage is not continuous",))
STATISTICS = Statistics(
    grabbed=120,
    processed=100,
    dropped=(Drops("source", 0), Drops("mailbox", 19), Drops("video", 1)),
    frames_per_s=24.7,
    age_at_display=Spread("age", 31.0, 44.0, 100),
    stages=(Spread("infer", 9.1, 11.0, 100),),
    verdicts=(("measured", 100),),
)


def shown(view, width=80):
    console = Console(width=width, file=io.StringIO())
    console.print(view)
    return console.file.getvalue()


def test_a_summary_names_verdicts_values_with_units_and_reasons():
    text = shown(summary_view(summarise([MEASURED, MEASURED, REFUSED]), TERMS))
    for part in ("3 frames: 2 measured, 1 refused", "Medial", "2.04", "mm²", "1 x the cartilage is not"):
        assert part in text


def test_a_run_tells_where_frames_were_lost_and_only_there():
    text = shown(run_view(STATISTICS))
    assert "19 frames replaced by a newer one" in text and "1 frame not kept by video" in text
    assert "never read" not in text
    assert STATISTICS.lost == 19


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("finding", [MEASURED, REFUSED])
def test_progress_keeps_to_two_lines(width, finding):
    lines = progress_text(STATISTICS, finding, TERMS, width).plain.splitlines()
    assert len(lines) == 2 and all(len(line) < width for line in lines)
    assert lines[1].startswith(finding.verdict.value)
