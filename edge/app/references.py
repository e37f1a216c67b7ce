"""The references that the user recorded: a JSON file in the settings folder."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from edge.app.user_folder import settings_folder
from edge.errors import SettingError, SinkError, SourceFormatError
from edge.sink.folder import sink_error, write_whole
from edge.sink.records import FILE_NAME, read_records
from edge.task.spec import Reference, TaskSpec
from edge.task.table import TASKS, task_spec, task_specs

FILE: Final = "references.json"
LEAST_PEOPLE: Final = 5
"""A deviation between fewer says nothing."""


def references_path() -> Path:
    return settings_folder() / FILE


def load_references() -> tuple[Reference, ...]:
    """By name; none where nothing was recorded yet. Raises SettingError for a damaged file."""
    path = references_path()
    if not path.is_file():
        return ()
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Reference, ...])
    except OSError as error:
        raise SettingError(f"cannot read {path}: {error.strerror}; change its permissions") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} holds no references ({error}); restore the file, or move it away") from error


def find_reference(name: str) -> Reference:
    """Raises SettingError where there is none of this name."""
    known = load_references()
    for one in known:
        if one.name == name:
            return one
    listed = ", ".join(f"'{one.name}'" for one in known) or "none yet; record one with sonoedge reference add"
    raise SettingError(f"there is no reference '{name}'; there are: {listed}")


def add_reference(new: Reference) -> Path:
    """Raises SettingError where the name is taken."""
    known = load_references()
    if any(one.name == new.name for one in known):
        raise SettingError(
            f"there is a reference '{new.name}' already; choose another name, or sonoedge reference remove '{new.name}'"
        )
    return _write((*known, new))


def remove_reference(name: str) -> Path:
    gone = find_reference(name)
    return _write(tuple(one for one in load_references() if one != gone))


def _write(references: Sequence[Reference]) -> Path:
    path = references_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = sorted(references, key=lambda one: one.name)
        write_whole(path, msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
    except SinkError:
        raise
    except OSError as error:
        raise sink_error(error, path) from error
    return path


def made_from(runs: Iterable[Path], name: str, device: str, preset: str, kind: str) -> Reference:
    """The reference of healthy people, one run each. Raises SettingError where they are too few or show another kind,
    SourceError where a run cannot be read."""
    values = [person_value(run, kind) for run in runs]
    if len(values) < LEAST_PEOPLE:
        raise SettingError(
            f"a reference needs the runs of {LEAST_PEOPLE} healthy people or more, one each; there are {len(values)}"
        )
    mean = sum(values) / len(values)
    sd = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    if sd <= 0:
        raise SettingError("all runs have the same value to the last digit; give runs of different people")
    return Reference(name, device, preset, kind, round(mean, 3), round(sd, 3), len(values))


def person_value(run: Path, kind: str) -> float:
    """Mean of what the run's task is referenced by, over its frames that show this kind of structure."""
    path = run / FILE_NAME if run.is_dir() else run
    values, records = [], read_records(path)
    for record in records:
        referenced = task_spec(record.task).referenced if record.task in TASKS else None
        named = {one.name: one.value for one in record.measurements}
        if referenced is not None and referenced.shows(named, kind):
            values.append(named[referenced.measurement] or 0.0)
    if records.left_out is not None:
        raise SourceFormatError(f"{records.left_out}; a reference needs whole runs: restore the file or leave it away")
    if not values:
        raise SettingError(f"{path} has no frame that shows {kind}; give a run that does")
    return sum(values) / len(values)


def referenced_kinds() -> dict[str, TaskSpec]:
    """Every kind of structure that a reference can be of, and the task that measures it."""
    return {kind: spec for spec in task_specs() if spec.referenced for kind in spec.referenced.kinds}
