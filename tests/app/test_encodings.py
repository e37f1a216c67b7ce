"""What stands in a file's name, or a terminal cannot show, ends no command."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

CHILD = """
import sys
from edge.app.console import accept_any_sign, err, out, say, say_error
accept_any_sign()
text = "3.9 – 25.9 mm² 15° 名 \\udce4"
out().print(text)
print(text)
say(text)
say_error(text)
"""


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("latin-1", "3.9 - 25.9 mm² 15° ? \\xe4"),
        ("ascii", "3.9 - 25.9 mm2 15 deg ? \\xe4"),
        ("utf-8", "3.9 – 25.9 mm² 15° 名 \\xe4"),
    ],
)
def test_signs_that_an_encoding_lacks_become_others(encoding, shown):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, env=environment, check=True)
    for said in (done.stdout, done.stderr):
        assert said.decode(encoding).count(shown) == 2


def test_a_run_on_a_latin_1_terminal_with_names_of_any_bytes(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    plain = tmp_path / "plain.png"
    cv2.imwrite(str(plain), np.random.default_rng(1).integers(20, 200, (160, 160), np.uint8))
    for name in (b"ellenbogen-\xe4\xdf.png", b"n" * 251 + b".png", "größe – µ.png".encode()):
        shutil.copy(plain, pictures / os.fsdecode(name))
    folder = os.fsdecode(b"2026-01-05T12:30 \xe4")
    command = ("run", "nerve", "--source", "pictures", "--pathway", "classical", "--stills", "--out", folder)
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "LC_ALL": "C", "COLUMNS": "80"}
    program = "import sys; sys.argv[0] = 'sonoedge'; from edge.app.cli import main; main()"
    for asked in (command, ("show", folder, "--frames")):
        done = subprocess.run(
            [sys.executable, "-c", program, *asked], cwd=tmp_path, capture_output=True, env=environment, check=False
        )
        said = (done.stdout + done.stderr).decode("latin-1")
        assert done.returncode == 0, said
        assert "3 frames" in said and "bug" not in said and "Traceback" not in said
        assert all(len(line) <= 80 for line in done.stdout.decode("latin-1").splitlines() if " | " in line[:60])
    assert len(list((tmp_path / folder / "stills").iterdir())) == 3
    assert Path(tmp_path / folder / "video-001.mkv").stat().st_size > 0
