"""`sonoedge series` as a physiologist types it."""

import csv
import json
import shutil
import xml.etree.ElementTree as ET

import av
import cv2
import numpy as np
import pytest

from edge.app.series import KEPT_PICTURES, records_in
from edge.exam.even_sample import EvenSample
from edge.task.muscle.phantom import LIVE_MUSCLE, MuscleCine

SEED, FPS = 1, 10
SPACING = LIVE_MUSCLE.depth_mm / 480
TABLES = ["findings.jsonl", "run.json", "series.csv", "series.jsonl"]
FIGURES = ["course.png", "course.svg", "series.png", "series.svg"]
CLASSICAL = ("--pathway", "classical", "--mm-per-px", SPACING)


@pytest.fixture(scope="module")
def cine():
    return MuscleCine(SEED)


@pytest.fixture(scope="module")
def moments(cine):
    """The rise of a contraction, a tenth of a second apart."""
    return [cine.picture(1.0 + number / FPS).pixels for number in range(12)]


def rows_of(folder):
    with (folder / "series.csv").open() as file:
        return list(csv.DictReader(file))


def write_video(path, pictures, rate=FPS):
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=rate)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt = "gray"
        for picture in pictures:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)


@pytest.fixture
def video(tmp_path, moments):
    write_video(tmp_path / "contraction.mkv", moments)
    return tmp_path / "contraction.mkv"


