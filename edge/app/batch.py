"""`sonoedge batch TASK ARCHIVE`: every recording of an archive measured, on as many processes as there are."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from edge.app.console import busy, counted, out, say, stopping_by_signal
from edge.app.task_commands import task_commands
from edge.errors import BackendUnavailableError, SonoedgeError
from edge.option import Option, taken

if TYPE_CHECKING:
    from edge.app.remeasure import Job, Plan
    from edge.batch.archive import Archive
    from edge.batch.cluster import Cluster
    from edge.batch.results import Results
    from edge.batch.tables import Measured
    from edge.task.spec import TaskSpec

KEEP_S = 5.0
"""What is finished is kept at least as often: a kill costs no more, and what is under way."""
KEEP_RECORDINGS = 200
KEEP_FRAMES = 100_000
"""Fewer where they are long, so that memory stays small."""
SHOWN_ERRORS = 5
SETTINGS = ("pathway", "model", "runtime", "precision", "fps", "mm_per_px", "depth_mm", "max_frames")
"""Of a run's settings, those that a batch asks for."""

HELP = """Measure every recording of an archive, on all cores or on many machines.

ARCHIVE is a folder with folders of any depth. A video is a recording, a DICOM file is one, and the pictures of one
folder are one together. Each is measured as sonoedge series measures it. What cannot be read has a row that says why.
Needs the extra batch: pip install 'sonoedge\\[batch]'.

Leaves two Parquet tables: recordings/, one row per recording, and frames/, one row per frame; batch.json says what they
were measured with. The same command again goes on where it ended, however it did: what is measured and has not changed
is not measured again. sonoedge compare holds two such folders against each other.

[bold]Examples[/]

  sonoedge batch TASK archive/ --out results

  sonoedge batch TASK archive/ --out results --workers 2 --fps 25

  sonoedge batch TASK /data/archive --out results --cluster tcp://10.0.0.5:8786
"""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What a batch asks for beside the run's settings."""

    archive: Annotated[Path, Option("Folder with the recordings; with --cluster under the same path on each worker.")]
    out: Annotated[Path, Option("Folder for the tables: a new one, or that of the batch to go on with.", short="-o")]
    workers: Annotated[
        int | None, Option("Processes on this machine. Without it: one for each core.", low=1, high=1024)
    ] = None
    cluster: Annotated[
        str | None, Option("A Dask scheduler, such as tcp://10.0.0.5:8786, instead.", metavar="ADDRESS")
    ] = None
    each_picture: Annotated[bool, Option("Each picture is a recording, not those of a folder together.")] = False
    device_folder: Annotated[
        int,
        Option("Which folder below ARCHIVE names the device where the file does not; 0: none.", low=0, high=100),
    ] = 1
    check_content: Annotated[
        bool, Option("Read all files for changes, not only those with another size or time than before.")
    ] = False


def batch_task(spec: "TaskSpec", given: Mapping[str, Any]) -> None:
    """Measures what is not measured yet; shows progress, and how it stands at the end."""
    try:
        from edge.batch.archive import find_recordings
        from edge.batch.results import Results
    except ImportError as error:
        raise _needs_extra(error) from error
    asked, others = taken(BatchOptions, given, "a batch")
    archive_folder = asked.archive.absolute()
    with busy("opening the model; the first time, auto measures every runtime on this board"):
        plan = planned(spec, archive_folder, asked, others)
    with busy(f"looking through {asked.archive}"):
        archive = find_recordings(archive_folder, each_picture=asked.each_picture)
    _tell_passed_over(archive)
    with Results(asked.out.expanduser(), plan.about, spec.terms) as results:
        for told in results.mended:
            say(told)
        jobs = list(jobs_of(plan, archive, results, check_content=asked.check_content))
        say(f"results: {results.path}: {counted(len(archive.recordings), 'recording')}, {len(jobs)} to be measured")
        stopped = ""
        try:
            if jobs:
                stopped = _measure(jobs, results, asked)
        finally:
            ended = tell_end(archive, results)
    if stopped:
        left = len(archive.recordings) - sum(ended.values())
        raise SonoedgeError(
            f"stopped by {stopped}, {counted(left, 'recording')} not measured; run the same command to go on"
        )
    if ended.get("error"):
        raise SonoedgeError(
            f"{counted(ended['error'], 'recording')} could not be measured; the column error of "
            f"{results.path}/recordings says why. Mend them and run the same command: they are tried again"
        )


batch = task_commands(
    HELP,
    batch_task,
    options=BatchOptions,
    settings=SETTINGS,
    argument="archive",
)


def planned(spec: "TaskSpec", archive: Path, asked: BatchOptions, given: Mapping[str, Any]) -> "Plan":
    """How every recording is measured: one runtime for all of them, which a batch that goes on has already.

    Raises SonoedgeErrors where that cannot be opened here.
    """
    from edge.app.composition import open_model
    from edge.app.remeasure import Plan
    from edge.app.run_file import about_run
    from edge.app.settings import RUNTIME_AUTO, settings_of
    from edge.batch.archive import BATCH_FILE
    from edge.batch.results import read_about

    settings = settings_of(spec.name, {"source": str(archive), "threads": 1, **given})
    folder = asked.out.expanduser()
    if settings.runtime == RUNTIME_AUTO and (folder / BATCH_FILE).is_file():
        kept = read_about(folder).get("runtime")
        if kept and spec.pathway(settings.pathway).network:
            settings = replace(settings, runtime=kept["name"], precision=settings.precision or kept["precision"])
    with ExitStack() as opened:
        model = open_model(settings, opened)
        if model.runtime is not None:
            settings = replace(settings, runtime=model.runtime.name, precision=model.runtime.precision)
        about = about_run(settings, model.runtime, model.reason, None, model.further)
    common = {name: getattr(settings, name) for name in (*SETTINGS, "threads")}
    if settings.model is not None:
        common["model"] = settings.model.expanduser().absolute()
    kept_about = {name: about[name] for name in ("sonoedge", "command", "settings", "model", "runtime", "machine")}
    return Plan(str(archive), spec.name, settings.options, common, kept_about, asked.device_folder)


