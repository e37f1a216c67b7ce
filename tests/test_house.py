"""What one task knows stands in its own folders: its name, its measurements and its marks are written nowhere else."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from edge.task.table import TASKS, task_specs
from edge.terms import Role

ROOT = Path(__file__).parents[1]
NAMING = {Path("edge/task/table.py"), Path("tools/bridge/depth_changes.py")}
"""The one general file that names tasks, a line each; a measurement of the line to the probe."""
EVERYDAY = {"tissue", "outline"}
"""Tasks whose name is a word that identifiers need for other things."""


def general_files() -> list[Path]:
    """Those of `edge` and of the tools that serve every task."""
    files = [*(ROOT / "edge").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]
    return sorted(path for path in files if not is_of_a_task(path.relative_to(ROOT)))


def is_of_a_task(path: Path) -> bool:
    room = path.parts[1] if path.parts[0] == "tools" else path.parts[2] if path.parts[1] == "task" else ""
    return path in NAMING or room in TASKS


@cache
def terms() -> frozenset[str]:
    """Names of measurements and marks that are no everyday words, such as `fascicle_angle`, `inner edge of the rim`."""
    named = {one.name for spec in task_specs() for one in (*spec.terms.measurements, *spec.terms.marks)}
    return frozenset(name for name in named if re.search(r"[_ ]", name) and name not in set(Role))


def found_in(text: str) -> Iterator[str]:
    """Task words of a Python file: a task's name standing alone in a string, or part of an identifier; a term."""
    names, known = "|".join(sorted(set(TASKS) - set(Role))), terms()
    commands = "task|run|demo|series|bench"
    alone = re.compile(rf"(?<![\w .-])(?:{names})(?![\w .-])|phantom:(?:{names})|\b(?:{commands}) (?:{names})\b")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", -1)):
            yield from alone.findall(token.string)
            yield from (name for name in known if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", token.string))
        elif token.type == tokenize.NAME:
            parts = set(re.findall(r"[A-Z]?[a-z]+", token.string))
            yield from (name for name in TASKS if name not in EVERYDAY and {name, name.capitalize()} & parts)


@pytest.mark.parametrize("path", general_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_general_file_knows_a_task(path: Path) -> None:
    assert sorted(set(found_in(path.read_text()))) == []


@pytest.mark.parametrize(
    "line",
    [
        'if task == "muscle": pass',
        'DASHED = ("extrapolated fascicle",)',
        "LANES = {'fascicle_angle': 1}",
        "def open_nerve(): ...",
        "class CartilageTask: ...",
        'HELP = "write phantom:cartilage"',
        "# as for the task nerve",
    ],
)
def test_a_task_word_in_a_general_file_would_be_found(line: str) -> None:
    assert list(found_in(line + "\n"))


@pytest.mark.parametrize(
    "line", ['"""Dark tissue and other words."""', "class SoftTissue: ...", "area = window = before = 1"]
)
def test_everyday_words_are_none(line: str) -> None:
    assert list(found_in(line + "\n")) == []


def other_tasks(path: Path) -> list[str]:
    """Tasks whose folder a task's file imports from."""
    own, found = path.parts[-2], []
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found += [
            name for name in TASKS for module in names if re.search(rf"task\.{name}(\.|$)", module) and name != own
        ]
    return found


@pytest.mark.parametrize(
    "path", sorted((ROOT / "edge/task").glob("*/*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_task_imports_another(path: Path) -> None:
    assert other_tasks(path) == []


def test_an_import_of_another_task_would_be_found(tmp_path: Path) -> None:
    path = tmp_path / "nerve" / "task.py"
    path.parent.mkdir()
    path.write_text("from edge.task.muscle.filter import Estimate\nfrom edge.task.nerve.rim import inside_rim\n")
    assert other_tasks(path) == ["muscle"]
