"""Running the command line as a user does."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from edge.app.cli import main
from edge.app.console import err, out
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
def sonoedge(tmp_path, environment, monkeypatch, capfd):
    """`sonoedge(*arguments)` run in `tmp_path`.

    In a process of its own where it needs another surrounding: `prelude` is Python that runs before it, `within` a
    command around it. Otherwise in this one, which spares a second of imports each time.
    """

    def in_own_process(arguments, prelude, within) -> Ended:
        command = [*within, sys.executable, "-c", _PROGRAM.format(prelude=prelude), *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def in_this_process(arguments) -> Ended:
        for console in (out, err):
            console.cache_clear()
        with monkeypatch.context() as patched:
            patched.chdir(tmp_path)
            patched.setattr(sys, "argv", ["sonoedge", *arguments])
            for name, value in environment.items():
                patched.setenv(name, value)
            capfd.readouterr()
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = ended.code or 0
        said = capfd.readouterr()
        return Ended(code, said.out, said.err)

    def run(*arguments: object, prelude: str = "", within: tuple[str, ...] = ()) -> Ended:
        texts = [str(argument) for argument in arguments]
        ended = in_own_process(texts, prelude, within) if prelude or within else in_this_process(texts)
        assert "Traceback" not in ended.err, ended.err
        return ended

    return run


@pytest.fixture
def cartilage_model():
    """Skips where the model is not there yet, as in a checkout made before `make train-cartilage`."""
    if "cartilage" not in list_models():
        pytest.skip("models/cartilage is missing; make train-cartilage makes it")


@pytest.fixture
def muscle_model():
    """Skips where the model is not there yet."""
    if "muscle" not in list_models():
        pytest.skip("models/muscle is missing; python -m tools.train muscle makes it")
