"""The commands, links and example that the README and the other pages show are true."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]


def command_lines() -> list[str]:
    """The lines of code blocks that start `sonoedge`."""
    found = [re.findall(r"^ {4,}(sonoedge .*)$", page.read_text(), re.MULTILINE) for page in PAGES]
    return [line for lines in found for line in lines]


def is_understood(line: str) -> bool:
    """Whether the command and its options exist. With --help nothing is run, yet an unknown option is refused."""
    from edge.app.cli import app

    return CliRunner().invoke(app, [*shlex.split(line)[1:], "--help"]).exit_code == 0


@pytest.mark.parametrize("line", command_lines())
def test_every_command_shown_is_understood(line: str) -> None:
    assert is_understood(line)


def test_a_command_that_is_none_would_be_found() -> None:
    assert len(command_lines()) >= 5
    assert not is_understood("sonoedge run --sauce knee.png")
    assert not is_understood("sonoedge walk --source knee.png")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    assert [t for t in targets if not t.startswith("http") and not (page.parent / t).exists()] == []


def test_make_knows_every_target_that_is_shown() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {name for page in PAGES for name in re.findall(r"(?:^ {4}|`)make ([a-z-]+)(?:`|$)", page.read_text(), re.M)}
    assert {"demo", "test", "train-cartilage"} <= shown <= known


def test_the_example_in_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import cv2

    from edge.source.opening import open_source

    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    with open_source("phantom:cartilage,frames=1,paced=no") as source:
        frame = source.read(1.0)
    assert frame is not None
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("knee.png", frame.pixels)
    exec(compile(example, "README.md", "exec"), {})
    assert re.match(r"#0 (measured|limited|refused): \S", capsys.readouterr().out)
