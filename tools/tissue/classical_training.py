"""Training of the tissue task's support vector machines and neighbours on one set of remembered regions."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from edge.image.classifiers import Sigmoid, Steps, packed, standardised, unpacked
from edge.task.tissue.classifiers import FEATURES, UNKNOWN, TissueModel
from edge.task.tissue.spec import JUDGED
from tools.feature_selection import select
from tools.tissue.regions import RegionExamples, weights_of

REMEMBERED: Final = 1600
CHOSEN: Final = 24
"""Features for each kind; what several need is there once."""
PENALTY: Final = 2.0
GAMMA: Final = 0.5
"""Over the number of features."""
NEIGHBOURS: Final = 15


def train_classical(examples: RegionExamples, seed: int = 7) -> TissueModel:
    """A model whose scores are not yet probabilities."""
    rng = np.random.default_rng(seed)
    weights = weights_of(examples.truth, examples.group)
    count = min(REMEMBERED, len(weights))
    rows = rng.choice(len(weights), count, replace=False, p=weights / weights.sum())
    features, truth = examples.features[rows], examples.truth[rows]
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = standardised(features, mean, deviation)
    columns: list[int] = []
    for kind in range(len(JUDGED)):
        known = truth[:, kind] != UNKNOWN
        columns += [c for c in select(scaled[known], truth[known, kind] == 1, CHOSEN) if c not in columns]
    vectors = unpacked(packed(scaled[:, columns]))
    gamma = GAMMA / len(columns)
    machines = [_weights(vectors, truth[:, kind], gamma) for kind in range(len(JUDGED))]
    return TissueModel(
        tuple(FEATURES[column] for column in columns),
        mean[columns].astype(np.float32),
        deviation[columns].astype(np.float32),
        vectors,
        truth,
        np.stack([one for one, _ in machines], axis=1),
        np.array([(bias, gamma, -1.0, 0.0) for _, bias in machines], np.float32),
        tuple(Steps(np.array([0, 1], np.float32), np.array([0, 1], np.float32)) for _ in JUDGED),
        NEIGHBOURS,
    )


def _weights(vectors: NDArray[np.float32], truth: NDArray[np.int8], gamma: float) -> tuple[NDArray[np.float32], float]:
    """(m,) dual coefficients and the bias of one kind against the rest, of the examples that tell."""
    known = np.flatnonzero(truth != UNKNOWN)
    machine = SVC(C=PENALTY, gamma=gamma, class_weight="balanced").fit(vectors[known], truth[known] == 1)
    weights = np.zeros(len(vectors), np.float32)
    weights[known[machine.support_]] = machine.dual_coef_[0]
    return weights, float(machine.intercept_[0])


def calibrated(model: TissueModel, examples: RegionExamples) -> TissueModel:
    """The model with what makes its scores probabilities, by regions that it was not trained on."""
    scaled = model.scaled_of_all(examples.features)
    distances, weights = model.distances(scaled), weights_of(examples.truth, examples.group)
    figures, polygons = model.figures.copy(), []
    scores, shares = model.scores(distances), model.positive(distances) / model.count
    for kind in range(examples.truth.shape[1]):
        known = examples.truth[:, kind] != UNKNOWN
        hit, weight = examples.truth[known, kind] == 1, weights[known]
        sigmoid = fitted_sigmoid(scores[known, kind], hit, weight)
        figures[kind, 2:] = sigmoid.slope, sigmoid.offset
        isotonic = IsotonicRegression(out_of_bounds="clip", y_min=0.01, y_max=0.99)
        isotonic.fit(shares[known, kind].astype(np.float32), hit, weight)
        polygons.append(Steps(*(part.astype(np.float32) for part in (isotonic.X_thresholds_, isotonic.y_thresholds_))))
    same = (model.features, model.mean, model.deviation, model.vectors, model.truth, model.weights)
    return TissueModel(*same, figures, tuple(polygons), model.count)


def fitted_sigmoid(score: NDArray[np.float32], hit: NDArray[np.bool_], weight: NDArray[np.float64]) -> Sigmoid:
    """Platt's, with every pattern of truth counting alike."""
    fitted = LogisticRegression(C=1e3).fit(score[:, None], hit, weight * len(weight) / weight.sum())
    return Sigmoid(-float(fitted.coef_[0, 0]), -float(fitted.intercept_[0]))
