"""`sonoedge run tissue` and `sonoedge reference` as a user types them."""

import json

import cv2
import numpy as np
import pytest

from edge.app.references import add_reference, load_references, references_path
from edge.runtime.manifest import list_models
from edge.task.tissue.echo import Reference
from edge.task.tissue.phantom import draw_patient, patient_picture

QUICK = ("--runtime", "onnx", "--precision", "int8", "--no-video")


@pytest.fixture(autouse=True)
def own_settings(environment, tmp_path_factory, monkeypatch):
    """References of the test alone; skips where there is no model yet."""
    if "tissue" not in list_models():
        pytest.skip("models/tissue is missing; make train-tissue makes it")
    home = str(tmp_path_factory.mktemp("settings"))
    environment["XDG_CONFIG_HOME"] = home
    monkeypatch.setenv("XDG_CONFIG_HOME", home)


@pytest.fixture
def run(sonoedge, tmp_path):
    def run_tissue(source, *options):
        return sonoedge("run", "tissue", "--source", source, *QUICK, *options)

    return run_tissue


@pytest.fixture
def muscle(tmp_path):
    """A picture of a healthy phantom's muscle and a region in it."""
    shown = patient_picture(draw_patient(3, degree=0.0), 0)
    cv2.imwrite(str(tmp_path / "muscle.png"), shown.pixels)
    rows, columns = np.nonzero(cv2.erode(shown.muscle, np.ones((9, 9), np.uint8), borderValue=0))
    y, x = int(np.median(rows)), int(np.median(columns))
    return tmp_path / "muscle.png", f"{x - 50},{y - 35},100,70"


def records(folder):
    return [json.loads(line) for line in (folder / "findings.jsonl").read_text().splitlines()]


def named(record):
    return {one["name"]: one["value"] for one in record["measurements"]}


@pytest.mark.parametrize("pathway", ["deep", "classical"])
def test_a_region_is_judged_and_drawn(sonoedge, muscle, tmp_path, pathway):
    picture, roi = muscle
    options = QUICK if pathway == "deep" else ("--pathway", "classical", "--no-video")
    command = ("run", "tissue", "--source", picture, "--roi", roi, "--out", "told", "--stills", *options)
    ended = sonoedge(*command)
    assert ended.code == 0, ended.err
    (record,) = records(tmp_path / "told")
    assert named(record)["echo_intensity"] > 0
    assert any(note.startswith("reference missing") for note in record["notes"])
    assert ("muscle_by_svm" in named(record)) and (("muscle_by_network" in named(record)) == (pathway == "deep"))
    assert any("infiltration withheld" in note for note in record["notes"])
    assert not any("infiltrated" in name for name in named(record)) and "nfiltrated" not in ended.out
    assert len(list((tmp_path / "told").glob("**/*.png"))) == 1


@pytest.mark.parametrize(
    ("roi", "words"),
    [("3,4", "expected a box x,y,width,height"), ("here", "not all numbers"), ("1,2,0,5", "above 0")],
)
def test_a_region_that_is_none_is_told_before_anything_runs(run, muscle, roi, words):
    ended = run(muscle[0], "--roi", roi, "--out", "told")
    assert ended.code == 1
    assert "--roi" in ended.error_line and words in ended.error_line
    assert not (muscle[0].parent / "told").exists()


def test_a_region_outside_the_picture_is_refused_with_its_limits(run, muscle, tmp_path):
    ended = run(muscle[0], "--roi", "5000,10,50,50", "--out", "told")
    assert ended.code == 0, ended.err
    (record,) = records(tmp_path / "told")
    assert record["verdict"] == "refused"
    assert "outside the ultrasound picture (x " in record["reasons"][0]


def test_options_of_the_tissue_task_are_for_it_alone(sonoedge, muscle):
    ended = sonoedge("run", "muscle", "--source", muscle[0], "--roi", "1,2,30,40")
    assert ended.code == 2 and "--roi" in ended.err
    ended = sonoedge("run", "tissue", "--source", muscle[0], "--device", "Lumify")
    assert ended.code == 1 and "--reference NAME" in ended.error_line


def test_a_reference_is_recorded_listed_used_and_removed(sonoedge, run, muscle, tmp_path):
    picture, roi = muscle
    grey = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    for person in range(5):
        cv2.imwrite(str(tmp_path / f"{person}.png"), np.clip(grey * (0.9 + 0.05 * person), 0, 255).astype(np.uint8))
        assert run(tmp_path / f"{person}.png", "--roi", roi, "--out", f"run-{person}").code == 0
    runs = [f"run-{person}" for person in range(5)]
    add = ("--device", "Lumify", "--preset", "msk", "--kind", "muscle")
    few = sonoedge("reference", "add", "thigh", *runs[:4], *add)
    assert few.code == 1 and "5 healthy people or more" in few.error_line
    assert "no reference is recorded" in sonoedge("reference", "list").out
    made = sonoedge("reference", "add", "thigh", *runs, *add)
    assert made.code == 0, made.err
    assert "already" in sonoedge("reference", "add", "thigh", *runs, *add).error_line
    assert "thigh" in sonoedge("reference", "list").out
    greys = [named(records(tmp_path / name)[0])["echo_intensity"] for name in runs]
    (kept,) = load_references()
    assert (kept.mean, kept.sd) == (
        pytest.approx(np.mean(greys), abs=1e-2),
        pytest.approx(np.std(greys, ddof=1), abs=1e-2),
    )
    stated = ("--roi", roi, "--reference", "thigh", "--device", "lumify", "--preset", "MSK")
    assert run(picture, *stated, "--out", "mine").code == 0
    value = named(records(tmp_path / "mine")[0])
    assert value["echo_intensity_z"] == pytest.approx((value["echo_intensity"] - kept.mean) / kept.sd, abs=0.01)
    assert run(picture, *stated[:4], "--device", "Butterfly", "--out", "other").code == 0
    (other,) = records(tmp_path / "other")
    assert "echo_intensity_z" not in named(other)
    assert any("reference missing: 'thigh' was recorded with device Lumify" in note for note in other["notes"])
    assert sonoedge("reference", "remove", "thigh").code == 0
    assert load_references() == ()


def test_a_reference_that_is_not_there_is_told_with_those_that_are(run, sonoedge, muscle):
    assert "none yet" in run(muscle[0], "--reference", "thigh").error_line
    add_reference(Reference("biceps", "Lumify", "msk", "muscle", 50.0, 9.0, 7))
    assert "'biceps'" in run(muscle[0], "--reference", "thigh").error_line
    assert "'biceps'" in sonoedge("reference", "remove", "thigh").error_line


def test_a_damaged_file_of_references_is_told_and_kept(sonoedge):
    path = references_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[{")
    ended = sonoedge("reference", "list")
    assert ended.code == 1 and "restore the file" in ended.error_line
    assert path.read_text() == "[{"


def test_a_run_of_another_task_is_no_reference(sonoedge, muscle, tmp_path):
    command = ("run", "cartilage", "--source", muscle[0], *QUICK, "--out", "knee")
    assert sonoedge(*command).code == 0
    ended = sonoedge("reference", "add", "thigh", "knee", "--device", "a", "--preset", "b", "--kind", "muscle")
    assert ended.code == 1 and "no frame that shows muscle" in ended.error_line
    assert (
        sonoedge("reference", "add", "thigh", "nowhere", "--device", "a", "--preset", "b", "--kind", "muscle").code == 1
    )
