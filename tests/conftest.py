"""What holds for every test."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.firmware.core_library import Core
from tests.installation import wheel_of_this_tree

# Other work on the machine must not make a test fail, so nothing here is timed, examples included.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def own_user_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps tests, and the programs that they start, out of the user's cache and settings."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            patch.setenv(variable, str(tmp_path_factory.mktemp(variable.lower())))
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model's folder for every runtime and precision; tests that change it copy it first."""
    pytest.importorskip("onnx", reason="the package onnx, which makes test models, is not installed")
    tiny = pytest.importorskip("tools.tiny", reason="the checkout's tools are not importable: run python -m pytest")
    return tiny.make_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return wheel_of_this_tree(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    """The firmware's C core in this process."""
    return Core(tmp_path_factory.mktemp("core"))


@pytest.fixture(scope="session")
def compiler() -> str:
    found = shutil.which("gcc")
    if found is None:
        pytest.skip("the simulated camera needs a C compiler: apt-get install gcc libc6-dev")
    return found


@pytest.fixture(scope="session")
def shim(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated camera (tests/source/v4l2_shim.c) as a library to preload."""
    library = tmp_path_factory.mktemp("shim") / "v4l2_shim.so"
    source = Path(__file__).parent / "source" / "v4l2_shim.c"
    command = [
        compiler,
        "-O1",
        "-shared",
        "-fPIC",
        "-Wall",
        "-Wextra",
        str(source),
        "-o",
        str(library),
        "-ldl",
        "-lpthread",
    ]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return library
