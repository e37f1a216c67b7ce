"""Skin, bone, joint, region: each step against the phantom's truth."""

import numpy as np
import pytest

from edge.frame import PixelSpacing, SpacingOrigin
from edge.task.synovitis.classical import looked
from edge.task.synovitis.joint import find_joints
from edge.task.synovitis.phantom import SynovitisPicture
from edge.task.synovitis.region import SynovialRegion, find_region
from edge.task.synovitis.seen import FEATURES, JointSeen, features_of
from edge.task.synovitis.surfaces import find_surfaces, skin_line
from edge.task.synovitis.view import view_faults
from edge.task.synovitis.working import MM_PER_PX, Working, filled_in, working_of
from tests.task.synovitis.joints import frame_of, noise, taken_of

CASES = [(kind, grade, seed) for kind, seed in (("MCP", 5), ("PIP", 6)) for grade in range(4)]


def seen_in(taken: SynovitisPicture) -> JointSeen:
    work = looked(frame_of(taken)).work
    assert work is not None
    surfaces = find_surfaces(work)
    joints = find_joints(work.calm, surfaces)
    return JointSeen(work, surfaces, joints[0], joints[1:], find_region(work, surfaces, joints[0]))


def along(taken: SynovitisPicture, work: Working, curve: np.ndarray) -> np.ndarray:
    """A true curve (beams,) in mm, in rows of the working picture."""
    x = work.to_region(np.stack((np.arange(work.calm.shape[1]), np.zeros(work.calm.shape[1])), axis=1))[:, 0]
    return np.interp(x, np.arange(curve.size), curve) / MM_PER_PX - 0.5


@pytest.mark.parametrize(("kind", "grade", "seed"), CASES)
def test_skin_and_bone_lie_where_they_are(kind: str, grade: int, seed: int) -> None:
    taken = taken_of(seed, joint=kind, grade=grade)
    seen = seen_in(taken)
    near = np.abs(np.arange(seen.surfaces.bone.size) - seen.joint.gap) < 9 / MM_PER_PX
    skin = along(taken, seen.work, taken.section.skin)
    assert np.median(np.abs(seen.surfaces.skin - skin)[near]) * MM_PER_PX < 0.25
    bone = along(taken, seen.work, np.where(taken.section.in_gap, np.nan, taken.section.bone))
    off = np.abs(seen.surfaces.bone - bone)[near & seen.surfaces.seen]
    assert np.nanmedian(off) * MM_PER_PX < 0.3


@pytest.mark.parametrize(("kind", "grade", "seed"), CASES)
def test_the_joint_is_its_gap(kind: str, grade: int, seed: int) -> None:
    taken = taken_of(seed, joint=kind, grade=grade)
    seen = seen_in(taken)
    gap_mm = int(np.abs(taken.section.x_mm).argmin()) * taken.mm_per_px
    assert abs(seen.joint.gap * MM_PER_PX - gap_mm) < 1.2
    assert view_faults(seen) == ()


@pytest.mark.parametrize(("kind", "grade", "seed"), [case for case in CASES if case[1] > 1])
def test_the_region_is_the_hypertrophy(kind: str, grade: int, seed: int) -> None:
    taken = taken_of(seed, joint=kind, grade=grade)
    sizes, truth = seen_in(taken).sizes, taken.section.sizes
    assert sizes.thickness_mm == pytest.approx(truth.thickness_mm, abs=0.7)
    assert sizes.area_mm2 == pytest.approx(truth.area_mm2, rel=0.4)


def test_fluid_is_told_from_hypertrophy() -> None:
    dry, wet = (seen_in(taken_of(4, grade=3, effusion=height)) for height in (0.0, 1.4))
    assert wet.fluid_mm2 > dry.fluid_mm2 + 3


def test_features_have_names_and_are_finite() -> None:
    seen = seen_in(taken_of())
    assert features_of(seen).shape == (len(FEATURES),)
    empty = SynovialRegion(*(np.zeros(0, np.intp), *[np.zeros(0)] * 4, np.zeros(0, bool), 0.0))
    nothing = JointSeen(seen.work, seen.surfaces, seen.joint, (), empty, (1.0, 2.0, 3.0))
    assert np.isfinite(features_of(seen)).all()
    assert nothing.sizes.area_mm2 == 0


def test_what_has_no_bone_is_no_joint() -> None:
    spacing = PixelSpacing(0.05, 0.05, SpacingOrigin.USER)
    work = working_of(noise(), spacing)
    assert work is not None
    surfaces = find_surfaces(work)
    joints = find_joints(work.calm, surfaces)
    seen = JointSeen(work, surfaces, joints[0], (), find_region(work, surfaces, joints[0])) if joints else None
    assert view_faults(seen)


@pytest.mark.parametrize(("shape", "mm"), [((10, 10), 0.1), ((400, 60), 0.01), ((100, 100), 9.0)])
def test_what_is_too_small_or_too_large_is_not_looked_at(shape: tuple[int, int], mm: float) -> None:
    assert working_of(np.zeros(shape, np.uint8), PixelSpacing(mm, mm, SpacingOrigin.USER)) is None


def test_hidden_places_are_filled_from_around() -> None:
    picture = np.full((40, 60), 90, np.uint8)
    hidden = np.zeros(picture.shape, bool)
    hidden[15:22, 20:30] = True
    picture[hidden] = 255
    assert np.abs(filled_in(picture, hidden).astype(int) - 90).max() <= 2


def test_a_skin_at_the_upper_edge_is_found_there() -> None:
    calm = np.full((80, 90), 120, np.float32)
    assert skin_line(calm).max() <= 1
    calm[:12] = 0
    assert np.abs(skin_line(calm) - 12).max() <= 2
