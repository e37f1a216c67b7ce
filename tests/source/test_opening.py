"""Which source a text names."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SettingError, SourceFormatError, SourceNotFoundError, UnknownNameError
from edge.source.opening import kind_of_path, open_source, split_spec
from edge.source.recording import natural_key
from edge.source.table import SOURCES

_HEADS = {
    "stills": [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"BM", b"II*\0", b"MM\0*", b"RIFF\0\0\0\0WEBP", b"P5\n"],
    "video": [b"\0\0\0\x20ftypisom", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI ", b"GIF89a"],
    "dicom": [bytes(128) + b"DICM"],
}


@given(st.sampled_from(sorted(SOURCES)), st.text(max_size=40))
def test_a_kind_and_its_rest(kind: str, rest: str) -> None:
    assert split_spec(f"{kind}:{rest}") == (kind, rest)


def test_a_kind_alone_leaves_the_choice_to_it() -> None:
    assert split_spec("camera") == ("camera", "")


@pytest.mark.parametrize("path", ["/dev/video0", "/dev/video12", "/dev/v4l/by-id/usb-grabber"])
def test_a_device_is_a_camera(path: str) -> None:
    assert split_spec(path) == ("camera", path)


@pytest.mark.parametrize(("kind", "head"), [(kind, head) for kind, heads in _HEADS.items() for head in heads])
def test_content_goes_before_the_name(kind: str, head: bytes, tmp_path: Path) -> None:
    for name in ("file", "file.mp4", "file.png", "file.dcm"):
        (tmp_path / name).write_bytes(head + bytes(200))
        assert kind_of_path(str(tmp_path / name)) == kind


@pytest.mark.parametrize(("name", "kind"), [("a.PNG", "stills"), ("a.mp4", "video"), ("a.DCM", "dicom")])
def test_an_unreadable_content_leaves_the_name(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    assert kind_of_path(str(tmp_path / name)) == kind


def test_a_folder_is_stills_and_a_colon_in_a_name_does_no_harm(tmp_path: Path) -> None:
    odd = tmp_path / "knee:left"
    odd.mkdir()
    assert split_spec(str(odd)) == ("stills", str(odd))


def test_a_name_with_a_colon_in_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "knee:left").mkdir()
    assert split_spec("knee:left") == ("stills", "knee:left")


def test_what_cannot_be_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(SourceFormatError, match=r"notes.txt.*say what it is"):
        open_source(str(tmp_path / "notes.txt"))
    with pytest.raises(SourceNotFoundError, match=r"nowhere.png.*stills:"):
        open_source(str(tmp_path / "nowhere.png"))
    with pytest.raises(UnknownNameError, match=r"'rtsp'; there are: camera, "):
        open_source("rtsp://host/stream")


@given(st.text(max_size=300))
def test_no_text_leads_to_a_traceback(text: str) -> None:
    try:
        split_spec(text)
    except (SourceNotFoundError, SourceFormatError) as error:
        assert str(error)


@pytest.mark.parametrize("fps", [0.0, -5.0, float("nan"), float("inf"), 1e9])
def test_a_rate_that_is_none(fps: float, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="frames/s"):
        open_source(str(tmp_path), fps=fps)


@given(st.lists(st.integers(0, 10**6), unique=True), st.randoms())
def test_numbers_sort_by_value(numbers: list[int], random) -> None:
    names = [f"Frame{number}.png" for number in sorted(numbers)]
    shuffled = names.copy()
    random.shuffle(shuffled)
    assert sorted(shuffled, key=natural_key) == names


@given(st.lists(st.text(max_size=12)), st.randoms())
def test_any_names_have_one_order(names: list[str], random) -> None:
    shuffled = names.copy()
    random.shuffle(shuffled)
    assert sorted(names, key=natural_key) == sorted(shuffled, key=natural_key)


def test_the_order_a_person_expects() -> None:
    names = ["f10.png", "F2.png", "f1.png", "f1b.png", "a.png", "f01.png"]
    assert sorted(names, key=natural_key) == ["a.png", "f01.png", "f1.png", "f1b.png", "F2.png", "f10.png"]
