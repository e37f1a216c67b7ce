"""The experiment's own judgement: what it calls a wrong scale."""

from dataclasses import replace

import pytest

from edge.finding import Finding, Measurement, Verdict
from edge.frame import PixelSpacing, SpacingOrigin
from edge.phantom.records import Imaging
from edge.source.fake import FakeFeed
from edge.source.probe_feed import Exposure
from tools.bridge.depth_changes import Notes, ScannedFrame, is_wrong, report

TRUTH = Exposure(80, 2, Imaging(depth_mm=48.0))


def frame(mm_per_px: float | None, reason: str = "") -> ScannedFrame:
    spacing = mm_per_px and PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.DEPTH)
    measured = (Measurement("mean_thickness", 2.0, "mm", 1.9, 2.1),)
    finding = Finding("cartilage", 2, 80, Verdict.MEASURED, (reason,) if reason else (), measured, (), spacing)
    return ScannedFrame(finding, TRUTH, 0.08, 48.0)


def test_only_another_scale_than_the_true_one_is_wrong() -> None:
    assert [is_wrong(frame(scale)) for scale in (0.1, 0.1001, None)] == [False, True, False]


def test_wrong_and_withheld_are_counted_apart() -> None:
    frames = [frame(0.1), frame(0.2), frame(None, "within 3 ms"), frame(None, "within 41 ms"), frame(0.1)]
    frames = [replace(one, truth=replace(TRUTH, imaging=Imaging(depth_mm=48.0))) for one in frames]
    other = replace(frames[-1], truth=replace(TRUTH, imaging=Imaging(depth_mm=24.0)), heard_depth_mm=48.0)
    said = "\n".join(report([*frames, other], 3))
    assert "wrong scale: 2 of 4" in said
    assert "withheld: 2" in said
    assert "would have been wrong for: 1" in said


def test_the_truth_is_noted_by_exposure() -> None:
    notes = Notes(FakeFeed([replace(TRUTH, exposed_ns=5_000_000_000), replace(TRUTH, exposed_ns=5_040_000_000)]), 30.0)
    first, second = (notes.next_exposure(1.0) for _ in range(2))
    noted = notes.of(Finding("cartilage", 1, second.exposed_ns, Verdict.REFUSED))
    assert (noted.truth, noted.heard_depth_mm) == (second, 30.0)
    assert noted.t_s == pytest.approx(0.04)
    assert first is not second
