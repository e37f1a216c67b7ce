"""An archive on real worker processes, and what series says of each of its recordings."""

import csv
import os
import re
import shutil
import signal
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from distributed import Client

from edge.app.batch import BatchOptions, jobs_of, measure_all, planned
from edge.app.progress import BAR_SIGNS, recordings_text, span_text
from edge.app.session import open_session
from edge.batch.archive import find_recordings
from edge.batch.cluster import local_cluster
from edge.batch.results import Results
from edge.batch.tables import frame_table, recording_schema, summary_cells
from edge.errors import BackendUnavailableError, SonoedgeError, SourceNotFoundError
from edge.exam.series import series_of
from edge.sink.schema import record_of
from edge.task.cartilage.spec import SPEC
from tests.batch.batches import about, measured
from tools.bench.batch import Bench
from tools.bench.phantom_archive import PATIENT, make_archive

RECORDINGS = 7
"""And one that is damaged."""
MANY = 200
"""`python -m tools.bench.batch` does it with 1,000."""
GIVEN = {"runtime": "onnx", "precision": "int8"}

pytestmark = pytest.mark.usefixtures("cartilage_model")


@pytest.fixture(scope="module")
def cluster():
    """A process of this machine, for all tests here; one that dies is replaced."""
    with local_cluster(1) as started:
        yield started


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The archive and its millimetres per pixel."""
    root = tmp_path_factory.mktemp("original") / "archive"
    mm_per_px = make_archive(root, SPEC.name, RECORDINGS, frames=2, persons=2)
    (root / "Alpha" / "damaged.avi").write_bytes(b"RIFF0000AVI LIST and no more")
    (root / "notes.txt").touch()
    return root, mm_per_px


@pytest.fixture
def archive(original, tmp_path):
    """One that may be changed."""
    return shutil.copytree(original[0], tmp_path / "archive")


@pytest.fixture
def batch(sonoedge, cluster, original):
    """`batch(*arguments)`: the command on the cluster's scheduler."""
    own = ("--mm-per-px", original[1], "--runtime", "onnx", "--out", "out")
    return lambda *given: sonoedge("batch", SPEC.name, "archive", *own, "--cluster", cluster.address, *given)


def table(folder: Path, name: str) -> list[dict]:
    return ds.dataset(folder / name, format="parquet").to_table().to_pylist()


def of_series(source: Path, mm_per_px: float) -> tuple[dict, list[dict]]:
    """What a plain loop finds: the cells of the recording's row, and its frames."""
    records, error = [], ""
    try:
        with open_session(source, task=SPEC.name, mm_per_px=mm_per_px, threads=1, **GIVEN) as session:
            records += [record_of(result.frame, result.finding) for result in session.results()]
    except SonoedgeError as failed:
        return {"outcome": "error", "error": str(failed), "frames": 0}, []
    course = series_of(records)
    cells = summary_cells(session.summary(), course) | {"error": error}
    return cells, frame_table("", course, SPEC.terms).to_pylist()


def check_equal_to_a_plain_loop(archive: Path, out: Path, mm_per_px: float) -> None:
    rows, frames = table(out, "recordings"), table(out, "frames")
    recordings = find_recordings(archive).recordings
    assert sorted(row["recording"] for row in rows) == sorted(one.path for one in recordings)
    for row in rows:
        cells, expected = of_series(archive / row["recording"], mm_per_px)
        assert {name: row[name] for name in cells} == cells, row["recording"]
        mine = [frame | {"recording": ""} for frame in frames if frame["recording"] == row["recording"]]
        assert mine == expected


