"""Print how much memory the firmware takes on the board: code, variables, and the deepest the stack can get.

    python -m tools.quality.sizes

The stack is added up from gcc's own call graph (-fcallgraph-info=su) along the longest way from the start, calls
through pointers included; the functions of newlib, which gcc did not compile here, count nothing. Needs
gcc-arm-none-eabi and libnewlib-arm-none-eabi.
"""

import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tools.quality.lint import FIRMWARE

REACHED = {
    **{name: (f"core/device.c:{name}",) for name in ("opened", "ready", "reliable", "plain")},
    **{name: (f"boot/flash_memory.c:memory_{name}",) for name in ("read", "erase_sector", "program")},
    **{name: (f"ports/mps2/main.c:{name}",) for name in ("request_reset", "hang", "cut_flash_after")},
    "power_lost": ("ports/mps2/machine.c:power_lost",),
    "obey": ("obey_",),
}
"""What a call through the pointer of this name reaches; a name that ends in `_` stands for all that begin so."""

START = "ports/mps2/startup.c:reset_handler"
HANDLERS = ("nmi_handler", "tick_handler", "uart0_receive_handler", "uart0_transmit_handler")
EXCEPTION_BYTES = 32
"""What a Cortex-M3 itself puts on the stack at an interrupt."""

_NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*?\\n(\d+) bytes')
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)" label: "([^"]+)"')
_POINTER = re.compile(r"(?:->|\.)(\w+)\(")


class SizesToolError(Exception):
    """The firmware could not be built or its call graph not be followed; the message says why."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Stack of each function in bytes, and whom it calls."""

    frames: dict[str, int] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)

    def deepest(self, start: str, above: tuple[str, ...] = ()) -> tuple[int, tuple[str, ...]]:
        """The most bytes that `start` and what it calls take, and the way there."""
        if start in above:
            raise SizesToolError(f"{start} calls itself, so the stack has no bound")
        below = [self.deepest(called, (*above, start)) for called in sorted(self.calls.get(start, ()))]
        n_bytes, way = max(below, default=(0, ()))
        return n_bytes + self.frames.get(start, 0), (start, *way)


def read_graph(infos: list[Path], firmware: Path = FIRMWARE) -> Graph:
    """From gcc's .ci files."""
    graph = Graph()
    text = "\n".join(path.read_text() for path in infos)
    graph.frames.update({name: int(n_bytes) for name, n_bytes in _NODE.findall(text)})
    for caller, called, place in _EDGE.findall(text):
        reached = _through_pointer(graph, place, firmware) if called == "__indirect_call" else {called}
        graph.calls.setdefault(caller, set()).update(reached)
    return graph


def _through_pointer(graph: Graph, place: str, firmware: Path) -> set[str]:
    file, line, _ = place.split(":")
    source = (firmware / file).read_text().splitlines()[int(line) - 1]
    names = [name for name in _POINTER.findall(source) if name in REACHED]
    if not names:
        raise SizesToolError(f"{place} calls through a pointer that REACHED does not name: {source.strip()}")
    wanted = [target for name in names for target in REACHED[name]]
    begun = tuple(target for target in wanted if target.endswith("_"))
    return {name for name in graph.frames if name in wanted or (begun and name.startswith(begun))}


def build(folder: Path) -> None:
    """The image and the boot loader, with their call graphs beside them."""
    flags = "CFLAGS=-fcallgraph-info=su"
    _said("make", "-s", "-C", str(FIRMWARE), f"BUILD={folder}", flags, "mps2")


def report(folder: Path) -> str:
    lines = []
    for program in ("app", "boot"):
        text, data, bss = _said("arm-none-eabi-size", str(folder / f"{program}.elf")).splitlines()[1].split()[:3]
        graph = read_graph(sorted(folder.glob(f"{program}.elf-*.ci")))
        n_bytes, way = graph.deepest(START)
        n_handler = EXCEPTION_BYTES + max(graph.deepest(handler)[0] for handler in HANDLERS)
        largest = sorted(graph.frames.items(), key=lambda frame: -frame[1])[:3]
        lines += [
            f"{program}: {text} bytes of code and constants, {data} of set and {bss} of cleared variables",
            f"  stack: {n_bytes} bytes at most, and {n_handler} for an interrupt",
            "  deepest: " + " > ".join(f"{name.split(':')[-1]} {graph.frames.get(name, 0)}" for name in way),
            "  largest frames: " + ", ".join(f"{name.split(':')[-1]} {size}" for name, size in largest),
        ]
    symbols = _said("arm-none-eabi-nm", "--print-size", str(folder / "app.elf"))
    state = re.search(r"^\w+ (\w+) \w core$", symbols, re.MULTILINE)
    lines.append(f"the device's whole state: {int(state[1], 16) if state else 0} bytes")
    return "\n".join(lines)


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError as error:
        raise SizesToolError(f"{command[0]} could not be started: {error}") from error
    if done.returncode:
        raise SizesToolError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    try:
        with tempfile.TemporaryDirectory() as folder:
            build(Path(folder))
            print(report(Path(folder)))
    except SizesToolError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
