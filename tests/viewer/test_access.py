"""Who may look: names, codes, cookies, and the board's own secrets."""

import pytest

from edge.viewer.access import Access, Names, Refusal, keep_secret, signing_key
from edge.viewer.certificate import board_certificate
from edge.viewer.connections import comes_from_here

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
    access = Access(b"k" * 32, alone=False, now_s=lambda: now[0])
    code = access.code()
    cookie = access.admit(code.lower() + " ", own=False)
    assert isinstance(cookie, str) and access.knows(cookie) and access.admit(code, own=False) is Refusal.CODE
    late = access.code()
    now[0] += 301
    assert access.admit(late, own=False) is Refusal.CODE
    now[0] += 12 * 3600
    assert not access.knows(cookie)
    assert not Access(b"x" * 32, alone=True, now_s=lambda: 1000.0).knows(cookie)


def test_a_standing_code_stays_until_somebody_came_by_it_or_it_ends_soon() -> None:
    now = [1000.0]
    access = Access(b"k" * 32, alone=False, now_s=lambda: now[0])
    first = access.standing_code()
    now[0] += 100
    assert access.standing_code() == first != access.code()
    assert isinstance(access.admit(first, own=False), str)
    second = access.standing_code()
    assert second != first
    now[0] += 200
    assert access.standing_code() != second, "it would hold for too short a time to be typed"
    assert isinstance(access.admit(second, own=False), str), "who has just read it still gets in"
    own = Access(b"k" * 32, alone=True, now_s=lambda: now[0])
    assert own.standing_code() == own.code()


def test_the_own_code_holds_again_and_again_but_on_this_machine_only() -> None:
    access = Access(b"k" * 32, alone=False, now_s=lambda: 1000.0)
    assert access.own_code != access.code()
    for _ in range(3):
        assert isinstance(access.admit(access.own_code, own=True), str)
    assert access.admit(access.own_code, own=False) is Refusal.CODE


@pytest.mark.parametrize(
    ("here", "peer", "own"),
    [
        (("192.0.2.1", 8080), ("192.0.2.1", 5), True),
        (("127.0.0.1", 8080), ("127.0.0.1", 5), True),
        (("::1", 8080, 0, 0), ("::1", 5, 0, 0), True),
        (("192.0.2.1", 8080), ("192.0.2.2", 5), False),
        (("192.0.2.1", 8080), ("192.0.2.11", 5), False),
        (None, None, False),
    ],
)
def test_a_browser_on_this_machine_is_told_by_its_address(here, peer, own: bool) -> None:
    class Transport:
        def get_extra_info(self, name: str) -> object:
            return {"sockname": here, "peername": peer}[name]

    assert comes_from_here(Transport()) == own and not comes_from_here(None)


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
