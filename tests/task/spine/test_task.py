"""The whole task on sweeps of the simulated probe, with the shipped network; and on what is no sweep."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from edge.app.opening import folder_of, open_task
from edge.finding import CaliperMark, Finding, MaskMark, PanoramaMark, StageMark, Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.runtime.opening import open_runtime
from edge.task.contract import Prepared
from edge.task.gate import admitted
from edge.task.spine.levels import NEEDLE, SEGMENTS
from edge.task.spine.phantom import SpineCine
from edge.task.spine.reading import NO_CONTACT, NO_SCALE
from edge.task.spine.spec import LABELS, PARAMEDIAN, SPEC, TRANSVERSE, SpineOptions, SpinePhantomOptions

FPS = 25.0


@cache
def network():
    return open_runtime("onnx", folder_of(SPEC.pathway("deep")), precision="int8", threads=1)[0]


class Watched:
    """The task under a sweep."""

    def __init__(self, view: str = TRANSVERSE, *, stages: bool = False) -> None:
        self.task = open_task(SPEC, "deep", SpineOptions(plane=view), stages=stages)
        self.memory = None

    def __call__(self, frame: Frame) -> Finding:
        prepared: Prepared = admitted(frame, SPEC.gate, self.task)
        outputs = () if prepared.tensor is None else network().infer(prepared.tensor)
        told = self.task.conclude(prepared, outputs, self.memory)
        self.memory = told.memory
        return told.finding


def frame_of(cine: SpineCine, t_s: float, sequence: int, exposed_s: float | None = None) -> Frame:
    taken = cine.picture(t_s)
    spacing = PixelSpacing(taken.mm_per_px, taken.mm_per_px, SpacingOrigin.USER)
    at_ns = round((t_s if exposed_s is None else exposed_s) * 1e9)
    return Frame(taken.pixels, at_ns, sequence, "phantom:spine", spacing, Region.whole(taken.pixels))


@cache
def swept(view: str, motion: str, shown_as: str, seed: int = 6) -> tuple[SpineCine, tuple[Finding, ...]]:
    cine = SpineCine(seed, SpinePhantomOptions(view=view, motion=motion, speed=20.0), rows=200)
    watched = Watched(shown_as)
    count = int(cine.path.seconds * FPS)
    return cine, tuple(watched(frame_of(cine, n / FPS, n)) for n in range(count))


def levels(findings: tuple[Finding, ...]) -> list[int | None]:
    found = [one.measurement("level") for one in findings]
    return [None if one is None else round(one.value) for one in found]


@pytest.mark.parametrize("view", [TRANSVERSE, PARAMEDIAN])
def test_a_sweep_names_every_level_and_flags_the_needles_space(view: str) -> None:
    cine, findings = swept(view, "sweep", view)
    told = levels(findings)
    for n, level in enumerate(told):
        if level is not None:
            s = cine.held(n / FPS).s_mm
            assert level in {cine.spine.segment_at(s + off) for off in (-4.0, 0.0, 4.0)}
    assert set(range(1, 11)) <= set(told)
    at = told.index(NEEDLE)
    assert findings[at].measurement("level").named == SEGMENTS[NEEDLE]
    assert any(check.item == SEGMENTS[NEEDLE] and check.seen for check in findings[at].checks)
    assert any("L3-L4" in note for note in findings[at].notes)


def test_the_panorama_is_as_long_as_the_way_and_has_its_levels_in_order() -> None:
    cine, findings = swept(PARAMEDIAN, "sweep", PARAMEDIAN)
    mark = next(one for one in reversed(findings[-1].marks) if isinstance(one, PanoramaMark))
    shown = np.flatnonzero(mark.sequences >= 0)
    long_mm = (shown[-1] - shown[0]) * mark.mm_per_px
    width_mm = frame_of(cine, 0.0, 0).pixels.shape[1] * frame_of(cine, 0.0, 0).spacing.x_mm_per_px
    true_mm = cine.path.s_mm.max() - cine.path.s_mm.min() + width_mm
    assert long_mm == pytest.approx(true_mm, rel=0.03)
    names = [label.text for label in sorted(mark.labels, key=lambda one: -one.start)]
    assert names == [name for name in SEGMENTS if name in names]
    assert [label.emphasised for label in mark.labels if label.text == SEGMENTS[NEEDLE]] == [True]


@pytest.mark.parametrize("motion", ["from L2", "down"])
def test_without_the_sacrum_first_no_level_is_told(motion: str) -> None:
    cine, findings = swept(TRANSVERSE, motion, TRANSVERSE)
    for n, level in enumerate(levels(findings)):
        assert level in (None, 0) or cine.held(n / FPS).s_mm < 0
    assert any("sacrum" in reason for reason in findings[20].reasons)


def test_a_paramedian_sweep_fed_as_transverse_is_refused() -> None:
    _, findings = swept(PARAMEDIAN, "sweep", TRANSVERSE)
    assert set(levels(findings)) == {None}
    assert np.mean([one.verdict is Verdict.REFUSED for one in findings]) > 0.9
    assert any("--plane paramedian" in reason for one in findings for reason in one.reasons)


def test_a_second_sweep_in_the_same_recording_is_counted_anew() -> None:
    cine = SpineCine(8, SpinePhantomOptions(speed=25.0), rows=200)
    half = 3.5
    count = int(half * FPS)
    watched = Watched()
    for n in range(count):
        watched(frame_of(cine, n / FPS, n))
    told, places = [], []
    for n in range(int(7 * FPS)):
        told.append(watched(frame_of(cine, n / FPS, count + n, (count + n) / FPS)))
        places.append(cine.held(n / FPS).s_mm)
    found = levels(tuple(told))
    for s, level in zip(places, found, strict=True):
        if level is not None and s > -10:
            assert level in {cine.spine.segment_at(s + off) for off in (-4.0, 0.0, 4.0)}
    assert 2 in found[count // 2 :]


def test_what_cannot_be_looked_at_is_refused_with_a_reason() -> None:
    cine = SpineCine(3, SpinePhantomOptions(motion="still"), rows=200)
    frame = frame_of(cine, 0.0, 0)
    assert Watched()(replace(frame, spacing=None)).reasons == (NO_SCALE,)
    black = replace(frame, pixels=np.zeros_like(frame.pixels))
    assert Watched()(black).verdict is Verdict.REFUSED
    tiny = Frame(np.full((2, 3), 90, np.uint8), 0, 0, "x", PixelSpacing(20.0, 30.0, SpacingOrigin.USER))
    assert Watched()(tiny).verdict is Verdict.REFUSED
    lifted = frame.pixels.copy()
    lifted[:] = np.where(np.random.default_rng(1).random(lifted.shape) < 0.02, 9, 0)
    assert Watched()(replace(frame, pixels=lifted)).reasons[0] in (NO_CONTACT, *Watched()(black).reasons)


def test_a_space_is_drawn_with_its_depth_and_every_step_on_request() -> None:
    cine = SpineCine(3, SpinePhantomOptions(motion="still"), rows=300)
    finding = Watched(stages=True)(frame_of(cine, 0.0, 0))
    assert {mark.name for mark in finding.marks if isinstance(mark, MaskMark)} >= {LABELS[2]}
    assert any(isinstance(mark, CaliperMark) for mark in finding.marks)
    assert sum(isinstance(mark, StageMark) for mark in finding.marks) > 5
    depth = finding.measurement("target_depth")
    assert depth.low <= cine.picture(0.0).target_mm + 1 and depth.high >= cine.picture(0.0).target_mm - 1


def test_a_real_picture_is_at_best_limited() -> None:
    cine = SpineCine(3, SpinePhantomOptions(motion="still"), rows=200)
    finding = Watched()(replace(frame_of(cine, 0.0, 0), origin="stills:back.png"))
    assert finding.verdict is Verdict.LIMITED
    assert any("simulated spines alone" in reason for reason in finding.reasons)