@pytest.fixture
def pictures(tmp_path, moments):
    """Every third of the video's."""
    folder = tmp_path / "stills"
    folder.mkdir()
    for number, picture in enumerate(moments[::3]):
        cv2.imwrite(str(folder / f"{number:02}.png"), picture)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder and end of each command that several tests look at, by the name of what it leaves."""
    return tmp_path_factory.mktemp("made"), {}


@pytest.fixture
def once(sonoedge, tmp_path, made):
    """`sonoedge`, with `--out name`; what an earlier test has made is copied."""
    folder, ended = made

    def run(name, *arguments):
        if name in ended:
            shutil.copytree(folder / name, tmp_path / name)
        else:
            ended[name] = sonoedge(*arguments, "--out", name)
            shutil.copytree(tmp_path / name, folder / name)
        return ended[name]

    return run


@pytest.fixture
def kept(once, video):
    """How the series of the video ended, with 4 pictures."""
    return once("kept", "series", "muscle", video, "--pictures", 4, *CLASSICAL)


@pytest.fixture
def visit(once, video):
    """How a run of the video ended."""
    return once("visit", "run", "muscle", "--source", video, "--no-video", *CLASSICAL)


def test_a_video_becomes_tables_and_figures(kept, tmp_path, cine):
    ended = kept
    assert ended.code == 0, ended.err
    kept = tmp_path / "kept"
    assert sorted(path.name for path in kept.iterdir()) == sorted(TABLES + FIGURES)
    assert all(f"kept/{name}" in ended.out for name in FIGURES + TABLES[2:])
    rows = rows_of(kept)
    assert [float(row["seconds"]) for row in rows] == pytest.approx([number / FPS for number in range(12)], abs=1e-3)
    assert {row["tracking"] for row in rows[1:]} == {"tracked"}
    off = [
        float(row["fascicle_angle_deg"]) - cine.architecture(1 + n / FPS).fascicle_angle_deg
        for n, row in enumerate(rows)
    ]
    assert np.abs(off).mean() < 2
    lines = [json.loads(line) for line in (kept / "series.jsonl").read_text().splitlines()]
    assert [line["sequence"] for line in lines] == list(range(12))


@pytest.mark.usefixtures("kept")
def test_the_course_shows_pictures_with_their_times_above_the_curves(tmp_path):
    kept = tmp_path / "kept"
    root = ET.parse(kept / "course.svg").getroot()
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for shown in (
        "Fascicle angle (°)",
        "Pennation (°)",
        "Fascicle length (mm)",
        "Thickness (mm)",
        "Time (s)",
        "Direction",
    ):
        assert shown in texts
    assert [text for text in texts if text.endswith(" s")] == ["0.00 s", "0.40 s", "0.70 s", "1.10 s"]
    assert len(list(root.iter("{http://www.w3.org/2000/svg}image"))) == 4 + 1  # and the key of the colours
    course, series = (cv2.imread(str(kept / f"{name}.png")) for name in ("course", "series"))
    assert course.shape[1] == series.shape[1] > 2000
    assert course.shape[0] > series.shape[0]


def test_pictures_have_no_times_unless_their_rate_is_said(sonoedge, tmp_path, pictures):
    ended = sonoedge("series", "muscle", pictures, "--out", "slow", *CLASSICAL)
    assert "tells no times" in ended.err and "--fps" in ended.err
    rows = rows_of(tmp_path / "slow")
    assert [(row["sequence"], row["seconds"]) for row in rows] == [(str(number), "") for number in range(4)]
    assert {row["tracking"] for row in rows} == {"none"}
    again = sonoedge("series", "muscle", "slow", "--out", "again")
    assert "tells no times" in again.err and rows_of(tmp_path / "again") == rows
    ended = sonoedge("series", "muscle", pictures, "--fps", 4, "--out", "fast", *CLASSICAL)
    assert "tells no times" not in ended.err
    rows = rows_of(tmp_path / "fast")
    assert [float(row["seconds"]) for row in rows] == [0, 0.25, 0.5, 0.75]
    assert "tracked" in {row["tracking"] for row in rows}


def test_frames_that_show_no_muscle_are_gaps(sonoedge, tmp_path, moments):
    rng = np.random.default_rng(2)
    blank = [rng.integers(0, 12, moments[0].shape).astype(np.uint8) for _ in range(10)]
    write_video(tmp_path / "lifted.mkv", moments[:4] + blank + moments[4:8])
    ended = sonoedge("series", "muscle", "lifted.mkv", "--out", "kept", *CLASSICAL)
    assert ended.code == 0, ended.err
    rows = rows_of(tmp_path / "kept")
    said = [bool(row["fascicle_angle_deg"]) for row in rows]
    assert said[:4] == [True] * 4 and not any(said[10:14]) and said[14:] == [True] * 4
    assert {row["tracking"] for row in rows[4:8]} == {"predicted"}
    records = (tmp_path / "kept" / "findings.jsonl").read_text()
    for words in ("last values held", "tracking lost", "tracking regained"):
        assert words in records


def test_the_network_too(sonoedge, tmp_path, muscle_model):
    options = ("--runtime", "onnx", "--precision", "int8", "--frames", 6)
    ended = sonoedge("series", "muscle", "phantom:muscle,motion=contraction,paced=no", "--out", "kept", *options)
    assert ended.code == 0, ended.err
    rows = rows_of(tmp_path / "kept")
    assert len(rows) == 6
    assert all(row["fascicle_angle_deg"] for row in rows)
    assert [row["tracking"] for row in rows] == ["none"] + 5 * ["tracked"]


@pytest.mark.usefixtures("kept", "visit")
def test_an_earlier_run_has_its_tables_and_curves(sonoedge, tmp_path):
    for name, source in (("one", "visit"), ("two", "visit/findings.jsonl")):
        ended = sonoedge("series", "muscle", source, "--out", name)
        assert ended.code == 0, ended.err
        assert "keeps no pictures" in ended.err
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["series.csv", "series.jsonl", *FIGURES[2:]]
    assert rows_of(tmp_path / "one") == rows_of(tmp_path / "kept")
    again = sonoedge("series", "muscle", "visit", "--out", "one")
    assert again.code == 1 and "already holds" in again.error_line
    scaled = sonoedge("series", "muscle", "visit", "--out", "scaled", "--mm-per-px", "0.1")
    assert scaled.code == 1 and "measured already" in scaled.error_line
    assert not (tmp_path / "scaled").exists()


@pytest.mark.usefixtures("visit")
def test_an_earlier_run_that_was_cut_short_is_read_as_far_as_it_goes(sonoedge, tmp_path):
    whole = (tmp_path / "visit" / "findings.jsonl").read_bytes()
    (tmp_path / "visit" / "findings.jsonl").write_bytes(whole[:-100])
    ended = sonoedge("series", "muscle", "visit", "--out", "kept")
    assert ended.code == 0, ended.err
    assert "cut short" in ended.err
    assert len(rows_of(tmp_path / "kept")) == 11


def test_where_there_is_nothing_it_says_so_and_leaves_nothing(sonoedge, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "visit").mkdir()
    (tmp_path / "visit" / "findings.jsonl").touch()
    for source, words in (("nowhere", "no file, folder or device"), ("empty", "holds no files"), ("visit", "no frame")):
        ended = sonoedge("series", "muscle", source, "--out", "kept")
        assert ended.code == 1
        assert source in ended.error_line and words in ended.error_line
        assert not (tmp_path / "kept").exists()


def test_where_nothing_is_measured_there_is_a_table_and_no_figure(sonoedge, tmp_path):
    write_video(tmp_path / "air.mkv", [np.full((300, 400), 3, np.uint8)] * 3)
    ended = sonoedge("series", "muscle", "air.mkv", "--out", "kept", *CLASSICAL)
    assert ended.code == 0, ended.err
    assert "nothing was measured" in ended.err
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == TABLES
    assert [row["verdict"] for row in rows_of(tmp_path / "kept")] == ["refused"] * 3


def test_without_the_library_for_figures_the_tables_are_kept_and_it_says_what_to_install(sonoedge, tmp_path, video):
    missing = "sys.modules['matplotlib'] = None"
    ended = sonoedge("series", "muscle", video, "--out", "kept", *CLASSICAL, prelude=missing)
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == TABLES
    assert "matplotlib" in ended.err and "pip install 'sonoedge[plots]'" in ended.err
    assert len(rows_of(tmp_path / "kept")) == 12
    assert "series.csv" in ended.out and "series.png" not in ended.out
    # Once it is installed the curves can still be had.
    assert sonoedge("series", "muscle", "kept", "--out", "later").code == 0
    assert (tmp_path / "later" / "series.png").is_file()


@pytest.mark.usefixtures("visit")
def test_figures_say_nothing_of_fonts_and_need_no_place_to_keep_them(sonoedge, tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.size: 40\nno.such.setting: 1\n")
    prelude = "import os; os.environ['MPLCONFIGDIR'] = '/proc/nowhere'"
    ended = sonoedge("series", "muscle", "visit", "--out", "one", prelude=prelude)
    assert ended.code == 0
    assert ended.err.splitlines() == ["an earlier run keeps no pictures: course.png is left out"]
    assert sonoedge("series", "muscle", "visit", "--out", "two").code == 0
    for name in FIGURES[2:]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_run_is_known_by_its_records(tmp_path):
    assert records_in(str(tmp_path)) is None
    (tmp_path / "findings.jsonl").touch()
    assert records_in(str(tmp_path)) == records_in(str(tmp_path / "findings.jsonl")) == tmp_path / "findings.jsonl"


@pytest.mark.parametrize("frames", [1, 2, 5, 6, 63, 64, 65, 1000])
def test_pictures_are_spread_over_all_frames_with_first_and_nearly_last(frames):
    sample, made = EvenSample(KEPT_PICTURES), []
    for number in range(frames):
        sample.add(lambda number=number: made.append(number) or number)
    picked = sample.pick(6)
    assert len(picked) == min(6, frames)
    assert picked[0] == 0
    assert picked[-1] >= frames - 1 - frames / 16
    steps = np.diff(picked)
    assert not steps.size or (steps.min() > 0 and steps.max() <= 2 * steps.min())
    assert len(made) <= 2 * KEPT_PICTURES * max(1, np.log2(frames))
