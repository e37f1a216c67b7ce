"""Running the command line as a user does: in a process of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from edge.runtime.manifest import list_models

TIMEOUT_S = 240
_PROGRAM = """import sys
{prelude}
sys.argv[0] = "sonoedge"
from edge.app.cli import main
main()
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line that says what went wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, self.err
        return lines[0]


@pytest.fixture
def environment(tmp_path_factory):
    """The user's, with a cache of its own and one thread for each numeric library."""
    cache = tmp_path_factory.mktemp("cache")
    return {**os.environ, "XDG_CACHE_HOME": str(cache), "COLUMNS": "120", "NO_COLOR": "1"}


@pytest.fixture
def sonoedge(tmp_path, environment):
    """`sonoedge(*arguments)` run in `tmp_path`; `prelude` is Python that runs before, `within` a command around it."""

    def run(*arguments: object, prelude: str = "", within: tuple[str, ...] = ()) -> Ended:
        command = [*within, sys.executable, "-c", _PROGRAM.format(prelude=prelude), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def cartilage_model():
    """Skips where the model is not there yet, as in a checkout made before `make train-cartilage`."""
    if "cartilage" not in list_models():
        pytest.skip("models/cartilage is missing; make train-cartilage makes it")
