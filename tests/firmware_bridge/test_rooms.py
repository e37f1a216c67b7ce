"""The two ends of the line know nothing of each other, and the line knows of neither."""

import ast
from pathlib import Path

import pytest

BRIDGE = Path(__file__).parents[2] / "firmware_bridge"
NEVER = {"host": {"device"}, "device": {"host"}, "line": {"host", "device"}}


def imported_rooms(path: Path) -> set[str]:
    names = [
        node.module or "" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    return {name.split(".")[1] for name in names if name.startswith("firmware_bridge.")}


@pytest.mark.parametrize("path", sorted(BRIDGE.rglob("*/*.py")), ids=lambda path: str(path.relative_to(BRIDGE)))
def test_the_arrows_between_the_rooms(path):
    room = path.relative_to(BRIDGE).parts[0]
    assert not imported_rooms(path) & NEVER[room]


@pytest.mark.parametrize("name", ["errors.py", "firmware_image.py"])
def test_what_both_ends_share_needs_neither(name):
    assert not imported_rooms(BRIDGE / name) & {"host", "device"}
