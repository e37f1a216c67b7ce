"""Training of the judge of windows: features chosen, a support vector machine on hard examples, made small again."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from edge.image.classifiers import (
    Neighbours,
    Sigmoid,
    Steps,
    SupportVectors,
    packed,
    squared_distances,
    standardised,
    unpacked,
)
from edge.task.nerve.windows import FEATURES, WindowModel
from tools.feature_selection import select
from tools.nerve.classical.windows import WindowExamples

CHOSEN: Final = 80
HITS: Final = 12
MISSES: Final = 12
"""Most windows of a picture that the first machine learns from."""
HARD: Final = 10
"""Misses of each picture that the first machine takes for hits, from which the second one learns too."""
PENALTY: Final = 1.0
GAMMA: Final = 0.5
"""Over the number of features."""
VECTORS: Final = 1000
"""Half of them of nerves: what the machine is brought down to (reduced set, Burges 1996)."""
RIDGE: Final = 1e-3
NEIGHBOURS: Final = 15


def train(pictures: Sequence[WindowExamples], chosen: int = CHOSEN, seed: int = 7) -> WindowModel:
    """A judge whose scores are not yet probabilities."""
    rng = np.random.default_rng(seed)
    features, positive = _sample(pictures, rng)
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    columns = select(standardised(features, mean, deviation), positive, chosen)
    model = WindowModel(
        tuple(FEATURES[column] for column in columns),
        mean[columns].astype(np.float32),
        deviation[columns].astype(np.float32),
        _nothing(len(columns)),
        Sigmoid(-1.0, 0.0),
        Neighbours(np.zeros((1, len(columns)), np.float32), np.zeros(1, bool), 1),
        Steps(np.array([0, 1], np.float32), np.array([0, 1], np.float32)),
    )
    scaled = model.scaled_of_all(features)
    first = _fitted(scaled, positive)
    hard = np.concatenate([_hardest(model, first, picture) for picture in pictures])
    scaled, positive = np.concatenate([scaled, hard]), np.concatenate([positive, np.zeros(len(hard), bool)])
    return _reduced(model, _fitted(scaled, positive), scaled, positive)


def _nothing(features: int) -> SupportVectors:
    return SupportVectors(np.zeros((1, features), np.float32), np.zeros(1, np.float32), 0.0, 1.0)


def _sample(
    pictures: Sequence[WindowExamples], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    features, positive = [], []
    for picture in pictures:
        for which, most in ((picture.hit, HITS), (picture.miss, MISSES)):
            some = rng.permutation(np.flatnonzero(which))[:most]
            features.append(picture.features[some])
            positive.append(np.full(len(some), which is picture.hit))
    return np.concatenate(features).astype(np.float32), np.concatenate(positive)


def _fitted(scaled: NDArray[np.float32], positive: NDArray[np.bool_]) -> SupportVectors:
    gamma = GAMMA / scaled.shape[1]
    machine = SVC(C=PENALTY, gamma=gamma, class_weight="balanced", cache_size=400).fit(scaled, positive)
    vectors, weights = machine.support_vectors_.astype(np.float32), machine.dual_coef_[0].astype(np.float32)
    return SupportVectors(vectors, weights, float(machine.intercept_[0]), gamma)


def _hardest(model: WindowModel, machine: SupportVectors, picture: WindowExamples) -> NDArray[np.float32]:
    scaled = model.scaled_of_all(picture.features[picture.miss])
    order = np.argsort(-machine.decide(scaled))
    # Neighbouring windows say the same: one of three.
    return scaled[order[: 3 * HARD : 3]]


def _reduced(
    model: WindowModel, machine: SupportVectors, scaled: NDArray[np.float32], positive: NDArray[np.bool_]
) -> WindowModel:
    """The machine with few vectors, the middles of clusters of each kind, that decides as the whole one does."""
    middles = [
        KMeans(min(VECTORS // 2, np.count_nonzero(kind)), n_init=1, random_state=7, max_iter=20).fit(scaled[kind])
        for kind in (positive, ~positive)
    ]
    vectors = np.concatenate([one.cluster_centers_ for one in middles])
    vectors = unpacked(packed(vectors))
    kernel = np.exp(-machine.gamma * squared_distances(scaled, vectors)).astype(np.float64)
    wanted = machine.decide(scaled).astype(np.float64) - machine.bias
    weights = np.linalg.solve(kernel.T @ kernel + RIDGE * np.eye(len(vectors)), kernel.T @ wanted)
    kinds = np.repeat([True, False], [len(one.cluster_centers_) for one in middles])
    return WindowModel(
        model.features,
        model.mean,
        model.deviation,
        SupportVectors(vectors, weights.astype(np.float32), machine.bias, machine.gamma),
        model.sigmoid,
        Neighbours(vectors, kinds, NEIGHBOURS),
        model.steps,
    )


def calibrated(model: WindowModel, judged: Sequence[tuple[WindowModel, Sequence[WindowExamples]]]) -> WindowModel:
    """The model with what makes its scores probabilities, from judges that have not seen the pictures they judge."""
    scores, shares, hits = [], [], []
    for judge, pictures in judged:
        for picture in pictures:
            told = picture.hit | picture.miss
            scaled = judge.scaled_of_all(picture.features[told])
            scores.append(judge.machine.decide(scaled))
            shares.append(judge.neighbours.share(scaled))
            hits.append(picture.hit[told])
    score, share, hit = (np.concatenate(parts) for parts in (scores, shares, hits))
    fitted = LogisticRegression(C=1e6).fit(score[:, None], hit)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(share, hit)
    return WindowModel(
        model.features,
        model.mean,
        model.deviation,
        model.machine,
        Sigmoid(-float(fitted.coef_[0, 0]), -float(fitted.intercept_[0])),
        model.neighbours,
        Steps(isotonic.X_thresholds_.astype(np.float32), isotonic.y_thresholds_.astype(np.float32)),
    )
