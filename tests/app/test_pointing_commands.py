"""`--at`, `--not-at` and `--box` as a user types them, and a point from Python."""

import json

import pytest

from edge.app.session import open_session
from edge.errors import SettingError
from edge.finding import Verdict
from edge.runtime.manifest import load_manifest, model_folder

SOURCE = "phantom:nerve,seed=3,frames=3,paced=no"


def records(folder):
    return [json.loads(line) for line in (folder / "findings.jsonl").read_text().splitlines()]


def middle_of_the_nerve():
    """In pixels of the phantom's first frame, as its network sees it."""
    with open_session(SOURCE, task="nerve", runtime="onnx") as session:
        first = next(iter(session))
    (border,) = (mark for mark in first.marks if mark.name == "nerve border")
    x, y = border.points.mean(axis=0).tolist()
    return round(x), round(y)


def test_anything_is_outlined_and_followed_without_a_name(sonoedge, tmp_path):
    x, y = middle_of_the_nerve()
    ended = sonoedge(
        "run", "outline", "--source", SOURCE, "--at", f"{x},{y}", "--at", "5,5", "--out", "told", "--masks"
    )
    assert ended.code == 0, ended.err
    found = records(tmp_path / "told")
    assert len(found) == 3
    for record in found:
        names = {one["name"]: one["value"] for one in record["measurements"]}
        assert 3 < names["area"] < 60 and names["depth_under_skin"] > 0
        assert f"pointed at by a person: {x},{y} and 5,5" in record["notes"]
        assert record["model_digest"] and "no network" not in record["runtime"]
    run = json.loads((tmp_path / "told" / "run.json").read_text())
    assert run["settings"]["at"] == [f"{x},{y}", "5,5"]
    assert run["model"]["name"] == "outline" and "further_model" not in run


def test_a_nerve_that_is_pointed_at_is_the_one_that_is_measured(sonoedge, tmp_path):
    x, y = middle_of_the_nerve()
    ended = sonoedge(
        "run", "nerve", "--source", SOURCE, "--at", f"{x},{y}", "--not-at", f"{x},{y + 90}", "--out", "told"
    )
    assert ended.code == 0, ended.err
    for record in records(tmp_path / "told"):
        assert f"pointed at by a person: {x},{y}" in record["notes"]
        assert {one["name"] for one in record["measurements"]} >= {"cross_sectional_area", "depth_under_skin"}
    run = json.loads((tmp_path / "told" / "run.json").read_text())
    assert run["model"]["name"] == "nerve" and run["further_model"]["name"] == "outline"
    digests = {file.sha256 for file in load_manifest(model_folder("outline")).files()}
    assert set(run["further_model"]["sha256"].values()) <= digests


def test_a_point_beside_the_picture_is_refused_with_what_to_do():
    with open_session(SOURCE, task="nerve", runtime="onnx", at=[(9000, 10)]) as session:
        finding = next(iter(session))
    assert finding.verdict is Verdict.REFUSED
    assert finding.reasons[0].startswith("9000,10 lies beside the ultrasound picture")


def test_nothing_pointed_at_says_how_to_point(sonoedge):
    ended = sonoedge("run", "outline", "--source", SOURCE)
    assert "nothing is pointed at: give a point within the structure with --at x,y" in " ".join(ended.out.split())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"at": ["1;2"]}, "'1;2' is no point"),
        ({"box": ["1,2,3"]}, "--box is '1,2,3'"),
        ({"not_at": ["1,2"]}, "--not-at says where nothing is"),
        ({"at": [(1, 2)] * 6}, "at most 5"),
        ({"at": "x"}, "'x' is not all numbers"),
    ],
)
def test_what_cannot_be_read_is_said(given, said):
    with pytest.raises(SettingError, match=said):
        open_session(SOURCE, task="outline", **given)
