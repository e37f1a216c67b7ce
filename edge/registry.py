"""Lazy tables of implementations: a name, the class that answers to it, the extra that brings its library."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from edge.errors import BackendUnavailableError, UnknownNameError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an implementation is found."""

    target: str
    """`package.module:Class`, imported only when asked for."""
    extra: str | None = None
    """The extra of `sonoedge` that installs what it needs."""
    distribution: str = ""
    """The other distribution that brings it. Empty: this one."""


class Table(Mapping[str, Entry]):
    """The entries that this distribution brings, then those that others declare as entry points of `group`.

    A name of ours cannot be taken by another distribution. Of two others that declare the same name, the one whose own
    name comes first in the alphabet has it.
    """

    def __init__(self, own: Mapping[str, Entry], group: str) -> None:
        self.own, self.group = own, group

    def __getitem__(self, name: str) -> Entry:
        entry = self.own.get(name)
        return entry if entry is not None else self.declared()[name]

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from (name for name in self.declared() if name not in self.own)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def declared(self) -> Mapping[str, Entry]:
        """What other distributions declare, by name; those too whose name is one of ours and so is not theirs."""
        return _declared(self.group)


@cache
def _declared(group: str) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for point in sorted(entry_points(group=group), key=lambda one: (one.name, _distribution_of(one))):
        found.setdefault(point.name, Entry(point.value, distribution=_distribution_of(point)))
    return found


def _distribution_of(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "unknown"


def load(kind: str, table: Mapping[str, Entry], name: str) -> Any:
    """The class or function behind `name`.

    Raises UnknownNameError for a name that is not in the table, BackendUnavailableError where its library is missing,
    or where that or another distribution's code fails as it is imported.
    """
    entry = table.get(name)
    if entry is None:
        raise UnknownNameError(f"there is no {kind} named '{name}'; there are: {', '.join(sorted(table))}")
    try:
        return resolve(entry.target)
    except Exception as error:
        if entry.distribution:
            raise BackendUnavailableError(
                f"{kind} '{name}' of the distribution {entry.distribution} cannot be loaded "
                f"({type(error).__name__}: {error}); update {entry.distribution}, or uninstall it"
            ) from error
        if entry.extra is None or not isinstance(error, ImportError | RuntimeError | OSError):
            raise
        if not isinstance(error, ImportError):
            raise BackendUnavailableError(
                f"the library of {kind} '{name}' cannot be loaded here ({type(error).__name__}: {error}); "
                f"install it anew with: pip install --force-reinstall 'sonoedge[{entry.extra}]'"
            ) from error
        raise BackendUnavailableError(
            f"{kind} '{name}' needs a library that is not installed ({error}); "
            f"install it with: pip install 'sonoedge[{entry.extra}]'"
        ) from error


def resolve(target: str) -> Any:
    """What stands at `package.module:name`. Raises ImportError, AttributeError."""
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)
