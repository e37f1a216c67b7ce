"""The phantom joint: what is asked for is what is drawn, and what is drawn is what is told."""

import numpy as np
import pytest

from edge.phantom.beams import beam_positions
from edge.phantom.records import Pose
from edge.source.phantom import open_phantom
from edge.task.synovitis.phantom import Colouring, SynovitisCine, synovitis_picture
from edge.task.synovitis.phantom_anatomy import section
from edge.task.synovitis.phantom_doppler import draw_flow
from edge.task.synovitis.phantom_drawing import draw_imaging, draw_joint, draw_tissue
from edge.task.synovitis.spec import JOINTS, PALETTES, SPEC, SynovitisPhantomOptions
from tests.task.synovitis.joints import taken_of

BEAMS = beam_positions(34.0, 340)


@pytest.mark.parametrize("kind", JOINTS)
@pytest.mark.parametrize("grade", range(4))
def test_a_joint_of_every_grade_can_be_drawn(kind: str, grade: int) -> None:
    joint = draw_joint(np.random.default_rng(grade), grade, kind=kind)
    seen = section(joint, Pose(), BEAMS)
    assert (joint.kind, seen.grade) == (kind, grade)
    assert (seen.fluid <= seen.floor + 1e-9).all() and (seen.capsule <= seen.fluid + 1e-9).all()
    assert (seen.tendon[0] < seen.tendon[1]).all() and (seen.skin < seen.skin_floor).all()


def test_area_grows_with_the_grade() -> None:
    areas = [
        np.mean([section(draw_joint(np.random.default_rng([g, n]), g), Pose(), BEAMS).sizes.area_mm2 for n in range(8)])
        for g in range(4)
    ]
    assert areas == sorted(areas)


def test_pressure_empties_the_recess_and_flattens_the_skin() -> None:
    joint = draw_joint(np.random.default_rng(1), 3, kind="MCP")
    free, pressed = (section(joint, Pose(pressure=p), BEAMS) for p in (0.0, 1.0))
    assert pressed.sizes.thickness_mm < 0.5 * free.sizes.thickness_mm
    slants = [np.polyfit(BEAMS, one.skin, 1) for one in (free, pressed)]
    rests = [np.ptp(one.skin - np.polyval(fit, BEAMS)) for one, fit in zip((free, pressed), slants, strict=True)]
    assert rests[1] < 0.3 * rests[0]


def test_beside_the_midline_the_tendon_leaves_and_the_capsule_seems_lifted() -> None:
    joint = draw_joint(np.random.default_rng(2), 1, kind="MCP")
    middle, beside = (section(joint, Pose(), BEAMS, off) for off in (0.0, 3.5))
    assert beside.tendon_there < 0.3 < middle.tendon_there
    assert (beside.floor - beside.fluid).max() > (middle.floor - middle.fluid).max()
    assert beside.grade <= middle.grade + 1


def test_a_slanting_tendon_is_dark() -> None:
    level, slanted = taken_of(grade=1, seed=6), taken_of(grade=1, seed=6, tilt=14.0)

    def brightness(taken: object) -> float:
        seen, mm = taken.section, taken.mm_per_px
        depth = (np.arange(taken.pixels.shape[0]) + 0.5)[:, None] * mm
        inside = (depth > seen.tendon[0]) & (depth < seen.tendon[1]) & (np.abs(seen.x_mm) < 5)
        return float(taken.pixels[inside].mean())

    assert brightness(slanted) < 0.7 * brightness(level)


def test_hypertrophy_is_dark_and_fluid_darker() -> None:
    taken = taken_of(grade=3, effusion=1.0)
    seen, mm = taken.section, taken.mm_per_px
    depth = (np.arange(taken.pixels.shape[0]) + 0.5)[:, None] * mm
    fluid = (depth > seen.capsule + 0.4) & (depth < seen.fluid - 0.2) & seen.in_recess
    tissue = (depth > seen.skin) & (depth < seen.skin_floor)
    assert taken.pixels[fluid].mean() < taken.pixels[taken.region].mean() < 0.6 * taken.pixels[tissue].mean()


@pytest.mark.parametrize("grade", range(4))
def test_flow_has_the_grade_that_is_drawn(grade: int) -> None:
    region = np.zeros((200, 400), bool)
    region[80:130, 100:300] = True
    flow = draw_flow(np.random.default_rng(grade), region, ~region, 0.05, grade, 1)
    assert abs(flow.grade - grade) <= (grade == 1)
    assert flow.share <= (flow.mask & region).sum() / region.sum() < flow.share + 0.05


def test_a_picture_in_colour_has_its_luma_as_grey() -> None:
    taken = taken_of(grade=2, doppler=2)
    assert taken.colour is not None and taken.flow is not None
    spread = taken.colour.max(axis=2).astype(int) - taken.colour.min(axis=2)
    assert (spread > 60).sum() > 200
    assert taken_of(grade=2).colour is None


def test_blooming_widens_what_is_coloured() -> None:
    def coloured(bloom: float) -> int:
        colour = taken_of(grade=2, doppler=2, bloom=bloom).colour
        assert colour is not None
        return int((colour.max(axis=2).astype(int) - colour.min(axis=2) > 60).sum())

    assert coloured(0.0) < coloured(0.3) < coloured(0.8)


def test_a_flash_colours_tissue_twice_a_second() -> None:
    cine = SynovitisCine(3, SynovitisPhantomOptions(grade=1, doppler=0, flash=True))
    flashing = [bool(cine.colouring(t).flash) for t in np.arange(0, 2, 0.05)]
    assert 0.1 < np.mean(flashing) < 0.4


def test_the_hand_presses_tilts_and_slides() -> None:
    ends = {
        hand: SynovitisCine(3, SynovitisPhantomOptions(motion=hand)).pose(3.0)
        for hand in ("press", "tilt", "slide", "still")
    }
    assert ends["press"][0].pressure > 0.9 and ends["tilt"][0].tilt_deg > 10 and ends["slide"][1] > 3
    assert ends["still"][0].pressure == 0


def test_foreign_settings_lie_outside() -> None:
    usual, foreign = ([draw_imaging(np.random.default_rng(n), foreign=f) for n in range(60)] for f in (False, True))
    assert max(one.frequency_mhz for one in foreign) < min(one.frequency_mhz for one in usual)
    tissues = [[draw_tissue(np.random.default_rng(n), foreign=f).capsule_db for n in range(60)] for f in (False, True)]
    assert max(tissues[1]) < min(tissues[0]) + 2


def test_the_source_gives_colour_and_the_same_picture_again() -> None:
    anatomies = {one.name: one for one in SPEC.anatomies}
    frames = []
    for _ in range(2):
        with open_phantom("synovitis,grade=2,doppler=3,paced=no,frames=1,palette=blue", anatomies=anatomies) as source:
            frames.append(source.read(1.0))
    one, two = frames
    assert one is not None and two is not None and one.colour is not None and one.coloured is not None
    np.testing.assert_array_equal(one.pixels, two.pixels)


def test_every_palette_is_declared_twice_alike() -> None:
    from edge.task.synovitis.phantom_doppler import PALETTES as DRAWN

    assert set(DRAWN) == set(PALETTES)


def test_a_random_picture_is_whole() -> None:
    taken = synovitis_picture(np.random.default_rng(8), grade=3, colouring=Colouring(2), rows=(200, 240))
    assert taken.pixels.dtype == np.uint8 and taken.region.shape == taken.pixels.shape and taken.region.any()
