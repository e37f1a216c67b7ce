"""Flow from colours: any maker's palette, tinted grey maps, blooming, flash."""

import cv2
import numpy as np
import pytest

from edge.task.synovitis.doppler import FLASH_SHARE, Colours, colours_of, flow_in
from edge.task.synovitis.phantom_doppler import coloured, flash_of
from edge.task.synovitis.spec import PALETTES

MM = 0.05
SHAPE = (240, 360)
REGION = np.zeros(SHAPE, bool)
REGION[90:140, 100:260] = True
TISSUE = np.zeros(SHAPE, bool)
TISSUE[30:160] = True


def grey() -> np.ndarray:
    rng = np.random.default_rng(2)
    return np.asarray(cv2.GaussianBlur(rng.integers(10, 200, SHAPE, np.uint8), (0, 0), 1.2), np.uint8)


def picture(palette: str, power: np.ndarray, bloom: float = 0.0) -> np.ndarray:
    return coloured(grey(), power.astype(np.float32), (60, 20, 240, 150), palette, bloom, MM, PALETTES.index(palette))


def spots(*places: tuple[int, int, int, int]) -> np.ndarray:
    power = np.zeros(SHAPE, np.float32)
    for x, y, width, height in places:
        power[y : y + height, x : x + width] = 1.0
    return power


@pytest.mark.parametrize("palette", PALETTES)
def test_every_palette_shows_the_same_flow(palette: str) -> None:
    power = spots((120, 100, 60, 20), (220, 110, 12, 12))
    seen = flow_in(colours_of(picture(palette, power)), REGION, TISSUE, (MM, MM))
    truth = float((power[REGION] > 0).mean())
    assert seen.share == pytest.approx(truth, abs=0.05)
    assert (seen.single, seen.confluent, seen.flash) == (1, 1, False)
    assert seen.grade == 1


def test_blooming_is_counted_as_flow() -> None:
    power = spots((120, 100, 60, 20))
    shares = [flow_in(colours_of(picture("amber", power, bloom)), REGION, TISSUE, (MM, MM)).share for bloom in (0, 0.3)]
    assert shares[1] > shares[0]


def test_flow_beside_the_hypertrophy_does_not_count() -> None:
    seen = flow_in(colours_of(picture("magenta", spots((120, 45, 60, 20)))), REGION, TISSUE, (MM, MM))
    assert (seen.share, seen.grade, seen.flash) == (0.0, 0, False)


def test_a_motion_over_all_tissue_is_a_flash() -> None:
    flash = flash_of(np.random.default_rng(1), TISSUE, MM)
    seen = flow_in(colours_of(picture("blue", flash)), REGION, TISSUE, (MM, MM))
    assert seen.flash
    few = Colours(TISSUE & (np.arange(SHAPE[1]) < FLASH_SHARE * SHAPE[1] * 0.8), True)
    assert not flow_in(few, REGION, TISSUE, (MM, MM)).flash


@pytest.mark.parametrize("tint", [(1.0, 0.85, 0.6), (0.7, 0.85, 1.0), (1.0, 1.0, 1.0), (0.75, 1.0, 0.8)])
def test_a_tinted_grey_map_is_no_flow(tint: tuple[float, float, float]) -> None:
    plain = np.asarray(grey()[..., None] * np.array(tint), np.uint8)
    found = colours_of(plain)
    assert not found.flow.any() and not found.boxed


def test_a_box_without_flow_says_that_doppler_was_on() -> None:
    boxed = cv2.cvtColor(grey(), cv2.COLOR_GRAY2BGR)
    cv2.rectangle(boxed, (60, 20), (300, 170), (0, 220, 255), 1)
    found = colours_of(np.asarray(boxed, np.uint8))
    assert found.boxed and not found.flow.any()


def test_a_black_picture_has_no_colour() -> None:
    assert not colours_of(np.zeros((64, 64, 3), np.uint8)).flow.any()
