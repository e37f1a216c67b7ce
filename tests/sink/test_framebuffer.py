"""The picture on a board's own screen, with a file in place of the device."""

from pathlib import Path

import numpy as np
import pytest

from edge.errors import SettingError, SinkError
from edge.sink.framebuffer import FramebufferSink, Geometry, geometry_of


@pytest.mark.parametrize(("bits", "stride"), [(16, 320), (24, 512), (32, 700)])
def test_the_picture_fills_the_middle_of_the_screen(tmp_path: Path, bits: int, stride: int) -> None:
    device = tmp_path / "fb0"
    device.write_bytes(b"\xff" * stride * 90)
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, :, 2] = 255
    with FramebufferSink(device, Geometry(160, 90, bits, stride)) as screen:
        screen.show(picture)
        rows = np.frombuffer(device.read_bytes(), np.uint8).reshape(90, stride)
    pixel = bits // 8
    shown = rows[:, 35 * pixel : 125 * pixel].reshape(90, 90, pixel)
    red = {16: (0x00, 0xF8), 24: (0, 0, 255), 32: (0, 0, 255, 255)}[bits]
    assert (shown == np.array(red, np.uint8)).all()
    assert not rows[:, : 35 * pixel].any() and not rows[:, 125 * pixel :].any()


def test_a_smaller_picture_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    device = tmp_path / "fb0"
    device.write_bytes(bytes(400 * 100))
    with FramebufferSink(device, Geometry(100, 100, 32, 400)) as screen:
        screen.show(np.full((50, 50, 3), 200, np.uint8))
        screen.show(np.full((50, 10, 3), 200, np.uint8))
        rows = np.frombuffer(device.read_bytes(), np.uint8).reshape(100, 400)
    assert rows[:, 160:240].all() and not rows[:, :160].any()


def test_it_ends_black(tmp_path: Path) -> None:
    device = tmp_path / "fb0"
    device.write_bytes(b"\xff" * 400 * 100)
    with FramebufferSink(device, Geometry(100, 100, 32, 400)) as screen:
        screen.show(np.full((50, 50, 3), 200, np.uint8))
        assert any(device.read_bytes())
    assert not any(device.read_bytes())
    screen.close()


@pytest.mark.parametrize(("shape", "left", "foot"), [((100, 40), 60, 0), ((30, 100), 0, 70)])
def test_a_card_stands_beside_the_picture_and_goes_again(
    tmp_path: Path, shape: tuple[int, int], left: int, foot: int
) -> None:
    device = tmp_path / "fb0"
    device.write_bytes(bytes(400 * 100))
    picture, card = np.full((10, 10, 3), 100, np.uint8), np.full((*shape, 3), 250, np.uint8)

    def pixels() -> np.ndarray:
        return np.frombuffer(device.read_bytes(), np.uint8).reshape(100, 100, 4)[:, :, 0]

    with FramebufferSink(device, Geometry(100, 100, 32, 400)) as screen:
        screen.show(None, card)
        assert (pixels() == 250).sum() == card[:, :, 0].size and not (pixels() == 100).any()
        screen.show(picture, card)
        assert (pixels()[foot:, left:] == 250).all()
        assert (pixels() == 100).sum() == min(left or 100, foot or 100) ** 2
        screen.show(picture)
        assert (pixels() == 100).all()


def test_the_system_says_how_the_screen_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "fb0"
    folder.mkdir()
    for name, text in (("virtual_size", "800,480\n"), ("bits_per_pixel", "16\n"), ("stride", "1600\n")):
        (folder / name).write_text(text)
    assert geometry_of(Path("/dev/fb0"), tmp_path) == Geometry(800, 480, 16, 1600)
    with pytest.raises(SettingError, match="no frame buffer that this system knows"):
        geometry_of(Path("/dev/fb7"), tmp_path)
    with pytest.raises(SettingError, match="8 bits a pixel is not known"):
        Geometry(800, 480, 8, 800)
    with pytest.raises(SettingError, match="do not fit"):
        Geometry(800, 480, 16, 800)
    with pytest.raises(SinkError):
        FramebufferSink(tmp_path / "none" / "fb0", Geometry(8, 4, 16, 16))
