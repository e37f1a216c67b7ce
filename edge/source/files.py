"""A recording's file before it is opened: there, readable, not empty."""

import re
from pathlib import Path

from edge.errors import SourceError, SourceFormatError, SourceNotFoundError


def located(rest: str) -> Path:
    """The file or folder that `rest` names; `~` is the user's home.

    Raises SourceNotFoundError, or SourceError where it may not be looked at.
    """
    try:
        path = Path(rest).expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceNotFoundError(f"there is no file or folder '{rest}'; check the path") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise SourceError(f"the path '{rest}' cannot be used ({error}); check it and its permissions") from error
    return path


def checked_file(rest: str, expected: str) -> Path:
    """The file that `rest` names. `expected` says what it should hold, for the message: `a video`.

    Raises SourceNotFoundError, SourceFormatError (a folder, an empty file) or SourceError (no permission).
    """
    if not rest:
        raise SourceNotFoundError(f"no file was named; give the path of {expected}")
    path = located(rest)
    if path.is_dir():
        raise SourceFormatError(f"'{rest}' is a folder; expected {expected}; name one file in it")
    try:
        path.open("rb").close()
    except OSError as error:
        raise SourceError(f"'{rest}' cannot be opened ({error}); check its permissions") from error
    if path.stat().st_size == 0:
        raise SourceFormatError(f"'{rest}' is empty (0 bytes); expected {expected}; record or copy it again")
    return path


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Sorts `f2` before `f10`, upper and lower case together; the name itself breaks ties."""
    parts: list[str | int] = [part.casefold() for part in re.split(r"(\d+)", name)]
    parts[1::2] = [int(part) for part in re.split(r"(\d+)", name)[1::2]]
    return parts, name
