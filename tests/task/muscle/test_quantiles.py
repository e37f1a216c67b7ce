"""Quantiles against all values sorted."""

import numpy as np
import pytest

from edge.task.muscle.quantiles import FEW, median, weighted_quantiles


@pytest.mark.parametrize("count", [1, 2, 7, 8])
def test_the_median_is_numpys(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    assert median(values) == pytest.approx(np.median(values), rel=1e-12)


@pytest.mark.parametrize("kind", ["spread", "rounded", "two far apart", "hardly any weight"])
def test_of_many_values_only_those_near_a_quantile_need_be_sorted(kind: str) -> None:
    rng = np.random.default_rng(3)
    values, weight = rng.normal(size=4 * FEW), rng.uniform(size=4 * FEW)
    match kind:
        case "rounded":
            values = np.round(values, 1)
        case "two far apart":
            values[::2] += 1000
        case "hardly any weight":
            weight[: 4 * FEW - 9] = 0
    order = np.argsort(values, kind="stable")
    sorted_values, sorted_weight = values[order], weight[order]
    place = (np.cumsum(sorted_weight) - sorted_weight / 2) / weight.sum()
    shares = (0.0, 0.05, 0.25, 0.5, 0.75, 1.0)
    plain = np.interp(shares, place, sorted_values)
    found = weighted_quantiles(values, weight, shares)
    if kind == "hardly any weight":
        # Values without weight lie on the way from one that has some to the next.
        assert (np.abs(found[1:-1] - plain[1:-1]) <= np.ptp(values[weight > 0])).all()
    else:
        assert found == pytest.approx(plain, abs=1e-9)
