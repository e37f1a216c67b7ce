"""What the device can test of itself while it runs."""

from firmware_bridge.device.boot import bank_image
from firmware_bridge.device.parts import Parts
from firmware_bridge.device.sensors import SELF_TESTS
from firmware_bridge.errors import ImageError
from firmware_bridge.limits import check
from firmware_bridge.line.messages import PRESETS, Refusal


def failed_self_tests(parts: Parts) -> int:
    """Bits of SelfTestResult: flash (the image that runs is whole), front end, limits (all presets keep them), sensors
    (readings that can be), and whatever the bench lets fail. Memory is the machine's own test at its start."""
    failed = parts.sensors.self_test_fails
    failed |= 0 if _image_is_whole(parts) else 2
    failed |= 4 if parts.sensors.front_end_fails else 0
    failed |= 0 if all(check(preset.values).refusal == Refusal.NONE for preset in PRESETS) else 8
    failed |= 0 if parts.sensors.readings_can_be else 16
    return failed & SELF_TESTS


def _image_is_whole(parts: Parts) -> bool:
    try:
        bank_image(parts.port.flash, parts.port.running.bank, parts.port.hardware_id, minimum_counter=0)
    except ImageError:
        return False
    return True
