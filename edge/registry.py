"""Lazy tables of implementations: a name, the class that answers to it, the extra that brings its library."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from edge.errors import BackendUnavailableError, UnknownNameError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an implementation is found."""

    target: str
    """`package.module:Class`, imported only when asked for."""
    extra: str | None = None
    """The extra of `sonoedge` that installs what it needs."""


def load(kind: str, table: Mapping[str, Entry], name: str) -> Any:
    """The class or function behind `name`.

    Raises UnknownNameError for a name that is not in the table and BackendUnavailableError where its library is
    missing.
    """
    entry = table.get(name)
    if entry is None:
        raise UnknownNameError(f"there is no {kind} named '{name}'; there are: {', '.join(sorted(table))}")
    module, _, attribute = entry.target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ImportError as error:
        if entry.extra is None:
            raise
        raise BackendUnavailableError(
            f"{kind} '{name}' needs a library that is not installed ({error}); "
            f"install it with: pip install 'sonoedge[{entry.extra}]'"
        ) from error
