"""The simulated muscle against its own truth."""

import numpy as np
import pytest

from edge.app.truth import compare
from edge.finding import Finding, LineMark, Measurement, Verdict
from edge.frame import PixelSpacing, SpacingOrigin
from edge.task.muscle.phantom import MuscleCine, nearest, open_cine, true_sizes
from edge.task.muscle.spec import MusclePhantomOptions


def cine(seed):
    return open_cine(seed, MusclePhantomOptions())


def marking(architecture, mm_per_px=0.1):
    """A finding that marks this muscle and measures it faultlessly."""
    x = architecture.x_mm / mm_per_px
    lines = tuple(
        LineMark(f"{name} aponeurosis", np.stack((x, edge / mm_per_px), axis=1).astype(np.float32))
        for name, edge in (("superficial", architecture.superficial_mm), ("deep", architecture.deep_mm))
    )
    exact = tuple(Measurement(name, v, "x", v - 0.1, v + 0.1) for name, v in true_sizes(architecture).items())
    spacing = PixelSpacing(mm_per_px, mm_per_px, SpacingOrigin.DEPTH)
    return Finding("muscle", 0, 0, Verdict.MEASURED, measurements=exact, marks=lines, spacing=spacing)


def test_a_muscle_is_compared_with_the_one_that_was_marked():
    seed = next(seed for seed in range(1, 40) if len(MuscleCine(seed).muscle.bellies) > 1)
    bellies = [MuscleCine(seed).architecture(0.0, belly=k) for k in range(2)]
    for belly in bellies:
        assert nearest(marking(belly), bellies) is belly
        same = compare([marking(belly)], cine(seed), 25.0)
        assert len(same) == 8 and all(one.mean_absolute_error == pytest.approx(0, abs=1e-9) for one in same)
    other = compare([marking(bellies[0])], cine(seed + 1), 25.0)
    assert max(one.mean_absolute_error for one in other) > 0.5
