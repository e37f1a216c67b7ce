"""`sonoedge run nerve --pathway classical` as a user types it."""

import json

import cv2
import pytest

SOURCE = "phantom:nerve,seed=3,frames=2,paced=no"
COMMAND = ("run", "nerve", "--source", SOURCE, "--pathway", "classical", "--no-video")


@pytest.mark.parametrize("stages", [False, True])
def test_a_place_is_proposed_and_its_steps_are_drawn_on_request(sonoedge, tmp_path, stages):
    ended = sonoedge(*COMMAND, "--stills", "--out", "told", *(("--stages",) if stages else ()))
    assert ended.code == 0, ended.err
    lines = (tmp_path / "told" / "findings.jsonl").read_text().splitlines()
    assert len(lines) == 2
    record = json.loads(lines[1])
    assert record["verdict"] == "limited"
    assert {one["name"] for one in record["measurements"]} >= {"candidate_depth", "vote_share"}
    assert len(record["model_digest"]) == 64
    picture = cv2.imread(str(tmp_path / "told" / "stills" / "000001.png"))
    assert (picture.shape[1] > 1900) == stages


def test_steps_of_a_network_cannot_be_shown(sonoedge):
    ended = sonoedge("run", "nerve", "--source", SOURCE, "--stages")
    assert ended.code == 1
    assert "--stages" in ended.err and "--pathway classical" in ended.err


def test_a_task_that_needs_its_network_says_so(sonoedge):
    ended = sonoedge("run", "cartilage", "--source", SOURCE, "--pathway", "classical")
    assert ended.code == 1
    assert "cartilage has no pathway 'classical'; there are: deep" in ended.err
