"""Commands with one subcommand per task: what their help shows, and what reaches their body."""

import re
from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

from edge.app.cli import app as sonoedge_app
from edge.app.demo import DemoOptions
from edge.app.series import SeriesOptions
from edge.app.settings import common_options
from edge.app.task_commands import task_commands
from edge.errors import SettingError
from edge.option import options_of
from edge.registry import Entry
from edge.task.table import task_spec, task_specs

TASKS = [spec.name for spec in task_specs()]
HELP = """Try a task.

[bold]Examples[/]

  sonoedge try TASK --fps 5

  sonoedge try
"""


@pytest.fixture
def tried():
    """What the body was given, call by call."""
    return []


@pytest.fixture
def invoke(tried):
    """`invoke(*arguments, **how)`: the command `try`, made with `how`, run with the arguments."""

    def run(*arguments, **how):
        usual = {"settings": ("source", "fps", "max_frames", "video", "stills")}
        command = task_commands(HELP, lambda spec, given: tried.append((spec.name, dict(given))), **usual | how)
        app = typer.Typer()
        app.add_typer(command, name="try")
        app.command("other")(lambda: None)
        return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, ["try", *arguments])

    return run


def plain(text: str) -> str:
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


def test_the_help_lists_every_task_with_its_sentence(invoke):
    shown = plain(invoke("--help").output)
    assert all(f"{spec.name} {spec.sentence}" in shown for spec in task_specs())
    assert "sonoedge try TASK --fps 5" in shown
    assert invoke().exit_code != 0, "a task must be named"


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_a_tasks_help_shows_its_own_options_among_the_common_ones(invoke, task, flag):
    ended = invoke(task, flag)
    shown = plain(ended.output)
    assert ended.exit_code == 0
    assert task_spec(task).sentence in shown
    assert f"sonoedge try {task} --fps 5" in shown and "TASK" not in shown
    own = options_of(task_spec(task).options)
    assert (f"Of {task} alone" in shown) == bool(own)
    for one in (*own, *common_options("source", "fps")):
        assert one.flag in shown and one.option.help.partition(",")[0].partition("(")[0].strip() in shown
    strange = {one.flag for spec in task_specs() for one in options_of(spec.options)} - {one.flag for one in own}
    assert not strange & set(re.findall(r"--[a-z-]+", shown))
    ways = task_spec(task).pathways
    assert all((f"--pathway {way.name}: {way.sentence}" in shown) == (len(ways) > 1) for way in ways)


def test_ranges_and_defaults_are_shown(invoke):
    shown = plain(invoke("cartilage", "--help").output)
    assert "(from 0.1 to 1000)" in shown and "(1 or more)" in shown
    assert "[required]" in shown
    assert "--video --no-video" in shown and "[default: video]" in shown
    assert "--no-stills" not in shown


def test_only_what_was_given_reaches_the_body(invoke, tried):
    assert invoke("cartilage", "-s", "knee.png").exit_code == 0
    assert invoke("cartilage", "--source", "a", "--no-video", "--stills", "--fps", "5", "--mirrored").exit_code == 0
    assert tried == [
        ("cartilage", {"source": "knee.png"}),
        ("cartilage", {"source": "a", "video": False, "stills": True, "fps": 5.0, "mirrored": True}),
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("cartilage",), "Missing option '--source'"),
        (("cartilage", "--source"), "requires an argument"),
        (("cartilage", "--source", "a", "--fps", "fast"), "Invalid value for '--fps': 'fast' is not a valid float"),
        (("cartilage", "--source", "a", "--frames", "1.5"), "Invalid value for '--frames': '1.5' is not a valid int"),
        (("cartilage", "--source", "a", "--roi", "1,2,3,4"), "No such option"),
        (("cartilage", "--source", "a", "--no-stills"), "No such option"),
        (("cartilage", "knee.png", "--source", "a"), "Got unexpected extra argument"),
    ],
)
def test_wrong_usage_is_told(invoke, tried, arguments, told):
    ended = invoke(*arguments)
    assert ended.exit_code == 2 and tried == []
    assert told in plain(ended.output)


