"""Classifiers without scikit-learn against scikit-learn; features cut off at four deviations and stored rounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from edge.image.classifiers import (
    MOST,
    STEP,
    Neighbours,
    Sigmoid,
    Steps,
    SupportVectors,
    packed,
    squared_distances,
    standardised,
    unpacked,
)


def blobs(seed: int, count: int = 300) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    positive = rng.random(count) < 0.4
    return (rng.normal(0, 1, (count, 12)) + positive[:, None] * 0.8).astype(np.float32), positive


@pytest.fixture(scope="module")
def trained() -> SVC:
    return SVC(C=3, gamma=0.05).fit(*blobs(1))


def plain(machine: SVC) -> SupportVectors:
    return SupportVectors(
        machine.support_vectors_.astype(np.float32),
        machine.dual_coef_[0].astype(np.float32),
        float(machine.intercept_[0]),
        machine.gamma,
    )


def test_the_support_vector_machine_decides_as_scikit_learns(trained: SVC) -> None:
    features, _ = blobs(2)
    assert np.allclose(plain(trained).decide(features), trained.decision_function(features), atol=2e-5)


def test_the_sigmoid_is_scikit_learns_probability(trained: SVC) -> None:
    features, positive = blobs(3)
    calibrated = CalibratedClassifierCV(FrozenEstimator(trained), method="sigmoid").fit(features, positive)
    fitted = calibrated.calibrated_classifiers_[0].calibrators[0]
    sigmoid = Sigmoid(float(fitted.a_), float(fitted.b_))
    fresh, _ = blobs(4)
    expected = calibrated.predict_proba(fresh)[:, 1]
    assert np.allclose(sigmoid.probability(plain(trained).decide(fresh)), expected, atol=1e-5)


def test_the_sigmoid_stands_far_scores() -> None:
    assert Sigmoid(-2, 0).probability(np.array([-1e6, 0, 1e6], np.float32)).tolist() == pytest.approx([0, 0.5, 1])


def test_steps_are_scikit_learns_isotonic_regression(trained: SVC) -> None:
    features, positive = blobs(3)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(trained.decision_function(features), positive)
    steps = Steps(isotonic.X_thresholds_.astype(np.float32), isotonic.y_thresholds_.astype(np.float32))
    score = np.linspace(-3, 3, 200).astype(np.float32)
    assert np.allclose(steps.probability(score), isotonic.predict(score), atol=1e-3)


@pytest.mark.parametrize("count", [1, 5, 15])
def test_neighbours_are_scikit_learns(count: int) -> None:
    features, positive = blobs(5)
    theirs = KNeighborsClassifier(count).fit(features, positive)
    fresh, _ = blobs(6)
    assert np.allclose(Neighbours(features, positive, count).share(fresh), theirs.predict_proba(fresh)[:, 1], atol=1e-6)


def test_a_row_is_at_no_distance_from_itself() -> None:
    features, _ = blobs(7)
    assert np.diag(squared_distances(features, features)).min() >= 0
    assert np.allclose(
        squared_distances(features[:3], features)[1, 2], np.sum((features[1] - features[2]) ** 2), rtol=1e-4
    )


def test_standardised_counts_deviations_from_the_mean() -> None:
    features = np.array([[1.0, 10.0], [3.0, -500.0]], np.float32)
    found = standardised(features, np.array([1, 0], np.float32), np.array([2, 5], np.float32))
    np.testing.assert_array_equal(found, np.array([[0, 2], [1, -MOST]], np.float32))


@given(arrays(np.float32, 7, elements=st.floats(-MOST, MOST, width=32)))
def test_what_is_packed_comes_back_within_half_a_step(vectors: np.ndarray) -> None:
    back = unpacked(packed(vectors))
    assert np.abs(back - vectors).max() <= STEP / 2 + 1e-6
    np.testing.assert_array_equal(packed(back), packed(vectors))
