"""How masks are decided and compared, on cases worked out by hand."""

import numpy as np
import pytest

from tools import parity
from tools.masks import agreement_percent, decide, dice, directions_apart_deg


def test_one_channel_a_class_is_decided_by_its_sign():
    assert decide(np.array([[[[-1.0, 0.0, 2.0]]]], np.float32), classes=1).tolist() == [[[[0, 0, 1]]]]


def test_competing_channels_are_decided_by_the_largest():
    logits = np.array([[[[3.0, 0.0]], [[1.0, -1.0]], [[2.0, 5.0]]]], np.float32)
    assert decide(logits, classes=2).tolist() == [[[[0, 2]]]]


def test_a_field_of_directions_decides_nothing():
    output = np.array([[[[2.0, -1.0]], [[1.0, 1.0]], [[0.0, 0.0]], [[5.0, 5.0]]]], np.float32)
    assert decide(output, classes=1).tolist() == [[[[1, 0]]]]


def test_directions_differ_by_the_acute_angle_where_both_are_read():
    def output(degrees, read):
        twice = np.radians(2 * np.array(degrees))
        return np.stack((0 * twice, np.cos(twice), np.sin(twice), np.array(read)))[None, :, None].astype(np.float32)

    one, other = output([85.0, 10.0, 30.0], [1, 1, 1]), output([-85.0, 12.0, 80.0], [1, 1, -1])
    np.testing.assert_allclose(directions_apart_deg(one, other), (10, 2), atol=1e-4)


def test_agreement_and_dice():
    one, other = np.array([[1, 1, 0, 0]], np.uint8), np.array([[1, 0, 1, 0]], np.uint8)
    assert agreement_percent(one, other) == 50.0
    assert dice(one, other) == 0.5
    assert dice(one, one) == 1.0


def test_dice_of_two_labels_counts_only_the_same_label():
    one, other = np.array([[1, 2, 2, 0]], np.uint8), np.array([[2, 2, 1, 0]], np.uint8)
    assert dice(one, other) == pytest.approx(2 / 6)


def test_dice_of_nothing_with_nothing_is_whole():
    assert dice(np.zeros((1, 4), np.uint8), np.zeros((1, 4), np.uint8)) == 1.0


def test_sub_pixel_channels_are_spread_as_pixel_shuffle_does():
    masks = np.arange(2 * 4 * 3 * 5, dtype=np.uint8).reshape(1, 8, 3, 5)
    spread = parity.full_size(masks, (1, 2, 6, 10))
    for c, y, x in np.ndindex(2, 6, 10):
        assert spread[0, c, y, x] == masks[0, 4 * c + 2 * (y % 2) + x % 2, y // 2, x // 2]


def test_a_file_that_differs_too_much_is_told():
    truth = np.zeros((1, 1, 100, 100), np.uint8)
    truth[..., :50] = 1
    off = truth.copy()
    off[0, 0, 0, :40] ^= 1
    masks = {("onnx", "float"): truth, ("onnx", "int8"): off}
    (row,) = parity.compare("made up", masks)
    assert row.agreement_percent == 99.6
    assert not row.kept
    lost = {line.file: line for line in parity.against_truth(masks, truth)}
    assert lost["onnx", "float"].lost == 0
    assert lost["onnx", "int8"].lost == pytest.approx(1 - 2 * 4960 / 9960, abs=1e-3)
