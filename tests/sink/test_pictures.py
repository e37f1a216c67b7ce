"""Stills and label masks, and what they are called."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import SettingError
from edge.finding import Finding, MaskMark, PanoramaMark, Verdict
from edge.frame import Frame
from edge.sink.pictures import MasksSink, PanoramaSink, StillsSink, label_mask, picture_path


def frame_of(sequence=0, origin="phantom", shape=(30, 40)):
    return Frame(np.zeros(shape, np.uint8), sequence, sequence, origin)


def finding_of(sequence=0, verdict=Verdict.MEASURED, marks=()):
    return Finding("t", sequence, sequence, verdict, marks=marks)


def write_verdicts(folder, verdicts, **options):
    rng = np.random.default_rng(3)
    with StillsSink(folder, **options) as sink:
        for sequence, verdict in enumerate(verdicts):
            picture = rng.integers(0, 255, (30, 40, 3), np.uint8)
            sink.write(frame_of(sequence), finding_of(sequence, verdict), picture)
    return [int(path.stem) for path in sorted((folder / "stills").iterdir())]


MIXED = [Verdict.REFUSED, Verdict.REFUSED, Verdict.MEASURED, Verdict.MEASURED, Verdict.MEASURED, Verdict.REFUSED]


@pytest.mark.parametrize(("every", "kept"), [(1, [0, 1, 2, 3, 4, 5]), (None, [0, 2, 5]), (4, [0, 2, 4, 5])])
def test_stills_are_kept_in_turn_and_when_the_verdict_changes(tmp_path, every, kept):
    assert write_verdicts(tmp_path, MIXED, every=every) == kept


def test_still_is_the_picture_to_the_pixel(tmp_path):
    picture = np.random.default_rng(1).integers(0, 255, (31, 43, 3), np.uint8)
    with StillsSink(tmp_path) as sink:
        sink.write(frame_of(5), finding_of(5), picture)
    assert np.array_equal(cv2.imread(str(tmp_path / "stills" / "000005.png")), picture)


def test_still_every_none_or_more(tmp_path):
    with pytest.raises(SettingError, match="every 1 or more"):
        StillsSink(tmp_path, every=0)


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("stills:knee.png", "knee.png"),
        ("stills:/data/left knee.v2.jpg", "left knee.v2.png"),
        ("stills:C:scan*.png", "C_scan_.png"),
        ("stills:..", "000007.png"),
        ("video:clip.mp4", "000007.png"),
        ("phantom", "000007.png"),
    ],
)
def test_pictures_are_named_after_their_still_or_number(origin, name):
    assert picture_path(Path("out"), frame_of(7, origin)) == Path("out") / name


def test_two_stills_of_one_stem_are_both_kept(tmp_path):
    with MasksSink(tmp_path) as sink:
        for sequence, origin in enumerate(("stills:a/knee.png", "stills:b/knee.jpg")):
            sink.write(frame_of(sequence, origin), finding_of(sequence), np.zeros((30, 40, 3), np.uint8))
    assert sorted(path.name for path in (tmp_path / "masks").iterdir()) == ["knee-000001.png", "knee.png"]


def test_a_name_that_fills_the_disks_limit_is_cut_and_both_are_kept(tmp_path):
    with MasksSink(tmp_path) as sink:
        for sequence, stem in enumerate(("n" * 251, "n" * 250 + "m", "ö" * 125 + "n")):
            origin = f"stills:{stem}.png"
            sink.write(frame_of(sequence, origin), finding_of(sequence), np.zeros((30, 40, 3), np.uint8))
    names = sorted(path.name for path in (tmp_path / "masks").iterdir())
    assert names == ["n" * 239 + "-000001.png", "n" * 246 + ".png", "ö" * 123 + ".png"]


def test_mask_file_is_grey_of_the_frames_size_with_its_labels(tmp_path):
    marks = (
        MaskMark("bone", 1, np.ones((10, 40), np.uint8), (0, 20)),
        MaskMark("cartilage", 7, np.eye(5, dtype=np.uint8), (3, 18)),
    )
    with MasksSink(tmp_path) as sink:
        sink.write(frame_of(), finding_of(marks=marks), np.zeros((30, 40, 3), np.uint8))
    labels = cv2.imread(str(tmp_path / "masks" / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert labels.dtype == np.uint8
    assert labels.shape == (30, 40)
    assert [labels[18, 3], labels[22, 7], labels[22, 8], labels[19, 3]] == [7, 7, 1, 0]
    assert {int(value): int((labels == value).sum()) for value in np.unique(labels)} == {0: 798, 1: 397, 7: 5}


def test_refused_finding_without_marks_gives_an_empty_mask(tmp_path):
    with MasksSink(tmp_path) as sink:
        sink.write(frame_of(), finding_of(verdict=Verdict.REFUSED), np.zeros((30, 40, 3), np.uint8))
    labels = cv2.imread(str(tmp_path / "masks" / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert labels.shape == (30, 40)
    assert not labels.any()


@given(st.integers(-15, 25), st.integers(-15, 25), st.integers(0, 12), st.integers(0, 12))
@settings(deadline=None)
def test_mask_is_cut_at_the_pictures_border(x, y, width, height):
    labels = label_mask((20, 20), (MaskMark("m", 3, np.ones((height, width), np.uint8), (x, y)),))
    expected = [
        [3 if y <= row < y + height and x <= column < x + width else 0 for column in range(20)] for row in range(20)
    ]
    assert labels.tolist() == expected


def test_the_last_panorama_is_kept_as_a_run_ends_and_only_then(tmp_path):
    planes = [np.full((10, 20 + at), 50 * at, np.uint8) for at in range(3)]
    with PanoramaSink(tmp_path, lambda mark: 255 - mark.plane) as sink:
        for at, plane in enumerate(planes):
            sink.write(frame_of(at), finding_of(at, marks=(PanoramaMark("whole", plane),)), planes[0])
        sink.write(frame_of(3), finding_of(3, Verdict.REFUSED), planes[0])
        assert list(tmp_path.iterdir()) == []
    assert np.array_equal(cv2.imread(str(tmp_path / "panorama.png"), cv2.IMREAD_GRAYSCALE), 255 - planes[2])


def test_without_a_panorama_there_is_no_picture_of_one(tmp_path):
    with PanoramaSink(tmp_path) as sink:
        sink.write(frame_of(), finding_of(), np.zeros((30, 40, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []
