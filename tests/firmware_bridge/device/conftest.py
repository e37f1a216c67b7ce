"""Every test of a device runs on the one in Python and on the one in C."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from firmware_bridge.device import stepped_probe
from firmware_bridge.device.device import Device
from firmware_bridge.device.port import DevicePort
from tests.firmware.core_device import CoreDevice, core_device
from tests.firmware_bridge.conftest import Bench


@pytest.fixture(params=["python", "c"])
def make_device(request: pytest.FixtureRequest) -> Callable[[DevicePort, int], Device | CoreDevice]:
    """A device on a machine, started at a time of its clock in microseconds."""
    return Device if request.param == "python" else partial(core_device, request.getfixturevalue("core"))


@pytest.fixture
def new_bench(
    make_device: Callable[[DevicePort, int], Device | CoreDevice], monkeypatch: pytest.MonkeyPatch
) -> type[Bench]:
    """To make benches that are not the usual one."""
    monkeypatch.setattr(stepped_probe, "Device", make_device)
    return Bench


@pytest.fixture
def bench(new_bench: type[Bench]) -> Iterator[Bench]:
    """A probe with a session open."""
    yield new_bench().connect()
