"""How regions are drawn on marks and how what is said of them is counted."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the training tools are not installed")
pytest.importorskip("torch", reason="the training tools are not installed")

from tools.tissue import regions
from tools.tissue.evaluation import ROWS, Said, calibration_error, cluster_mean, confusion, row_of
from tools.tissue.network_training import PatchNet, known_entropy

TRUTH = regions.TRUTH


def examples(kinds, groups):
    n = len(kinds)
    return regions.RegionExamples(
        np.zeros((n, 64, 64), np.uint8),
        np.zeros((n, 3), np.float32),
        np.array([TRUTH[kind] for kind in kinds], np.int8),
        np.array(groups),
        np.array(["a"] * n),
        np.zeros(n, bool),
    )


def test_muscle_lies_between_two_bands_and_fat_above_them():
    bands = np.zeros((100, 120), np.uint8)
    bands[20:24], bands[70:75] = 255, 255
    marks = regions.layers(bands)
    assert marks[regions.MUSCLE][30:60].all() and not marks[regions.MUSCLE][:24].any()
    assert not marks[regions.MUSCLE][70:].any()
    assert marks[regions.ABOVE][:15].all() and not marks[regions.ABOVE][18:].any()
    assert marks[regions.FASCIA].sum() == 9 * 120


def test_one_band_says_nothing_of_muscle():
    bands = np.zeros((100, 120), np.uint8)
    bands[20:24] = 255
    assert regions.MUSCLE not in regions.layers(bands)


def test_regions_hold_their_kind():
    mark = np.zeros((200, 300), np.uint8)
    mark[60:160, 40:260] = 1
    scene = regions.MarkedScene(np.full((200, 300), 90, np.uint8), {regions.MUSCLE: mark}, 0, "a")
    found = list(regions.regions(scene, np.random.default_rng(0)))
    assert 1 <= len(found) <= regions.COUNTS[regions.MUSCLE]
    for kind, place in found:
        left, top, right, bottom = (side / place.working.px_per_px for side in place.box)
        assert kind == regions.MUSCLE
        assert mark[round(top) : round(bottom), round(left) : round(right)].mean() >= 0.88


def test_rows_are_told_by_what_is_known():
    kinds = (regions.NERVE, regions.VESSEL, regions.MUSCLE, regions.FASCIA, regions.ABOVE, regions.BESIDE)
    assert row_of(examples(kinds, range(6))).tolist() == list(range(len(ROWS)))


def test_a_cluster_counts_once_however_large_it_is():
    hit = np.array([True] * 9 + [False])
    assert cluster_mean(hit, np.array([1] * 9 + [2])) == 0.5


def test_confusion_and_calibration_of_what_is_known():
    shown = examples([regions.NERVE] * 20 + [regions.MUSCLE] * 20, np.arange(40))
    probability = np.zeros((40, 5))
    probability[:, 0] = 0.8
    said = Said(probability)
    table = confusion(said, shown)
    assert table[0, 0] == 100 and table[2, 0] == 100
    assert calibration_error(said, shown) == pytest.approx(0.3)
    probability[:, 0] = 0.3
    assert confusion(Said(probability), shown)[0, 4] == 100


def test_each_pattern_of_truth_weighs_alike():
    shown = examples([regions.NERVE] * 3 + [regions.MUSCLE] * 30, np.arange(33))
    weights = regions.weights_of(shown.truth, shown.group)
    assert weights[:3].sum() == pytest.approx(weights[3:].sum())


def test_what_is_unknown_costs_nothing():
    torch = pytest.importorskip("torch")
    truth = torch.tensor([TRUTH[regions.BESIDE]])
    sure, unsure = torch.full((1, 5, 1, 1), -9.0), torch.full((1, 5, 1, 1), -9.0)
    unsure[:, 2:] = 9.0
    assert known_entropy(sure, truth) == pytest.approx(float(known_entropy(unsure, truth)))
    assert sum(part.numel() for part in PatchNet((16, 24, 32, 48), 5).parameters()) < 50_000
