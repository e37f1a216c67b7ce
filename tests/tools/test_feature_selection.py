"""Feature selection against scikit-learn's mutual information, and on features whose worth is known."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from tools.feature_selection import BINS, mutual_information, select


def test_what_a_column_tells_is_scikit_learns_mutual_information() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(3000) < 0.3
    column = (rng.normal(0, 1, 3000) + positive).astype(np.float32)
    bins = np.searchsorted(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1]), column)
    found = mutual_information(column[:, None], positive)
    assert found[0] == pytest.approx(mutual_info_score(positive, bins), rel=1e-6)


def test_what_is_said_already_comes_after_what_is_new() -> None:
    rng = np.random.default_rng(2)
    positive = rng.random(4000) < 0.5
    strong = rng.normal(0, 1, 4000) + 1.5 * positive
    twin = strong + rng.normal(0, 0.05, 4000)
    other = rng.normal(0, 1, 4000) + 0.7 * positive
    still = np.full(4000, 3.0)
    features = np.stack([still, twin, strong, other], axis=1).astype(np.float32)
    order = select(features, positive, 10)
    assert set(order[:2]) in ({1, 3}, {2, 3})
    assert sorted(order) == [1, 2, 3]
