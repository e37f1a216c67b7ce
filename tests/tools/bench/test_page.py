"""What was measured stands on the page as it was measured, also where sonoedge is behind."""

from pathlib import Path

import msgspec
import pytest

from tools.bench import compare, cores, figures, growth, heavier, live, overlay
from tools.bench.page import PAGE, SECTIONS, keep, write_page
from tools.bench.plan import planned
from tools.bench.process import ContenderError
from tools.bench.records import Machine, Sample
from tools.bench.tables import markdown, number
from tools.bench.turns import in_turns, middle

MACHINE = Machine("a processor", 2, 2048, "Linux", "3.11", "2026-01-02", 0.1, {"numpy": "2"})


def sample(ms: float, **more: object) -> Sample:
    return Sample(frames=9, median_ms=ms, p95_ms=ms, p99_ms=ms, mean_ms=ms, cpu_ms=ms, rss_mib=100, start_s=1, **more)  # type: ignore[arg-type]


def row(
    name: str, kind: str, ms: float | None, engine: str = "openvino int8", missing: str = "", **more: float
) -> compare.Row:
    found = None if ms is None else sample(ms, **more)
    return compare.Row("knee", 1, name, kind, engine, "", found, missing)  # type: ignore[arg-type]


ROWS = (
    row("inference alone", "bare", 2.0),
    row("sonoedge deep", "ours", 5.0),
    row("sonoedge deep, recording", "ours", 4.0),
    row("sonoedge classical", "ours", 1.0, engine=""),
    row("script", "peer", 4.0, painted=0.0745),
    row("slow", "peer", 50.0, engine="tflite int8"),
    row("absent", "peer", None, missing="not installed: no wheel"),
)


def cells(name: str) -> list[str]:
    lines = [line.strip("| ").split(" | ") for line in compare.table(ROWS, "knee", 1).splitlines()]
    return next(line for line in lines if line[0].strip("*") == name)


def test_ratios_are_to_the_bare_inference_of_the_same_engine_and_to_the_quickest_of_ours() -> None:
    head = list(compare.HEAD)
    ours, script, slow = cells("sonoedge deep"), cells("script"), cells("slow")
    to_bare, beside, ahead = (head.index(name) for name in ("to bare inference", "beside it, ms", "ours is quicker by"))
    assert (ours[to_bare], ours[beside]) == ("2.50", "3.00")
    assert script[ahead] == "0.80", "sonoedge is behind, and the table says so"
    assert (slow[to_bare].strip(), slow[ahead]) == ("", "10.0"), "nothing is held against another engine's inference"


def test_neither_a_recording_nor_a_pathway_without_a_network_stands_for_ours() -> None:
    best = compare.best_of_ours(ROWS, "knee", 1)
    assert best is not None and best.name == "sonoedge deep"


def test_what_is_missing_is_named_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "plot", lambda rows, task, images: images / "bench.png")
    text = "\n".join(compare.page(ROWS, tmp_path))
    assert "covers 7.45% to 7.45% of it" in text
    assert "- absent: not installed: no wheel" in text and "absent" not in compare.table(ROWS, "knee", 1)


def test_rounds_are_taken_in_turns_and_what_fails_is_not_tried_again() -> None:
    order: list[str] = []

    def good() -> Sample:
        order.append("good")
        return sample(float(len(order)), stages={"grab_ms": float(len(order))})

    def bad() -> Sample:
        order.append("bad")
        raise ContenderError("no")

    found, failed = in_turns({"good": good, "bad": bad}, 3, lambda text: None)
    assert order == ["good", "bad", "good", "good"] and failed == {"bad": "no"}
    assert found["good"].median_ms == 3.0 and found["good"].stages == {"grab_ms": 3.0}
    assert middle([sample(1), sample(9), sample(2)]).p95_ms == 2


def test_a_share_is_of_bare_inference_with_as_many_threads_on_as_many_cores() -> None:
    bare = cores.Row("knee", 2, 2, None, None, 1, 100.0, sample(10))
    ahead = cores.Row("knee", 2, 2, True, 5.0, 1, 97.0, sample(10.3))
    other = cores.Row("knee", 2, 1, None, None, 1, 70.0, sample(14))
    rows = (other, bare, ahead)
    assert cores.reached(rows, ahead) == pytest.approx(0.97)
    assert {case[1:4] for case in cores.cases(2)} >= {(t, a, 5.0) for t in (1, 2) for a in (True, False)}
    assert all(case[0] == 1 for case in cores.cases(1))


