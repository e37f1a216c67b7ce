"""Everything that can be wrong with what a user gives: a clear line, an exit code, no traceback, nothing lost."""

import subprocess
import sys

import av
import cv2
import numpy as np
import platformdirs
import pytest

from edge.exam.folder import RunFolder
from edge.runtime.manifest import models_folder
from edge.runtime.table import RUNTIMES

pytestmark = pytest.mark.usefixtures("cartilage_model")
GREY = np.random.default_rng(5).integers(0, 256, (480, 640), np.uint8)


@pytest.fixture
def run(sonoedge):
    """`sonoedge run` with the quickest start."""

    def run_source(source, *options, **how):
        return sonoedge(
            "run", "cartilage", "--source", source, "--runtime", "onnx", "--precision", "float", *options, **how
        )

    return run_source


def write_video(path, frames=20):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25, width=640, height=480, pix_fmt="yuv420p")
        smooth = cv2.GaussianBlur(GREY, (0, 0), 9)
        for number in range(frames):
            picture = np.roll(smooth, 3 * number, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def write_dicom_without_pixels(path):
    pydicom = pytest.importorskip("pydicom", reason="the extra 'dicom' (pydicom) is missing")
    data = pydicom.Dataset()
    data.PatientName, data.Modality = "Nobody", "US"
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.3"
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data.save_as(path, enforce_file_format=True)
    return path


def test_a_missing_file(run, tmp_path):
    ended = run("nowhere.png")
    assert ended.code == 1
    assert "nowhere.png" in ended.error_line


def test_a_truncated_picture(run, tmp_path):
    whole = cv2.imencode(".png", GREY)[1].tobytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    ended = run("cut.png")
    assert ended.code == 1
    assert "cut.png" in ended.error_line


def test_a_video_of_zero_bytes(run, tmp_path):
    (tmp_path / "empty.mp4").touch()
    ended = run("empty.mp4")
    assert ended.code == 1
    assert "empty.mp4" in ended.error_line and "0 bytes" in ended.error_line


def test_a_truncated_video_keeps_what_came_before(run, tmp_path):
    whole = write_video(tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    ended = run("cut.mkv", "--out", "results")
    assert ended.code == 1
    assert "cut.mkv" in ended.error_line
    assert 1 <= len(list(RunFolder(tmp_path / "results").findings())) < 20
    with av.open(str(tmp_path / "results" / "video-001.mkv")) as video:
        assert sum(1 for _ in video.decode(video=0)) >= 1


def test_a_text_named_png(run, tmp_path):
    (tmp_path / "note.png").write_text("bring milk")
    ended = run("note.png")
    assert ended.code == 1
    assert "note.png" in ended.error_line


def test_a_dicom_file_without_pixels(run, tmp_path):
    write_dicom_without_pixels(tmp_path / "report.dcm")
    ended = run("report.dcm")
    assert ended.code == 1
    assert "report.dcm" in ended.error_line and "no picture" in ended.error_line


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(GREY.astype(np.uint16) * 257, id="16 bit"),
        pytest.param(np.dstack([GREY, GREY, GREY, np.full_like(GREY, 128)]), id="RGBA"),
        pytest.param(GREY[:1, :1], id="1 x 1"),
        pytest.param(cv2.resize(GREY, (7680, 4320)), id="8k"),
    ],
)
def test_unusual_pictures_are_worked_on(run, tmp_path, picture):
    cv2.imwrite(str(tmp_path / "odd.png"), picture)
    ended = run("odd.png", "--out", "results", "--masks", "--stills", "--no-video")
    assert ended.code == 0, ended.err
    (finding,) = RunFolder(tmp_path / "results").findings()
    assert finding.reasons
    mask = cv2.imread(str(tmp_path / "results" / "masks" / "odd.png"), cv2.IMREAD_UNCHANGED)
    assert mask.shape == picture.shape[:2]


