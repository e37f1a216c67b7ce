"""The panorama under the picture: it grows with the scan, and frozen a tap in it goes to the picture of that place."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Board, Cable, Opener, board_with, until
from tests.sweeping import use_sweep

pytestmark = pytest.mark.slow
MARKED = """canvas => {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const row = 4 * width * Math.round(height / 2);
  const own = [...Array(width).keys()].filter(x => data[row + 4 * x] > 230 && data[row + 4 * x + 2] < 60);
  return own.length ? own.reduce((sum, x) => sum + x, 0) / own.length / width : null;
}"""
"""Where the line in the panorama is, as a share of its width."""


@pytest.fixture
def sweeping(tmp_path: Path, cable: Cable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    use_sweep(monkeypatch)
    with board_with(tmp_path / "exams", cable, task="sweep") as opened:
        yield opened


def marked(page: Any) -> float | None:
    return page.locator("#panorama").evaluate(MARKED)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
def test_a_tap_in_the_panorama_goes_to_the_picture_of_that_place(
    sweeping: Board, opened: Opener, width: int, height: int
) -> None:
    page = opened(sweeping, viewport={"width": width, "height": height})
    page.locator("#panorama:not([hidden])").wait_for()
    assert page.locator("#values tbody td").first.inner_text().startswith("P"), "what has a name is read by it"
    until(lambda: len(sweeping.pictures.panorama().mark.sequences) > 160)
    until(lambda: (marked(page) or 0) > 0.55)
    before = sweeping.pictures.shown().number
    box = page.locator("#panorama").bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + box["height"] / 2)
    assert not sweeping.pictures.frozen and sweeping.pictures.shown().number >= before, "live a tap does nothing"
    page.get_by_role("button", name="Freeze").click()
    page.wait_for_selector("#cine:not([hidden])")
    page.wait_for_selector("#panorama.sought")
    newest = sweeping.pictures.cine()
    assert newest.shown == newest.count - 1
    page.mouse.click(box["x"] + 0.55 * box["width"], box["y"] + box["height"] / 2)
    until(lambda: sweeping.pictures.cine().shown < newest.count - 1)
    until(lambda: abs((marked(page) or 0) - 0.55) < 0.06)
    page.get_by_role("button", name="Save").click()
    page.locator("#toast", has_text="Saved").wait_for()
    assert (sweeping.exams.open_folder / "panoramas" / "000001.png").is_file()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
