"""Whether everybody can use it: axe-core's rules in every state, sizes of what is touched, and whether it fits."""

from importlib.resources import files
from typing import Any

import pytest

from tests.browser.conftest import Board, Opener, until

pytestmark = pytest.mark.slow

SIZES = ((360, 740), (820, 1180), (1440, 900), (3840, 2160))
GRAVE = ("serious", "critical")
LEAST_TOUCH_PX = 44
"""Apple's and WCAG's size for a finger; a glove takes what lies between the buttons too."""
TOO_SMALL = """least => [
  ...document.querySelectorAll("button, select, summary, input:not([type=checkbox]):not([type=range])")
].filter(one => one.checkVisibility() && one.getBoundingClientRect().height < least)
 .map(one => one.id || one.name || one.textContent)"""


def findings(page: Any) -> list[str]:
    """What axe-core finds that is serious."""
    script = (files("axe_playwright_python") / "axe.min.js").read_text()
    page.evaluate(script)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): {one['nodes'][0]['html']}: {one['nodes'][0]['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(board: Board, opened: Opener, scheme: str) -> None:
    pytest.importorskip("axe_playwright_python", reason="pip install axe-playwright-python")
    page = opened(board, color_scheme=scheme, bypass_csp=True)
    page.locator("#verdict.measured").wait_for()
    assert findings(page) == []
    for panel in ("task", "exam", "view"):
        page.locator(f"#{panel}-panel > summary").click()
    page.locator("#tgc summary").click()
    assert findings(page) == []
    page.get_by_role("button", name="Freeze").click()
    page.wait_for_selector("#cine:not([hidden])")
    page.get_by_role("button", name="Correct").click()
    board.cable.pull()
    page.locator(".banner.bad").wait_for()
    assert findings(page) == []
    door = page.context.browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    door.goto(board.page.address)
    door.locator("#door:not([hidden])").wait_for()
    assert findings(door) == []
    door.context.close()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_fits_every_screen_and_every_finger(board: Board, opened: Opener, width: int, height: int) -> None:
    page = opened(board, viewport={"width": width, "height": height})
    page.locator("#verdict.measured").wait_for()
    for panel in ("task", "exam", "view"):
        page.locator(f"#{panel}-panel > summary").click()
    page.get_by_role("button", name="Freeze").click()
    page.wait_for_selector("#cine:not([hidden])")
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)
    assert page.evaluate(TOO_SMALL, LEAST_TOUCH_PX) == []
    box = page.locator("#picture").bounding_box()
    assert box["width"] * box["height"] > 0.15 * width * height, "the picture is what is looked at"
