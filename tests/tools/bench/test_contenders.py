"""The programs measure what they say, and all find the same mask."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from edge.runtime.manifest import model_folder
from edge.runtime.opening import open_runtime
from tests.viewer.watching import served
from tools.bench import material
from tools.bench.adapters import for_two_classes
from tools.bench.contenders.drawing import masks
from tools.bench.contenders.laps import Laps
from tools.bench.contenders.live import by_second, spread
from tools.bench.contenders.viewers import WARM_S
from tools.bench.field import Contender, contenders, python_of
from tools.bench.plan import planned
from tools.bench.process import ContenderError, line_of, run

TASK = "cartilage"
FRAMES = 14


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A band that the network takes for cartilage is not needed: every program must only agree with the others."""
    path = tmp_path_factory.mktemp("clip") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30, (160, 120))
    random = np.random.default_rng(3)
    for _ in range(FRAMES):
        writer.write(cv2.cvtColor(random.integers(0, 90, (120, 160), dtype=np.uint8), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def test_only_what_comes_after_the_warm_up_counts() -> None:
    laps = Laps(spawned_ns=0, warm=2)
    laps._ends_ns = [1_000_000_000, 5_000_000_000, 5_010_000_000, 5_012_000_000, 5_016_000_000, 5_022_000_000]
    laps._cpu_ns = [0, 0, 3_000_000, 4_000_000, 5_000_000, 9_000_000]
    told = laps.summary()
    assert (told["frames"], told["median_ms"], told["mean_ms"], told["cpu_ms"]) == (3, 4.0, 4.0, 2.0)
    assert told["start_s"] == 1.0 and 5.9 < told["p99_ms"] <= 6.0
    with pytest.raises(ValueError, match="only warm up"):
        Laps(0, warm=2).summary()


def test_the_line_is_found_among_what_libraries_print_and_the_reason_where_there_is_none() -> None:
    assert line_of('banner\n{"frames": 3}\nbye', "warning") == {"frames": 3}
    with pytest.raises(ContenderError, match="ImportError: no onnx"):
        line_of("banner", "Traceback\n  File 'x'\nImportError: no onnx\nterminate called")
    with pytest.raises(ContenderError, match="without a word"):
        line_of("", "")


def test_a_program_runs_on_the_cores_that_it_was_given_and_the_driver_keeps_its_own(clip: Path) -> None:
    before = os.sched_getaffinity(0)
    core = max(before)
    given = {"clip": str(clip), "frames": FRAMES, "threads": 1, "warm": 2, "script": "tuned"}
    model = str(material.model_file(TASK, "openvino", "int8"))
    told = run("script", given | {"model": model}, [core])
    assert told["frames"] == FRAMES - 3
    assert 0 < told["median_ms"] <= told["p95_ms"] <= told["p99_ms"]
    assert told["cpu_ms"] > 0 and told["rss_mib"] > 30 and 0 < told["start_s"] < 120
    assert os.sched_getaffinity(0) == before


def test_every_script_paints_alike(clip: Path) -> None:
    from tools.bench.contenders.script import SCRIPTS

    painted = {}
    for name, script in SCRIPTS.items():
        runtime = "onnx" if name == "tutorial" else "openvino"
        model = str(material.model_file(TASK, runtime, "int8"))
        given = {"clip": str(clip), "frames": 3, "threads": 1, "model": model}
        finished: list[None] = []
        painted[name] = float(np.mean(script(given, lambda finished=finished: finished.append(None)) > 0))
        assert len(finished) == 3
    assert max(painted.values()) - min(painted.values()) < 0.02, painted


@pytest.mark.slow
def test_ours_runs_with_everything_on(clip: Path) -> None:
    settings = {"runtime": "openvino", "precision": "int8", "threads": 1, "depth_mm": 30.0}
    given = {"clip": str(clip), "frames": FRAMES, "warm": 2, "task": TASK, "settings": settings}
    told = run("ours", given | {"record": True, "viewers": 1, "viewer_cores": []}, sorted(os.sched_getaffinity(0)))
    assert told["runtime"] == "openvino int8, 1 thread" and sum(told["verdicts"].values()) == FRAMES
    assert {"grab_ms", "infer_ms", "overlay_ms"} <= set(told["stages"])


def test_the_adapted_network_says_the_same_in_two_maps() -> None:
    import onnxruntime

    from tools.bench.adapters import for_two_classes

    shipped = onnx.load(material.model_file(TASK, "onnx", "int8"))
    grey = np.random.default_rng(1).random((1, 1, 256, 256), np.float32)
    logits = onnxruntime.InferenceSession(shipped.SerializeToString()).run(None, {"image": grey})[0]
    made = for_two_classes(shipped, three_channels=True).SerializeToString()
    classes = onnxruntime.InferenceSession(made).run(None, {"picture": np.repeat(grey, 3, 1)})[0]
    assert classes.shape == (1, 2, 256, 256)
    assert np.array_equal(classes[0, 1] > classes[0, 0], logits[0, 0] > 0)


def test_grey_pictures_get_maps_of_their_own_size() -> None:
    smaller = onnx.load(material.model_file("nerve", "onnx", "int8"))
    (found,) = for_two_classes(smaller, three_channels=False).graph.output
    assert [size.dim_value for size in found.type.tensor_type.shape.dim] == [1, 2, 256, 256]


def test_the_heavier_model_gives_the_shipped_one_s_logits(tmp_path: Path) -> None:
    folder = material.heavier_model(TASK, tmp_path, layers=2)
    grey = np.random.default_rng(2).integers(0, 255, (1, 1, 256, 256), dtype=np.uint8)
    heavier, _ = open_runtime("openvino", folder, precision="float", threads=1)
    shipped, _ = open_runtime("openvino", model_folder(TASK), precision="int8", threads=1)
    assert np.abs(heavier.infer(grey)[0] - shipped.infer(grey)[0]).max() < 1e-3


def test_masks_cover_the_share_that_was_asked_for() -> None:
    from edge.task.table import task_spec

    (one,) = masks(task_spec(TASK), (640, 480), 1, 0.24)
    assert one.mask.sum() / (640 * 480) == pytest.approx(0.24, abs=0.01)
    four = masks(task_spec(TASK), (640, 480), 4, 0.06)
    assert sum(int(mark.mask.sum()) for mark in four) / (640 * 480) == pytest.approx(0.24, abs=0.01)
    assert len({mark.origin for mark in four}) == 4


def test_ages_are_told_by_the_second() -> None:
    ages = [(0.1, 3.0), (0.5, 5.0), (0.9, 4.0), (1.2, 9.0)]
    assert by_second(ages) == [(0.0, 4.0), (1.0, 9.0)]
    assert spread([float(value) for value in range(1001)])["p99"] == pytest.approx(990, abs=1)


def test_the_field_is_every_pathway_the_bare_runtimes_and_the_peers(tmp_path: Path) -> None:
    plan = planned(quick=True, rounds=None, frames=None, tasks=(), minutes=None)
    from dataclasses import replace

    plan = replace(plan, build=tmp_path, frames=2, peers=tmp_path / "none")
    for spec in plan.tasks:
        field = list(contenders(spec, plan, dict))
        told = [one.name for one in field]
        assert len(set(told)) == len(told)
        for way in spec.pathways:
            assert any(one.kind == "ours" and way.name in one.name for one in field)
        assert sum(one.kind == "bare" for one in field) == (6 if any(way.network for way in spec.pathways) else 0)
    peers = [one for one in field_of(TASK, plan) if one.environment]
    assert {one.environment for one in peers} == {"mediapipe", "model_api", "supervision", "fast"}
    with pytest.raises(ContenderError, match="not installed"):
        python_of("fast", plan)


def field_of(task: str, plan: object) -> list[Contender]:
    from edge.task.table import task_spec

    return list(contenders(task_spec(task), plan, dict))  # type: ignore[arg-type]


def test_viewers_tell_how_old_the_pictures_are_that_they_see() -> None:
    with served() as board:
        viewers = subprocess.Popen(
            [sys.executable, "-m", "tools.bench.contenders.viewers", board.page.invitation(), "3"],
            stdout=subprocess.PIPE,
        )
        assert viewers.stdout is not None
        assert viewers.stdout.readline() == b"connected\n"
        until = time.monotonic() + WARM_S + 2
        while time.monotonic() < until:
            board.show()
            time.sleep(0.04)
        viewers.terminate()
        told, _ = viewers.communicate(timeout=20)
    assert len(json.loads(told)) >= 3
