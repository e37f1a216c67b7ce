"""Shifts and limits of agreement against figures computed by hand."""

import io
import xml.etree.ElementTree as ET
from math import isnan, sqrt
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from edge.app.compare import shift_view
from edge.batch.agreement_plot import COLOURS, OTHERS, agreement_plot
from edge.batch.comparison import Paired, compare, difference_table, shift_table, shifts_of, student_95
from edge.errors import SettingError, SourceFormatError
from edge.exam.plot import file_of
from edge.exam.series import Quantity
from edge.terms import MeasurementTerm, Terms
from tests.batch.batches import TERMS, measured, write_batch

LENGTH = Quantity("length", "mm")


def two_batches(folder: Path) -> tuple[Path, Path]:
    a = [measured(f"r{number}", float(number)) for number in range(6)]
    off = (0.1, 0.3, 0.2, 1.0, 1.4, 1.2)
    b = [
        measured(f"r{number}", number + shift, device="Alpha" if number < 3 else "Beta")
        for number, shift in enumerate(off)
    ]
    a = [measured(one.recording, one.row["length_mm"], device=two.row["device"]) for one, two in zip(a, b, strict=True)]
    a += [measured("only-a"), measured("changed"), measured("damaged", None, frames=0)]
    b += [measured("changed", 9.0, digest="e"), measured("damaged", None, frames=0), measured("r9", outcome="refused")]
    return write_batch(folder / "a", *a), write_batch(folder / "b", *b, fps=25.0)


def test_each_recording_is_held_against_itself(tmp_path: Path) -> None:
    found = compare(*two_batches(tmp_path), lambda task: TERMS)
    (paired,) = found.paired
    assert (found.task, found.differing) == ("fake", "settings fps: none in A, 25.0 in B")
    assert paired.quantity == LENGTH
    assert paired.recordings == tuple(f"r{number}" for number in range(6))
    whole, alpha, beta = shifts_of(paired)
    sd = float(np.std([0.1, 0.3, 0.2, 1.0, 1.4, 1.2], ddof=1))
    assert (whole.device, whole.recordings, alpha.device, beta.device) == ("all", 6, "Alpha", "Beta")
    assert (whole.shift, whole.sd, whole.mean_a) == pytest.approx((0.7, sd, 2.5))
    assert (whole.limit_low, whole.limit_high) == pytest.approx((0.7 - 1.96 * sd, 0.7 + 1.96 * sd))
    assert whole.shift_high - whole.shift == pytest.approx(2.571 * sd / sqrt(6), rel=3e-3)
    assert (alpha.shift, beta.shift, beta.median_shift) == pytest.approx((0.2, 1.2, 1.2))
    assert found.outcomes == (
        ("Alpha", "error", "error", 1),
        ("Alpha", "measured", "measured", 3),
        ("Alpha", "measured", "not there", 1),
        ("Alpha", "measured", "other content", 1),
        ("Alpha", "not there", "refused", 1),
        ("Beta", "measured", "measured", 3),
    )
    assert difference_table(found.paired)["difference"].to_pylist() == pytest.approx([0.1, 0.3, 0.2, 1.0, 1.4, 1.2])


def test_few_recordings_have_a_shift_and_no_limits() -> None:
    paired = Paired(LENGTH, ("a", "b"), ("X", "X"), np.array([1.0, 2.0]), np.array([1.5, 2.5]))
    whole, _ = shifts_of(paired)
    assert whole.shift == 0.5
    assert isnan(whole.limit_low) and isnan(whole.shift_high)
    assert shift_table([whole])["limit_low"].to_pylist() == [None]


@pytest.mark.parametrize(("freedom", "table"), [(1, 12.706), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042)])
def test_students_t_is_that_of_the_tables(freedom: int, table: float) -> None:
    assert student_95(freedom) == pytest.approx(table, rel=3e-3)


def test_two_tasks_or_two_archives_are_not_compared(tmp_path: Path) -> None:
    a = write_batch(tmp_path / "a", measured("r"))
    with pytest.raises(SettingError, match=r"of the task fake and .* of other"):
        compare(a, write_batch(tmp_path / "b", measured("r"), task="other"), lambda task: TERMS)
    with pytest.raises(SourceFormatError, match="no recording of the same content"):
        compare(a, write_batch(tmp_path / "c", measured("r", digest="e")), lambda task: TERMS)
    with pytest.raises(SourceFormatError, match="holds no recording yet"):
        compare(a, write_batch(tmp_path / "d"), lambda task: TERMS)


def test_the_plot_shows_points_limits_and_each_devices_shift() -> None:
    rng = np.random.default_rng(0)
    devices = tuple(f"Device {'ABCDEFGHI'[number % 9]}" for number in range(90))
    a = rng.normal(20, 3, 90)
    paired = Paired(LENGTH, tuple(map(str, range(90))), devices, a, a + 0.5 + rng.normal(0, 0.1, 90))
    shifts = list(shifts_of(paired))
    figure = agreement_plot(paired, shifts, TERMS, ("old", "new"))
    main, beside = figure.axes
    points = np.concatenate([one.get_offsets() for one in main.collections if len(one.get_offsets()) > 1])
    assert sorted(points[:, 1]) == pytest.approx(sorted(paired.differences))
    assert sorted(points[:, 0]) == pytest.approx(sorted((paired.a + paired.b) / 2))
    heights = {round(float(line.get_ydata()[0]), 9) for line in main.lines}
    assert heights == {0.0, *(round(getattr(shifts[0], name), 9) for name in ("shift", "limit_low", "limit_high"))}
    own = [float(line.get_ydata()[0]) for line in beside.lines if line.get_marker() != "None"]
    assert own == pytest.approx([one.shift for one in shifts[1:]][: len(COLOURS)])
    texts = [text.text for text in ET.fromstring(file_of(figure, "svg")).iter("{http://www.w3.org/2000/svg}text")]
    for told in ("Length, 90 recordings", "Device A (10)", f"{OTHERS} (20)", "A: old", "B: new", "B − A (mm)"):
        assert told in texts
    assert f"shift {shifts[0].shift:+.3f}" in texts
    # Nothing is cut off at the picture's edges.
    within, whole = figure.get_tightbbox(), figure.bbox_inches
    assert within is not None
    assert within.x0 >= 0 and within.y0 >= 0 and within.x1 <= whole.x1 and within.y1 <= whole.y1


def test_names_are_held_against_each_other_as_names(tmp_path: Path) -> None:
    terms = Terms((MeasurementTerm("length", "mm", named=True),))
    for folder, names in (("a", ("first", "second", "third")), ("b", ("first", "third", "third"))):
        rows = [measured(f"r{at}", float(at), terms=terms, length_mm_named=name) for at, name in enumerate(names)]
        write_batch(tmp_path / folder, *rows, terms=terms)
    found = compare(tmp_path / "a", tmp_path / "b", lambda task: terms)
    (paired,) = found.paired
    assert paired.alike == 2
    console = Console(width=80, file=io.StringIO())
    console.print(shift_view([next(shifts_of(paired))], terms, found))
    assert "same in 2 of 3" in console.file.getvalue()
