"""docs/performance.md, made of what was measured: every section with its machine, versions and date."""

import importlib
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tools.bench.records import Machine

SECTIONS = {
    "compare": "tools.bench.compare",
    "overlay": "tools.bench.overlay",
    "cores": "tools.bench.cores",
    "heavier": "tools.bench.heavier",
    "growth": "tools.bench.growth",
    "live": "tools.bench.live",
    "watched": "tools.bench.watched",
    "start": "tools.bench.start",
}
"""Each module has TITLE, Result (the type of what is kept), measure(plan) -> Result, page(result, images) -> texts."""
KEPT, PAGE = "performance.json", "performance.md"
HEAD = """# Performance

Made by `make bench` (`python -m tools.bench`), which measures all of it again on the machine that it runs on; the
figures are in `performance.json` beside it. They hold for the machine that each section names, not for a board:
`sonoedge bench` and `sonoedge doctor --measure` time a board of your own."""


class Kept(msgspec.Struct, frozen=True):
    """One section's figures."""

    machine: Machine
    result: msgspec.Raw


def keep(folder: Path, name: str, machine: Machine, result: Any) -> None:
    """Puts the section's figures in the place of its former ones."""
    kept = _kept(folder)
    kept[name] = Kept(machine, msgspec.Raw(msgspec.json.encode(_rounded(msgspec.to_builtins(result)))))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / KEPT).write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")


def write_page(folder: Path) -> Path:
    """The page in `folder`, its plots in `folder/images`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text("\n\n".join(map(_wrapped, paragraphs(folder))) + "\n")
    return folder / PAGE


def paragraphs(folder: Path) -> Iterator[str]:
    yield HEAD
    kept = _kept(folder)
    for name, path in SECTIONS.items():
        section: Any = importlib.import_module(path)
        yield f"## {section.TITLE}"
        if name not in kept:
            yield f"Not measured yet: `python -m tools.bench {name}`."
            continue
        yield from section.page(msgspec.json.decode(kept[name].result, type=section.Result), folder / "images")
        yield _where(kept[name].machine)


def _wrapped(paragraph: str) -> str:
    """Prose within 120 columns; what has lines of its own is left alone."""
    return paragraph if "\n" in paragraph or paragraph[0] in "#!|<" else textwrap.fill(paragraph, 120)


def _kept(folder: Path) -> dict[str, Kept]:
    path = folder / KEPT
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Kept]) if path.exists() else {}


def _where(machine: Machine) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    memory = "" if machine.memory_mb is None else f", {machine.memory_mb / 1024:.0f} GiB"
    return (
        f"<sub>{machine.date}; {machine.processor}, {machine.cores} cores{memory}, {machine.system}, Python "
        f"{machine.python}; load before it {machine.load}; {versions}</sub>"
    )


def _rounded(value: Any) -> Any:
    """Four decimals say more than was measured."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value
