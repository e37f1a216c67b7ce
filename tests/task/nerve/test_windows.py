"""What is said of each window, against its part of the picture by itself and on pictures whose sides are known; the
windows' model: the files that it is stored as, and the one that is shipped."""

from pathlib import Path

import numpy as np
import pytest

from edge.errors import ModelDigestError, ModelError
from edge.image.classifiers import packed, unpacked
from edge.image.textures import NAMES, describe, texture_cells
from edge.image.windows import CELL_PX, tiled
from edge.image.working_picture import working_picture
from edge.runtime.manifest import load_manifest, model_folder, read_arrays
from edge.task.nerve.candidates import see_nerve
from edge.task.nerve.windows import (
    ARRAYS,
    CHOSEN,
    FEATURES,
    LEAST_LIT,
    SIZES,
    files_of,
    window_model_of,
    windows_of,
)
from tests.task.nerve.window_examples import bright_model, scene


def test_a_windows_features_are_those_of_its_part_of_the_picture() -> None:
    picture = working_picture(scene()).pixels
    grid, features = windows_of(picture)
    windows = grid.windows
    assert features.shape == (len(windows), len(FEATURES))
    cells = texture_cells(picture)
    for index in (0, len(windows) // 2, len(windows) - 1):
        rows = slice(int(windows.top[index]), int(windows.bottom[index]))
        columns = slice(int(windows.left[index]), int(windows.right[index]))
        counts, values = (table[rows, columns].sum(axis=(0, 1))[None] for table in (cells.counts, cells.values))
        alone = describe(counts, values, np.array([counts[0, :64].sum()], np.float32))[0]
        assert np.allclose(features[index, : len(NAMES)], alone, rtol=2e-3, atol=2e-2)


def test_what_is_not_asked_for_changes_nothing() -> None:
    picture = working_picture(scene()).pixels
    picture[:, :80] = 0
    grid, every = windows_of(picture)
    assert every[:, FEATURES.index("lit")].min() >= LEAST_LIT
    everywhere = tiled(picture.shape[0] // CELL_PX, picture.shape[1] // CELL_PX, SIZES)
    assert 0 < len(grid.windows) < len(everywhere)
    steps = {(high, wide): step for high, wide, step in SIZES}
    sides = zip(grid.windows.bottom - grid.windows.top, grid.windows.right - grid.windows.left, strict=True)
    assert grid.room.tolist() == [steps[int(high), int(wide)] ** 2 for high, wide in sides]
    for some in (FEATURES[::-7], ("depth",), ("gabor sd 16 px 135 deg", "ambp 5 px 9"), ("block 22 grey", "lit")):
        features = windows_of(picture, some)[1]
        columns = every[:, [FEATURES.index(name) for name in some]]
        assert np.allclose(features, columns, rtol=1e-5, atol=1e-5)


def test_surroundings_say_which_side_is_brighter() -> None:
    picture = np.full((128, 256), 100, np.uint8)
    picture[:, 128:] = 200
    grid, features = windows_of(picture)
    windows = grid.windows
    beside = int(np.flatnonzero((windows.right == 32) & (windows.left > 10))[0])
    told = dict(zip(FEATURES, features[beside].tolist(), strict=True))
    assert told["right grey"] == pytest.approx(100 / 255, abs=1e-3)
    assert (told["left grey"], told["above grey"], told["below grey"]) == pytest.approx((0, 0, 0), abs=0.4)
    assert told["left grey"] == pytest.approx(0, abs=1e-3)
    assert told["block 24 grey"] == pytest.approx(100 / 255, abs=1e-3)
    assert told["block 22 grey"] == pytest.approx(0, abs=1e-3)


def test_a_stored_model_decides_as_before() -> None:
    model = bright_model()
    model.machine.vectors[:] = unpacked(packed(model.machine.vectors))
    read = window_model_of(files_of(model))
    assert read.features == model.features
    features = np.random.default_rng(2).normal(0, 200, (50, len(FEATURES))).astype(np.float32)
    scaled = read.scaled_of_all(features)
    assert np.array_equal(scaled, model.scaled_of_all(features))
    chosen = features[:, [FEATURES.index(name) for name in read.features]]
    assert np.array_equal(scaled, read.scaled(chosen))
    assert np.array_equal(read.probability(scaled), model.probability(scaled))
    assert np.array_equal(read.second_opinion(scaled), model.second_opinion(scaled))


@pytest.mark.parametrize("content", [b"no arrays", b"PK\x03\x04 cut short", b""])
def test_files_that_are_no_arrays_are_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        window_model_of(files_of(bright_model()) | {ARRAYS: content})


@pytest.mark.parametrize("name", [ARRAYS, CHOSEN])
def test_a_missing_file_is_named(name: str) -> None:
    files = files_of(bright_model())
    with pytest.raises(ModelError, match=rf"lacks '{name}'.*reinstall"):
        window_model_of({other: content for other, content in files.items() if other != name})


def test_features_that_do_not_fit_are_refused() -> None:
    files = files_of(bright_model())
    with pytest.raises(ModelError, match=r"does not know: colour; update"):
        window_model_of(files | {CHOSEN: files[CHOSEN].replace(b"grey mean", b"colour")})
    with pytest.raises(ModelError, match=r"\(1, 5\) for 4 features"):
        window_model_of(files | {CHOSEN: files[CHOSEN].removesuffix(b"grey mean\n")})
    with pytest.raises(ModelError, match="cannot be read"):
        window_model_of(files | {CHOSEN: b"\xff\xfe"})


def test_a_damaged_file_of_the_folder_is_found_by_its_digest(tmp_path: Path) -> None:
    manifest = load_manifest(model_folder("nerve_classical"))
    for file in manifest.arrays:
        content = (model_folder("nerve_classical") / file.name).read_bytes()
        (tmp_path / file.name).write_bytes(content[:-1] + b"?")
        with pytest.raises(ModelDigestError, match=rf"{file.name} is damaged or was replaced"):
            read_arrays(tmp_path, manifest)
        (tmp_path / file.name).unlink()
        with pytest.raises(ModelError, match="cannot read"):
            read_arrays(tmp_path, manifest)
        (tmp_path / file.name).write_bytes(content)


def test_the_shipped_model_is_small_and_sees_what_it_should() -> None:
    folder = model_folder("nerve_classical")
    manifest = load_manifest(folder)
    model = window_model_of(read_arrays(folder, manifest))
    assert set(model.features) <= set(FEATURES)
    assert manifest.arrays[0].name == ARRAYS, "its digest stands for the model"
    assert sum(file.bytes for file in manifest.files()) < 300_000
    assert {"validation", "test"} <= {figure.name.split("_")[0] for figure in manifest.metrics}
    assert set(manifest.figures()) == {"half_height", "half_across"}
    sight = see_nerve(scene(), model)
    assert 0 <= sight.probability.min() <= sight.probability.max() <= 1
    assert len(sight.candidates) == len(sight.outlines) <= 3
