"""Who may import whom, and what an import may cost."""

import ast
import configparser
import importlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from edge.registry import Entry, load
from edge.task.spec import TaskSpec

ROOT = Path(__file__).parents[1]
RECORDS = {"frame", "pointed", "finding", "terms", "option", "errors", "clock", "closing", "registry"}
SIDE_BY_SIDE = {"source", "screen", "phantom", "runtime", "image", "trust", "overlay", "sink"}
LADDER = ["loop", "exam", "viewer", "batch", "app"]
"""Each may use all that stand before it, and everything below."""


def may_use(room: str) -> set[str]:
    """The rooms that `room` may import, itself included; docs/architecture.md draws them."""
    if room in RECORDS:
        return RECORDS
    allowed = {room} | RECORDS
    if room == "source":
        allowed |= {"phantom"}
    if room == "task":
        allowed |= {"screen", "image", "phantom", "trust"}
    if room in LADDER:
        allowed |= SIDE_BY_SIDE | {"task"} | set(LADDER[: LADDER.index(room)])
    return allowed


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, wherever in the file, and of the table targets that it names."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and ":" in node.value:
            target = node.value.partition(":")[0]
            if target.startswith(("edge.", "firmware_bridge.")):
                yield target


def files_of(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def show(path: Path) -> str:
    return str(path.relative_to(ROOT))


LOOKED_UP = {"edge/source/opening.py": {"edge.task.table"}}
"""By name, when a phantom is opened: its bodies stand with the tasks, and `phantom:NAME` is a source like any other."""


def wrong_imports(path: Path) -> list[str]:
    parts = path.relative_to(ROOT / "edge").parts
    room = Path(parts[0]).stem
    wrong = []
    for name in set(imported(path)) - LOOKED_UP.get(show(path), set()):
        top, _, rest = name.partition(".")
        used = rest.partition(".")[0]
        if top == "edge" and used not in may_use(room) and not (room == "__init__" and not used):
            wrong.append(name)
        if top in ("tools", "tests", "models") or (top == "firmware_bridge" and room != "app"):
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("path", files_of("edge"), ids=show)
def test_the_arrows_between_rooms(path: Path) -> None:
    assert wrong_imports(path) == []


def test_a_wrong_arrow_would_be_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    wrong = {
        "edge/sink/a.py": "import edge.source.contract",
        "edge/sink/b.py": "from edge import overlay",
        "edge/sink/c.py": "from ..loop import runner",
        "edge/sink/d.py": "def f():\n    from firmware_bridge import errors",
        "edge/task/e.py": "from edge.runtime.table import RUNTIMES",
        "edge/phantom/j.py": "from edge.task.cartilage.phantom_anatomy import TrueBand",
        "edge/loop/f.py": "import edge.app.session",
        "edge/frame.py": "TARGET = 'edge.task.cartilage.task:CartilageTask'",
        "edge/app/g.py": "import tools.train",
    }
    right = {
        "edge/source/phantom.py": "from edge.phantom.records import Imaging",
        "edge/app/h.py": "import firmware_bridge.errors\nfrom edge.viewer import page",
        "edge/sink/i.py": "from . import naming\nfrom .naming import stem\nimport edge.frame",
    }
    for name, text in (wrong | right).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert [name for name in wrong | right if wrong_imports(tmp_path / name)] == list(wrong)


@pytest.mark.parametrize("path", files_of("firmware_bridge"), ids=show)
def test_the_bridge_stands_alone(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imported(path)}
    assert not tops & {"edge", "tools", "tests", "models"}


def test_every_room_has_its_arrows() -> None:
    rooms = {path.name for path in (ROOT / "edge").iterdir() if (path / "__init__.py").exists()}
    assert rooms == SIDE_BY_SIDE | {"task"} | set(LADDER)


@pytest.mark.parametrize(
    "path",
    [p for top in ("edge", "firmware_bridge", "models") for p in files_of(top) if p.name == "__init__.py"],
    ids=show,
)
def test_an_init_holds_a_docstring_and_imports_only(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    for node in tree.body[1:]:
        names_all = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        assert names_all or isinstance(node, ast.Import | ast.ImportFrom), ast.unparse(node)


def test_no_file_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "core", "helpers", "common", "base", "misc"}
    files = [p for top in ("edge", "firmware_bridge", "tools", "tests") for p in files_of(top)]
    assert [show(p) for p in files if drawers & {p.stem, p.parent.name}] == []


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


HEAVY = {
    *("onnxruntime", "openvino", "ai_edge_litert", "tflite_runtime", "cv2", "av", "pydicom"),
    *("aiohttp", "typer", "rich", "serial", "torch", "scipy", "matplotlib"),
    *("dask", "distributed", "pyarrow"),
}


def test_import_edge_brings_nothing_along() -> None:
    assert not modules_after("import edge") & (HEAVY | {"numpy"})


def test_the_records_need_numpy_only() -> None:
    statement = "; ".join(f"import edge.{name}" for name in sorted(RECORDS))
    assert not modules_after(statement) & HEAVY


def test_the_command_line_starts_without_a_runtime() -> None:
    brought = modules_after("import edge.app.cli")
    asked_for = {"onnxruntime", "openvino", "ai_edge_litert", "tflite_runtime", "pydicom", "aiohttp", "serial"}
    assert not brought & (asked_for | {"matplotlib"} | BATCH_ONLY)
    # What a command itself needs it imports as it runs; the line's messages alone take a tenth of a second.
    assert not brought & {"numpy", "cv2", "av", "msgspec", "pydantic", "firmware_bridge"}


BATCH_ONLY = {"dask", "distributed", "pyarrow"}


def test_what_runs_on_a_board_knows_nothing_of_clusters() -> None:
    users = {
        show(path) for path in files_of("edge") if {name.partition(".")[0] for name in imported(path)} & BATCH_ONLY
    }
    assert users
    # The command that writes a comparison's tables asks for them as it runs.
    assert {user for user in users if not user.startswith("edge/batch/")} <= {"edge/app/compare.py"}
    assert not modules_after("import edge.app.session, edge.app.run") & BATCH_ONLY


def test_no_heavy_import_at_the_top_of_the_bridge() -> None:
    assert (
        not modules_after("import firmware_bridge.line.transport.table, firmware_bridge.line.transport.loopback")
        & HEAVY
    )


def tables() -> Iterator[tuple[str, Mapping[str, Entry]]]:
    for path in sorted((ROOT / "edge").rglob("table.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, Mapping):
                yield f"{module.__name__}.{name}", value


@pytest.mark.parametrize(("table", "name"), [(t, n) for t, entries in tables() for n in entries])
def test_every_entry_of_every_table_can_be_loaded(table: str, name: str) -> None:
    entries = dict(tables())[table]
    found = load("entry", entries, name)
    assert callable(found) or isinstance(found, TaskSpec)


def test_every_extra_that_a_table_names_exists() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    extras = {entry.extra for _, entries in tables() for entry in entries.values() if entry.extra}
    assert extras
    assert extras <= set(settings["options.extras_require"])
