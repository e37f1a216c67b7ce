"""The commands as a user types them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import pytest
from typer.main import get_command

from edge.app.cli import app
from edge.app.demo import publish, scratch_folder
from edge.exam.folder import RunFolder
from edge.finding import Verdict
from edge.runtime.manifest import list_models, load_manifest, model_folder
from edge.task.table import task_specs

pytestmark = pytest.mark.usefixtures("cartilage_model")
QUICK = ("--runtime", "onnx", "--precision", "int8")


def pictures_in(path: Path) -> int:
    with av.open(str(path)) as video:
        return sum(1 for _ in video.decode(video=0))


def test_demo_leaves_video_picture_and_records_and_can_be_repeated(sonoedge, tmp_path):
    for _ in range(2):
        ended = sonoedge("demo", "--frames", "30", *QUICK)
        assert ended.code == 0, ended.err
        folder = tmp_path / "out" / "demo"
        assert [finding.sequence for finding in RunFolder(folder).findings()] == list(range(30))
        assert pictures_in(folder / "video-001.mkv") == 30
        assert cv2.imread(str(folder / "picture.png")).shape == (480, 640, 3)
    assert "against the truth" in ended.out


def test_the_muscles_demo_is_compared_with_the_muscles_truth(sonoedge, tmp_path):
    ended = sonoedge("demo", "muscle", "--frames", "6", *QUICK)
    assert ended.code == 0, ended.err
    assert "Pennation" in ended.out.split("against the truth")[1]
    assert len(list(RunFolder(tmp_path / "out" / "demo").findings())) == 6
    assert "there are: cartilage, hip, muscle, nerve" in sonoedge("demo", "spleen").error_line


def test_an_earlier_demos_panorama_goes_with_it(tmp_path):
    for made in (("picture.png", "panorama.png"), ("picture.png",)):
        scratch = scratch_folder(tmp_path / "shown")
        scratch.mkdir()
        for name in made:
            (scratch / name).write_text(name)
        publish(scratch, tmp_path / "shown")
        assert sorted(path.name for path in (tmp_path / "shown").iterdir()) == sorted(made)


@pytest.mark.parametrize("held", [["thesis.txt"], ["findings.jsonl"], ["findings.jsonl", "video-001.mkv"]], ids=str)
def test_demo_replaces_nothing_that_no_demo_made(sonoedge, tmp_path, held):
    (tmp_path / "mine").mkdir()
    for name in held:
        (tmp_path / "mine" / name).write_text("years of work")
    ended = sonoedge("demo", "--frames", "5", "--out", "mine", *QUICK)
    assert ended.code == 1
    assert held[0] in ended.error_line
    assert {path.name: path.read_text() for path in (tmp_path / "mine").iterdir()} == dict.fromkeys(
        held, "years of work"
    )


def test_a_demo_that_fails_leaves_the_earlier_one(sonoedge, tmp_path):
    assert sonoedge("demo", "--frames", "2", "--out", "shown", *QUICK).code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "shown").iterdir()}
    assert sonoedge("demo", "--frames", "2", "--out", "shown", "--runtime", "abacus").code == 1
    assert {path: path.read_bytes() for path in (tmp_path / "shown").iterdir()} == before


def without_network():
    within = ("unshare", "--map-root-user", "--net")
    try:
        done = subprocess.run([*within, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("the program 'unshare' is missing, so the network cannot be taken away")
    if done.returncode:
        pytest.skip("this system does not let a test take the network away")
    return within


def test_demo_needs_no_network(sonoedge):
    ended = sonoedge("demo", "--frames", "10", within=without_network())
    assert ended.code == 0, ended.err
    assert "against the truth" in ended.out


def test_run_keeps_what_was_asked_for(sonoedge, tmp_path):
    options = ("--frames", "6", "--out", "kept", "--stills", "--masks", "--no-video", *QUICK)
    ended = sonoedge("run", "cartilage", "--source", "phantom:cartilage,paced=no", *options)
    assert ended.code == 0, ended.err
    kept = tmp_path / "kept"
    assert sorted(path.name for path in kept.iterdir()) == ["findings.jsonl", "masks", "run.json", "stills"]
    assert len(list((kept / "stills").iterdir())) == len(list((kept / "masks").iterdir())) == 6
    findings = list(RunFolder(kept).findings())
    assert {finding.runtime.split(",")[0] for finding in findings} == {"onnx int8"}
    assert all(finding.model_digest and finding.timings.overlay_ms is not None for finding in findings)


def test_the_users_scale_is_the_one_that_counts(sonoedge, tmp_path):
    for name, mm_per_px in (("one", "0.05"), ("two", "0.1")):
        options = ("--frames", "1", "--out", name, "--mm-per-px", mm_per_px, *QUICK)
        assert sonoedge("run", "cartilage", "--source", "phantom:cartilage,paced=no", *options).code == 0
    (one,), (two,) = (RunFolder(tmp_path / name).findings() for name in ("one", "two"))
    assert (one.spacing.x_mm_per_px, one.spacing.origin) == (0.05, "user")
    if Verdict.REFUSED not in (one.verdict, two.verdict):
        assert two.measurement("area").value == pytest.approx(4 * one.measurement("area").value, rel=1e-3)


def test_show_reads_a_run_back(sonoedge, tmp_path):
    sonoedge("run", "cartilage", "--source", "phantom:cartilage,paced=no", "--frames", "4", "--out", "kept", *QUICK)
    with (tmp_path / "kept" / "findings.jsonl").open("a") as records:
        records.write('{"schema": 1, "seq')
    ended = sonoedge("show", "kept", "--frames")
    assert ended.code == 0, ended.err
    assert "4 frames" in ended.out and "#3 " in ended.out and "video-001.mkv" in ended.out
    assert "cut short" in ended.err
    assert sonoedge("show", "nowhere").code == 1
    assert (
        "phantom:cartilage,paced=no, sonoedge " in ended.out and "ended: the 4 frames that were asked for" in ended.out
    )
    path = tmp_path / "kept" / "findings.jsonl"
    (tmp_path / "kept" / "run.json").write_text('{"began": 3}')
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\0damage\n" + b"".join(lines[2:]))
    ended = sonoedge("show", "kept")
    assert ended.code == 0 and "3 frames" in ended.out and "2 of 5 lines" in ended.err and "left out: 2, 5" in ended.err
    path.write_bytes(b"\0damage\n" * 3)
    assert "3 of 3 lines" in sonoedge("show", "kept").error_line
    path.write_bytes(b"")
    assert "holds no finding" in sonoedge("show", "kept").error_line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_live_run_in_order(tmp_path, environment, number):
    command = [
        sys.executable,
        "-m",
        "edge.app.cli",
        "run",
        "cartilage",
        "--source",
        "phantom:cartilage",
        "--out",
        "kept",
        *QUICK,
    ]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as running:
        records = tmp_path / "kept" / "findings.jsonl"
        for _ in range(600):
            if records.exists() and records.read_bytes().count(b"\n") >= 5:
                break
            time.sleep(0.1)
        os.kill(running.pid, number)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert "Traceback" not in err
    findings = list(RunFolder(tmp_path / "kept").findings())
    assert len(findings) >= 5
    assert pictures_in(tmp_path / "kept" / "video-001.mkv") == len(findings)


def test_doctor_finds_this_machine_fit(sonoedge):
    ended = sonoedge("doctor")
    assert ended.code == 0, ended.out
    for word in ("cores", "memory", "runtime onnx", "model cartilage", "SHA-256", "camera", "serial port", "cache"):
        assert word in ended.out


def test_doctor_says_what_is_broken_and_how_to_cure_it(sonoedge):
    missing = "for name in ('onnxruntime', 'openvino', 'ai_edge_litert', 'tflite_runtime'): sys.modules[name] = None"
    ended = sonoedge("doctor", prelude=missing)
    assert ended.code == 1
    assert "pip install 'sonoedge[onnx]'" in ended.out and "BROKEN" in ended.out


@pytest.mark.parametrize("name", list_models())
def test_every_model_is_listed_verified_and_described(sonoedge, name):
    manifest = load_manifest(model_folder(name))
    (line,) = (line for line in sonoedge("models").out.splitlines() if line.startswith(f"{name}: "))
    assert f"task {manifest.task}" in line
    assert ("no network" in line) == (not manifest.variants)
    assert all(part in line for variant in manifest.variants for part in (variant.runtime, variant.precision))
    assert f"{name}: every file is as its manifest says" in sonoedge("models", "verify").out
    assert f"# Model card: {name}, version {manifest.version}" in sonoedge("models", "card", name).out
    assert f"model {name} " in sonoedge("doctor").out


def test_a_model_that_is_not_there_is_answered_with_those_that_are(sonoedge):
    for command in ("verify", "card"):
        ended = sonoedge("models", command, "elbow")
        assert ended.code == 1 and "cartilage" in ended.error_line and "nerve_classical" in ended.error_line


@pytest.mark.parametrize("file", ["windows.npz", "features.txt"])
def test_a_damaged_model_without_a_network_is_told_by_every_command(sonoedge, tmp_path, monkeypatch, file):
    copy = shutil.copytree(model_folder("nerve_classical"), tmp_path / "models" / "nerve_classical")
    content = (copy / file).read_bytes()
    (copy / file).write_bytes(content[:-1] + b"?")
    monkeypatch.setattr("edge.runtime.manifest.models_folder", lambda: tmp_path / "models")
    run = ("run", "nerve", "--source", "phantom:nerve", "--pathway", "classical", "--frames", "1")
    for arguments in (("models", "verify"), run):
        ended = sonoedge(*arguments)
        assert ended.code == 1
        assert file in ended.error_line and "SHA-256" in ended.error_line
    ended = sonoedge("doctor")
    assert ended.code == 1
    assert "BROKEN" in ended.out
    assert file in "".join(ended.out.split()), "a long path is broken into lines"


def test_bench_gives_every_stage_of_every_candidate(sonoedge):
    ended = sonoedge("bench", "--frames", "3", "--threads", "1", "--runtime", "onnx", "--json")
    assert ended.code == 0, ended.err
    table = json.loads(ended.out)
    candidates = {(row["candidate"]["runtime"], row["candidate"]["precision"]) for row in table["rows"]}
    assert candidates == {("onnx", "int8"), ("onnx", "float")}
    for row in table["rows"]:
        stages = {stage["name"]: stage for stage in row["stages"]}
        assert list(stages) == ["grab", "prepare", "infer", "conclude", "overlay"]
        assert all(0 < stage["median_ms"] <= stage["p95_ms"] and stage["samples"] == 3 for stage in stages.values())
    assert sonoedge("bench", "--frames", "2", "--threads", "1", "--runtime", "onnx").code == 0


def every_command(group: Any, path: str = "") -> Iterator[str]:
    """Each as it is typed, groups of commands too."""
    for name, command in group.commands.items():
        yield f"{path}{name}"
        if hasattr(command, "commands"):
            yield from every_command(command, f"{path}{name} ")


@pytest.mark.parametrize("command", list(every_command(get_command(app))))
def test_every_command_teaches_with_an_example(sonoedge, command):
    ended = sonoedge(*command.split(), "--help")
    assert ended.code == 0
    assert f"sonoedge {command}" in ended.out.split("Usage:")[1].partition("\n")[2]


def shown_tasks() -> Iterator[tuple[str, str]]:
    """Each command with each task that has a demo; what has no network has nothing to bench."""
    for spec in task_specs():
        for command in ("run", "series", "demo", "bench") if spec.demo_frames else ():
            if command != "bench" or any(way.network for way in spec.pathways):
                yield command, spec.name


@pytest.mark.parametrize(("command", "task"), list(shown_tasks()))
def test_every_task_of_a_command_teaches_with_an_example(sonoedge, command, task):
    ended = sonoedge(command, task, "--help")
    assert ended.code == 0
    assert f"sonoedge {command} {task}" in ended.out.split("Usage:")[1].partition("\n")[2]