def test_results_are_a_plain_loops_though_a_worker_dies(cluster, original, tmp_path):
    archive, mm_per_px = original
    asked = BatchOptions(archive, tmp_path / "out")
    plan = planned(SPEC, archive, asked, GIVEN | {"mm_per_px": mm_per_px})
    with Client(cluster.address, set_as_default=False) as client:
        killed = list(client.run(os.getpid).values())[:1]
    answers = 0

    def kill_at_the_second() -> bool:
        nonlocal answers
        answers += 1
        if answers == 2:
            os.kill(killed[0], signal.SIGKILL)
        return False

    with Results(asked.out, plan.about, SPEC.terms) as results:
        jobs = list(jobs_of(plan, find_recordings(archive), results, check_content=False))
        assert len(jobs) == RECORDINGS + 1
        measure_all(cluster, jobs, results, kill_at_the_second)
    check_equal_to_a_plain_loop(archive, asked.out, mm_per_px)
    rows = {row["recording"]: row for row in table(asked.out, "recordings")}
    damaged = rows.pop("Alpha/damaged.avi")
    assert (damaged["outcome"], damaged["frames"]) == ("error", 0)
    assert {row["outcome"] for row in rows.values()} == {"measured"}
    dicom = next(row for row in rows.values() if row["kind"] == "dicom")
    assert dicom["device"] == "Phantom Works Alpha, station US1"
    assert {row["device"] for row in rows.values() if row["kind"] != "dicom"} == {"Alpha", "Beta", "Gamma"}
    assert not any(name in str(rows) for name in (PATIENT, "4711"))
    assert list(damaged) == recording_schema(SPEC.terms).names


def test_the_same_command_goes_on_and_measures_what_changed(batch, archive, tmp_path):
    late = archive / "Beta" / "visit-000" / "0001.avi"
    shutil.move(late, tmp_path / "late.avi")
    ended = batch()
    assert ended.code == 1
    assert f"{RECORDINGS} recordings: {RECORDINGS - 1} measured, 0 limited, 0 refused, 1 error" in ended.out
    assert "damaged.avi' is no video" in ended.err
    assert "passed over: 1 x .txt" in ended.err
    assert "pip install bokeh" in ended.err or "dashboard: http://127.0.0.1" in ended.err
    before = {row["recording"]: row for row in table(tmp_path / "out", "recordings")}

    shutil.move(tmp_path / "late.avi", late)
    mended = archive / "Alpha" / "damaged.avi"
    shutil.copy(late, mended)
    touched, changed = (archive / "Gamma" / "visit-000" / name for name in ("0002.avi", "0005.avi"))
    os.utime(touched)
    shutil.copy(late, changed)
    ended = batch("--workers", 2)
    assert ended.code == 0, ended.err
    assert f"{RECORDINGS + 1} recordings, 4 to be measured" in ended.err
    assert f"{RECORDINGS + 1} measured" in ended.out
    after = {row["recording"]: row for row in table(tmp_path / "out", "recordings")}
    assert len(table(tmp_path / "out", "recordings")) == len(after) == RECORDINGS + 1
    anew = {name for name, row in after.items() if row != before.get(name)}
    assert anew == {str(path.relative_to(archive)) for path in (late, mended, changed)}
    assert after["Gamma/visit-000/0005.avi"]["sha256"] == after["Beta/visit-000/0001.avi"]["sha256"]
    assert len(table(tmp_path / "out", "frames")) == 2 * (RECORDINGS + 1)

    late.unlink()
    ended = batch("--check-content")
    assert ended.code == 0, ended.err
    assert f"{RECORDINGS} recordings, {RECORDINGS} to be measured" in ended.err
    assert "1 row of recordings that are not in the archive any more" in ended.err
    assert {row["recording"]: row for row in table(tmp_path / "out", "recordings")} == after


def test_other_settings_need_another_folder(batch, archive, tmp_path):
    for folder in ("Beta", "Gamma"):
        shutil.rmtree(archive / folder)
    assert batch().code == 1
    before = table(tmp_path / "out", "recordings")
    ended = batch("--precision", "float")
    assert "measured otherwise: settings precision: int8 there, float here" in ended.error_line
    assert "sonoedge compare out NEW" in ended.error_line
    assert table(tmp_path / "out", "recordings") == before


def test_a_worker_that_would_measure_otherwise_ends_the_batch(cluster, original, tmp_path):
    archive, _ = original
    asked = BatchOptions(archive, tmp_path / "out")
    plan = planned(SPEC, archive, asked, GIVEN)
    plan = replace(plan, about={**plan.about, "sonoedge": "99.1"})
    with Results(asked.out, plan.about, SPEC.terms) as results:
        jobs = list(jobs_of(plan, find_recordings(archive), results, check_content=False))[:1]
        with pytest.raises(BackendUnavailableError, match=r"the worker on .* would measure otherwise: sonoedge: 99\.1"):
            measure_all(cluster, jobs, results, lambda: False)
        away = replace(
            plan, archive=str(tmp_path / "not-mounted"), about={**plan.about, "sonoedge": version("sonoedge")}
        )
        with pytest.raises(SourceNotFoundError, match=r"does not see the archive .*mount it there"):
            measure_all(cluster, [replace(jobs[0], plan=away)], results, lambda: False)
        assert results.rows == {}


