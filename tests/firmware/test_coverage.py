"""The tests of the limit code reach every line and branch of it. `make coverage-c` measures all of the C."""

import shutil
import sys
from pathlib import Path

import pytest

coverage = pytest.importorskip("tools.quality.coverage", reason="run python -m pytest in the checkout")
pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
SOME = [
    f"{HERE / 'test_core_limits.py'}::test_each_parameter_at_and_beside_its_borders",
    f"{HERE / 'test_core_limits.py'}::test_borders_of_all_parameters_together",
    f"{HERE / 'test_core_permission.py'}::test_long_lives",
]


@pytest.fixture(scope="module")
def files():
    pytest.importorskip("cffi")
    pytest.importorskip("gcovr")
    if shutil.which("gcov") is None:
        pytest.skip("the coverage of the C code needs gcov: apt-get install -y --no-install-recommends gcc libc6-dev")
    measured = coverage.measure(SOME)
    sys.stdout.write(coverage.table(measured))
    return {file.name: file for file in measured}


@pytest.mark.parametrize("name", ["core/limits.c", "core/permission.c", "core/faults.c", "core/sensors.c"])
def test_all_of_the_limit_code_is_reached(files, name):
    assert (files[name].missed, files[name].branch_percent) == ((), 100.0)


def test_what_is_not_reached_is_told(files):
    boot = files["boot/boot.c"]
    assert len(boot.missed) == boot.n_lines > 50 and boot.branch_percent == 0.0
    assert "boot/boot.c                 0.0%      0.0%  " in coverage.table([boot])


def test_tests_that_fail_are_no_measure(tmp_path):
    failing = tmp_path / "test_failing.py"
    failing.write_text("def test_failing():\n    assert 1 + 1 == 3\n")
    with pytest.raises(coverage.CoverageToolError, match="assert"):
        coverage.measure([failing])
