"""One recording of an archive after the other, measured as `sonoedge series` measures it; runs in a batch's workers.

The model is opened once in a process and kept for the recordings that follow.
"""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import node
from typing import Any, Final

import cv2
import msgspec

from edge.app.cli import describe
from edge.app.composition import OpenModel, compose, open_model
from edge.app.run_file import about_run
from edge.app.session import Session
from edge.app.settings import Settings
from edge.batch.archive import ArchivedRecording, digest_of, folder_device
from edge.batch.results import differences
from edge.batch.tables import RECORDING, Measured, frame_table, summary_cells
from edge.clock import ManualClock
from edge.errors import BackendUnavailableError, SourceNotFoundError
from edge.exam.series import Series, series_of
from edge.exam.summary import Summary, summarise
from edge.loop.step import runtime_label
from edge.sink.schema import Record, record_of
from edge.source.recording import shown
from edge.task.table import task_spec

LIBRARIES: Final = ("numpy", "opencv-python-headless", "av", "pydicom")
"""Beside the runtime, what a number may hang on in its last digits."""
_KINDS: Final = {"picture": "stills", "pictures": "stills"}


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How every recording of a batch is measured; goes to the workers as it is."""

    archive: str
    """Its folder, the same on every worker."""
    task: str
    options: Any
    """The task's own."""
    settings: Mapping[str, Any]
    """Of Settings by name, the runtime and its precision among them."""
    about: Mapping[str, Any]
    """What it must be measured with (edge.app.run_file.about_run)."""
    device_folder: int
    """The folder that names the device where the file does not, counted below the archive. 0: none does."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One recording to be measured."""

    plan: Plan
    recording: ArchivedRecording
    known_sha256: str = ""
    """Of the content that was measured before. Empty: none was, or it is to be measured again in any case."""


def remeasured(job: Job) -> Measured | None:
    """What the recording shows; None where its content is the one that was measured before.

    Whatever is wrong with the recording is in its row. Raises SonoedgeErrors for what is wrong with this worker.
    """
    measurer = _free.pop() if _free else None
    if measurer is None or measurer.plan != job.plan.about:
        if measurer is not None:
            measurer.close()
        measurer = Measurer(job.plan)
    try:
        return measurer.measure(job)
    finally:
        _free.append(measurer)


class Measurer:
    """A model that is open for the recordings of one batch, in one thread at a time."""

    def __init__(self, plan: Plan) -> None:
        """Raises BackendUnavailableError where this worker would measure with something else than was planned."""
        cv2.setNumThreads(1)
        self.plan = plan.about
        self._settings = settings_for(plan, plan.archive)
        with ExitStack() as opened:
            self._model = open_model(self._settings, opened)
            here = about_run(self._settings, self._model.runtime, self._model.reason, None, self._model.further)
            if differing := differences(plan.about, here):
                raise BackendUnavailableError(
                    f"the worker on {node()} would measure otherwise: {differing}; install the same sonoedge there"
                )
            self._opened = opened.pop_all()

    def measure(self, job: Job) -> Measured | None:
        root, recording = Path(job.plan.archive), job.recording
        if not root.is_dir():
            raise SourceNotFoundError(
                f"the worker on {node()} does not see the archive {shown(root)}; mount it there under the same path"
            )
        began, began_s = datetime.now(UTC), time.perf_counter()
        error, sha256 = "", ""
        try:
            sha256 = digest_of(root, recording)
        except OSError as unreadable:
            error = describe(unreadable)
        if sha256 and sha256 == job.known_sha256:
            return None
        records: list[Record] = []
        summary = summarise(())
        if not error:
            kind = _KINDS.get(recording.kind, recording.kind)
            source = f"{kind}:{root / recording.path}"
            records, summary, error = run_through(settings_for(job.plan, source), self._model)
        course = series_of(records)
        return _measured(
            job,
            course,
            summary,
            error=error,
            **_device(root, recording, job.plan.device_folder),
            sha256=sha256,
            model_digest=next((record.model_digest for record in records if record.model_digest), None),
            runtime=runtime_label(self._model.runtime),
            libraries=libraries(),
            host=shown(node()),
            measured_at=began.isoformat(timespec="seconds"),
            took_s=round(time.perf_counter() - began_s, 3),
        )

    def close(self) -> None:
        self._opened.close()


_free: Final[list[Measurer]] = []
"""Open and not in use; a worker with several threads has as many."""


def unmeasurable(job: Job, error: str) -> Measured:
    """What there is of a recording that no worker lived through."""
    return _measured(job, series_of(()), summarise(()), error=error, sha256="")


def _measured(job: Job, course: Series, summary: Summary, **others: Any) -> Measured:
    recording, name = job.recording, shown(job.recording.path)
    row = {
        RECORDING: name,
        "kind": recording.kind,
        **summary_cells(summary, course),
        "bytes": recording.stamp.bytes,
        "modified_ns": recording.stamp.modified_ns,
        "sonoedge": job.plan.about["sonoedge"],
        **others,
    }
    return Measured(name, row, frame_table(name, course, task_spec(job.plan.task).terms))


def settings_for(plan: Plan, source: str) -> Settings:
    return Settings(task=task_spec(plan.task), options=plan.options, source=source, **plan.settings)


def run_through(settings: Settings, model: OpenModel) -> tuple[list[Record], Summary, str]:
    """All frames of a recording, what they say together, and why some are missing (empty: none is)."""
    records: list[Record] = []
    summary, error = summarise(()), ""
    try:
        # By a clock that nobody waits for: `fps` gives the frames their times, and need not pace them.
        chain = compose(settings, clock=ManualClock(), model=model, drawn=False)
        with Session(settings, chain) as session:
            try:
                for result in session.results():
                    record = record_of(result.frame, result.finding)
                    records.append(msgspec.structs.replace(record, lines=(), calipers=(), masks=()))
            finally:
                summary = session.summary()
    except Exception as failed:
        error = describe(failed)
    return records, summary, error


def _device(root: Path, recording: ArchivedRecording, level: int) -> dict[str, str]:
    """Of the DICOM file, else the folder's name."""
    if recording.kind == "dicom":
        try:
            from edge.source.dicom_device import device_of
        except ImportError:
            pass  # told when its pictures are read
        else:
            stated = device_of(root / recording.path)
            told = {name: shown(getattr(stated, name)) for name in ("manufacturer", "model", "station")}
            return {**told, "device": stated.name or folder_device(recording, level)}
    return {"device": folder_device(recording, level)}


@cache
def libraries() -> str:
    """`numpy 2.4.6, av 18.1.0`: what is installed of LIBRARIES."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)
