"""The simulated knee against its own truth."""

import numpy as np
import pytest

from edge.app.truth import compare
from edge.finding import Finding, Measurement, Verdict
from edge.task.cartilage.phantom import CartilageCine, open_cine, true_sizes
from edge.task.cartilage.phantom_anatomy import TrueBand
from edge.task.cartilage.spec import CartilageOptions

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
