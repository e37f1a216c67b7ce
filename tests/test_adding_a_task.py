"""What docs/adding-a-task.md says is true: its example is built, installed in a clean environment and used."""

import csv
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.exam.folder import RunFolder
from tests.installation import ROOT, python, python_with, site_of, wheel_of

PAGE = (ROOT / "docs/adding-a-task.md").read_text()
FILE = re.compile(r"^### `([^`\n]+)`\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
TRY_IT = re.compile(r"^## Try it\n.*?^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example's folder, as the page says to write it."""
    folder = tmp_path_factory.mktemp("example") / "sonoedge-fat"
    for name, text in FILE.findall(PAGE):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(scope="module")
def executable(wheel, example, tmp_path_factory):
    """The Python of a clean environment with both wheels."""
    folder = tmp_path_factory.mktemp("clean")
    # setuptools leaves its build folder beside what it builds.
    copy = shutil.copytree(example, folder / "source")
    return python_with(wheel, wheel_of(copy, folder), folder=folder)


def typed(executable, line, cwd):
    """What a command line does in the environment."""
    program, *arguments = shlex.split(line)
    path = str(Path(executable).with_name(program))
    surrounding = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONSAFEPATH": "1"}
    done = subprocess.run([path, *arguments], cwd=cwd, env=surrounding, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_page_shows_every_file_and_each_only_once(example):
    names = [name for name, _ in FILE.findall(PAGE)]
    assert len(names) == len(set(names)) == PAGE.count("\n### `")
    assert {"pyproject.toml", "sonoedge_fat/spec.py", "sonoedge_fat/task.py", "tests/test_fat.py"} <= set(names)


def test_every_line_under_try_it_does_what_it_says(executable, example):
    (block,) = TRY_IT.findall(PAGE)
    said = {}
    for line in block.splitlines():
        done = typed(executable, line, example)
        assert done.returncode == 0, line + done.stdout + done.stderr
        said.setdefault(line.partition(" -")[0], " ".join(done.stdout.split()))
    assert all(f" {name} " in said["sonoedge run"] for name in ("cartilage", "fat", "tissue"))
    assert "--skin-mm" in said["sonoedge run fat"] and "(from 0.5 to 5)" in said["sonoedge run fat"]
    measured, truth = re.search(r"Skin and fat ([\d.]+) ([\d.]+) mm", said["sonoedge demo fat"]).groups()
    assert float(measured) == pytest.approx(float(truth), abs=0.2)
    assert "Skin and fat" in said["sonoedge show results"] and "20 frames" in said["sonoedge show results"]
    assert "task fat of the distribution sonoedge-fat" in said["sonoedge doctor"]
    assert "sink csv of the distribution sonoedge-fat" in said["sonoedge doctor"]
    assert "passed" in said["python"]
    findings = list(RunFolder(example / "results").findings())
    assert [finding.task for finding in findings] == ["fat"] * 20
    with (example / "results" / "measurements.csv").open(newline="") as file:
        values = [float(row["value"]) for row in csv.DictReader(file)]
    assert values == [finding.measurement("fat_thickness").value for finding in findings]
    assert values[0] == pytest.approx(12.0, abs=0.2)
    assert (example / "out/demo/picture.png").stat().st_size > 10_000
    assert (example / "course/series.csv").read_text().count("\n") > 20


def test_the_models_are_as_they_were(executable, tmp_path):
    for line in ("sonoedge models", "sonoedge models verify"):
        done = typed(executable, line, tmp_path)
        assert done.returncode == 0, done.stderr
        assert "nerve_classical" in done.stdout and "fat" not in done.stdout


def test_the_contract_tests_take_the_example(executable, tmp_path):
    shutil.copytree(ROOT / "tests/contract", tmp_path / "contract")
    options = ("-m", "pytest", "-c", os.devnull, "--rootdir=.", "-p", "no:cacheprovider", "--import-mode=importlib")
    files = [f"contract/test_{what}.py" for what in ("task", "source", "sink")]
    said = python(*options, "-W", "error", "-rA", "-k", "fat or csv", *files, cwd=tmp_path, executable=executable)
    passed = re.findall(r"^PASSED (.*)$", said, re.MULTILINE)
    assert any("test_a_good_picture_is_measured_and_its_finding_is_sound[fat classical]" in one for one in passed)
    assert any("test_earlier_results_stay_intact[csv]" in one for one in passed)
    assert any("[phantom:fat]" in one for one in passed)
    assert "failed" not in said and len(passed) > 30


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("sonoedge run fat --source phantom:fat --skin-mm 50", "--skin-mm is 50.0; it must be from 0.5 to 5"),
        ("sonoedge run fat --source phantom:fat,fat=90", "from 5 to 25"),
        ("sonoedge run fat --source phantom:fat --model .", "needs no model; leave out --model"),
        ("sonoedge run fat --source phantom:fat --sink csv", "--sink needs a folder to write to; add --out FOLDER"),
        ("sonoedge run fat --source phantom:fat --out a --sink xls", "there is no sink named 'xls'"),
        ("sonoedge run fat --source npy:none.npy", "there is no file or folder 'none.npy'"),
        ("sonoedge run muscle --source phantom:muscle --skin-mm 2", "No such option: --skin-mm"),
    ],
)
def test_what_is_asked_for_wrongly_is_told_in_one_sentence(executable, tmp_path, line, told):
    done = typed(executable, line, tmp_path)
    assert done.returncode != 0
    assert told in " ".join(done.stderr.split())
    assert not (tmp_path / "a").exists()


def test_a_distribution_that_cannot_be_imported_is_told_and_breaks_nothing(executable, tmp_path):
    site = site_of(executable)
    broken = site / "sonoedge_broken-1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: sonoedge-broken\nVersion: 1\n")
    points = "bone = sonoedge_broken:SPEC\nmuscle = sonoedge_broken:SPEC\n"
    (broken / "entry_points.txt").write_text(f"[sonoedge.tasks]\n{points}[sonoedge.sinks]\nrecords = csv:writer\n")
    (site / "sonoedge_broken.py").write_text("import a_library_that_is_not_there\n")
    try:
        listed = typed(executable, "sonoedge run --help", tmp_path)
        assert listed.returncode == 0 and " fat " in listed.stdout and " bone " not in listed.stdout
        asked = typed(executable, "sonoedge run bone --source phantom:fat", tmp_path)
        assert asked.returncode == 1
        (line,) = asked.stderr.splitlines()
        assert line.startswith("error: task 'bone' of the distribution sonoedge-broken cannot be loaded")
        assert "a_library_that_is_not_there" in line and "uninstall it" in line
        run = "sonoedge run {} --source phantom:{},frames=2,paced=no --out {} --runtime onnx --precision int8"
        assert typed(executable, run.format(*["muscle"] * 3), tmp_path).returncode == 0
        told = " ".join(typed(executable, "sonoedge doctor", tmp_path).stdout.split())
        assert "task bone of the distribution sonoedge-broken, not used" in told
        assert "task muscle of the distribution sonoedge-broken, not used sonoedge has a task of this name" in told
        assert "sink records of the distribution sonoedge-broken, not used" in told
    finally:
        shutil.rmtree(broken)
        (site / "sonoedge_broken.py").unlink()
