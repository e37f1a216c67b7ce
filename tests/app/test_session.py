import json
import time

import cv2
import numpy as np
import pytest

from edge.app.session import open_session
from edge.app.settings import settings_of
from edge.errors import SettingError, SonoedgeError, SourceNotFoundError, UnknownNameError
from edge.exam.folder import RunFolder
from edge.finding import Finding, Verdict
from edge.sink.records import read_records
from edge.source.opening import open_source

QUICK = {"runtime": "onnx", "precision": "float", "threads": 1}


@pytest.mark.usefixtures("cartilage_model")
def test_five_lines_of_python(tmp_path):
    seen = []
    with open_session("phantom:cartilage,frames=5,paced=no", task="cartilage", out=tmp_path, **QUICK) as session:
        for finding in session:
            seen.append(finding)
    assert [finding.sequence for finding in seen] == [0, 1, 2, 3, 4]
    assert all(isinstance(finding, Finding) and finding.summary() for finding in seen)
    kept = list(RunFolder(tmp_path).findings())
    assert [finding.measurements for finding in kept] == [finding.measurements for finding in seen]
    assert session.summary().frames == session.statistics().processed == 5
    assert session.runtime == "onnx float, 1 thread"


@pytest.mark.usefixtures("muscle_model")
def test_what_is_found_is_the_same_ahead_and_in_turn():
    """Also where a task remembers, and where the network's outputs are still read while it runs on."""
    told = {}
    for ahead in (False, True):
        clip = "phantom:muscle,frames=12,paced=no"
        with open_session(clip, task="muscle", ahead=ahead, runtime="openvino", precision="int8", threads=1) as session:
            told[ahead] = [(one.verdict, one.measurements, one.reasons) for one in session]
    assert len(told[True]) == 12 and told[True] == told[False]


def test_a_budget_in_milliseconds_is_for_a_live_picture():
    with pytest.raises(SettingError, match=r"--budget 20 ms is for a live picture: of a recording every frame is"):
        open_session("phantom:cartilage,frames=2,paced=no", task="cartilage", budget="20ms", **QUICK)


@pytest.mark.usefixtures("cartilage_model")
def test_a_picture_belongs_to_its_finding(tmp_path):
    with open_session("phantom:cartilage,frames=3,paced=no", task="cartilage", **QUICK) as session:
        for result in session.results():
            assert result.finding.sequence == result.frame.sequence
            assert result.picture_bgr.shape == (*result.frame.pixels.shape, 3)
            assert result.picture_bgr.dtype == np.uint8


@pytest.mark.usefixtures("cartilage_model")
@pytest.mark.parametrize("given", ["picture", "stack", "iterator"])
def test_pictures_of_the_callers_own_are_a_source(given):
    with open_source("phantom:cartilage,frames=3,paced=no") as source:
        pictures = [source.read(1.0).pixels for _ in range(3)]
    whole = {"picture": pictures[0], "stack": np.stack(pictures), "iterator": iter(pictures)}[given]
    with open_session(whole, task="cartilage", mm_per_px=0.0625, **QUICK) as session:
        seen = list(session)
    assert len(seen) == (1 if given == "picture" else 3)
    assert all(finding.verdict is Verdict.MEASURED for finding in seen)


@pytest.mark.usefixtures("cartilage_model")
def test_the_page_is_up_while_the_session_is(tmp_path):
    pytest.importorskip("aiohttp", reason="the viewer needs the extra 'viewer' (aiohttp)")
    with open_session("phantom:cartilage,frames=2,paced=no", task="cartilage", view_port=0, **QUICK) as session:
        assert session.page_url.startswith("http://127.0.0.1:")
        assert len(list(session)) == 2


@pytest.mark.usefixtures("cartilage_model")
def test_nothing_is_left_behind_when_opening_fails(tmp_path):
    with pytest.raises(SourceNotFoundError):
        open_session(tmp_path / "none.png", task="cartilage", out=tmp_path / "results", **QUICK)
    assert not (tmp_path / "results").exists()


