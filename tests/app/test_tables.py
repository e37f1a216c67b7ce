"""What the terminal shows, at the width of a small screen."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from edge.app.bench import STAGES, print_table
from edge.app.board import Board
from edge.app.console import out
from edge.app.demo import print_comparison
from edge.app.progress import progress_text
from edge.app.tables import run_view, summary_view
from edge.app.timing import Candidate, LatencyTable, Row
from edge.app.truth import compare
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
    for part in ("3 frames: 2 measured, 1 refused", "Medial", "2.0", "mm²", "1 x the cartilage is not"):
        assert part in text


def test_a_summary_never_mixes_pixels_and_millimetres():
    unscaled = Finding("cartilage", 9, 0, Verdict.LIMITED, measurements=(Measurement("area_px", 3204, "px2", 1, 9),))
    text = shown(summary_view(summarise([unscaled, MEASURED, unscaled]), TERMS))
    assert "px²" not in text and "mm²" in text and "2 frames without a scale" in text
    alone = shown(summary_view(summarise([unscaled]), TERMS))
    assert "3204" in alone and "px²" in alone and "without a scale" not in alone


def test_reasons_that_differ_by_their_numbers_are_one():
    reasons = [f"bone under {share} % of the band; at -{share / 10} degrees: 3 in 10" for share in (43, 57, 50)]
    found = [replace(REFUSED, reasons=(reason, "another one")) for reason in reasons]
    (first, second) = summarise(found).reasons
    assert first == ("bone under 43 to 57 % of the band; at -5.7 to -4.3 degrees: 3 in 10", 3)
    assert second == ("another one", 3)
    long = replace(REFUSED, reasons=("a reason that goes on " * 8,))
    lines = shown(summary_view(summarise([long, *found]), TERMS)).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line.startswith("      ") for line in lines[-2:])


def test_the_bench_fits_a_serial_console(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    out.cache_clear()  # a console keeps the width that it was made with
    slow = tuple(Spread(name, 1234.567, 2345.678, 60) for name in STAGES)
    rows = (Row(Candidate("openvino", "float", 16), "openvino float, 16 threads", slow, slow[0]),)
    board = Board("a board", "a processor", "x86_64", 4, 4, 1024, 512, None, "3.12", "Linux 6")
    print_table(LatencyTable(board, 0.5, ("onnxruntime 1.2",), "phantom:x", (640, 480), "x", 60, rows))
    told = capsys.readouterr().out
    assert all(len(line) <= 80 for line in told.splitlines())
    assert "1235" in told and "2346" in told and all(name in told for name in STAGES)


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


def test_what_has_a_name_is_shown_by_it_without_unit_or_interval():
    named = replace(MEASURED, measurements=(Measurement("step", 2.0, "mm", 1.25, 3.25, named="third"),))
    text = shown(summary_view(summarise([named, named]), TERMS))
    assert "third" in text and "mm" not in text and "1.25" not in text
    assert "Step third" in progress_text(STATISTICS, named, TERMS, 80).plain


def test_the_demo_names_what_was_measured_and_what_was_there(capsys):
    class Shown:
        def sizes(self, t_s, finding):
            return {"step": 2.0 if t_s < 1 else 1.0}

    found = [
        replace(MEASURED, sequence=at, measurements=(Measurement("step", value, "step", 0.0, 3.0, named=name),))
        for at, (value, name) in enumerate([(2.0, "third"), (2.0, "third"), (1.0, "second")])
    ]
    (one,) = compare(found, Shown(), 25.0)
    assert (one.named, one.truth_named) == ("third", "third")
    out.cache_clear()
    print_comparison((one,), TERMS)
    assert capsys.readouterr().out.count("third") == 2
