"""Statistics of grey levels against scikit-image, SciPy and tables counted one by one."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats
from skimage.feature import graycomatrix, graycoprops

from edge.image import grey_statistics
from edge.image.grey_statistics import FIRST_ORDER, HARALICK, RUNS, first_order
from edge.image.windows import NOTHING

LEVELS = 8
pictures = arrays(np.uint8, st.tuples(st.integers(4, 14), st.integers(4, 14)), elements=st.integers(0, LEVELS - 1))


def counts_of(codes: NDArray[np.intp], bins: int) -> NDArray[np.float32]:
    return np.bincount(codes[codes != NOTHING], minlength=bins).astype(np.float32)


def pairs_of(picture: NDArray[np.uint8], down: int, right: int) -> NDArray[np.float32]:
    whole = slice(0, picture.shape[0]), slice(0, picture.shape[1])
    (codes,) = grey_statistics.pair_codes(picture, LEVELS, [(down, right)], whole)
    return counts_of(grey_statistics.pair_table(LEVELS)[codes], grey_statistics.n_pairs(LEVELS))


@given(pictures)
def test_pairs_of_a_part_look_beyond_it(picture: NDArray[np.uint8]) -> None:
    part, ways = (slice(1, 4), slice(2, 3)), [(0, 1), (-2, 2), (-1, 0)]
    whole = grey_statistics.pair_codes(picture, LEVELS, ways, (slice(0, picture.shape[0]), slice(0, picture.shape[1])))
    assert np.array_equal(grey_statistics.pair_codes(picture, LEVELS, ways, part), whole[:, *part])


def test_first_order_statistics_are_scipys() -> None:
    grey = np.random.default_rng(5).gamma(2, 25, 5000).clip(0, 255).astype(np.uint8)
    (found,) = first_order(np.bincount(grey, minlength=256)[None].astype(np.float32))
    share = np.bincount(grey) / grey.size
    expected = [
        grey.mean(),
        grey.std(),
        stats.skew(grey.astype(float)),
        stats.kurtosis(grey.astype(float), fisher=False),
        stats.entropy(share, base=2),
        *np.quantile(grey, (0.1, 0.5, 0.9), method="inverted_cdf"),
    ]
    assert dict(zip(FIRST_ORDER, found, strict=True)) == pytest.approx(
        dict(zip(FIRST_ORDER, expected, strict=True)), rel=1e-4
    )
    (some,) = first_order(np.bincount(grey, minlength=256)[None], names=("p90", "skewness"))
    assert some.tolist() == [found[FIRST_ORDER.index("p90")], found[FIRST_ORDER.index("skewness")]]


def test_coarser_bins_keep_the_mean_and_one_level_has_no_shape() -> None:
    assert first_order(np.eye(64, dtype=np.float32)[:1], step=4)[0].tolist() == [1.5, 0, 0, 0, 0, 1.5, 1.5, 1.5]


@given(pictures, st.sampled_from(grey_statistics.DIRECTIONS), st.sampled_from([1, 2, 3]))
def test_co_occurrence_is_scikit_images(picture: NDArray[np.uint8], direction: tuple[int, int], distance: int) -> None:
    down, right = (distance * part for part in direction)
    counts = pairs_of(picture, down, right)
    # scikit-image rounds the offset: an angle whose 45 degrees lie one pixel each way needs the diagonal's length.
    length, angle = np.hypot(down, right), np.arctan2(down, right)
    theirs = graycomatrix(picture, [length], [angle], levels=LEVELS, symmetric=True)
    assert np.array_equal(grey_statistics.symmetric(counts, LEVELS), theirs[:, :, 0, 0])


@given(pictures)
def test_haralick_is_scikit_images(picture: NDArray[np.uint8]) -> None:
    counts = pairs_of(picture, 0, 1)
    theirs = graycomatrix(picture, [1], [0], levels=LEVELS, symmetric=True, normed=True)
    found = {name: float(value) for name, value in grey_statistics.haralick(counts, LEVELS).items()}
    asked = {name: "ASM" if name == "asm" else name for name in HARALICK}
    expected = {name: float(graycoprops(theirs, theirs_name)[0, 0]) for name, theirs_name in asked.items()}
    assert found == pytest.approx(expected, abs=2e-3)


@given(pictures, st.booleans(), st.sampled_from([3, 20]))
def test_run_lengths_are_those_counted_one_by_one(picture: NDArray[np.uint8], downwards: bool, longest: int) -> None:
    lines = picture.T if downwards else picture
    runs = [(int(level), len(list(run))) for line in lines for level, run in groupby(line)]
    expected = np.zeros((LEVELS, longest))
    for level, length in runs:
        expected[level, min(length, longest) - 1] += 1
    codes = grey_statistics.run_codes(picture, longest, downwards=downwards)
    assert np.array_equal(counts_of(codes, LEVELS * longest).reshape(LEVELS, longest), expected)


def test_run_features_are_the_sources_formulas() -> None:
    table = np.random.default_rng(6).integers(0, 9, (LEVELS, 5))
    runs = [(i + 1, j + 1) for i in range(LEVELS) for j in range(5) for _ in range(table[i, j])]
    level, length = np.array(runs, float).T
    pixels = float(length.sum())
    mean = {
        "sre": length**-2,
        "lre": length**2,
        "lgre": level**-2,
        "hgre": level**2,
        "srlge": length**-2 * level**-2,
        "srhge": length**-2 * level**2,
        "lrlge": length**2 * level**-2,
        "lrhge": length**2 * level**2,
    }
    expected = {name: float(values.mean()) for name, values in mean.items()}
    expected["gln"] = float((table.sum(axis=1) ** 2).sum() / len(runs) ** 2)
    expected["rln"] = float((table.sum(axis=0) ** 2).sum() / len(runs) ** 2)
    expected["rp"] = len(runs) / pixels
    for names in (RUNS, RUNS[::-3], ("rp",), ("rln", "lre"), ("gln",)):
        sums = grey_statistics.run_weights(names, LEVELS, 5) @ table.ravel()
        (found,) = grey_statistics.run_features(sums[None], names, LEVELS, 5, np.array([pixels], np.float32))
        assert dict(zip(names, found, strict=True)) == pytest.approx({name: expected[name] for name in names}, rel=1e-5)
