"""The board's own screen, a file in place of its device: the picture, and how to get in while nobody looks on."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.app.board_screen import GONE_S, BoardScreen
from edge.sink.framebuffer import FramebufferSink, Geometry
from edge.viewer.invitation import invitation_card

FINGERPRINT = ":".join(f"{byte:02X}" for byte in range(32))
ADDRESS = "https://192.168.4.1:8080/#code=ABCD2345"
PICTURE = np.full((480, 640, 3), 90, np.uint8)


class Page:
    """As much of a page as the screen asks."""

    fingerprint = FINGERPRINT

    def __init__(self) -> None:
        self.looking_on, self.code = 0, "ABCD2345"

    def viewers(self) -> int:
        return self.looking_on

    def standing_invitation(self) -> str:
        return f"https://192.168.4.1:8080/#code={self.code}"


def seen(device: Path, geometry: Geometry) -> np.ndarray:
    """What stands on the screen: (height, width, 3) uint8 BGR."""
    rows = np.frombuffer(device.read_bytes(), np.uint8).reshape(geometry.height, geometry.stride)
    pixels = rows[:, : geometry.width * geometry.bits // 8].reshape(geometry.height, geometry.width, -1)
    how = cv2.COLOR_BGR5652BGR if geometry.bits == 16 else cv2.COLOR_BGRA2BGR
    return cv2.cvtColor(np.ascontiguousarray(pixels), how)


def read(picture: np.ndarray) -> str:
    """The QR code in it; empty: there is none."""
    return cv2.QRCodeDetector().detectAndDecode(picture)[0]


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize(("width", "height"), [(480, 320), (800, 480), (1920, 1080), (480, 800)])
def test_the_way_in_stands_beside_the_picture_until_somebody_came(
    tmp_path: Path, width: int, height: int, bits: int
) -> None:
    device, geometry = tmp_path / "fb0", Geometry(width, height, bits, width * bits // 8 + 16)
    device.write_bytes(bytes(geometry.stride * height))
    page, now = Page(), [0.0]
    with BoardScreen(FramebufferSink(device, geometry), lambda: now[0]) as screen:
        screen.look(page)
        assert read(seen(device, geometry)) == ADDRESS, "before the first picture"
        screen.write(None, None, PICTURE)
        with_picture = seen(device, geometry)
        assert read(with_picture) == ADDRESS
        assert (abs(with_picture.astype(int) - 90) < 9).all(axis=2).sum() > 0.3 * width * height
        page.looking_on = 1
        screen.look(page)
        assert read(seen(device, geometry)) == ""
        page.looking_on, page.code = 0, "EFGH6789"
        screen.look(page)
        assert read(seen(device, geometry)) == "", "its line may have broken off"
        now[0] += GONE_S + 1
        screen.look(page)
        assert read(seen(device, geometry)).endswith("#code=EFGH6789"), "the one before was used"


@pytest.mark.parametrize(("width", "height"), [(480, 320), (1920, 1080), (480, 800), (64, 48)])
def test_all_its_words_fit_but_on_the_smallest(width: int, height: int) -> None:
    card = invitation_card(ADDRESS, FINGERPRINT, width, height)
    assert card.shape[:2] == ((height, round(width * 0.42)) if width >= height else (round(height * 0.42), width))
    without_last = invitation_card(ADDRESS, FINGERPRINT[:-24], width, height)
    assert np.array_equal(card, without_last) == (width == 64)


def test_it_follows_the_page_by_itself_and_ends_with_it(tmp_path: Path) -> None:
    device, geometry = tmp_path / "fb0", Geometry(800, 480, 32, 3200)
    device.write_bytes(bytes(geometry.stride * geometry.height))
    asked = []

    class Following(Page):
        def standing_invitation(self) -> str:
            asked.append(read(seen(device, geometry)))
            return super().standing_invitation()

    with BoardScreen(FramebufferSink(device, geometry)) as screen:
        screen.follow(Following())
        while len(asked) < 2:
            pass
    assert asked[:2] == ["", ADDRESS]
    assert not any(device.read_bytes())