def jobs_of(plan: "Plan", archive: "Archive", results: "Results", *, check_content: bool) -> "Iterator[Job]":
    """Those recordings that have no row, one that says an error, or one of another content as far as is seen."""
    from edge.app.remeasure import Job
    from edge.batch.tables import ERROR
    from edge.source.recording import shown

    for recording in archive.recordings:
        row = results.rows.get(shown(recording.path))
        if row is None or row.outcome == ERROR:
            yield Job(plan, recording)
        elif check_content or row.stamp != recording.stamp:
            yield Job(plan, recording, row.sha256)


def _measure(jobs: "Sequence[Job]", results: "Results", asked: BatchOptions) -> str:
    """Until all are done or a signal comes, whose name is given back."""
    stopped: list[str] = []
    with stopping_by_signal(stopped.append), ExitStack() as opened:
        with busy("starting the workers"):
            cluster = opened.enter_context(_cluster(asked, len(jobs)))
        _tell_dashboard(cluster)
        measure_all(cluster, jobs, results, lambda: bool(stopped))
    return stopped[0] if stopped else ""


def measure_all(
    cluster: "Cluster[Job, Measured | None]", jobs: "Sequence[Job]", results: "Results", stop: Callable[[], bool]
) -> None:
    """Writes each job's row once it is done, a few together; also what is done when an error or `stop` ends it."""
    from edge.app.progress import RecordingsLine
    from edge.app.remeasure import remeasured, unmeasurable
    from edge.batch.cluster import LostJobError

    pending: list[Measured] = []
    kept_s = time.monotonic()
    with RecordingsLine(len(jobs)).shown() as line:
        answers = cluster.answers(remeasured, iter(jobs))
        try:
            for answer in answers:
                if answer is not None:
                    job, found = answer
                    measured = unmeasurable(job, str(found)) if isinstance(found, LostJobError) else found
                    if measured is not None:
                        pending.append(measured)
                    line.count(measured.row["outcome"] if measured is not None else "unchanged")
                line.update(cluster.threads)
                frames = sum(one.frames.num_rows for one in pending)
                is_time = time.monotonic() - kept_s > KEEP_S
                if is_time or len(pending) >= KEEP_RECORDINGS or frames >= KEEP_FRAMES:
                    # First out of the list: what cannot be written is not tried once more on the way out.
                    written, pending = pending, []
                    results.write(written)
                    kept_s = time.monotonic()
                if stop():
                    break
        finally:
            answers.close()
            results.write(pending)


def _cluster(asked: BatchOptions, jobs: int) -> "AbstractContextManager[Cluster[Any, Any]]":
    from edge.app.settings import usable_cores

    try:
        from edge.batch.cluster import local_cluster, remote_cluster
    except ImportError as error:
        raise _needs_extra(error) from error
    if asked.cluster is not None:
        return remote_cluster(asked.cluster)
    return local_cluster(min(jobs, asked.workers or usable_cores()))


def _needs_extra(error: ImportError) -> BackendUnavailableError:
    return BackendUnavailableError(
        f"a batch needs a library that is not installed ({error}); install it with: pip install 'sonoedge[batch]'"
    )


def _tell_dashboard(cluster: "Cluster[Any, Any]") -> None:
    if cluster.dashboard is None:
        say("there is no dashboard: it needs a library that is not installed; install it with: pip install bokeh")
    else:
        say(f"dashboard: {cluster.dashboard}")


def _tell_passed_over(archive: "Archive") -> None:
    if archive.passed_over:
        named = ", ".join(f"{number} x {what}" for what, number in sorted(archive.passed_over.items()))
        say(f"no recordings, and passed over: {named}")
    if not archive.recordings:
        raise SonoedgeError("the archive holds no recording; expected videos, DICOM files or pictures in its folders")


def tell_end(archive: "Archive", results: "Results") -> dict[str, int]:
    """Prints how many recordings of the archive stand how, and keeps it; what has no row is not among them."""
    from edge.app.tables import outcome_line
    from edge.source.recording import shown

    names = {shown(recording.path) for recording in archive.recordings}
    counts = Counter(row.outcome for name, row in results.rows.items() if name in names)
    results.tell_end({"recordings": len(names), "outcomes": dict(counts)})
    out().print(outcome_line(counts))
    if left := len(names) - counts.total():
        say(f"{counted(left, 'recording')} not measured")
    if gone := len(results.rows.keys() - names):
        say(f"{counted(gone, 'row')} of recordings that are not in the archive any more: kept")
    errors = results.errors()
    for name, error in errors[:SHOWN_ERRORS]:
        say(f"  {name}: {error}")
    if len(errors) > SHOWN_ERRORS:
        say(f"  and {counted(len(errors) - SHOWN_ERRORS, 'recording')} with an error more")
    for table in ("recordings", "frames"):
        out().print(f"  {results.path / table}", markup=False, soft_wrap=True)
    return dict(counts)
