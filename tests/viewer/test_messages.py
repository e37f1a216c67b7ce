"""What may come from a page, and the page's words."""

import json
import re
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.viewer.access import Access, Names, Refusal, keep_secret, signing_key
from edge.viewer.certificate import board_certificate
from edge.viewer.messages import DeskState, Hello, Offer, State, encode, incoming

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
    assert type(message).__module__ == "edge.viewer.messages"


def test_what_the_page_is_told_keeps_its_shape() -> None:
    """A change of these names is a change of what pages expect: raise VERSION."""
    state = json.loads(encode(State(DeskState(), "1", "", 1)))
    assert sorted(state) == ["desk", "driver", "driver_name", "type", "viewers"]
    told = "cine edits ends exam folder frozen options pathway pointed pointing probe saved task troubles"
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
    from edge.trust import faults
    from edge.trust.faults import UNKNOWN_SCALE

    source = (files("edge.trust") / "faults.py").read_text() + UNKNOWN_SCALE
    assert faults
    for reason in words("en")["advice"]:
        if "mm deep" not in reason:
            assert re.sub(r"# ?", "", reason).strip()[-25:] in source, reason


NAMES = Names("http", frozenset({"127.0.0.1", "localhost", "::1"}), 8080)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LOCALHOST.:8080", "[::1]:8080"])
def test_own_names(host: str) -> None:
    assert NAMES.allow_host(host) and NAMES.allow_origin(f"http://{host}")


@pytest.mark.parametrize(
    "host", ["", "localhost", "localhost:80", "evil.example:8080", "a@localhost:8080", "localhost:x", "[::1", "::1"]
)
def test_other_names(host: str) -> None:
    assert not NAMES.allow_host(host) and not NAMES.allow_origin(f"http://{host}")
    assert not NAMES.allow_origin(f"https://{host}")


def test_codes_hold_once_and_not_for_long() -> None:
    now = [1000.0]
    access = Access(b"k" * 32, lasting_code=False, now_s=lambda: now[0])
    code = access.code()
    cookie = access.admit(code.lower() + " ")
    assert isinstance(cookie, str) and access.knows(cookie) and access.admit(code) is Refusal.CODE
    late = access.code()
    now[0] += 301
    assert access.admit(late) is Refusal.CODE
    now[0] += 12 * 3600
    assert not access.knows(cookie)
    assert not Access(b"x" * 32, lasting_code=True, now_s=lambda: 1000.0).knows(cookie)


def test_secrets_are_their_owners_alone(tmp_path) -> None:
    key = signing_key(tmp_path / "page")
    assert signing_key(tmp_path / "page") == key and len(key) == 32
    made = board_certificate(tmp_path / "page", ["board", "192.0.2.7"])
    again = board_certificate(tmp_path / "page", ["board"])
    other = board_certificate(tmp_path / "page", ["board", "192.0.2.8"])
    assert made.fingerprint == again.fingerprint != other.fingerprint
    assert made.context().minimum_version
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "page").iterdir()} == {0o600}
    assert keep_secret(tmp_path / "one", b"a") == b"a"
