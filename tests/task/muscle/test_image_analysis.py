"""Line directions in drawn pictures: clean, in speckle that is wider than deep, and where there are none."""

import cv2
import numpy as np
import pytest

from edge.task.muscle.evidence import Evidence, lit_columns
from edge.task.muscle.fascicles import direction
from edge.task.muscle.image_analysis import band_evidence, see_muscle, structure_angle_deg
from edge.task.muscle.line_filter import ANGLES_DEG, SOFT_PX, _line_sums, _samples, line_field

ROWS, COLUMNS = 230, 256
BELLY = np.ones((ROWS // 2, COLUMNS // 2), bool)


def speckle(seed, wide=3.5):
    """Rayleigh noise, wider than deep as a scanner's, in decibels about 0."""
    rng = np.random.default_rng(seed)
    parts = (cv2.GaussianBlur(rng.normal(size=(ROWS, COLUMNS)), (0, 0), sigmaX=wide, sigmaY=1.2) for _ in range(2))
    power = sum(part**2 for part in parts)
    return 10 * np.log10(power / power.mean() + 1e-4)


def lines(degrees, seed, count=70):
    """Thin lines of a length of a third of the picture."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((ROWS, COLUMNS), np.float32)
    way = np.array((np.cos(np.radians(degrees)), -np.sin(np.radians(degrees)))) * 40
    for middle in rng.uniform((0, 0), (COLUMNS, ROWS), (count, 2)):
        ends = [tuple(int(v) for v in np.round((middle + side * way) * 16)) for side in (-1, 1)]
        cv2.line(picture, ends[0], ends[1], 1.0, 2, cv2.LINE_AA, 4)
    return picture


def picture_of(degrees, seed, line_db=10.0):
    return np.clip(110 + 5 * (speckle(seed) + line_db * lines(degrees, seed + 1)), 0, 255).astype(np.float32)


def angle_of(picture):
    field = line_field(picture, [BELLY])
    return direction(Evidence(field[1], *field, BELLY[0]), BELLY)


@pytest.mark.parametrize("degrees", [-50, -35, -20, -10, 8, 15, 25, 40, 50])
def test_lines_in_speckle_are_read_at_their_angle(degrees: float) -> None:
    found = angle_of(picture_of(degrees, 11))
    assert found.angle_deg == pytest.approx(degrees, abs=1.5)
    assert found.coherence > 0.8 and found.spread_deg < 4


@pytest.mark.parametrize("degrees", [15, 25])
def test_where_the_structure_tensor_reads_too_flat_the_lines_do_not(degrees: float) -> None:
    picture = picture_of(degrees, 5, line_db=8.0)
    flat = structure_angle_deg(picture.astype(np.uint8), np.ones(picture.shape, bool))
    assert flat < degrees - 5
    assert angle_of(picture).angle_deg == pytest.approx(degrees, abs=1.5)


def test_a_mirrored_picture_has_the_mirrored_angle() -> None:
    picture = picture_of(22, 3)
    one, other = angle_of(picture), angle_of(np.ascontiguousarray(picture[:, ::-1]))
    assert one.angle_deg == pytest.approx(-other.angle_deg, abs=0.3)


@pytest.mark.parametrize("seed", range(3))
def test_mere_speckle_has_hardly_any_direction(seed: int) -> None:
    assert angle_of(np.clip(110 + 5 * speckle(seed), 0, 255).astype(np.float32)).filled < 0.15


def test_each_belly_is_read_on_its_own() -> None:
    picture = picture_of(25, 8)
    picture[ROWS // 2 :] = picture_of(-25, 9)[ROWS // 2 :]
    half = np.arange(ROWS // 2)[:, None] < ROWS // 4
    bellies = [half & BELLY, ~half & BELLY]
    field = line_field(picture, bellies)
    seen = Evidence(field[1], *field, BELLY[0])
    assert direction(seen, bellies[0]).angle_deg == pytest.approx(25, abs=2)
    assert direction(seen, bellies[1]).angle_deg == pytest.approx(-25, abs=2)


@pytest.mark.parametrize(("degrees", "ring"), [(-20, 3.0), (0, 3.0), (30, 2.0), (45, 2.5), (75, 3.0)])
def test_the_structure_tensor_reads_waves_at_their_angle(degrees: float, ring: float) -> None:
    y, x = np.mgrid[:200, :220]
    phase = (x * np.sin(np.radians(degrees)) + y * np.cos(np.radians(degrees))) * 2 * np.pi / (4 * ring)
    picture = (127 + 100 * np.sin(phase)).astype(np.uint8)
    read = structure_angle_deg(picture, np.ones(picture.shape, bool))
    assert abs((read - degrees + 90) % 180 - 90) < 1.0


def test_a_bright_band_across_the_picture_is_likely_an_aponeurosis_and_short_lines_are_not() -> None:
    rng = np.random.default_rng(1)
    picture = 60 + 12 * rng.normal(size=(115, 128)).astype(np.float32)
    middle = 40 + 0.12 * np.arange(128)
    inside = np.abs(np.arange(115)[:, None] - middle) < 2
    picture[inside] += 90
    picture[80:83, 30:55] += 90
    likely = band_evidence(picture)
    assert likely[inside].mean() > 0.8
    assert max(likely[78:85].max(), likely[:30].max()) < 0.4


def test_a_whole_muscle_is_found_in_grey_levels() -> None:
    picture = picture_of(24, 4)
    for depth in (40, 180):
        picture[depth - 4 : depth + 4] = 235
    evidence, curves = see_muscle(picture.astype(np.uint8))
    depths = [float(curve.middle.mean()) for curve in curves if curve.strength > 0.8]
    assert depths == pytest.approx([19.5, 89.5], abs=0.5)
    assert evidence.weight[30:80].mean() > 0.3


def test_dark_columns_have_no_contact() -> None:
    picture = np.full((100, 128), 90, np.float32)
    picture[:, 90:] = 6
    np.testing.assert_array_equal(np.flatnonzero(~lit_columns(picture))[[0, -1]] // 4, np.array([90, 127]) // 4)


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_a_belly_of_few_rows_is_no_error(rows: int) -> None:
    belly = np.zeros_like(BELLY)
    belly[40 : 40 + rows] = True
    twice, weight = line_field(picture_of(20, 3), [belly])
    assert np.isfinite(np.stack((twice, weight))).all()
    assert not weight[~belly].any()


def test_lines_are_summed_up_as_place_by_place() -> None:
    rng = np.random.default_rng(2)
    even, shown = rng.normal(size=(40, 60)).astype(np.float32), np.ones((20, 30), bool)
    shown[:, 25:] = False
    sums, deviation = _line_sums(even, shown)
    soft = cv2.GaussianBlur(even, (0, 0), SOFT_PX[0], sigmaY=SOFT_PX[1])
    soft = cv2.copyMakeBorder(soft, 30, 30, 30, 30, cv2.BORDER_REPLICATE)
    xx, xy, yy = (cv2.Sobel(soft, cv2.CV_32F, *order, ksize=3) for order in ((2, 0), (1, 1), (0, 2)))
    for own, degrees, samples in zip(sums, ANGLES_DEG, _samples(), strict=True):
        across = np.radians(degrees)
        # The second derivative at a right angle to the line, turned round: bright lines are ridges.
        ridge = -(np.sin(across) ** 2 * xx + 2 * np.sin(across) * np.cos(across) * xy + np.cos(across) ** 2 * yy)
        plain = sum(ridge[30 + y : 70 + y : 2, 30 + x : 90 + x : 2] for x, y in samples) * shown
        np.testing.assert_allclose(own, plain, atol=2e-4)
    assert deviation == pytest.approx(sums[:, shown].std(), rel=1e-4)