def test_an_unknown_task_is_answered_with_those_that_are(invoke):
    ended = invoke("spleen", "--source", "a")
    assert isinstance(ended.exception, SettingError)
    assert str(ended.exception) == f"there is no task 'spleen' here; there are: {', '.join(TASKS)}"


def test_a_task_that_is_not_offered_is_not_there(invoke):
    def offered(spec):
        return spec.name != "muscle"

    assert task_spec("muscle").sentence not in plain(invoke("--help", offered=offered).output)
    error = invoke("muscle", "--source", "a", offered=offered).exception
    assert isinstance(error, SettingError) and "there are: cartilage, hip, nerve" in str(error)


def test_without_a_task_the_first_one_is_meant_where_that_is_so(invoke, tried):
    assert invoke("--fps", "7", first=True, settings=("fps",)).exit_code == 0
    assert invoke(first=True, settings=("fps",)).exit_code == 0
    assert invoke("nerve", "--fps", "7", first=True, settings=("fps",)).exit_code == 0
    assert [(name, given.get("fps")) for name, given in tried] == [(TASKS[0], 7.0), (TASKS[0], None), ("nerve", 7.0)]
    assert "Commands" in invoke("--help", first=True, settings=("fps",)).output
    assert invoke("--fps", "7", settings=("fps",)).exit_code == 2


def test_an_option_can_be_written_without_its_flag(invoke, tried):
    assert invoke("nerve", "arm.png", argument="source").exit_code == 0
    assert tried[0][1]["source"] == "arm.png"
    shown = plain(invoke("nerve", "--help", argument="source").output)
    assert "SOURCE" in shown and "--source" not in shown


@pytest.mark.parametrize("spec", task_specs(), ids=lambda spec: spec.name)
def test_no_task_has_an_option_that_every_run_demo_or_series_has(spec):
    taken = [*common_options(), *options_of(DemoOptions), *options_of(SeriesOptions)]
    for one in options_of(spec.options):
        assert one.name not in {other.name for other in taken}
        assert one.flag not in {other.flag for other in taken}
        assert not one.option.short or one.option.short not in {other.option.short for other in taken}


def test_commands_are_made_of_what_is_there_when_they_are_asked(invoke, monkeypatch):
    from edge.task import table as module

    elbow = replace(task_spec("cartilage"), name="elbow", sentence="The elbow of a thrower.")
    specs, spec_of = task_specs(), task_spec
    monkeypatch.setattr(module, "task_specs", lambda: (*specs, elbow))
    monkeypatch.setattr(module, "task_spec", lambda name: elbow if name == "elbow" else spec_of(name))
    monkeypatch.setattr(module, "TASKS", {**module.TASKS, "elbow": Entry("nowhere:ELBOW")})
    assert "elbow The elbow of a thrower." in plain(invoke("--help").output)


@pytest.mark.parametrize("command", ["run", "demo", "series"])
def test_the_commands_of_sonoedge_know_each_task(command):
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"})
    for spec in task_specs():
        ended = runner.invoke(sonoedge_app, [command, spec.name, "--help"])
        if command == "demo" and spec.demo_frames is None:
            assert isinstance(ended.exception, SettingError)
        else:
            assert ended.exit_code == 0, ended.output
            assert f"sonoedge {command} {spec.name} " in plain(ended.output)


def test_the_demo_without_a_task_shows_the_first_one(sonoedge, tmp_path, cartilage_model):
    ended = sonoedge("demo", "--seed", "7", "--frames", "2", "--runtime", "onnx", "--precision", "int8")
    assert ended.code == 0, ended.err
    assert f'"task":"{TASKS[0]}"' in (tmp_path / "out/demo/findings.jsonl").read_text().splitlines()[0]
    assert sonoedge("demo", "spleen").error_line.startswith("error: there is no task 'spleen' here; there are: ")
    assert "there is no task 'spleen'" in sonoedge("run", "spleen", "--source", "knee.png").error_line


def test_a_run_without_its_video_keeps_none(sonoedge, tmp_path):
    asked = ("run", "muscle", "--source", "phantom:muscle,paced=no", "--frames", "1", "--pathway", "classical")
    assert sonoedge(*asked, "--out", "kept", "--no-video").code == 0
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["findings.jsonl", "run.json"]
    missing = sonoedge("run", "muscle")
    assert missing.code == 2 and "--source" in missing.err
