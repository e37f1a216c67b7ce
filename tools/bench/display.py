"""An X display in memory, for who draws with OpenGL."""

import os
import shutil
import subprocess
from pathlib import Path

from tools.bench.process import ContenderError


class VirtualDisplay:
    """Started when it is first asked for. A context manager."""

    def __init__(self, folder: Path) -> None:
        """folder: for what the program that draws keeps for itself."""
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        self._name = ""

    def variables(self) -> dict[str, str]:
        """What the environment of a program must hold. Raises ContenderError where there is no X server."""
        if not self._name:
            self._start()
        home = self._folder / "home"
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return {"DISPLAY": self._name, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}

    def _start(self) -> None:
        if shutil.which("Xvfb") is None:
            raise ContenderError("there is no Xvfb (Debian: apt-get install xvfb pocl-opencl-icd)")
        reader, writer = os.pipe()
        command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x1024x24"]
        self._server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as told:
            number = told.readline().strip()
        if not number:
            raise ContenderError("Xvfb did not start")
        self._name = f":{number}"

    def __enter__(self) -> "VirtualDisplay":
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait()
