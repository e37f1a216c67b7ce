import numpy as np
import pytest

from edge.app.session import open_session
from edge.app.settings import settings_of
from edge.errors import SettingError, SonoedgeError, SourceNotFoundError, UnknownNameError
from edge.exam.folder import RunFolder
from edge.finding import Finding, Verdict
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
