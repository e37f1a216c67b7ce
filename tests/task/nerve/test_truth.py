"""The nerve phantom's truth under the names and conventions of the task that measures it."""

import numpy as np
import pytest

from edge.frame import PixelSpacing, Region, SpacingOrigin
from edge.task.nerve.phantom import LIVE_NERVE, NerveCine, true_sizes
from edge.task.nerve.phantom_truth import outline_px
from edge.task.nerve.sizes import measurements_of, sizes_of


@pytest.mark.parametrize("seed", range(4))
def test_true_outlines_are_measured_as_the_phantom_says(seed) -> None:
    shape, mm_per_px = (480, 640), LIVE_NERVE.depth_mm / 480
    truth = NerveCine(seed).truth(0.4)
    (nerve,) = truth.nerves
    spacing = PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.DEPTH)
    outer, inner, *lumens = (
        outline_px(one, shape, mm_per_px)
        for one in (nerve.outer_mm, nerve.outline_mm, *(vessel.outline_mm for vessel in truth.vessels))
    )
    measured = {
        m.name: m.value
        for m in measurements_of(sizes_of(outer, inner, lumens, Region(0, 0, 640, 480), spacing), spacing, {})
    }
    expected = true_sizes(nerve)
    assert measured.keys() == expected.keys()
    assert list(measured.values()) == pytest.approx([expected[name] for name in measured], rel=1e-3, abs=0.01)
    assert np.isfinite(list(expected.values())).all()
