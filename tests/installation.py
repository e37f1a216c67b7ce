"""Wheels, and environments that have them and nothing of this checkout."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import setuptools

ROOT = Path(__file__).parents[1]


def python(*arguments: str, cwd: Path, executable: str = sys.executable) -> str:
    """What a run of Python printed; it must end well."""
    run = subprocess.run([executable, *arguments], cwd=cwd, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def wheel_of(source: Path, folder: Path) -> Path:
    """A wheel of a source tree or sdist, built in `folder` with no network."""
    quietly = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    python("-m", "pip", "wheel", *quietly, "--wheel-dir", str(folder / "wheel"), str(source), cwd=folder)
    (wheel,) = (folder / "wheel").glob("*.whl")
    return wheel


def wheel_of_this_tree(folder: Path) -> Path:
    """A wheel made from an sdist of a copy of this tree, with no network."""
    copy = folder / "tree"
    copy.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("edge", "firmware_bridge", "models", "tools"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    python("-c", "from setuptools.build_meta import build_sdist; build_sdist('..')", cwd=copy)
    (sdist,) = folder.glob("sonoedge-*.tar.gz")
    return wheel_of(sdist, folder)


def python_with(*wheels: Path, folder: Path) -> str:
    """The Python of a new environment that has the wheels and, from this one, the libraries but not the checkout."""
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    executable = str(folder / "venv/bin/python")
    install = ("-m", "pip", "--python", executable, "install", "--quiet", "--no-deps", "--no-index")
    python(*install, *map(str, wheels), cwd=folder)
    site_of(executable).joinpath("libraries.pth").write_text(str(Path(setuptools.__file__).parents[1]))
    return executable


def site_of(executable: str) -> Path:
    """The environment's folder of packages."""
    (site,) = Path(executable).parents[1].glob("lib/python*/site-packages")
    return site
