"""The pathway without a network, with its shipped model, on phantoms that it was not made from."""

import io
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from edge.errors import ModelError
from edge.finding import LineMark, StageMark, Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.runtime.manifest import load_manifest, read_arrays
from edge.task.contract import Given
from edge.task.gate import admitted
from edge.task.spine.classical import TRANSVERSE_ALONE, ClassicalSpineTask
from edge.task.spine.features import FEATURES, described, find_midline
from edge.task.spine.judging import Judges
from edge.task.spine.levels import KINDS
from edge.task.spine.planes import Window, contact_of
from edge.task.spine.seen import SpineSeen
from edge.task.spine.spec import PARAMEDIAN, SPEC, SpineOptions
from edge.task.spine.templates import CELL_MM, CELLS, Templates, Working, column_of, cut_out, matched, row_of, x_of
from tools.lesson import MODELS
from tools.spine.evaluation import BORDER, Looked, frame_of, legible, shares
from tools.spine.pictures import draw_picture

FOLDER = MODELS / "spine_classical"
ARRAYS = read_arrays(FOLDER, load_manifest(FOLDER))


def task_of(*, stages: bool = False, view: str = "transverse") -> ClassicalSpineTask:
    return ClassicalSpineTask(Given(SpineOptions(plane=view), arrays=ARRAYS, stages=stages))


@cache
def looks() -> tuple[Looked, ...]:
    """Legible planes that show one kind alone."""
    task, found = task_of(), []
    for seed in range(44):
        taken = draw_picture(np.random.default_rng([820, seed]), along=False)
        if legible(taken) and max(shares(taken)) >= BORDER:
            seen = task.seen_in(frame_of(taken))
            assert seen is not None
            found.append(Looked(taken, seen))
    return tuple(found[:30])


def grey_frame(pixels: np.ndarray, mm: float | None = 0.3) -> Frame:
    spacing = None if mm is None else PixelSpacing(mm, mm, SpacingOrigin.USER)
    return Frame(pixels, 0, 0, "phantom:spine", spacing, Region.whole(pixels))


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_most_planes_are_told_by_what_they_show(kind: int) -> None:
    some = [one for one in looks() if int(np.argmax(one.shares)) == kind]
    right = [int(one.seen.chances.argmax()) == kind for one in some]
    assert len(some) >= 5 and np.mean(right) >= 0.8


def test_midline_and_depth_are_the_phantoms() -> None:
    middle = [abs(one.seen.midline_mm - one.taken.midline_mm) for one in looks() if one.seen.midline_mm is not None]
    depth = [abs(one.seen.target_mm - one.taken.target_mm) for one in looks() if one.seen.target_mm is not None]
    assert len(middle) > 20 and np.median(middle) < 1.0
    assert len(depth) > 4 and np.median(depth) < 1.5


def test_depth_is_told_of_spaces_alone() -> None:
    for one in looks():
        assert one.seen.target_mm is None or one.seen.chances[2] >= 0.5


def test_chances_sum_to_one() -> None:
    for one in looks():
        assert one.seen.chances.sum() == pytest.approx(1) and one.seen.chances.min() >= 0


def test_the_same_frame_is_read_the_same_twice() -> None:
    frame = frame_of(looks()[0].taken)
    first, second = (task_of().seen_in(frame) for _ in range(2))
    assert first is not None and second is not None
    assert np.array_equal(first.chances, second.chances)
    assert (first.clear, first.midline_mm, first.target_mm) == (second.clear, second.midline_mm, second.target_mm)


def test_a_mirrored_picture_has_its_midline_on_the_other_side() -> None:
    taken = next(one.taken for one in looks() if abs(one.taken.midline_mm or 0) > 3)
    mirrored = replace(frame_of(taken), pixels=np.ascontiguousarray(taken.pixels[:, ::-1]))
    here, there = task_of().seen_in(frame_of(taken)), task_of().seen_in(mirrored)
    assert here is not None and there is not None and here.midline_mm is not None and there.midline_mm is not None
    assert here.midline_mm == pytest.approx(-there.midline_mm, abs=2 * CELL_MM)


def test_stages_are_there_on_request_alone() -> None:
    frame = frame_of(looks()[0].taken)
    named = {}
    for stages in (False, True):
        task = task_of(stages=stages)
        finding = task.conclude(admitted(frame, SPEC.gate, task), (), None).finding
        named[stages] = [mark for mark in finding.marks if isinstance(mark, StageMark)]
    assert named[False] == []
    names = [mark.name.split(":")[0] for mark in named[True]]
    assert names[:5] == [
        "brighter than around",
        "templates",
        "mirrored at the midline",
        "black pixels counted",
        "decided",
    ]
    assert names[5:] == [f"template of {kind}" for kind in KINDS]
    for mark in named[True]:
        assert mark.plane.shape == (CELLS, CELLS) and mark.plane.any()
        for line in mark.lines:
            assert isinstance(line, LineMark) and np.isfinite(line.points).all()


def test_a_paramedian_view_is_refused_with_a_sentence() -> None:
    task = task_of(view=PARAMEDIAN)
    frame = frame_of(looks()[0].taken)
    finding = task.conclude(admitted(frame, SPEC.gate, task), (), None).finding
    assert finding.verdict is Verdict.REFUSED and finding.reasons == (TRANSVERSE_ALONE,)


