"""The knee and its truth; and its truth against what a finding says."""

import numpy as np
import pytest

from edge.app.truth import compare
from edge.finding import Finding, Measurement, Verdict
from edge.phantom.beams import beam_positions
from edge.phantom.records import Imaging, Pose, Transducer
from edge.task.cartilage.phantom import CartilageCine, HandMotion, coverage, form_picture, open_cine, true_sizes
from edge.task.cartilage.phantom_anatomy import TABLE_X_MM, TrueBand, echoes, true_band
from edge.task.cartilage.phantom_drawing import draw_trochlea, presentable_knee
from edge.task.cartilage.spec import CartilageOptions

X_MM = np.linspace(-18, 18, 361)
IMAGING = Imaging(depth_mm=45.0)


@pytest.fixture(scope="module")
def knee():
    return presentable_knee(np.random.default_rng(5))


def take_picture(knee, transducer: Transducer, shape: tuple[int, int], rng: np.random.Generator):
    seen, band = echoes(knee, IMAGING, Pose(), beam_positions(transducer.width_mm, shape[1]), shape[0])
    return form_picture(seen, band, IMAGING, transducer, rng)


def test_the_same_seed_gives_the_same_picture(knee) -> None:
    pictures = [take_picture(knee, Transducer(40.0), (240, 320), np.random.default_rng(3)).pixels for _ in range(2)]
    assert np.array_equal(*pictures)


def test_thickness_is_measured_at_a_right_angle_to_the_bone(knee) -> None:
    band = true_band(knee, IMAGING, Pose(sweep=-1.0), X_MM)
    slope = np.gradient(knee.bone_mm[0], TABLE_X_MM)
    expected = np.interp(X_MM, TABLE_X_MM, knee.thickness_mm[0] * np.sqrt(1 + slope**2))
    seen = np.isfinite(band.upper_mm)
    assert seen.mean() > 0.4
    assert np.abs((band.lower_mm - band.upper_mm) - expected)[seen].max() < 1e-9


def test_coverage_holds_the_bands_area(knee) -> None:
    band = true_band(knee, IMAGING, Pose(), X_MM)
    rows = 300
    covered = coverage(band, rows, IMAGING.depth_mm / rows)
    assert covered.sum() * IMAGING.depth_mm / rows == pytest.approx(np.nansum(band.lower_mm - band.upper_mm), rel=1e-5)


def test_bone_is_bright_and_throws_a_shadow(knee) -> None:
    picture = take_picture(knee, Transducer(36.0), (450, 361), np.random.default_rng(1))
    rows = np.nan_to_num(picture.band.lower_mm / picture.y_mm_per_px, nan=-1).astype(int)
    columns = np.flatnonzero((rows > 0) & (rows < 350))
    bone = np.mean([picture.pixels[rows[c] : rows[c] + 5, c].max() for c in columns])
    inside = picture.pixels[picture.coverage > 0.99].mean()
    deep = np.mean([picture.pixels[rows[c] + 60 : rows[c] + 90, c].mean() for c in columns])
    assert bone > inside + 80
    assert deep < bone / 4


def test_tilt_fades_the_interfaces(knee) -> None:
    def reflected(tilt_deg: float) -> float:
        seen, _ = echoes(knee, IMAGING, Pose(tilt_deg=tilt_deg), X_MM, 100)
        return float(sum(interface.amplitude.sum() for interface in seen.interfaces))

    assert reflected(0.0) > reflected(3.0) > reflected(6.0)
    assert reflected(12.0) < 0.6 * reflected(0.0)


def test_pressure_brings_the_bone_nearer_and_keeps_the_cartilage(knee) -> None:
    loose, pressed = (true_band(knee, IMAGING, Pose(pressure=p), X_MM) for p in (0.0, 1.0))
    assert np.nanmin(loose.lower_mm) - np.nanmin(pressed.lower_mm) > 2.0
    gap = (loose.lower_mm - loose.upper_mm) - (pressed.lower_mm - pressed.upper_mm)
    assert np.nanmax(np.abs(gap)) < 1e-9


