"""Tables of implementations: ours first, then those that other distributions declare."""

import sys
from pathlib import Path

import pytest

from edge import registry
from edge.errors import BackendUnavailableError, UnknownNameError
from edge.registry import Entry, Table, load, resolve

GROUP = "sonoedge.experiments"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """`install(distribution, name=target)`: a distribution that declares entry points of GROUP."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def add(distribution: str, **points: str) -> Path:
        folder = tmp_path / f"{distribution.replace('-', '_')}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n")
        lines = [f"{name} = {target}" for name, target in points.items()]
        (folder / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))
        registry._declared.cache_clear()
        return tmp_path

    yield add
    registry._declared.cache_clear()


def table() -> Table:
    return Table({"path": Entry("pathlib:Path"), "gone": Entry("a_library_that_is_not:Thing", extra="viewer")}, GROUP)


def test_without_others_a_table_holds_ours():
    assert list(table()) == ["path", "gone"] and len(table()) == 2
    assert table().declared() == {}
    assert load("thing", table(), "path") is Path
    assert resolve("pathlib:Path") is Path


def test_an_unknown_name_is_answered_with_those_that_are_known(install):
    install("others", extra="json:loads")
    with pytest.raises(UnknownNameError, match="there is no thing named 'paht'; there are: extra, gone, path"):
        load("thing", table(), "paht")


def test_a_missing_library_of_ours_names_its_extra():
    with pytest.raises(BackendUnavailableError, match=r"pip install 'sonoedge\[viewer\]'"):
        load("thing", table(), "gone")


def test_a_library_that_fails_as_it_is_imported_is_named_and_is_no_fault_of_ours(tmp_path, monkeypatch):
    (tmp_path / "needs_a_home.py").write_text("raise RuntimeError('no home directory')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BackendUnavailableError, match=r"thing 'own' cannot be loaded here .*no home directory"):
        load("thing", {"own": Entry("needs_a_home:Thing", extra="viewer")}, "own")


def test_a_fault_of_ours_is_not_hidden():
    with pytest.raises(ModuleNotFoundError):
        load("thing", {"own": Entry("a_library_that_is_not:Thing")}, "own")
    with pytest.raises(AttributeError):
        load("thing", {"own": Entry("pathlib:Paht", extra="viewer")}, "own")


def test_others_follow_ours_and_are_loaded(install):
    install("others", zebra="json:loads", ant="json:dumps")
    assert list(table()) == ["path", "gone", "ant", "zebra"]
    assert "ant" in table() and table()["ant"] == Entry("json:dumps", distribution="others")
    assert load("thing", table(), "ant").__name__ == "dumps"


def test_a_name_of_ours_cannot_be_taken(install):
    install("others", path="json:loads")
    assert list(table()) == ["path", "gone"]
    assert load("thing", table(), "path") is Path
    assert table().declared()["path"].distribution == "others", "it can be told"


def test_of_two_others_with_one_name_the_first_by_the_alphabet_has_it(install):
    install("b-others", extra="json:loads")
    install("a-others", extra="json:dumps")
    assert table()["extra"] == Entry("json:dumps", distribution="a-others")
    assert list(table()).count("extra") == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import a_library_that_is_not\n", "ModuleNotFoundError: No module named 'a_library_that_is_not'"),
        ("def broken(:\n", "SyntaxError"),
        ("raise RuntimeError('no licence')\n", "RuntimeError: no licence"),
        ("OTHER = 1\n", "AttributeError: module 'strange_part' has no attribute 'Thing'"),
    ],
)
def test_what_another_distribution_breaks_is_told_with_its_name(install, code, reason):
    folder = install("sonoedge-strange", extra="strange_part:Thing", fine="json:loads")
    (folder / "strange_part.py").write_text(code)
    try:
        with pytest.raises(BackendUnavailableError) as caught:
            load("thing", table(), "extra")
    finally:
        sys.modules.pop("strange_part", None)
    told = str(caught.value)
    assert told.startswith("thing 'extra' of the distribution sonoedge-strange cannot be loaded (")
    assert reason in told and "update sonoedge-strange, or uninstall it" in told and "\n" not in told
    assert load("thing", table(), "fine")("[1]") == [1]
