"""A run's settings: what contradicts, what is out of range, what is told of a run."""

from pathlib import Path

import pytest

from edge.app.settings import Settings, as_told, common_options, settings_of, usable_cores
from edge.errors import SettingError, UnknownNameError
from edge.task.table import task_spec


def refusal(task: str = "cartilage", **given: object) -> str:
    with pytest.raises(SettingError) as caught:
        settings_of(task, {"source": "knee.png", **given})
    return str(caught.value)


def test_common_settings_and_the_tasks_own_go_where_they_belong():
    found = settings_of("cartilage", {"source": "knee.png", "mirrored": True, "threads": "2", "out": "kept"})
    assert (found.task.name, found.options.mirrored, found.threads, found.out) == ("cartilage", True, 2, Path("kept"))
    assert found == Settings(task_spec("cartilage"), found.options, "knee.png", threads=2, out=Path("kept"))
    assert settings_of("cartilage", {"source": "knee.png", "threads": None}).threads is None


def test_an_unknown_task_is_told():
    with pytest.raises(UnknownNameError, match="there is no task named 'spleen'; there are: cartilage, hip, muscle"):
        settings_of("spleen", {"source": "knee.png"})


def test_a_setting_of_another_task_is_told_with_those_that_are():
    told = refusal(roi="1,2,3,4")
    assert told.startswith("--roi is no setting of cartilage; there are: ")
    assert "mirrored" in told and "mm_per_px" in told


@pytest.mark.parametrize(
    ("task", "given", "told"),
    [
        ("cartilage", {"source": " "}, "no source was given; name a file, a folder or a device"),
        ("cartilage", {"source": None}, "a run needs --source"),
        ("cartilage", {"pathway": "classical"}, "cartilage has no pathway 'classical'; there are: deep"),
        ("nerve", {"pathway": "classical", "runtime": "onnx"}, "--pathway classical runs no network; leave out"),
        ("nerve", {"pathway": "classical", "precision": "int8"}, "--pathway classical runs no network; leave out"),
        ("cartilage", {"stages": True}, "--stages shows the steps of a chain, and cartilage: has none"),
        ("nerve", {"stages": True}, "--stages shows the steps of a chain, and nerve: only --pathway classical has"),
        ("cartilage", {"probe": " "}, "--probe names no probe; give its serial port, socket://host:port, or sim:"),
        ("cartilage", {"masks": True}, "--masks needs a folder to write to; add --out FOLDER"),
        ("cartilage", {"stills": True}, "--stills needs a folder to write to; add --out FOLDER"),
        ("cartilage", {"sinks": "csv"}, "--sink needs a folder to write to; add --out FOLDER"),
        ("cartilage", {"sinks": "csv, film", "out": "kept"}, "--sink is for those of other distributions"),
        ("cartilage", {"threads": 0}, "--threads is 0; it must be from 1 to 256"),
        ("cartilage", {"threads": 1.5}, "--threads is 1.5; it must be a whole number"),
        ("cartilage", {"fps": float("inf")}, "--fps is inf; it must be from 0.1 to 1000"),
        ("cartilage", {"fps": 0.0}, "--fps is 0.0"),
        ("cartilage", {"mm_per_px": -0.1}, "--mm-per-px is -0.1"),
        ("cartilage", {"mm_per_px": float("nan")}, "--mm-per-px is nan"),
        ("cartilage", {"depth_mm": 1.0}, "--depth-mm is 1.0; it must be from 5 to 500"),
        ("cartilage", {"max_frames": 0}, "--frames is 0; it must be 1 or more"),
        ("cartilage", {"precision": "int4"}, "--precision is 'int4'; it must be one of: int8, float"),
        ("cartilage", {"view_port": 70_000}, "--view is 70000; it must be from 0 to 65535"),
        ("cartilage", {"video": "perhaps"}, "--video is 'perhaps'; it must be yes or no"),
        ("cartilage", {"mirrored": 1}, "--mirrored is 1; it must be yes or no"),
        ("tissue", {"device": "X"}, "--device says which reference fits; name that one with --reference NAME"),
        ("tissue", {"roi": "1,2"}, "1,2"),
        ("tissue", {"reference": "nobody's"}, "nobody's"),
    ],
    ids=str,
)
def test_what_contradicts_or_cannot_be_is_told(task, given, told):
    assert told in refusal(task, **given)


def test_a_pathway_without_a_model_takes_none():
    pathway = task_spec("muscle").pathway("classical")
    if pathway.model:
        pytest.skip("muscle's classical pathway has a model")
    told = refusal("muscle", pathway="classical", model="folder")
    assert told == "muscle by the pathway classical needs no model; leave out --model"


@pytest.mark.parametrize(
    "given",
    [
        {"masks": True, "stills": True, "out": "kept"},
        {"out": "kept", "sinks": "csv,other"},
        {"pathway": "classical"},
        {"pathway": "classical", "stages": True},
        {"precision": "int8", "runtime": "onnx"},
        {"probe": "sim:", "arm": False},
    ],
    ids=str,
)
def test_what_fits_together_is_taken(given):
    assert settings_of("nerve", {"source": "arm.png", **given}).task.name == "nerve"


def test_only_those_options_that_are_named_are_offered():
    names = [one.name for one in common_options("fps", "pathway")]
    assert names == ["pathway", "fps"], "in their own order"
    assert {"source", "out", "sinks", "arm"} <= {one.name for one in common_options()}
    assert not {"task", "options"} & {one.name for one in common_options()}


def test_what_is_told_of_a_run_holds_every_setting_in_plain_values():
    asked = {"source": "leg.png", "out": "kept", "sinks": "csv,other", "roi": "1,2,30,40", "threads": 2}
    told = as_told(settings_of("tissue", asked))
    assert told["task"] == "tissue" and told["source"] == "leg.png" and told["out"] == "kept"
    assert told["threads"] == 2 and told["video"] is True and told["reference"] is None
    assert told["sinks"] == ["csv", "other"]
    assert set(told) == {"task", "roi", "reference", "device", "preset"} | {one.name for one in common_options()}
    plain = (str, int, float, bool, list, type(None))
    assert all(isinstance(value, plain) for value in told.values())


def test_cores_are_counted():
    assert usable_cores() >= 1
