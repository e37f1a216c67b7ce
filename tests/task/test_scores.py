"""Outlines that are looked for near the structures against those of the whole square."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from edge.frame import Region
from edge.image.rings import polygon_area
from edge.task.scores import LEAST_AREA_PX, SIDE, full_scores, outlines_of
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
    inside = (cv2.GaussianBlur(scores, (0, 0), 1.0) > cut) & held
    count, labels, stats, middles = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=4)
    kept = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= LEAST_AREA_PX]
    assert len(found) == len(kept)
    assert all(one.area_px2 >= other.area_px2 for one, other in pairwise(found))
    middle = {label: (middles[label] - (fit.left, fit.top)) / fit.scale + (region.x, region.y) for label in kept}
    for one in found:
        label = min(kept, key=lambda label: float(np.hypot(*(middle[label] - one.centre))))
        expected = float((1 / (1 + np.exp(-scores[labels == label].astype(np.float64)))).mean())
        assert one.confidence == pytest.approx(expected, abs=1e-5)
        assert one.area_px2 == pytest.approx(stats[label, cv2.CC_STAT_AREA] / fit.scale**2, rel=0.12)
        assert one.area_px2 == pytest.approx(polygon_area(one.points), rel=1e-6)


def test_no_score_above_the_cut_is_no_structure() -> None:
    region = Region(0, 0, 64, 64)
    assert outlines_of(np.full((4, 128, 128), -3, np.float32), Fit.of_region(region, SIDE), region) == ()
