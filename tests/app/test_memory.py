"""What only opening needed is given back, and everything runs on."""

import subprocess
import sys

from edge.app.memory import unchanged_code

SMAPS = """\
55d0a0000000-55d0a0200000 r-xp 00001000 08:01 4711                       /usr/lib/libone.so
Size:               2048 kB
Rss:                1024 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
55d0a0200000-55d0a0400000 r-xp 00001000 08:01 4712                       /usr/lib/with a breakpoint.so
Rss:                1024 kB
Anonymous:             4 kB
55d0a0400000-55d0a0600000 r--p 00001000 08:01 4711                       /usr/lib/libone.so
Rss:                1024 kB
Anonymous:             0 kB
55d0a0600000-55d0a0800000 r-xp 00000000 00:00 0
Rss:                1024 kB
Anonymous:             0 kB
55d0a0800000-55d0a0900000 r-xp 00001000 08:01 4713                       /usr/lib/libsmall.so
Rss:                  64 kB
Anonymous:             0 kB
"""


def test_only_code_that_is_still_the_files_may_go():
    assert list(unchanged_code(SMAPS)) == [(0x55D0A0000000, 0x200000)]


def test_code_goes_and_comes_back():
    """In a process of its own: what other tests have loaded is not for this one to let go."""
    program = """
from pathlib import Path
import cv2, numpy as np
from edge.app.memory import allocate_in_one_arena, give_back
def code_kb():
    return int(Path("/proc/self/status").read_text().split("RssFile:")[1].split()[0])
allocate_in_one_arena()
picture = np.random.default_rng(0).integers(0, 256, (300, 400), np.uint8)
before, blurred = code_kb(), cv2.GaussianBlur(picture, (0, 0), 3)
give_back()
print(code_kb() < before - 4096)
print(np.array_equal(blurred, cv2.GaussianBlur(picture, (0, 0), 3)))
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "True"], told.stderr
