"""What a stranger sends: refused, counted, and nobody's pictures wait for it."""

import asyncio
import json
import socket
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge.viewer import connections, stream, websocket
from edge.viewer.access import MOST_WRONG, Access, Refusal, Refusals
from edge.viewer.certificate import board_certificate
from edge.viewer.from_page import MOST_BYTES
from edge.viewer.place import Place
from tests.viewer.watching import Board, origin, served, session_of, watcher
from tests.viewer.watching import stream as stream_of


def refused_in(body: Any) -> dict[str, int]:
    """What was refused while a viewer looked on, who got its pictures all the same."""
    with served() as board:
        board.show()

        async def beside() -> None:
            async with watcher(board) as viewer:
                await viewer.until(lambda one: one.pictures)
                looking_on = asyncio.create_task(viewer.until(lambda one: False))
                await body(board)
                looking_on.cancel()
                await asyncio.gather(looking_on, return_exceptions=True)
                board.show()
                await viewer.until(lambda one: one.pictures[-1].id == board.count)

        asyncio.run(beside())
        return board.page.refusals.counts()


def raw_stream(board: Board, session: aiohttp.ClientSession) -> socket.socket:
    """A viewer's socket that nobody reads, and that answers nothing by itself."""
    cookie = "; ".join(f"{one.key}={one.value}" for one in session.cookie_jar)
    raw = socket.create_connection(("127.0.0.1", board.page.port))
    head = (
        f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{board.page.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Origin: {origin(board)['Origin']}\r\nCookie: {cookie}\r\n\r\n"
    )
    raw.sendall(head.encode())
    return raw


def part(content: bytes, first: bool, last: bool) -> bytes:
    """A text message's piece as it goes over the line, masked with noughts."""
    return struct.pack("!BBH4x", (0x80 if last else 0) | first, 0x80 | 126, len(content)) + content


async def until_counted(board: Board, refusal: Refusal) -> None:
    async with asyncio.timeout(20):
        while refusal not in board.page.refusals.counts():
            await asyncio.sleep(0.02)


async def until_closed(socket_: aiohttp.ClientWebSocketResponse) -> None:
    while (await socket_.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
        pass


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"Origin": "https://elsewhere.example"}, Refusal.ORIGIN),
        ({"Origin": "http://127.0.0.1:1"}, Refusal.ORIGIN),
        ({"Origin": "null"}, Refusal.ORIGIN),
        ({}, Refusal.ORIGIN),
        ({"Host": "elsewhere.example"}, Refusal.HOST),
        ({"Host": "localhost:1"}, Refusal.HOST),
        ({"Host": "u@[127.0.0.1"}, Refusal.HOST),
    ],
)
def test_other_origins_and_other_names(headers: dict[str, str], refusal: Refusal) -> None:
    async def body(board: Board) -> None:
        async with session_of(board) as session:
            given = headers if "Host" not in headers else {**origin(board), **headers}
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(board.base + "stream", headers=given)
            entered = await session.post(board.base + "enter", data=board.code, headers=given)
            assert entered.status == 403

    assert refused_in(body)[refusal] == 2


@pytest.mark.parametrize("cookie", ["", "1.2.3", f"9999999999.{'0' * 16}.{'0' * 64}", "x" * 3000])
def test_without_a_cookie_that_the_program_gave(cookie: str) -> None:
    async def body(board: Board) -> None:
        async with aiohttp.ClientSession() as session:
            headers = {**origin(board), "Cookie": f"sonoedge-{board.page.port}={cookie}"}
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(board.base + "stream", headers=headers)

    assert refused_in(body) == {Refusal.COOKIE: 1}


def test_cookies_that_were_changed_or_come_from_elsewhere() -> None:
    """One that another board gave, one whose end was put off, and one without its signature's last sign."""

    async def body(board: Board) -> None:
        async with session_of(board) as session:
            (mine,) = [one.value for one in session.cookie_jar]
        end, rest = mine.split(".", 1)
        elsewhere = Access(b"x" * 32, alone=True, now_s=time.time)
        given = elsewhere.admit(elsewhere.own_code, own=True)
        for cookie in (given, f"{int(end) + 3600}.{rest}", mine[:-1]):
            async with aiohttp.ClientSession() as session:
                headers = {**origin(board), "Cookie": f"sonoedge-{board.page.port}={cookie}"}
                with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                    await session.ws_connect(board.base + "stream", headers=headers)

    assert refused_in(body) == {Refusal.COOKIE: 3}