def test_growth_of_memory_and_the_gap_from_a_line_are_told() -> None:
    assert live.growth_per_minute([(float(s), 100 + s / 60) for s in range(100)]) == pytest.approx(1.0)
    points = [growth.Point(float(x), 1.0, 2.0 + 3 * x) for x in range(5)]
    assert growth.straightness(points) == pytest.approx(0, abs=1e-9)
    assert growth.straightness([*points, growth.Point(5.0, 1.0, 40.0)]) > 0.1


def results() -> dict[str, object]:
    points = tuple(growth.Point(float(x), 2.0, 2.0) for x in range(1, 4))
    seconds = ((0.0, 3.0), (1.0, 3.1))
    return {
        "compare": ROWS,
        "overlay": tuple(overlay.Row(*size, 3.0, 1.0, 1.0) for size in overlay.SIZES),
        "cores": (
            cores.Row("knee", 2, 1, None, None, 1, 100.0, sample(10)),
            *(cores.Row("knee", 2, 1, True, ms, 1, 90.0, sample(11)) for ms in cores.SWITCH_MS),
        ),
        "heavier": heavier.Result(
            {"knee": 4}, tuple(heavier.Row("knee", 1, name, sample(5)) for name in heavier.NAMES)
        ),
        "growth": growth.Result({"knee": points}, points, points, points),
        "live": (live.Row("knee", 2, 2.0, 120, {"mailbox": 1}, 5.0, 150.0, AGES, seconds, seconds),),
    }


AGES = {"median": 9.0, "p95": 12.0, "p99": 20.0, "most": 40.0}


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes seconds: plots are only named."""
    for name in ("bars", "lines"):
        monkeypatch.setattr(figures, name, lambda panels, columns=2: list(panels))
    monkeypatch.setattr(figures, "saved", lambda figure, path: path)


@pytest.mark.usefixtures("undrawn")
def test_a_page_is_made_of_what_is_kept_and_says_what_is_not_measured_yet(tmp_path: Path) -> None:
    text = write_page(tmp_path).read_text()
    assert text.count("Not measured yet") == len(SECTIONS)
    made = results()
    for name in SECTIONS.keys() & made.keys():
        keep(tmp_path, name, MACHINE, made[name])
    text = write_page(tmp_path).read_text()
    assert text.count("Not measured yet") == len(SECTIONS.keys() - made.keys())
    assert "2026-01-02; a processor, 2 cores, 2 GiB" in text
    assert all(len(line) <= 120 for line in text.splitlines() if line and line[0] not in "#!|<-")
    assert all(f"](images/{image}.png)" in text for image in IMAGES)


IMAGES = ("bench-knee", "bench-cores", "bench-growth", "bench-live", "bench-overlay", "bench-heavier")


@pytest.mark.slow
def test_every_plot_is_drawn(tmp_path: Path) -> None:
    for name, result in results().items():
        keep(tmp_path, name, MACHINE, result)
    write_page(tmp_path)
    assert all((tmp_path / "images" / f"{image}.png").stat().st_size > 5000 for image in IMAGES)


def test_a_section_measured_again_takes_the_place_of_its_former_figures(tmp_path: Path) -> None:
    keep(tmp_path, "compare", MACHINE, ROWS[:1])
    keep(tmp_path, "overlay", MACHINE, ())
    keep(tmp_path, "compare", MACHINE, ROWS)
    kept = msgspec.json.decode((tmp_path / "performance.json").read_bytes())
    assert set(kept) == {"compare", "overlay"} and len(kept["compare"]["result"]) == len(ROWS)


def test_the_shipped_page_is_the_one_that_its_figures_give(tmp_path: Path) -> None:
    docs = Path(__file__).parents[3] / "docs"
    kept = docs / "performance.json"
    if kept.exists():
        (tmp_path / kept.name).write_bytes(kept.read_bytes())
    assert (docs / PAGE).read_text() == write_page(tmp_path).read_text(), "run python -m tools.bench --page"


def test_figures_have_three_digits_that_count() -> None:
    assert [number(value) for value in (1.234, 12.34, 123.4)] == ["1.23", "12.3", "123"]
    assert markdown(("a", "b"), [("x", "1")]).splitlines() == ["| a | b |", "| --- | ---: |", "| x | 1 |"]


def test_a_quick_plan_is_short_and_a_strange_task_is_named() -> None:
    plan = planned(quick=True, rounds=None, frames=None, tasks=("muscle",), minutes=None)
    assert (plan.rounds, [spec.name for spec in plan.tasks]) == (1, ["muscle"]) and plan.minutes < 1
    with pytest.raises(ValueError, match="no task liver"):
        planned(quick=False, rounds=None, frames=None, tasks=("liver",), minutes=None)