def test_an_unknown_task_is_told_before_anything_is_opened(tmp_path):
    with pytest.raises(UnknownNameError, match="cartilage"):
        open_session(tmp_path / "none.png", task="knee")


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": " "},
        {"threads": 0},
        {"fps": float("inf")},
        {"fps": 0.0},
        {"mm_per_px": -0.1},
        {"mm_per_px": float("nan")},
        {"depth_mm": 1.0},
        {"max_frames": 0},
        {"precision": "int4"},
        {"view_port": 70_000},
        {"masks": True},
    ],
    ids=str,
)
def test_settings_out_of_range(wrong):
    with pytest.raises(SettingError) as caught:
        settings_of("cartilage", {"source": "knee.png", **wrong})
    assert isinstance(caught.value, SonoedgeError) and len(str(caught.value)) > 20


@pytest.mark.usefixtures("cartilage_model")
def test_a_script_sets_the_probe_of_a_run_and_the_run_says_what_it_was(tmp_path):
    script, out = tmp_path / "orders.txt", tmp_path / "out"
    script.write_text("0.2 depth=35\n0.6 depth=45\n")
    deadline_s = time.monotonic() + 30
    asked = {"probe": "sim:", "script": script, "out": out, "video": False, **QUICK}
    with open_session("phantom:cartilage,seed=7", task="cartilage", **asked) as session:
        began = json.loads((out / "run.json").read_text())
        for result in session.results():
            at_45 = result.frame.probe is not None and result.frame.probe.depth_mm == 45
            if at_45 or time.monotonic() > deadline_s:
                session.stop("enough")
    # The first change switches the inertial sensor on.
    records = [record for record in read_records(out / "findings.jsonl") if record.probe and record.probe.depth_mm]
    depths = {record.probe.epoch: record.probe.depth_mm for record in records}
    assert records[-1].probe.depth_mm == 45.0 and depths.items() <= {1: 30.0, 2: 35.0, 3: 45.0}.items()
    first, last = map(json.loads, (out / "control.jsonl").read_text().splitlines())
    assert (first["order"], last["order"], last["by"], last["line"]) == ("depth=35", "depth=45", "script", 2)
    assert last["epoch"] == records[-1].probe.epoch and last["asked_ns"] < records[-1].exposed_ns

    assert began["ended"] is None and began["settings"]["threads"] == 1 and began["settings"]["arm"] is True
    assert began["seeds"]["phantom"] == 7 and f"seed={began['seeds']['probe']}" in began["probe"]["address"]
    assert began["probe"]["simulated"] is True and began["probe"]["firmware"] == "1.0.0+0"
    assert list(began["model"]["sha256"].values()) == [records[-1].model_digest]
    assert (began["runtime"]["name"], began["runtime"]["precision"], began["runtime"]["threads"]) == (
        "onnx",
        "float",
        1,
    )
    assert began["runtime"]["version"].startswith("onnxruntime ") and began["machine"]["cores"] >= 1
    assert began["began"]["monotonic_ns"] < records[0].exposed_ns and began["began"]["clock"] != ""
    ended = json.loads((out / "run.json").read_text())
    assert ended.pop("ended")["reason"] == "enough" and ended == {name: began[name] for name in ended}


@pytest.mark.usefixtures("cartilage_model")
def test_a_run_that_failed_says_so_and_which_files_it_read(tmp_path):
    pictures, out = tmp_path / "pictures", tmp_path / "out"
    pictures.mkdir()
    with open_source("phantom:cartilage,frames=1,paced=no") as source:
        cv2.imwrite(str(pictures / "knee.png"), source.read(1.0).pixels)
    (pictures / "zz-broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(SonoedgeError), open_session(pictures, task="cartilage", out=out, **QUICK) as session:
        list(session)
    told = json.loads((out / "run.json").read_text())["ended"]
    assert told["frames"] == 1 and "zz-broken.png" in told["reason"] and "Error: " in told["reason"]
    assert [record.file for record in read_records(out / "findings.jsonl")] == ["knee.png"]


def test_a_script_needs_a_probe():
    with pytest.raises(SettingError, match="--script gives orders to a probe; add --probe"):
        settings_of("cartilage", {"source": "phantom:cartilage", "script": "orders.txt"})
