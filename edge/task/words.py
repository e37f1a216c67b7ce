"""The sentences of the tasks as the page says them: each task keeps its own beside its spec, a file for each language.

`words.de.json` holds the German of all that the task says to people: sentence by sentence as the task says it, with
`{}` for what is filled in. `words.en.json` holds what an English page says otherwise than a terminal does, such as the
name of an option.
"""

import json
from importlib.resources import files
from typing import Final

from edge.task.table import TASKS

LANGUAGES: Final = ("de", "en")


def task_words(language: str) -> dict[str, str]:
    """Of all tasks together, those of other distributions too; of one sentence the first task's."""
    found: dict[str, str] = {}
    for entry in reversed(list(TASKS.values())):
        found |= words_of(entry.target.partition(":")[0].rpartition(".")[0], language)
    return found


def words_of(package: str, language: str) -> dict[str, str]:
    """By sentence; empty where the package has none, or cannot be read."""
    try:
        text = (files(package) / f"words.{language}.json").read_text(encoding="utf-8")
        return {str(sentence): str(said) for sentence, said in json.loads(text).items()}
    except (ImportError, OSError, ValueError, AttributeError):
        return {}
