"""Each recording has one row or none, whenever the power goes."""

import shutil
from collections import Counter
from pathlib import Path

import msgspec
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from edge.batch.archive import Stamp
from edge.batch.results import ABOUT_KEY, Results, Row, read_about, read_recordings
from edge.errors import SettingError, SinkError, SourceFormatError, SourceNotFoundError
from tests.batch.batches import TERMS, about, measured, write_batch


class PowerCutError(BaseException):
    """Nothing that comes after it is done."""


def table(path: Path, name: str) -> list[dict[str, object]]:
    return ds.dataset(path / name, format="parquet").to_table().to_pylist()


def test_two_tables_that_read_as_one_with_what_they_were_measured_with(tmp_path: Path) -> None:
    with Results(tmp_path / "out", about(), TERMS) as results:
        results.write([measured("a"), measured("b", frames=0)])
        results.write([measured("c", 3.5)])
        assert results.rows["a"] == Row("measured", "d", Stamp(10, 7), "part-000001.parquet")
        assert results.errors() == [("b", "it is damaged")]
        results.tell_end({"outcomes": {"measured": 2}})
    out = tmp_path / "out"
    assert [row["recording"] for row in table(out, "recordings")] == ["a", "b", "c"]
    assert Counter(row["recording"] for row in table(out, "frames")) == {"a": 2, "c": 2}
    assert read_recordings(out)["length_mm"].to_pylist() == [1.0, 1.0, 3.5]
    assert read_about(out)["ended"] == {"outcomes": {"measured": 2}}
    kept = pq.read_schema(out / "frames" / "part-000001.parquet").metadata[ABOUT_KEY]
    assert msgspec.json.decode(kept)["settings"]["task"] == "fake"


def test_a_row_takes_the_place_of_its_earlier_one(tmp_path: Path) -> None:
    out = write_batch(tmp_path / "out", measured("a"), measured("b"))
    write_batch(out, measured("a", 2.0, frames=3, digest="e"))
    assert [(row["recording"], row["length_mm"]) for row in table(out, "recordings")] == [("b", 1.0), ("a", 2.0)]
    assert Counter(row["recording"] for row in table(out, "frames")) == {"b": 2, "a": 3}
    write_batch(out, measured("b"), measured("a"))
    assert Counter(row["recording"] for row in table(out, "frames")) == {"b": 2, "a": 2}


def power_goes_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the file system is changed for the `step`th time."""
    changes = 0

    def counting(method: str) -> None:
        real = getattr(Path, method)

        def change(path: Path, *given: object, **named: object) -> object:
            nonlocal changes
            changes += 1
            if changes >= step:
                raise PowerCutError
            return real(path, *given, **named)

        monkeypatch.setattr(Path, method, change)

    for method in ("rename", "replace", "unlink"):
        counting(method)


def test_whenever_the_power_goes_each_recording_has_one_row_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [measured("a", 5.0, frames=3, digest="new"), measured("c", 6.0), measured("d", frames=0)]
    before = write_batch(tmp_path / "before", measured("a"), measured("b"))
    write_batch(before, measured("c"))
    step, went = 0, True
    while went:
        step, went = step + 1, False
        out = shutil.copytree(before, tmp_path / f"{step}")
        with monkeypatch.context() as patched, Results(out, about(), TERMS) as results:
            power_goes_at(step, patched)
            try:
                results.write(rows)
            except PowerCutError:
                went = True
        with Results(out, about(), TERMS) as results:
            kept = dict(results.rows)
            assert results.mended == []
        told = table(out, "recordings")
        assert sorted(row["recording"] for row in told) == sorted(kept)
        assert "b" in kept
        assert {row["recording"]: row["frames"] for row in told if row["frames"]} == Counter(
            row["recording"] for row in table(out, "frames")
        )
        assert not list(out.glob("new*"))
    assert step > 6
    assert set(kept) == {"a", "b", "c", "d"}


def test_a_damaged_part_is_set_aside_and_its_recordings_are_measured_again(tmp_path: Path) -> None:
    out = write_batch(tmp_path / "out", measured("a"))
    write_batch(out, measured("b"))
    (out / "frames" / "part-000001.parquet").write_bytes(b"PAR1")
    with Results(out, about(), TERMS) as results:
        assert set(results.rows) == {"b"}
        (told,) = results.mended
        assert "renamed to part-000001.parquet.damaged" in told
        results.write([measured("a")])
        assert set(results.rows) == {"a", "b"}


def test_what_was_measured_otherwise_is_never_mixed_in(tmp_path: Path) -> None:
    out = write_batch(tmp_path / "out", measured("a"))
    for other in (about(version="2"), about(fps=25.0), about() | {"model": {"sha256": {"m.onnx": "e" * 64}}}):
        with pytest.raises(SettingError, match=r"measured otherwise: .* there, .* here.*sonoedge compare"):
            Results(out, other, TERMS)
    write_batch(out, measured("b"), source="the archive, mounted elsewhere")
    assert len(table(out, "recordings")) == 2


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        Results(tmp_path / "out", about(), TERMS),
        pytest.raises(SettingError, match="another sonoedge batch writes"),
    ):
        Results(tmp_path / "out", about(), TERMS)
    write_batch(tmp_path / "out", measured("a"))


def test_folders_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SinkError, match=r"already holds notes\.txt"):
        Results(tmp_path, about(), TERMS)
    with pytest.raises(SourceNotFoundError, match="no folder of a batch"):
        read_about(tmp_path)
    (tmp_path / "batch.json").write_text("{")
    with pytest.raises(SourceFormatError, match="is damaged"):
        read_about(tmp_path)
    (tmp_path / "batch.json").write_text('{"schema": 99}')
    with pytest.raises(SourceFormatError, match="has schema 99"):
        read_about(tmp_path)