def test_the_terminals_ctrl_c_reaches_no_worker(cluster):
    """Not even one that was started in place of another."""
    with Client(cluster.address, set_as_default=False) as client:
        (blocked,) = client.run(signal.pthread_sigmask, signal.SIG_BLOCK, ()).values()
    assert {signal.SIGINT, signal.SIGHUP} <= blocked
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_how_far_a_batch_is_reads_in_one_line():
    counts = {"measured": 100, "error": 20}
    told = recordings_text(counts, 1000, 30.0, workers=2).plain
    assert told.lstrip("━─") == " 120 of 1000, 4.0/s, 3 min 40 s left, 2 workers: 100 measured, 20 error"
    assert told.count("━") == BAR_SIGNS * 120 // 1000
    assert recordings_text({}, 10, 0.0, workers=0).plain.endswith("0 of 10, waiting for workers")
    assert [span_text(seconds) for seconds in (45, 7_500)] == ["45 s", "2 h 5 min"]


def test_what_cannot_work_is_said_at_once(sonoedge, original, monkeypatch):
    own = ("batch", SPEC.name, original[0], "--out", "out", "--runtime", "onnx")
    assert "there is no folder" in sonoedge(*own[:2], "away", *own[3:]).error_line
    assert "expected tcp://HOST:PORT" in sonoedge(*own, "--cluster", "nonsense://x").error_line
    for module in ("edge.batch.cluster", "edge.batch.results"):
        monkeypatch.setitem(sys.modules, module, None)
        assert "pip install 'sonoedge[batch]'" in sonoedge(*own).error_line


def test_two_batches_are_held_against_each_other(sonoedge, tmp_path):
    for folder, off in (("old", 0.0), ("new", 0.25)):
        rows = [measured(f"{n}.avi", None, mean_thickness_mm=2 + n / 10 + off, device="AB"[n % 2]) for n in range(6)]
        rows = [replace(row, frames=frame_table(row.recording, series_of(()), SPEC.terms)) for row in rows]
        with Results(tmp_path / folder, about(task=SPEC.name, mm_per_px=off), SPEC.terms) as results:
            results.write(rows)
    ended = sonoedge("compare", "old", "new", "--out", "compared")
    assert ended.code == 0, ended.err
    assert "B differs from A in: settings mm_per_px: 0.0 in A, 0.25 in B" in ended.err
    assert re.search(r"measured +measured +6\n", ended.out)
    assert re.search(r"Mean +6 +mm +2\.250 +0\.250 +0\.250 – 0\.250", ended.out)
    shifts = list(csv.DictReader((tmp_path / "compared" / "shifts.csv").read_text().splitlines()))
    assert [(row["device"], row["recordings"], float(row["shift"])) for row in shifts] == [
        ("all", "6", pytest.approx(0.25)),
        ("A", "3", pytest.approx(0.25)),
        ("B", "3", pytest.approx(0.25)),
    ]
    assert sorted(path.name for path in (tmp_path / "compared").iterdir()) == [
        "differences.parquet",
        "mean_thickness_mm.png",
        "mean_thickness_mm.svg",
        "outcomes.csv",
        "shifts.csv",
        "shifts.parquet",
    ]
    assert "already holds" in sonoedge("compare", "old", "new", "--out", "compared").error_line


@pytest.mark.slow
def test_many_recordings_are_measured_once_though_two_workers_die(tmp_path, monkeypatch):
    # Its keeper gives a dead worker up before it is there again, which the cluster must mend.
    monkeypatch.setattr("edge.batch.cluster.RESTART_S", 0.1)
    mm_per_px = make_archive(tmp_path / "archive", SPEC.name, MANY, frames=2)
    bench = Bench(SPEC, tmp_path, {"mm_per_px": mm_per_px, "runtime": "openvino"})
    _, expected = bench.plain_loop()
    assert len(expected["recordings"]) == MANY
    killed = bench.on_workers(expected, workers=2, kills=2)
    assert (killed.killed, killed.problem) == (2, "")