def test_guessed_codes() -> None:
    async def body(board: Board) -> None:
        async with aiohttp.ClientSession() as session:
            for number in range(MOST_WRONG + 3):
                entered = await session.post(board.base + "enter", data=f"GUESS{number}", headers=origin(board))
                assert entered.status == 403

    assert refused_in(body) == {Refusal.CODE: MOST_WRONG, Refusal.TOO_MANY_CODES: 3}


@pytest.mark.parametrize(
    "path", ["../setup.cfg", "..%2f..%2fsetup.cfg", "%2e%2e/from_page.py", "assets/app.js", "app.js%00", "/etc/passwd"]
)
def test_paths_out_of_the_page(path: str) -> None:
    async def body(board: Board) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", board.page.port)
        request = f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{board.page.port}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        answer = await reader.read()
        assert answer.split(b" ")[1] in (b"404", b"400")
        writer.close()

    assert set(refused_in(body)) <= {Refusal.PATH}


HOSTILE = ["", "{", "[]", "null", '{"type":"save"}', '{"type":"dance","n":1}', '{"type":"save","n":-1}', "[" * 9000]
HOSTILE += ['{"type":"save","n":1,"x":1}', '{"type":"scroll","n":1,"to":1e99}', '{"type":"name","n":1,"name":5}']
HOSTILE += [json.dumps({"type": "name", "n": 1, "name": "x" * 300}), '{"type":"ack","id":1,"age_ms":NaN}']


def test_messages_that_are_none() -> None:
    async def body(board: Board) -> None:
        for text in [*HOSTILE, b"\0" * 100]:
            async with session_of(board) as session, stream_of(board, session) as socket_:
                await (socket_.send_str(text) if isinstance(text, str) else socket_.send_bytes(text))
                await until_closed(socket_)

    assert refused_in(body) == {Refusal.MESSAGE: len(HOSTILE) + 1}


def test_a_huge_message() -> None:
    async def body(board: Board) -> None:
        async with session_of(board) as session, stream_of(board, session) as socket_:
            await socket_.send_str("x" * (MOST_BYTES + 1))
            await until_closed(socket_)
            assert socket_.close_code == 1009

    assert refused_in(body) == {Refusal.TOO_LARGE: 1}


def test_a_huge_message_in_small_parts_that_never_ends() -> None:
    async def body(board: Board) -> None:
        async with session_of(board) as session:
            raw = raw_stream(board, session)
            with suppress(ConnectionError):
                for number in range(2 * MOST_BYTES // 1000):
                    raw.sendall(part(b"x" * 1000, first=number == 0, last=False))
            await until_counted(board, Refusal.TOO_LARGE)
            raw.close()

    assert refused_in(body) == {Refusal.TOO_LARGE: 1}


def test_ten_thousand_pings_at_once() -> None:
    """Those of the web socket itself, which are answered before any message is read."""

    async def body(board: Board) -> None:
        async with session_of(board) as session, stream_of(board, session) as socket_:
            ended = asyncio.create_task(until_closed(socket_))
            with suppress(ConnectionError):
                for _ in range(10_000):
                    await socket_.ping(b"x" * 100)
            await ended

    assert refused_in(body) == {Refusal.TOO_FAST: 1}


def test_ten_thousand_requests_on_one_connection() -> None:
    async def body(board: Board) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", board.page.port)
        request = f"GET /icon.svg HTTP/1.1\r\nHost: 127.0.0.1:{board.page.port}\r\n\r\n".encode()
        reading = asyncio.create_task(reader.read(2**24))
        with suppress(ConnectionError):
            for _ in range(10_000):
                writer.write(request)
                await writer.drain()
        await asyncio.gather(reading, return_exceptions=True)
        await until_counted(board, Refusal.TOO_FAST)
        writer.close()

    assert refused_in(body) == {Refusal.TOO_FAST: 1}


def test_ten_thousand_messages_at_once() -> None:
    async def body(board: Board) -> None:
        async with session_of(board) as session, stream_of(board, session) as socket_:
            ended = asyncio.create_task(until_closed(socket_))
            with suppress(ConnectionError):
                for number in range(10_000):
                    await socket_.send_str(f'{{"type":"freeze","n":{number},"on":true}}')
            await ended
        assert board.desk.asked == [], "it is not in control"

    counts = refused_in(body)
    assert counts[Refusal.TOO_FAST] == 1 and counts[Refusal.NOT_DRIVER] < 2_000


def test_sockets_that_ask_for_nothing_and_those_beyond_the_most() -> None:
    async def body(board: Board) -> None:
        board.page._connections.ask_s = 0.5
        sockets = [await asyncio.open_connection("127.0.0.1", board.page.port) for _ in range(connections.MOST + 6)]
        for _, writer in sockets[::2]:
            writer.write(b"GET / HTTP/1.1\r\nHost: ")  # and never the rest
        for reader, writer in sockets:
            with suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 20) == b""
            writer.close()

    counts = refused_in(body)
    assert counts[Refusal.TOO_MANY] >= 6
    assert counts[Refusal.IDLE] + counts[Refusal.TOO_MANY] == connections.MOST + 6


