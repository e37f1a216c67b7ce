"""What the terminal shows, at the width of a small screen."""

import io

import numpy as np
import pytest
from rich.console import Console

from edge.app.progress import progress_text
from edge.app.tables import run_view, summary_view
from edge.app.truth import compare, nearest, true_architecture, true_sizes
from edge.exam.summary import summarise
from edge.finding import Finding, LineMark, Measurement, Timings, Verdict
from edge.frame import PixelSpacing, SpacingOrigin
from edge.loop.statistics import Drops, Spread, Statistics
from edge.task.cartilage.phantom import CartilageCine
from edge.task.cartilage.phantom_anatomy import TrueBand
from edge.task.muscle.phantom import MuscleCine

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
    text = shown(summary_view(summarise([MEASURED, MEASURED, REFUSED])))
    for part in ("3 frames: 2 measured, 1 refused", "mean thickness medial", "2.04", "mm²", "1 x the cartilage is not"):
        assert part in text


def test_a_run_tells_where_frames_were_lost_and_only_there():
    text = shown(run_view(STATISTICS))
    assert "19 frames replaced by a newer one" in text and "1 frame not kept by video" in text
    assert "never read" not in text
    assert STATISTICS.lost == 19


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("finding", [MEASURED, REFUSED])
def test_progress_keeps_to_two_lines(width, finding):
    lines = progress_text(STATISTICS, finding, width).plain.splitlines()
    assert len(lines) == 2 and all(len(line) < width for line in lines)
    assert lines[1].startswith(finding.verdict.value)


def test_the_truth_of_a_flat_band_is_its_thickness_and_its_area():
    x_mm = np.linspace(-20, 20, 401)
    seen = np.abs(x_mm) <= 15
    band = TrueBand(x_mm, np.where(seen, 10.0, np.nan), np.where(seen, 12.5, np.nan))
    sizes = true_sizes(band)
    assert sizes.pop("area") == pytest.approx(2.5 * 30, rel=0.01)
    assert list(sizes.values()) == pytest.approx([2.5] * 4)


def test_the_truth_of_the_phantom_agrees_with_itself_and_not_with_another():
    sizes = true_sizes(CartilageCine(3).picture(0.0).band)
    exact = tuple(
        Measurement(name, value, "mm2" if name == "area" else "mm", value - 0.1, value + 0.1)
        for name, value in sizes.items()
    )
    finding = Finding("cartilage", 0, 0, Verdict.MEASURED, measurements=exact)
    same, other = compare([finding], 3, 25.0), compare([finding], 4, 25.0)
    assert [one.name for one in same] == list(sizes)
    assert all(one.mean_absolute_error == 0 and one.inside_interval == 1 for one in same)
    assert max(one.mean_absolute_error for one in other) > 0.2
    assert compare([REFUSED], 3, 25.0) == ()


def marking(architecture, mm_per_px=0.1):
    """A finding that marks this muscle and measures it faultlessly."""
    x = architecture.x_mm / mm_per_px
    lines = tuple(
        LineMark(f"{name} aponeurosis", np.stack((x, edge / mm_per_px), axis=1).astype(np.float32))
        for name, edge in (("superficial", architecture.superficial_mm), ("deep", architecture.deep_mm))
    )
    exact = tuple(Measurement(name, v, "x", v - 0.1, v + 0.1) for name, v in true_architecture(architecture).items())
    spacing = PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.DEPTH)
    return Finding("muscle", 0, 0, Verdict.MEASURED, measurements=exact, marks=lines, spacing=spacing)


def test_a_muscle_is_compared_with_the_one_that_was_marked():
    seed = next(seed for seed in range(1, 40) if len(MuscleCine(seed).muscle.bellies) > 1)
    bellies = [MuscleCine(seed).architecture(0.0, belly=k) for k in range(2)]
    for belly in bellies:
        assert nearest(marking(belly), bellies) is belly
        same = compare([marking(belly)], seed, 25.0)
        assert len(same) == 8 and all(one.mean_absolute_error == pytest.approx(0, abs=1e-9) for one in same)
    other = compare([marking(bellies[0])], seed + 1, 25.0)
    assert max(one.mean_absolute_error for one in other) > 0.5
