"""The probe's firmware as a process on a pty."""

import subprocess
from pathlib import Path
from typing import Self


class HostProbe:
    """One running process. It ends with this object, or when the starter's process is gone."""

    def __init__(self, binary: Path, *options: str) -> None:
        """`options`: see `probe --help`."""
        self.process = subprocess.Popen(
            [binary, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line, bench = (self.process.stdout.readline().split()[1] for _ in range(2))
        self.line_path, self.bench_path = Path(line), Path(bench)
        """Ptys: the serial line, and the side channel for stimuli."""

    def kill(self) -> None:
        """Pulls the plug: the ptys are gone; the flash file keeps what was written."""
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
