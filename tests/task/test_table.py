"""The tasks by name, ours and those of other distributions."""

from dataclasses import replace

import pytest

from edge.errors import BackendUnavailableError, SettingError, UnknownNameError
from edge.phantom.anatomy import Anatomy
from edge.registry import Entry, Table
from edge.source.phantom import parse_phantom
from edge.task import table
from edge.task.fake import SPEC as FAKE
from edge.task.spec import Pathway
from edge.task.table import anatomies, task_spec, task_specs, terms_of

OURS = tuple(table.TASKS.own)
ODD = replace(FAKE, name="odd", anatomies=(Anatomy("muscle", "odd:open_cine"), Anatomy("odd", "odd:open_cine")))


@pytest.fixture
def others(monkeypatch):
    """`others(name=target)`: tasks of the distribution sonoedge-odd."""

    def declare(**targets):
        declared = {name: Entry(target, distribution="sonoedge-odd") for name, target in targets.items()}
        monkeypatch.setattr(table, "TASKS", Table({**table.TASKS.own, **declared}, "sonoedge.nothing"))

    return declare


def test_every_task_of_ours_is_there():
    assert tuple(spec.name for spec in task_specs())[: len(OURS)] == OURS
    assert all(task_spec(name).name == name for name in OURS)


def test_an_unknown_task_is_answered_with_those_that_are():
    with pytest.raises(UnknownNameError, match="there is no task named 'spleen'; there are: cartilage, hip, muscle"):
        task_spec("spleen")


def test_a_task_of_another_distribution_follows_ours(others):
    others(odd=f"{__name__}:ODD")
    assert [spec.name for spec in task_specs()][-1] == "odd"
    assert terms_of("odd") is ODD.terms


@pytest.mark.parametrize(
    ("name", "target", "told"),
    [
        ("gone", "a_library_that_is_not:SPEC", "cannot be loaded"),
        ("path", "pathlib:Path", "must lead to a TaskSpec with the name 'path', not to type"),
        ("other", f"{__name__}:ODD", "must lead to a TaskSpec with the name 'other', not to odd"),
    ],
)
def test_one_that_cannot_be_used_is_told_and_passed_over(others, name, target, told):
    others(**{name: target})
    with pytest.raises(BackendUnavailableError, match=told) as caught:
        task_spec(name)
    assert "sonoedge-odd" in str(caught.value)
    assert tuple(spec.name for spec in task_specs()) == OURS
    assert terms_of(name).measurements == terms_of(name).marks == ()


def test_a_body_of_ours_cannot_be_taken(others):
    ours = anatomies()["muscle"]
    others(odd=f"{__name__}:ODD")
    assert anatomies()["muscle"] == ours
    assert anatomies()["odd"].target == "odd:open_cine"
    with pytest.raises(UnknownNameError, match="there is no phantom 'spleen'; there are: cartilage"):
        parse_phantom("spleen", anatomies())


def test_a_record_of_a_task_that_is_not_here_has_plain_terms():
    assert terms_of("spleen").measurements == terms_of("spleen").marks == ()
    assert terms_of("muscle") is task_spec("muscle").terms


def test_the_first_pathway_is_taken_where_none_is_asked_for():
    two = replace(FAKE, pathways=(FAKE.pathways[0], Pathway("classical", "by hand", "odd:Task", "", network=False)))
    assert two.pathway() is two.pathway("deep") is two.pathways[0]
    assert two.pathway("classical") is two.pathways[1]
    with pytest.raises(SettingError, match="brightness has no pathway 'slow'; there are: deep, classical"):
        two.pathway("slow")
