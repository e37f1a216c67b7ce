"""What may come from a page, and the page's words."""

import json
import re
from importlib.resources import files

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge.viewer.from_page import incoming
from edge.viewer.to_page import DeskState, Hello, Offer, State, encode

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["type", "n", "points"]), inner),
    max_leaves=12,
)
ASSETS = files("edge.viewer") / "assets"


@given(st.text() | JSON.map(json.dumps) | st.binary())
def test_whatever_comes_is_a_message_or_is_refused(text) -> None:
    try:
        message = incoming(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return
    assert type(message).__module__ == "edge.viewer.from_page"


def test_what_the_page_is_told_keeps_its_shape() -> None:
    """A change of these names is a change of what pages expect: raise VERSION."""
    state = json.loads(encode(State(DeskState(), "1", "", 1)))
    assert sorted(state) == ["desk", "driver", "driver_name", "type", "viewers"]
    told = "cine depth_mm edits ends exam folder frozen options pathway pointed pointing probe saved task troubles"
    assert sorted(state["desk"]) == told.split()
    assert json.loads(encode(Hello(1, "r", "1", "p", Offer())))["offer"] == {"tasks": [], "controls": False}


def words(language: str) -> dict[str, object]:
    return json.loads((ASSETS / f"{language}.json").read_text())


def test_both_languages_say_the_same_things() -> None:
    english, german = words("en"), words("de")
    assert list(english) == list(german)
    assert set(english["advice"]) == set(german["advice"])
    for key, text in english.items():
        if isinstance(text, str):
            assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", german[key])), key


def test_every_text_that_the_page_asks_for_is_there() -> None:
    source = "".join(one.read_text() for one in ASSETS.iterdir() if one.name.endswith((".js", ".html")))
    asked = set(re.findall(r'(?:data-t|data-label|data-alt)="([\w.]+)"', source))
    asked |= set(re.findall(r'\bsay\("([\w. ]+)"', source))
    assert asked and asked <= set(words("en"))


def test_what_stands_in_the_gate_has_its_advice() -> None:
    from edge.trust.faults import UNKNOWN_SCALE

    said = (files("edge.trust") / "faults.py").read_text() + (files("edge.task") / "gate.py").read_text()
    plain = re.sub(r"\{[^{}]*\}", "{}", said + UNKNOWN_SCALE)
    for reason in words("en")["advice"]:
        assert reason.removeprefix("{} ") in plain, reason
