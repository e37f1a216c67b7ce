"""The nerve chain: its windows' features, its model's folder, and what it finds on pictures that are known."""

import dataclasses
import hashlib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.errors import ModelDigestError, ModelError
from edge.image.neighbours import Neighbours
from edge.image.probability import Sigmoid, Steps
from edge.image.scaling import packed, unpacked
from edge.image.shared_sums import CELL_PX
from edge.image.support_vectors import SupportVectors
from edge.image.textures import NAMES, describe, evened, texture_cells
from edge.image.windows import FEATURES, windows_of, working_picture
from edge.task.nerve.candidate_outline import filled
from edge.task.nerve.chain import NerveSight, see_nerve
from edge.task.nerve.window_model import (
    MANIFEST,
    WindowManifest,
    WindowModel,
    load_model,
    read_model,
    write_model,
)


def scene(seed: int = 0, middle: tuple[int, int] = (150, 250)) -> NDArray[np.uint8]:
    """(400, 512) even speckle with one bright ellipse, 100 by 50 px."""
    y, x = np.ogrid[:400, :512]
    inside = np.hypot((x - middle[1]) / 50, (y - middle[0]) / 25) < 1
    grain = np.random.default_rng(seed).rayleigh(1, (400, 512))
    return np.clip(np.where(inside, 110, 45) * grain**0.5, 5, 255).astype(np.uint8)


def bright_model() -> WindowModel:
    """Likes windows that are brighter than all four sides, and large enough."""
    names = (*(f"{side} grey" for side in ("above", "below", "left", "right")), "grey mean")
    ideal = np.array([[-3, -3, -3, -3, 3]], np.float32)
    return WindowModel(
        names,
        np.array([0, 0, 0, 0, 128], np.float32),
        np.array([0.1, 0.1, 0.1, 0.1, 30], np.float32),
        SupportVectors(ideal, np.array([6], np.float32), -3.0, 0.03),
        Sigmoid(-2.0, 0.0),
        Neighbours(ideal, np.array([True]), 1),
        Steps(np.array([0, 1], np.float32), np.array([0.1, 0.8], np.float32)),
    )


def middle_px(sight: NerveSight) -> tuple[float, float]:
    """Row and column of the first candidate in the picture that was given."""
    first = sight.candidates[0]
    return first.row * CELL_PX / sight.working.px_per_px, first.column * CELL_PX / sight.working.px_per_px


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


@given(st.integers(0, 2**32), st.floats(0.4, 2.5))
@settings(max_examples=10)
def test_evening_takes_every_grey_map_that_keeps_the_order_away(seed: int, gamma: float) -> None:
    picture = np.random.default_rng(seed).integers(20, 60, (16, 16)).astype(np.uint8) * 4
    other = (np.power(picture / 255, gamma) * 60000).astype(np.int64)
    levels = np.unique(other)
    ranked = np.searchsorted(levels, other).astype(np.uint8) + 5
    lit = np.ones(picture.shape, bool)
    assert np.array_equal(evened(picture, lit), evened(ranked, lit))


def test_the_working_picture_has_the_known_scale() -> None:
    assert working_picture(scene()).pixels.shape == (192, 256)
    known = working_picture(scene(), mm_per_px=0.06)
    assert known.px_per_px == pytest.approx(0.4)
    assert known.pixels.shape == (160, 192)
    assert working_picture(np.full((2000, 500), 90, np.uint8)).pixels.shape == (320, 256)
    assert working_picture(scene(), mm_per_px=0.9).pixels.shape == (320, 512)
    tiny = working_picture(np.full((30, 50), 90, np.uint8), mm_per_px=0.15)
    assert tiny.pixels.shape == (64, 64)
    assert np.count_nonzero(tiny.pixels) == 30 * 50


