"""The sentences that a Python file says, read from its text: what the page must know in its other languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

FORMATTED = re.compile(r"\{\w+(:[^}]*)?\}")
"""What `str.format` fills in."""
LEAST_WORDS = 4
"""Shorter ones are names, which the specs declare, or parts of sentences."""


def sentences(path: Path, *, errors: bool = False) -> Iterator[str]:
    """Each with `{}` for what is filled in. errors: those of what is raised too."""
    tree = ast.parse(path.read_text())
    for node in spoken(tree, errors=errors):
        text = template(node)
        if len([word for word in text.replace("{}", " ").split() if word[:1].isalpha()]) >= LEAST_WORDS:
            yield text


def spoken(node: ast.AST, *, errors: bool) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Texts that are not docstrings, names of stages, help of what a simulated probe is given, or, without `errors`,
    raised."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        if isinstance(node, ast.JoinedStr) or isinstance(node.value, str):
            yield node
        if isinstance(node, ast.JoinedStr):
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    yield from spoken(part.value, errors=errors)
        return
    if isinstance(node, ast.Raise) and not errors:
        return
    if isinstance(node, ast.ClassDef) and "Phantom" in node.name:
        return
    about = node.func if isinstance(node, ast.Call) else node.target if isinstance(node, ast.AnnAssign) else None
    if about is not None and "stage" in ast.unparse(about).lower():
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from spoken(child, errors=errors)


def template(node: ast.Constant | ast.JoinedStr) -> str:
    """`{} of {} frames`."""
    if isinstance(node, ast.Constant):
        return FORMATTED.sub("{}", str(node.value))
    return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
