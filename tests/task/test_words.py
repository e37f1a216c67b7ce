"""The page says everything in German that a task says to people, and names no option of the command line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.app.offer import offered
from edge.task.spec import TaskSpec
from edge.task.table import TASKS, task_spec
from edge.task.words import LANGUAGES, task_words, words_of
from edge.terms import Role
from tests.sentences import sentences

EDGE = Path(__file__).parents[2] / "edge"
STEPS = {"stages.py", "steps.py", "features.py"}
"""Files whose texts are drawn beside a run at the terminal, or name what a classifier weighs."""
ON_THE_WAY = {Role.WINDOW, Role.CANDIDATE, Role.BEFORE, Role.AFTER}
COMMAND = re.compile(r"--[a-z]|\bsonoedge [a-z]")
GENERAL = (
    *("trust/*.py", "task/gate.py", "task/outliner.py", "screen/**/*.py", "loop/capture.py", "source/probed.py"),
    *("viewer/desk.py", "viewer/edits.py", "source/camera.py", "sink/folder.py", "app/board.py"),
    *("../firmware_bridge/host/reasons.py", "../firmware_bridge/host/exposures.py"),
)
"""Files whose sentences the page shows whatever the task is; those of a camera, a disk and a probe too."""
OF_THE_TERMINAL = re.compile(
    r"glyphs\.png|firmware (update|waits)|image|needs no|WIDTHxHEIGHT|message|parameter was named|"
    r"flash memory failed|swap them"
)
"""In the general sentences: what is said where no page is yet, or of a firmware update."""


def page_words(language: str) -> dict[str, str]:
    own = json.loads((EDGE / f"viewer/assets/{language}.json").read_text())
    return {**task_words(language), **own["words"]}


def declared(spec: TaskSpec) -> Iterator[str]:
    """What the page shows of a spec."""
    yield from (spec.name, spec.sentence, spec.gate.depth_source)
    offer = offered(spec)
    yield from (sentence for _, sentence in offer.pathways)
    for option in offer.options:
        if option.kind not in ("pointed", "points", "box", "area"):
            yield from (option.name.replace("_", " "), option.help, *option.choices)
    for one in spec.terms.measurements:
        yield from (spec.terms.words(one.name), one.source, one.simulated_only)
        if one.cut_offs is not None:
            yield from (one.cut_offs.condition, *(worth for _, worth in one.cut_offs.values))
    yield from (one.name for one in spec.terms.marks if one.role not in ON_THE_WAY)


def said_by(task: str) -> set[str]:
    files = [one for one in (EDGE / "task" / task).glob("*.py") if not one.name.startswith("phantom")]
    written = {text for one in files if one.name not in STEPS for text in sentences(one)}
    return {re.sub(r"#|\d+$", "{}", text) for text in declared(task_spec(task)) if text} | written


@pytest.mark.parametrize("task", TASKS.own)
def test_every_sentence_of_a_task_is_there_in_german(task: str) -> None:
    german = {**page_words("de"), **words_of(f"edge.task.{task}", "de")}
    # A pattern may speak of several structures at once: `Area of {}`.
    assert sorted(text for text in said_by(task) if text not in german) == []


@pytest.mark.parametrize("task", TASKS.own)
def test_what_names_an_option_is_said_otherwise_on_an_english_page(task: str) -> None:
    english = page_words("en")
    assert sorted(text for text in said_by(task) if COMMAND.search(text) and text not in english) == []


def test_general_sentences_are_there_in_german() -> None:
    german = page_words("de")
    said = {text for files in GENERAL for one in EDGE.glob(files) for text in sentences(one, errors=True)}
    assert len(said) > 50
    assert sorted(text for text in said if text not in german and not OF_THE_TERMINAL.search(text)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_fill_in_as_much_and_name_no_option(language: str) -> None:
    words = page_words(language)
    assert [text for text, told in words.items() if text.count("{}") < told.count("{}")] == []
    assert [told for told in words.values() if COMMAND.search(told)] == []


def test_one_sentence_has_one_translation() -> None:
    """Tasks that say the same are told alike, whichever is looked at."""
    for language in LANGUAGES:
        every = page_words(language)
        for task in TASKS.own:
            own = words_of(f"edge.task.{task}", language)
            assert {text: told for text, told in own.items() if every[text] != told} == {}, task


def test_words_that_cannot_be_read_are_none() -> None:
    assert words_of("edge.task.none", "de") == {} == words_of("edge.trust", "de")


def test_a_sentence_without_german_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text('"""A docstring of four words or more."""\nNOTE = f"the {1} thing is not seen"\n')
    assert list(sentences(file)) == ["the {} thing is not seen"]