@pytest.mark.parametrize("middle", [(150, 250), (90, 120), (220, 400)])
def test_the_chain_finds_the_bright_place_and_draws_it(middle: tuple[int, int]) -> None:
    picture = scene(1, middle)
    sight = see_nerve(picture, bright_model())
    assert middle_px(sight) == pytest.approx(middle, abs=12)
    y, x = np.ogrid[: sight.working.pixels.shape[0], : sight.working.pixels.shape[1]]
    scale = sight.working.px_per_px
    truth = np.hypot((x / scale - middle[1]) / 50, (y / scale - middle[0]) / 25) < 1
    drawn = filled(sight.outlines[0].after, truth.shape) > 0
    assert 2 * np.count_nonzero(drawn & truth) / (np.count_nonzero(drawn) + np.count_nonzero(truth)) > 0.7
    assert len(sight.outlines) == len(sight.candidates) == sight.neighbours.size
    assert sight.neighbours[0] == pytest.approx(0.8)


def test_the_same_picture_gives_the_same_sight() -> None:
    one, other = (see_nerve(scene(), bright_model()) for _ in range(2))
    for field in ("probability", "votes", "voted"):
        assert np.array_equal(getattr(one, field), getattr(other, field))
    assert one.candidates == other.candidates
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.candidates = ()  # type: ignore[misc]


def test_frames_before_hold_a_place_that_this_frame_sees_no_more() -> None:
    before = see_nerve(scene(1, (150, 120)), bright_model())
    strong = [before.votes] * 5
    now = see_nerve(scene(2, (150, 400)), bright_model(), earlier=strong)
    alone = see_nerve(scene(2, (150, 400)), bright_model())
    assert middle_px(alone)[1] == pytest.approx(400, abs=12)
    assert now.voted[:, :30].max() > alone.voted[:, :30].max()


@pytest.mark.parametrize("picture", [np.zeros((300, 400), np.uint8), np.zeros((2, 2), np.uint8)])
def test_a_dark_picture_has_no_candidate(picture: NDArray[np.uint8]) -> None:
    sight = see_nerve(picture, bright_model())
    assert sight.candidates == sight.outlines == ()
    assert sight.probability.size == sight.neighbours.size == 0


def stored(folder: Path, model: WindowModel) -> WindowManifest:
    content = write_model(model)
    (folder / "windows.npz").write_bytes(content)
    manifest = WindowManifest(
        name="bright",
        version="1",
        file="windows.npz",
        sha256=hashlib.sha256(content).hexdigest(),
        features=model.features,
        trained_on="nothing",
        licence="CC0-1.0",
        attribution="-",
        intended_use="tests",
        not_intended_for="all else",
    )
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return manifest


def test_a_stored_model_decides_as_before(tmp_path: Path) -> None:
    model = bright_model()
    model.machine.vectors[:] = unpacked(packed(model.machine.vectors))
    written = stored(tmp_path, model)
    manifest, read = load_model(tmp_path)
    assert manifest == written
    scaled = np.random.default_rng(2).normal(0, 2, (50, 5)).astype(np.float32)
    assert np.array_equal(read.probability(scaled), model.probability(scaled))
    assert np.array_equal(read.second_opinion(scaled), model.second_opinion(scaled))


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    manifest = stored(tmp_path, bright_model())
    path = tmp_path / manifest.file
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelDigestError, match="damaged or was replaced"):
        load_model(tmp_path)
    path.unlink()
    with pytest.raises(ModelError, match="cannot read"):
        load_model(tmp_path)
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(ModelError, match="is not a manifest"):
        load_model(tmp_path)
    (tmp_path / MANIFEST).write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, schema_version=2)))
    path.write_bytes(b"")
    with pytest.raises(ModelError, match="update sonoedge"):
        load_model(tmp_path)
    for content in (b"no arrays", b"PK\x03\x04 cut short"):
        with pytest.raises(ModelError, match="cannot be read"):
            read_model(content, ())


def test_the_shipped_model_is_whole_small_and_knows_its_features() -> None:
    folder = Path(__file__).parents[3] / "models" / "nerve_classical"
    manifest, model = load_model(folder)
    assert set(model.features) <= set(FEATURES)
    assert (folder / manifest.file).stat().st_size < 300_000
    assert {figure.name.split()[0] for figure in manifest.metrics} == {"validation", "test"}
    sight = see_nerve(scene(), model)
    assert 0 <= sight.probability.min() <= sight.probability.max() <= 1
    assert len(sight.candidates) == len(sight.outlines) <= 3
