"""What is said of each window, against its part of the picture by itself and on pictures whose sides are known."""

import numpy as np
import pytest

from edge.image.textures import NAMES, describe, texture_cells
from edge.image.working_picture import working_picture
from edge.task.nerve.windows import FEATURES, windows_of
from tests.task.nerve.window_examples import scene


def test_a_windows_features_are_those_of_its_part_of_the_picture() -> None:
    picture = working_picture(scene()).pixels
    windows, features = windows_of(picture)
    assert features.shape == (len(windows), len(FEATURES))
    cells = texture_cells(picture)
    for index in (0, len(windows) // 2, len(windows) - 1):
        rows = slice(int(windows.top[index]), int(windows.bottom[index]))
        columns = slice(int(windows.left[index]), int(windows.right[index]))
        counts, values = (
            table[rows, columns].sum(axis=(0, 1))[None].astype(np.float32) for table in (cells.counts, cells.values)
        )
        alone = describe(counts, values, np.array([counts[0, :64].sum()], np.float32))[0]
        assert np.allclose(features[index, : len(NAMES)], alone, rtol=2e-3, atol=2e-2)


def test_surroundings_say_which_side_is_brighter() -> None:
    picture = np.full((128, 256), 100, np.uint8)
    picture[:, 128:] = 200
    windows, features = windows_of(picture)
    beside = int(np.flatnonzero((windows.right == 32) & (windows.left > 10))[0])
    told = dict(zip(FEATURES, features[beside].tolist(), strict=True))
    assert told["right grey"] == pytest.approx(100 / 255, abs=1e-3)
    assert (told["left grey"], told["above grey"], told["below grey"]) == pytest.approx((0, 0, 0), abs=0.4)
    assert told["left grey"] == pytest.approx(0, abs=1e-3)
    assert told["block 24 grey"] == pytest.approx(100 / 255, abs=1e-3)
    assert told["block 22 grey"] == pytest.approx(0, abs=1e-3)
