"""The memory of a run: a board has little, and opening takes more than running.

All of it is the C library's and the system's own (Linux with glibc); elsewhere nothing is done.
"""

import ctypes
import mmap
import re
from collections.abc import Iterator
from pathlib import Path

_M_ARENA_MAX = -8
"""As in glibc's malloc.h."""
_CODE = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ [1-9].*\n(?:[A-Z].*\n)*?Rss: +(\d+) kB\n"
    r"(?:[A-Z].*\n)*?Anonymous: +(\d+) kB$",
    re.MULTILINE,
)
"""In /proc/PID/smaps, a file's code: start, end, kilobytes in memory, and how many are no longer the file's."""
_LEAST_KB = 256
"""With less in memory a library is not worth a call."""


def allocate_in_one_arena() -> None:
    """From now on. Otherwise each thread has an arena of its own, which keeps what it freed: 7 MB in a run. The
    interpreter lets one thread run at a time anyway, and a network's arrays are made once."""
    _c_library("mallopt", _M_ARENA_MAX, 1)


def give_back() -> None:
    """To the system, what only opening needed: what is free on the heap, and code of libraries. Where that runs again,
    it is mapped again from the system's cache of files; compiling a network runs 40 MB of it, inference far less."""
    _c_library("malloc_trim", 0)
    try:
        smaps = Path("/proc/self/smaps").read_text(errors="replace")
    except OSError:
        return
    for start, size in unchanged_code(smaps):
        _c_library("madvise", ctypes.c_void_p(start), ctypes.c_size_t(size), mmap.MADV_DONTNEED)


def unchanged_code(smaps: str) -> Iterator[tuple[int, int]]:
    """(start, bytes) of each mapping of a file's code of which all in memory is as in the file. smaps: see proc(5)."""
    for found in _CODE.finditer(smaps):
        start, end, in_memory_kb, changed_kb = int(found[1], 16), int(found[2], 16), int(found[3]), int(found[4])
        if in_memory_kb >= _LEAST_KB and changed_kb == 0:
            yield start, end - start


def _c_library(function: str, *arguments: object) -> None:
    called = getattr(ctypes.CDLL(None), function, None)
    if called is not None:
        called(*arguments)
