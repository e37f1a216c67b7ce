"""What holds for every test of the firmware."""

import pytest

from tests.firmware.core_library import Core


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    return Core(tmp_path_factory.mktemp("core"))