@pytest.mark.parametrize(
    ("pixels", "mm"),
    [
        (np.zeros((240, 320), np.uint8), 0.3),
        (np.full((240, 320), 255, np.uint8), 0.3),
        (np.zeros((1, 1), np.uint8), 0.3),
        (np.full((3, 200), 90, np.uint8), 20.0),
        (np.random.default_rng(3).integers(0, 256, (300, 300), np.uint8), 0.25),
        (np.random.default_rng(4).integers(0, 256, (240, 320), np.uint8), None),
        (np.random.default_rng(5).integers(0, 256, (33, 900), np.uint8), 1.3),
    ],
    ids=["black", "white", "one pixel", "three rows", "noise", "no scale", "flat"],
)
def test_what_shows_no_spine_is_refused(pixels: np.ndarray, mm: float | None) -> None:
    task = task_of(stages=True)
    frame = grey_frame(pixels, mm)
    finding = task.conclude(admitted(frame, SPEC.gate, task), (), None).finding
    assert finding.verdict is Verdict.REFUSED and finding.reasons
    seen = task.seen_in(frame)
    assert seen is None or (np.isfinite(seen.chances).all() and 0 <= seen.clear <= 1)


def test_speckle_alone_is_not_clear() -> None:
    speckle = np.random.default_rng(3).integers(0, 256, (300, 300), np.uint8)
    seen = task_of().seen_in(grey_frame(speckle, 0.25))
    assert seen is not None and seen.clear < 0.5 and seen.midline_mm is None and seen.target_mm is None


def test_an_upside_down_spine_is_not_clear() -> None:
    task = task_of()
    frames = [replace(frame_of(one.taken), pixels=np.ascontiguousarray(one.taken.pixels[::-1])) for one in looks()]
    seen = [one for one in map(task.seen_in, frames) if one is not None]
    assert np.mean([one.clear < 0.5 for one in seen]) > 0.8
    assert np.mean([one.seen.clear >= 0.5 for one in looks()]) > 0.8


def test_a_lifted_array_touches_less() -> None:
    lifted = looks()[0].taken.pixels.copy()
    lifted[:, lifted.shape[1] // 2 :] = 0
    frame = replace(frame_of(looks()[0].taken), pixels=lifted)
    seen: SpineSeen | None = task_of().seen_in(frame)
    assert seen is not None and seen.contact < 0.7 * looks()[0].seen.contact


def test_a_template_is_found_where_it_was_put() -> None:
    known = Templates.of(ARRAYS)
    for kind, planes in enumerate(known.planes):
        work = drawn(kind, planes[1], x_mm=5.0, depth_mm=40.0)
        match = matched(work, known)[kind]
        assert match.value > 0.95 and match.size == 1
        assert match.x_mm == pytest.approx(5.0, abs=CELL_MM) and match.depth_mm == pytest.approx(40.0, abs=CELL_MM)
        cut = cut_out(work.detail, kind, match.x_mm, match.depth_mm)
        assert cut is not None and np.allclose(cut, planes[1])


def drawn(kind: int, plane: np.ndarray, *, x_mm: float, depth_mm: float) -> Working:
    """A picture whose detail is one template."""
    base = Working.of(np.zeros((256, 256), np.uint8), window())
    detail = np.zeros((CELLS, CELLS), np.float32)
    spot = cut_out(detail, kind, x_mm, depth_mm)
    assert spot is not None
    spot[:] = plane
    return replace(base, detail=detail)


def window() -> Window:
    return Window.of((256, 256), (0.36, 0.36), 0.0)


def test_a_template_that_reaches_out_of_the_picture_is_not_cut() -> None:
    assert cut_out(np.zeros((CELLS, CELLS), np.float32), 1, 0.0, 0.0) is None
    assert cut_out(np.zeros((CELLS, CELLS), np.float32), 1, 30.0, 40.0) is None


@pytest.mark.parametrize("x_mm", [-7.2, 0.36, 11.0])
def test_a_picture_that_mirrors_itself_has_its_midline_there(x_mm: float) -> None:
    half = np.random.default_rng(6).normal(size=(CELLS, CELLS)).astype(np.float32)
    column = column_of(x_mm)
    picture = np.zeros((CELLS, CELLS), np.float32)
    reach = min(column, CELLS - 1 - column)
    for off in range(reach + 1):
        picture[:, column + off] = picture[:, column - off] = half[:, off]
    found = find_midline(picture, x_mm + 2.0)
    assert found.x_mm == pytest.approx(float(x_of(np.array(column)))) and found.symmetry > 0.99


def test_figures_have_names_and_are_finite() -> None:
    for pixels in (np.zeros((256, 256), np.uint8), np.random.default_rng(7).integers(0, 256, (256, 256), np.uint8)):
        work = Working.of(pixels, window())
        found = described(work, matched(work, Templates.of(ARRAYS)))
        assert found.features.shape == (len(FEATURES),) and np.isfinite(found.features).all()
        assert 0 <= contact_of(work.fine) <= 1


def test_rows_and_columns_are_those_of_their_places() -> None:
    assert row_of(0.0) in (1, 2) and column_of(0.0) in (CELLS // 2 - 1, CELLS // 2)


@pytest.mark.parametrize("name", ["templates.npz", "judges.npz"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", None])
def test_arrays_that_are_not_the_models_are_told(name: str, content: bytes | None) -> None:
    arrays = {key: value for key, value in ARRAYS.items() if key != name}
    if content is not None:
        arrays[name] = content
    with pytest.raises(ModelError, match=name):
        ClassicalSpineTask(Given(SpineOptions(), arrays=arrays))


def test_judges_of_another_version_are_told() -> None:
    with np.load(io.BytesIO(ARRAYS["judges.npz"])) as kept:
        arrays = dict(kept)
    arrays["bone features"] = np.array(["of another version"] * len(arrays["bone mean"]))
    other = io.BytesIO()
    np.savez(other, **arrays)
    with pytest.raises(ModelError, match="another version"):
        Judges.of({"judges.npz": other.getvalue()})
