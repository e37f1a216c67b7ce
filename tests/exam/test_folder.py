import numpy as np
import pytest

from edge.errors import SourceNotFoundError
from edge.exam.folder import RunFolder
from edge.exam.summary import summarise
from edge.finding import CaliperMark, Finding, LineMark, Measurement, Timings, Verdict
from edge.frame import PixelSpacing, SpacingOrigin
from edge.sink.records import RecordsSink
from edge.source.fake import fake_frame

PICTURE = np.zeros((48, 64, 3), np.uint8)


def finding(sequence, value=None, reasons=()):
    measured = value is not None
    return Finding(
        "cartilage",
        sequence,
        sequence * 40_000_000,
        Verdict.MEASURED if measured else Verdict.REFUSED,
        reasons=reasons,
        measurements=(Measurement("mean_thickness_medial", value, "mm", value - 0.1, value + 0.2),) if measured else (),
        marks=(
            LineMark("upper surface", np.array([[1.5, 2.25], [3, 4]], np.float32)),
            CaliperMark("thickest", (1.0, 2.0), (3.0, 4.5), "2.1 mm"),
        ),
        spacing=PixelSpacing(0.05, 0.06, SpacingOrigin.TICKS, 0.01),
        notes=("scale from depth ticks",),
        model_digest="ab" * 32,
        runtime="onnx int8, 2 threads",
        timings=Timings(1.0, 0.5, 9.0, 0.25, 0.3),
    )


def keep(folder, findings):
    with RecordsSink(folder) as sink:
        for each in findings:
            sink.write(fake_frame(each.sequence), each, PICTURE)


def test_what_was_kept_comes_back_as_it_was(tmp_path):
    kept = [finding(0, 2.0), finding(1, reasons=("the band is not continuous",)), finding(2, 2.5)]
    keep(tmp_path, kept)
    back = list(RunFolder(tmp_path).findings())
    for old, new in zip(kept, back, strict=True):
        for name in ("task", "sequence", "exposed_ns", "verdict", "reasons", "measurements", "spacing", "notes"):
            assert getattr(new, name) == getattr(old, name)
        assert (new.model_digest, new.runtime, new.timings) == (old.model_digest, old.runtime, old.timings)
        assert new.summary() == old.summary()
        np.testing.assert_array_equal(new.marks[0].points, old.marks[0].points)
        assert new.marks[1] == old.marks[1]


def test_a_summary_counts_verdicts_and_takes_the_middle():
    values = [2.0, 2.2, 2.4, 9.0]
    refused = [finding(9, reasons=("too dark",)), finding(10, reasons=("too dark", "tilted"))]
    summary = summarise([finding(n, value) for n, value in enumerate(values)] + refused)
    assert summary.frames == 6
    assert summary.verdicts == (("measured", 4), ("refused", 2))
    assert summary.reasons == (("too dark", 2), ("tilted", 1))
    (measure,) = summary.measures
    assert (measure.name, measure.unit, measure.frames) == ("mean_thickness_medial", "mm", 4)
    assert measure.median == pytest.approx(2.3)
    assert (measure.low, measure.high) == pytest.approx((2.2, 2.5))
    assert 2.0 <= measure.p5 < measure.median < measure.p95 <= 9.0


def test_a_value_that_is_no_number_does_not_spoil_the_summary(tmp_path):
    keep(tmp_path, [finding(0, float("nan")), finding(1, 3.0)])
    (measure,) = summarise(RunFolder(tmp_path).findings()).measures
    assert (measure.frames, measure.median) == (1, 3.0)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(SourceNotFoundError, match=r"no folder of a run.*--out"):
        RunFolder(tmp_path)


def test_the_other_files_are_listed(tmp_path):
    keep(tmp_path, [finding(0, 1.0)])
    (tmp_path / "stills").mkdir()
    (tmp_path / "stills" / "a.png").write_bytes(b"x")
    assert RunFolder(tmp_path).files() == (tmp_path / "stills" / "a.png",)
