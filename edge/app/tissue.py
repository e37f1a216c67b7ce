"""The tissue task with what it needs from disk: its model's arrays, and the reference that the user named."""

from edge.app.references import find_reference
from edge.errors import ModelError
from edge.registry import load
from edge.runtime.manifest import load_manifest, model_folder, read_verified
from edge.task.contract import Task
from edge.task.table import CLASSICAL, TASKS
from edge.task.tissue.classifiers import read_tissue_model
from edge.task.tissue.echo import MISSING, Reading
from edge.task.tissue.kinds import JUDGED
from edge.task.tissue.region import parse_roi


def open_tissue(
    pathway: str = "deep",
    roi: str | None = None,
    reference: str | None = None,
    *,
    device: str | None = None,
    preset: str | None = None,
) -> Task:
    """Raises SettingError for a region or a reference that cannot be used, ModelError for a damaged model."""
    region = None if roi is None else parse_roi(roi)
    reading = Reading() if reference is None else reading_of(reference, device, preset)
    folder = model_folder("tissue")
    manifest = load_manifest(folder)
    if not manifest.arrays:
        raise ModelError(f"the manifest of model 'tissue' names no arrays ({folder}); reinstall sonoedge")
    model = read_tissue_model(read_verified(folder, manifest.arrays[0]), JUDGED)
    figures = {number.name: number.value for number in (*manifest.thresholds, *manifest.calibration)}
    table, kind = (CLASSICAL, "task without a network") if pathway == "classical" else (TASKS, "task")
    task: Task = load(kind, table, "tissue")(figures, roi=region, model=model, reading=reading)
    return task


def reading_of(name: str, device: str | None, preset: str | None) -> Reading:
    """The reference of this name, if it was recorded with this device and preset. Without a preset the probe's own
    word is held against it, frame by frame. Raises SettingError where there is no such reference."""
    known = find_reference(name)
    if device is None:
        return Reading(None, f"{MISSING}: state the scanner in use with --device ('{name}' is of {known.device})")
    for what, here, there in (("device", device, known.device), ("preset", preset, known.preset)):
        if here is not None and here.strip().lower() != there.lower():
            return Reading(None, f"{MISSING}: '{name}' was recorded with {what} {there}, not {here.strip()}")
    return Reading(known, preset_stated=preset is not None)