def test_a_curved_probe_draws_a_fan_with_black_corners(knee) -> None:
    picture = take_picture(knee, Transducer(50.0, 60.0), (300, 400), np.random.default_rng(2))
    assert picture.pixels[0, 0] == picture.pixels[0, -1] == 0
    assert picture.pixels[:, 200].mean() > 10
    assert picture.x_mm_per_px == picture.y_mm_per_px
    assert (picture.coverage > 0.5).any()


def test_no_cartilage_is_claimed_where_contact_is_lost() -> None:
    for seed in range(400):
        knee = draw_trochlea(np.random.default_rng(seed))
        if knee.contact[0] > -30:
            break
    band = true_band(knee, IMAGING, Pose(), X_MM)
    assert np.isnan(band.upper_mm[knee.contact[0] > X_MM]).all()


def test_speckle_moves_with_the_tissue() -> None:
    slide = HandMotion(slide_mm=2.0, sweep=0.0, tilt_deg=0.0, pressure=0.0, period_s=4.0)
    cine = CartilageCine(1, shape=(240, 320), motion=slide)
    first, later = cine.picture(0.0), cine.picture(0.5)
    shift = round((cine.motion.pose(0.5).slide_mm - cine.motion.pose(0.0).slide_mm) / first.x_mm_per_px)
    rows = slice(10, 60)
    here, moved = first.pixels[rows, 60:260].astype(float), later.pixels[rows, 60 - shift : 260 - shift].astype(float)
    unmoved = later.pixels[rows, 60:260].astype(float)
    followed, stayed = (np.corrcoef(here.ravel(), other.ravel())[0, 1] for other in (moved, unmoved))
    assert followed > 0.8
    assert stayed < followed - 0.15


def test_another_depth_changes_the_scale() -> None:
    cine = CartilageCine(1, shape=(240, 320))
    shallow, deep = (cine.picture(0.0, Imaging(depth_mm=depth)) for depth in (24.0, 48.0))
    assert shallow.y_mm_per_px == pytest.approx(0.1)
    assert deep.y_mm_per_px == pytest.approx(0.2)
    assert np.nanmedian(deep.band.lower_mm) == pytest.approx(np.nanmedian(shallow.band.lower_mm), abs=3)


REFUSED = Finding("cartilage", 8, 320_000_000, Verdict.REFUSED, reasons=("the cartilage is not continuous",))


def cine(seed):
    return open_cine(seed, CartilageOptions())


def test_the_truth_of_a_flat_band_is_its_thickness_and_its_area():
    x_mm = np.linspace(-20, 20, 401)
    seen = np.abs(x_mm) <= 15
    band = TrueBand(x_mm, np.where(seen, 10.0, np.nan), np.where(seen, 12.5, np.nan))
    sizes = true_sizes(band)
    assert sizes.pop("area") == pytest.approx(2.5 * 30, rel=0.01)
    assert list(sizes.values()) == pytest.approx([2.5] * 4)


def test_the_truth_of_the_phantom_agrees_with_itself_and_not_with_another():
    sizes = true_sizes(CartilageCine(3).picture(0.0).band)
    exact = tuple(
        Measurement(name, value, "mm2" if name == "area" else "mm", value - 0.1, value + 0.1)
        for name, value in sizes.items()
    )
    finding = Finding("cartilage", 0, 0, Verdict.MEASURED, measurements=exact)
    same, other = compare([finding], cine(3), 25.0), compare([finding], cine(4), 25.0)
    assert [one.name for one in same] == list(sizes)
    assert all(one.mean_absolute_error == 0 and one.inside_interval == 1 for one in same)
    assert max(one.mean_absolute_error for one in other) > 0.2
    assert compare([REFUSED], cine(3), 25.0) == ()
