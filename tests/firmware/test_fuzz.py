"""Fuzzing finds nothing in the firmware, and the kept inputs find what is planted. `make fuzz` searches for longer."""

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

fuzz = pytest.importorskip("tools.quality.fuzz", reason="the checkout's tools are not importable: run python -m pytest")
pytestmark = pytest.mark.slow

SECONDS = 20
PLANTED = {
    "framing": ("core/framing.c", "self->n_block < FRAME_MAX_BLOCK_BYTES", "self->n_block <= FRAME_MAX_BLOCK_BYTES"),
    "device": ("core/permission.c", "permission_clear(self, TRANSMIT_OFF_FROZEN, now_us);", ""),
    "boot": ("boot/boot.c", "record->tries < BOOT_TRIES", "record->tries <= BOOT_TRIES"),
}
"""For each target a fault of its own: a file, what stands in it, and what is put there."""


@pytest.fixture(scope="module", autouse=True)
def clang():
    if fuzz.missing():
        pytest.skip(f"fuzzing needs clang with libFuzzer: {fuzz.missing()}")


def runs(folder: Path, seconds: int) -> list:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(partial(fuzz.run, folder=folder, seconds=seconds), fuzz.MAX_BYTES))


def test_no_target_is_forgotten():
    programs = {path.stem for path in (fuzz.FIRMWARE / "fuzz").glob("*.c")} - {"harness"}
    assert programs == set(fuzz.MAX_BYTES) == set(PLANTED)


def test_nothing_is_found(tmp_path):
    fuzz.build(tmp_path, *fuzz.MAX_BYTES)
    for run in runs(tmp_path, SECONDS):
        sys.stdout.write(f"{run.target}: {run.n_runs} runs\n")
        assert not run.failure, f"{run.target}: {run.failure}"
        assert run.n_runs > len(fuzz.kept(run.target))


def test_the_kept_inputs_find_what_is_planted(tmp_path):
    firmware = tmp_path / "firmware"
    shutil.copytree(fuzz.FIRMWARE, firmware)
    for name, good, bad in PLANTED.values():
        text = (firmware / name).read_text()
        assert text.count(good) == 1
        (firmware / name).write_text(text.replace(good, bad))
    fuzz.build(tmp_path, *fuzz.MAX_BYTES, firmware=firmware)
    found = {run.target: run.failure for run in runs(tmp_path, 0)}
    assert "framing.c" in found["framing"] and "runtime error" in found["framing"]
    assert "transmit->imaging && (transmit->frozen == held)" in found["device"]
    assert "n_trials" in found["boot"] or "BOOT_TRIES" in found["boot"]