def test_one_bad_file_in_a_folder_does_not_cost_the_others(run, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "c.png"):
        cv2.imwrite(str(folder / name), GREY)
    (folder / "b.png").write_text("not a picture")
    ended = run("pictures", "--out", "results")
    assert ended.code == 1
    assert "b.png" in ended.error_line
    assert len(list(RunFolder(tmp_path / "results").findings())) == 2


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--runtime", "tensorrt"), "openvino"),
        (("--precision", "int4"), "int8"),
        (("--fps", "-3"), "--fps"),
        (("--mm-per-px", "nan"), "--mm-per-px"),
        (("--depth-mm", "4000"), "--depth-mm"),
        (("--frames", "0"), "--frames"),
        (("--threads", "0"), "--threads"),
        (("--masks",), "--out"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_an_option_out_of_range_says_what_is_allowed(sonoedge, options, named):
    ended = sonoedge("run", "cartilage", "--source", "phantom:cartilage", "--frames", "1", *options)
    assert ended.code == 1
    assert named in ended.error_line


def test_an_unknown_task_is_told_with_those_there_are(sonoedge):
    ended = sonoedge("run", "knee", "--source", "phantom:cartilage")
    assert ended.code == 1 and "'knee'" in ended.error_line and "cartilage, hip, muscle" in ended.error_line


def test_wrong_usage_is_exit_code_2(sonoedge):
    assert sonoedge("run").code == 2
    assert sonoedge("run", "cartilage", "--source", "phantom:cartilage", "--threads", "many").code == 2
    assert sonoedge("fly").code == 2


def test_an_unknown_phantom(run):
    assert "cartilage" in run("phantom:unicorn").error_line


def test_a_model_with_a_changed_byte(run, tmp_path):
    copy = tmp_path / "models" / "cartilage"
    copy.mkdir(parents=True)
    for path in (models_folder() / "cartilage").iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    for path in copy.glob("*.onnx"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    prelude = (
        f"import edge.runtime.manifest as m, pathlib; m.models_folder = lambda: pathlib.Path({str(copy.parent)!r})"
    )
    ended = run("phantom:cartilage", "--frames", "1", "--out", "results", prelude=prelude)
    assert ended.code == 1
    assert "SHA-256" in ended.error_line
    assert not (tmp_path / "results").exists()


LIBRARIES = {"onnx": "onnxruntime", "openvino": "openvino", "tflite": "ai_edge_litert"}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_missing_runtime_names_the_extra_and_no_other_steps_in(sonoedge, runtime):
    prelude = f"sys.modules[{LIBRARIES[runtime]!r}] = None; sys.modules['tflite_runtime'] = None"
    asked = ("run", "cartilage", "--source", "phantom:cartilage", "--frames", "1", "--runtime", runtime)
    ended = sonoedge(*asked, prelude=prelude)
    assert ended.code == 1
    assert f"sonoedge[{runtime}]" in ended.error_line


def test_a_folder_that_holds_results_is_left_alone(run, tmp_path):
    assert run("phantom:cartilage", "--frames", "2", "--out", "results").code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "results").iterdir()}
    ended = run("phantom:cartilage", "--frames", "2", "--out", "results")
    assert ended.code == 1
    assert "results" in ended.error_line
    assert {path: path.read_bytes() for path in (tmp_path / "results").iterdir()} == before


def test_results_cannot_go_into_a_file(run, tmp_path):
    (tmp_path / "results").write_text("mine")
    assert run("phantom:cartilage", "--frames", "1", "--out", "results").code == 1
    assert (tmp_path / "results").read_text() == "mine"


def test_a_camera_that_is_not_there(run):
    ended = run("camera:/dev/video97")
    assert ended.code == 1
    assert "/dev/video97" in ended.error_line


def in_own_mounts():
    """`unshare` with a mount namespace of its own, or a skip."""
    within = ("unshare", "--map-root-user", "--mount")
    try:
        done = subprocess.run([*within, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("the program 'unshare' is missing, so no small disk can be made")
    if done.returncode:
        pytest.skip("this system does not let a test mount a small disk")
    return within


def test_a_full_disk_ends_the_run_and_keeps_every_whole_record(run, tmp_path):
    (tmp_path / "disk").mkdir()
    script = 'mount -t tmpfs -o size=200k none disk && "$@"; code=$?; cp -r disk/results kept; exit $code'
    within = (*in_own_mounts(), "sh", "-c", script, "sh")
    ended = run("phantom:cartilage,paced=no", "--frames", "500", "--out", "disk/results", within=within)
    assert ended.code == 1
    assert "disk is full" in ended.error_line
    findings = list(RunFolder(tmp_path / "kept").findings())
    assert [finding.sequence for finding in findings] == list(range(len(findings)))
    assert 1 <= len(findings) < 500


def test_a_message_is_one_line_also_where_a_library_said_more(sonoedge):
    prelude = """
import edge.app.session as session
def fail(*given, **named):
    raise RuntimeError("first\\nsecond")
session.open_session = fail
"""
    ended = sonoedge("run", "cartilage", "--source", "phantom:cartilage", prelude=prelude)
    assert ended.code == 1
    assert "first second" in ended.error_line and "SONOEDGE_TRACE" in ended.error_line


def test_module_call():
    done = subprocess.run(
        [sys.executable, "-m", "edge.app.cli", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "sonoedge")


@pytest.mark.parametrize(
    "asked",
    [
        ("run", "cartilage", "--source", "phantom:cartilage,paced=no", "--frames", "1", "--out", "~no-such-user/kept"),
        ("run", "cartilage", "--source", "phantom:cartilage", "--model", "~no-such-user/model"),
        ("run", "cartilage", "--source", "~no-such-user/knee.png"),
        ("series", "muscle", "~no-such-user/clip.mp4", "--out", "kept"),
    ],
)
def test_a_home_that_is_not_there_is_a_clear_error(sonoedge, asked):
    assert "no-such-user" in sonoedge(*asked).error_line


@pytest.mark.parametrize("asked", [("reference", "list"), ("probe", "update", "sim:", "image.bin")])
def test_without_a_home_what_is_kept_in_it_is_said_to_be_missing(sonoedge, monkeypatch, asked):
    def none(*given):
        raise RuntimeError("no home")

    monkeypatch.setattr(platformdirs, "user_config_path", none)
    assert "there is no folder for settings (no home)" in sonoedge(*asked).error_line