def test_a_request_whose_body_never_comes() -> None:
    async def body(board: Board) -> None:
        board.page._connections.ask_s = 0.5
        reader, writer = await asyncio.open_connection("127.0.0.1", board.page.port)
        head = f"POST /enter HTTP/1.1\r\nHost: 127.0.0.1:{board.page.port}\r\nOrigin: {origin(board)['Origin']}\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\nABC".encode())
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()

    assert refused_in(body) == {Refusal.IDLE: 1}


def test_sockets_that_never_begin_their_encryption(tmp_path: Path) -> None:
    certificate = board_certificate(tmp_path, ["127.0.0.2"])

    async def body() -> None:
        async with watcher(board, connector=aiohttp.TCPConnector(ssl=False)) as viewer:
            await viewer.until(lambda one: one.pictures)
            idle = [socket.create_connection(("127.0.0.2", board.page.port)) for _ in range(connections.MOST + 20)]
            await until_counted(board, Refusal.TOO_MANY)
            board.show()
            await viewer.until(lambda one: one.pictures[-1].id == board.count)
            for one in idle:
                one.close()

    with served(Place(0, "127.0.0.2", certificate, frozenset({"127.0.0.2"}))) as board:
        board.show()
        asyncio.run(body())
        assert board.page.refusals.counts()[Refusal.TOO_MANY] >= 10


def test_one_address_has_not_all_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one beyond this machine would be counted."""
    monkeypatch.setattr(connections, "_is_loopback", lambda address: False)

    async def body(board: Board) -> None:
        sockets = [await asyncio.open_connection("127.0.0.1", board.page.port) for _ in range(connections.MOST_OF_ONE)]
        await until_counted(board, Refusal.TOO_MANY)
        for _, writer in sockets:
            writer.close()

    refused_in(body)


def test_who_does_not_read_a_file_is_let_go() -> None:
    class Transport(asyncio.Transport):
        waiting = 9

        def get_write_buffer_size(self) -> int:
            return self.waiting

        def abort(self) -> None:
            self.aborted = True

    async def body() -> None:
        refusals = Refusals()
        guards = connections.Connections(asyncio.Protocol, refusals, ask_s=0.0, life_s=0.0)
        for waiting in (9, 0):
            transport = Transport()
            transport.waiting = waiting
            guards().connection_made(transport)
            guards.asked(transport)
            await asyncio.sleep(0.05)
            assert transport.aborted
        assert refusals.counts() == {Refusal.SLOW: 1}, "one that has read all may end as it likes"

    asyncio.run(body())


def test_a_viewer_whose_line_is_dead_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half open: it answers no ping, and nothing ends the connection."""
    monkeypatch.setattr(websocket, "_HEARTBEAT_S", 0.4)

    async def body(board: Board) -> None:
        async with session_of(board) as session:
            raw = raw_stream(board, session)
            await until_counted(board, Refusal.SLOW)
            raw.close()

    assert refused_in(body) == {Refusal.SLOW: 1}


def test_a_viewer_that_never_reads_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "STUCK_S", 0.3)

    async def body(board: Board) -> None:
        async with session_of(board) as session:
            raw = raw_stream(board, session)
            async with asyncio.timeout(20):
                while Refusal.SLOW not in board.page.refusals.counts():
                    board.show()
                    await asyncio.sleep(0.02)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()

    assert refused_in(body)[Refusal.SLOW] >= 1


def test_nonsense_on_the_line_is_not_told_at_the_terminal(capfd: Any, caplog: Any) -> None:
    async def body(board: Board) -> None:
        for sent in (b"\x16\x03\x01\0\xff", b"GET / HTTP/9\r\n\r\n", b"\0" * 70_000):
            _, writer = await asyncio.open_connection("127.0.0.1", board.page.port)
            writer.write(sent)
            with suppress(ConnectionError):
                await writer.drain()
            writer.transport.abort()

    refused_in(body)
    assert capfd.readouterr().err == "" and not caplog.records
