import http.client
import socket
import struct
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

from edge.errors import SettingError
from edge.finding import Finding, Verdict
from edge.loop.pointer import Pointer
from edge.pointed import Pointed
from edge.source.fake import fake_frame

pytest.importorskip("aiohttp", reason="the viewer needs the extra 'viewer' (aiohttp)")

from edge.viewer.page import PageSink

TIMEOUT_S = 10.0


@pytest.fixture(autouse=True, scope="module")
def loopback():
    """A page cannot be asked for where not even the loopback interface is up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        try:
            socket.create_connection(server.getsockname(), timeout=TIMEOUT_S).close()
        except OSError as error:
            pytest.skip(f"127.0.0.1 cannot be reached ({error}); bring it up with: ip link set lo up")


@pytest.fixture
def page():
    with PageSink(port=0) as sink:
        yield sink


def show(sink, grey):
    picture = np.full((48, 64, 3), grey, np.uint8)
    sink.write(fake_frame(0), Finding("brightness", 0, 0, Verdict.MEASURED), picture)


@contextmanager
def asked(sink, path, host=None):
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=TIMEOUT_S)
    connection.request("GET", path, headers={"Host": host} if host else {})
    response = connection.getresponse()
    try:
        yield response
    finally:
        response.close()
        connection.close()


def next_picture(response):
    length = 0
    while line := response.readline().strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    picture = cv2.imdecode(np.frombuffer(response.read(length), np.uint8), cv2.IMREAD_COLOR)
    response.readline()
    return picture


def test_the_page_shows_the_stream_and_asks_nothing_of_other_hosts(page):
    with asked(page, "/") as response:
        text = response.read().decode()
    assert response.status == 200
    assert "/stream" in text
    assert "//" not in text


def test_a_browser_that_comes_late_gets_the_newest_picture_then_each_new_one(page):
    show(page, 10)
    show(page, 200)
    with asked(page, "/stream") as response:
        assert abs(int(next_picture(response).mean()) - 200) <= 2
        show(page, 90)
        assert abs(int(next_picture(response).mean()) - 90) <= 2


def test_the_number_tells_a_page_whether_new_pictures_come(page):
    numbers = []
    for grey in (10, 20):
        show(page, grey)
        with asked(page, "/number") as response:
            numbers.append(int(response.read()))
    assert numbers == [1, 2]


def test_closing_ends_the_stream_and_frees_the_port():
    sink = PageSink(port=0)
    show(sink, 50)
    with asked(sink, "/stream") as response:
        next_picture(response)
        sink.close()
        assert response.read() == b""
    PageSink(port=sink.port).close()


def test_it_answers_this_machine_only(page):
    assert page.url.startswith("http://127.0.0.1:")
    with asked(page, "/stream", host="evil.example:80") as response:
        assert response.status == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost", 200),
        ("LOCALHOST.:8080", 200),
        ("[::1]", 200),
        ("[::1]:8080", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("[::1", 403),
    ],
)
def test_it_answers_to_this_machines_names_with_and_without_a_port(page, host, status):
    with asked(page, "/", host=host) as response:
        assert response.status == status


def test_what_the_page_holds_its_own_policy_lets_in(page):
    with asked(page, "/") as response:
        policy = dict(part.split(None, 1) for part in response.headers["Content-Security-Policy"].split("; "))
        assert 'rel="icon" href="data:' in response.read().decode()
    assert policy["img-src"].split() == ["'self'", "data:"]


def test_a_browser_that_leaves_or_talks_nonsense_is_not_told_at_the_terminal(page, capfd, caplog):
    show(page, 10)
    for sent in (b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\0\xff", b"GET / HTTP/9\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", page.port), timeout=TIMEOUT_S) as client:
            client.sendall(sent)
            client.recv(100)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for grey in range(0, 250, 10):
        show(page, grey)
        with asked(page, "/number") as response:
            response.read()
    page.close()
    assert capfd.readouterr().err == "" and not caplog.records


def test_a_port_of_the_systems_own_is_a_clear_error(monkeypatch):
    def refused(address):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refused)
    with pytest.raises(SettingError, match=r"port 80 of .*below 1024 are for the .*--view 8080"):
        PageSink(port=80)


def test_a_port_in_use_is_a_clear_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingError, match="--view"):
        PageSink(port=taken.getsockname()[1])


def test_a_browser_that_never_reads_does_not_hold_up_writing(page):
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    with asked(page, "/stream"):
        for number in range(300):
            page.write(fake_frame(number), Finding("brightness", number, 0, Verdict.MEASURED), noise)
    with asked(page, "/stream") as late:
        assert next_picture(late).shape == (480, 640, 3)


def pointed(sink, query, origin="http://localhost:1", method="POST"):
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=TIMEOUT_S)
    connection.request(method, f"/point?{query}", headers={"Origin": origin} if origin else {})
    response = connection.getresponse()
    told = response.status, response.read().decode()
    connection.close()
    return told


def test_a_click_points_in_pixels_of_the_picture():
    pointer = Pointer()
    with PageSink(port=0, pointer=pointer) as sink:
        assert pointed(sink, "how=at&x=0.5&y=0.5") == (409, "there is no picture yet")
        show(sink, 90)
        with asked(sink, "/stream") as stream:
            next_picture(stream)
        assert pointed(sink, "how=at&x=0.5&y=0.25") == (200, "yes")
        assert pointed(sink, "how=also&x=0.75&y=0.25") == (200, "yes")
        assert pointed(sink, "how=not&x=0&y=1") == (200, "yes")
        assert pointer.pointed() == (Pointed(inside=((31.5, 11.5), (47.5, 11.5)), outside=((-0.5, 47.5),)),)
        assert pointed(sink, "how=nothing") == (200, "yes")
        assert pointer.pointed() == ()
        assert pointed(sink, "how=also&x=0.5&y=0.5") == (200, "no")
        with asked(sink, "/") as response:
            assert b'<p id="pointing" >' in response.read()


@pytest.mark.parametrize(
    "query", ["", "how=at", "how=at&x=2&y=0", "how=at&x=nan&y=0", "how=dance&x=0&y=0", "how=at&x=a&y=0"]
)
def test_what_is_no_place_is_refused(query):
    pointer = Pointer()
    with PageSink(port=0, pointer=pointer) as sink:
        show(sink, 90)
        with asked(sink, "/stream") as stream:
            next_picture(stream)
        assert pointed(sink, query)[0] == 400
        assert pointer.pointed() is None


def test_other_pages_cannot_point_and_without_a_pointer_nobody_can(page):
    pointer = Pointer()
    with PageSink(port=0, pointer=pointer) as sink:
        show(sink, 90)
        for origin in ("https://elsewhere.example", "null", ""):
            assert pointed(sink, "how=nothing", origin)[0] == 403
        assert pointed(sink, "how=nothing", method="GET")[0] == 405
        assert pointer.pointed() is None
    assert pointed(page, "how=nothing")[0] == 404
    with asked(page, "/") as response:
        assert b'<p id="pointing" hidden>' in response.read()
