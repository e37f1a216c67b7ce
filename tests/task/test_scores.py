"""Outlines that are looked for near the structures against those of the whole square."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from edge.frame import Region
from edge.image.rings import polygon_area
from edge.task.scores import LEAST_AREA_PX, NEARLY, SIDE, full_scores, outlines_of
from edge.task.tensor import Fit


def blobs(seed: int) -> np.ndarray:
    """(4, 128, 128) log odds of some structures, also at the square's border, some of them touching."""
    rng = np.random.default_rng(seed)
    cells = rng.normal(-3, 1, (4, SIDE // 2, SIDE // 2))
    y, x = np.mgrid[: SIDE // 2, : SIDE // 2]
    for _ in range(rng.integers(1, 5)):
        (top, left), (high, wide) = rng.uniform(0, SIDE // 2, 2), rng.uniform(2, 14, 2)
        cells += 9 * (((y - top) / high) ** 2 + ((x - left) / wide) ** 2 < 1)
    return cells.astype(np.float32)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("cut", [0.0, 0.7])
def test_each_structure_is_outlined_as_in_the_whole_square(seed: int, cut: float) -> None:
    region, cells = Region(7, 9, 640, 480 if seed % 2 else 640), blobs(seed)
    found = outlines_of(cells, Fit.of_region(region, SIDE), region, cut)
    (scores,) = full_scores(cells)
    fit = Fit.of(region.height, region.width, SIDE)
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    held = (np.abs(x - (SIDE - 1) / 2) < region.width * fit.scale / 2) & (
        np.abs(y - (SIDE - 1) / 2) < region.height * fit.scale / 2
    )
    soft = cv2.GaussianBlur(scores, (0, 0), 1.0)
    inside = (soft > cut) & held
    _, nearly = cv2.connectedComponents(((soft > cut - NEARLY) & held).astype(np.uint8), connectivity=4)
    count, labels, stats, middles = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=4)
    kept = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= LEAST_AREA_PX]
    assert len(found) == len(kept)
    assert all(one.area_px2 >= other.area_px2 for one, other in pairwise(found))
    middle = {label: (middles[label] - (fit.left, fit.top)) / fit.scale + (region.x, region.y) for label in kept}
    for one in found:
        label = min(kept, key=lambda label: float(np.hypot(*(middle[label] - one.centre))))
        belonging = nearly == nearly[labels == label][0]
        expected = float((1 / (1 + np.exp(-scores[belonging].astype(np.float64)))).mean())
        assert one.confidence == pytest.approx(expected, abs=1e-5)
        assert one.area_px2 == pytest.approx(stats[label, cv2.CC_STAT_AREA] / fit.scale**2, rel=0.12)
        assert one.area_px2 == pytest.approx(polygon_area(one.points), rel=1e-6)


@pytest.mark.parametrize(("halo", "sure"), [(-9.0, True), (-1.0, False)])
def test_what_nearly_belongs_to_a_structure_speaks_against_its_border(halo: float, sure: bool) -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    from_middle = np.hypot(x - 128, y - 128)
    scores = np.where(from_middle < 20, 5, np.where(from_middle < 60, halo, -9)).astype(np.float32)
    cells = scores.reshape(SIDE // 2, 2, SIDE // 2, 2).transpose(1, 3, 0, 2).reshape(4, SIDE // 2, SIDE // 2)
    region = Region(0, 0, SIDE, SIDE)
    (found,) = outlines_of(cells, Fit.of_region(region, SIDE), region)
    assert (found.confidence > 0.9) is sure
    assert found.area_px2 == pytest.approx(np.pi * 20**2, rel=0.15)


def test_no_score_above_the_cut_is_no_structure() -> None:
    region = Region(0, 0, 64, 64)
    assert outlines_of(np.full((4, 128, 128), -3, np.float32), Fit.of_region(region, SIDE), region) == ()
