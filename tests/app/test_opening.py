"""A task with its model's figures and arrays, each checked."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge.app import opening
from edge.app.opening import folder_of, open_task
from edge.errors import BackendUnavailableError, ModelDigestError, ModelError, SettingError, UnknownNameError
from edge.registry import Entry, resolve
from edge.runtime.manifest import load_manifest, model_folder
from edge.task.contract import Given
from edge.task.spec import Pathway
from edge.task.table import task_spec

NERVE = task_spec("nerve")


@pytest.fixture
def copy(tmp_path):
    """A copy of a model without a network, that a test may damage."""
    return shutil.copytree(model_folder("nerve_classical"), tmp_path / "model")


@pytest.fixture
def given(monkeypatch):
    """What the task was made from, in place of the task."""
    monkeypatch.setattr(opening, "load", lambda kind, table, name: lambda given: given)

    def made_from(*arguments, **settings) -> Given:
        return open_task(*arguments, **settings)

    return made_from


def test_a_task_is_made_from_what_its_manifest_holds(given):
    found = given(NERVE, "classical", stages=True)
    manifest = load_manifest(model_folder("nerve_classical"))
    assert dict(found.figures) == manifest.figures()
    assert set(found.arrays) == {file.name for file in manifest.arrays}
    assert found.digest == manifest.arrays[0].sha256
    assert found.stages and found.options == NERVE.options()


def test_a_task_is_of_the_class_that_its_pathway_names():
    assert type(open_task(NERVE, "classical")) is resolve(NERVE.pathway("classical").target)


def test_the_users_model_takes_the_place_of_the_shipped_one(given, copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["calibration"] = [{"name": "strictness", "value": 0.125}]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert given(NERVE, "classical", model=copy).figures["strictness"] == 0.125
    assert "strictness" not in given(NERVE, "classical").figures


def test_what_the_user_set_reaches_the_task(given):
    cartilage = task_spec("cartilage")
    assert given(cartilage, options=cartilage.options(mirrored=True)).options.mirrored


def test_a_model_for_another_task_is_refused(copy):
    with pytest.raises(ModelError, match=f"the model in {copy} is for the task nerve, not for muscle"):
        open_task(task_spec("muscle"), model=copy)


def test_a_model_that_is_missing_is_refused(tmp_path):
    with pytest.raises(ModelError, match="nowhere"):
        open_task(NERVE, "classical", model=tmp_path / "nowhere")
    lost = replace(NERVE, pathways=(replace(NERVE.pathways[0], model="lost"),))
    with pytest.raises(UnknownNameError, match="lost"):
        open_task(lost)


@pytest.mark.parametrize("file", ["windows.npz", "features.txt"])
@pytest.mark.parametrize("cut", [True, False], ids=["cut short", "a byte changed"])
def test_a_model_that_is_damaged_is_refused(copy, file, cut):
    content = (copy / file).read_bytes()
    (copy / file).write_bytes(content[:-5] if cut else content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelDigestError, match=file):
        open_task(NERVE, "classical", model=copy)


def test_another_distributions_class_that_cannot_be_imported_is_told(monkeypatch):
    lost = replace(NERVE, name="lost", pathways=(Pathway("plain", "by hand", "sonoedge_gone:Task", "", network=False),))
    monkeypatch.setattr(opening, "TASKS", {"lost": Entry("sonoedge_lost:SPEC", distribution="sonoedge-lost")})
    with pytest.raises(BackendUnavailableError, match="task 'lost' of the distribution sonoedge-lost cannot be loaded"):
        open_task(lost)


def test_a_pathway_that_the_task_has_not_is_told():
    with pytest.raises(SettingError, match="nerve has no pathway 'slow'; there are: deep, classical"):
        open_task(NERVE, "slow")


def test_a_task_without_a_model_needs_none(given):
    plain = replace(NERVE, pathways=(Pathway("plain", "by hand", "here:Task", "", network=False),))
    found = given(plain)
    assert (dict(found.figures), dict(found.arrays), found.digest) == ({}, {}, None)


def test_another_distributions_model_lies_in_its_package(copy, tmp_path, monkeypatch):
    package = tmp_path / "sonoedge_other"
    package.mkdir()
    (package / "__init__.py").touch()
    copy.rename(package / "model")
    monkeypatch.syspath_prepend(str(tmp_path))
    way = replace(NERVE.pathway("classical"), model="sonoedge_other:model")
    assert folder_of(way) == package / "model"
    assert open_task(replace(NERVE, pathways=(way,))) is not None
    sys.modules.pop("sonoedge_other", None)
    with pytest.raises(ModelError, match=r"sonoedge_gone:model is not installed.*install sonoedge_gone again"):
        folder_of(replace(way, model="sonoedge_gone:model"))


def test_the_home_of_the_user_is_known(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of(NERVE.pathways[0], Path("~/model")) == tmp_path / "model"
