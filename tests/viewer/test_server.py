"""The page's server as its viewers meet it: pictures, states, answers, and one who is in control."""

import asyncio
import re
import socket
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from edge.errors import SettingError
from edge.finding import PanoramaMark
from edge.viewer import place as places
from edge.viewer import websocket
from edge.viewer.access import Refusal
from edge.viewer.certificate import board_certificate
from edge.viewer.from_page import Freeze, Save
from edge.viewer.place import Place
from edge.viewer.server import PageServer
from tests.viewer.watching import KEY, Board, Watcher, origin, served, session_of, stream, watcher


def run(body, place=None):
    with served(place) as board:
        asyncio.run(body(board))
        return board


def test_a_viewer_sees_the_newest_picture_with_its_data() -> None:
    async def body(board: Board) -> None:
        board.show(5)
        async with watcher(board) as one:
            await one.until(lambda one: one.pictures)
            first = one.pictures[0]
            assert (first.id, first.size, first.verdict, first.age_ms) == (5, (64, 48), "measured", 7.0)
            assert [(v.value, v.low, v.high, v.unit) for v in first.values] == [(2.0, 1.8, 2.2, "mm")]
            assert first.calipers[0].text == "2.0 mm" and first.masks[0].outlines and first.lines[0].landmarks
            board.show()
            await one.until(lambda one: one.pictures[-1].id == 6)
            hello = one.last("hello")
            assert (hello["version"], hello["you"], hello["offer"]["controls"]) == (3, "1", True)

    assert run(body).page.ages_ms()


def test_a_viewer_who_draws_nothing_is_sent_no_more_and_holds_up_nobody() -> None:
    async def body(board: Board) -> None:
        board.show()
        async with watcher(board) as stuck, watcher(board) as lively:
            stuck.silent = True
            await stuck.until(lambda one: one.pictures)
            for _ in range(20):
                board.show()
                await lively.until(lambda one: one.pictures and one.pictures[-1].id == board.count)
            await stuck.tell(type="ping", at_ms=1.0)
            await stuck.until(lambda one: one.last("pong"))
            assert len(stuck.pictures) <= 2 and len(lively.pictures) >= 20

    run(body)


def test_orders_are_the_drivers_alone_until_another_takes_over() -> None:
    async def body(board: Board) -> None:
        async with watcher(board) as first, watcher(board) as second:
            await first.ask("name", name="Ada\n<b>")
            assert (await first.ask("freeze", on=True))["text"] == "done"
            refused = await second.ask("save")
            assert not refused["done"] and "take over first" in refused["text"]
            assert (await second.ask("take"))["done"]
            await first.until(lambda one: any(answer.get("n") == -1 for answer in one.said))
            assert not (await first.ask("save"))["done"]
            assert (await second.ask("save"))["done"]
            await second.until(lambda one: (one.last("state") or {}).get("driver") == "2")
        assert [(type(asked), who) for asked, who in board.desk.asked] == [(Freeze, "Ada <b>"), (Save, "viewer 2")]

    assert run(body).page.refusals.counts()[Refusal.NOT_DRIVER] == 2


def test_a_driver_whose_line_breaks_off_finds_control_again() -> None:
    async def body(board: Board) -> None:
        async with watcher(board) as watching:
            async with watcher(board, tab="a") as driver:
                await driver.ask("take")
            async with watcher(board, tab="b") as other:
                assert not (await other.ask("save"))["done"]
            async with watcher(board, tab="a") as back:
                assert (await back.ask("save"))["done"]
            assert not (await watching.ask("save"))["done"]

    run(body)


def test_what_a_desk_refuses_comes_back_with_its_reason() -> None:
    async def body(board: Board) -> None:
        async with watcher(board) as one:
            answer = await one.ask("act", action="arm")
            assert (answer["done"], answer["text"]) == (False, "that is refused")

    run(body)


def test_a_panorama_comes_beside_the_pictures_and_not_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "PANORAMA_S", 1000.0)

    def told(one: Watcher) -> list[int]:
        return [said["size"][0] for said in one.said if said["type"] == "panorama"]

    async def body(board: Board) -> None:
        board.show(further=(PanoramaMark("whole", np.zeros((20, 30), np.uint8)),))
        async with watcher(board) as first:
            await first.until(told)
            for width in range(31, 36):
                board.show(further=(PanoramaMark("whole", np.zeros((20, width), np.uint8)),))
                await first.until(lambda one: one.pictures and one.pictures[-1].id == board.count)
            assert told(first) == [30], "a grown one waits"
            monkeypatch.setattr(websocket, "PANORAMA_S", 0.0)
            await first.until(lambda one: told(one)[-1] == 35)
            async with watcher(board) as second:
                await second.until(told)
                assert told(second) == [35], "who comes later gets the newest"

    run(body)


def test_a_panorama_that_is_over_goes_from_the_page() -> None:
    async def body(board: Board) -> None:
        board.show(further=(PanoramaMark("whole", np.zeros((20, 30), np.uint8)),))
        async with watcher(board) as one:
            await one.until(lambda one: one.last("panorama"))
            board.count = -1
            board.show()  # another source, whose time began anew
            await one.until(lambda one: one.last("panorama")["picture"] == "")

    run(body)


def test_a_frozen_picture_is_sent_again_as_fine_as_it_is() -> None:
    async def body(board: Board) -> None:
        board.show(3, frozen=True)
        async with watcher(board) as one:
            await one.until(lambda one: len(one.pictures) == 2)
            assert {shown.id for shown in one.pictures} == {3}
            assert board.pictures.scroll(0)
            await one.until(lambda one: one.pictures[-1].id == 1)

    run(body)


def test_every_file_of_the_page_is_served_with_its_kind_and_policy() -> None:
    async def body(board: Board) -> None:
        async with session_of(board) as session:
            page = await session.get(board.base)
            text = await page.text()
            names = re.findall(r'(?:src|href)="([\w.]+)"', text)
            assert {"app.js", "page.css", "icon.svg"} <= set(names)
            for name in [*names, "en.json", "de.json"]:
                response = await session.get(board.base + name)
                assert response.status == 200 and await response.read()
                policy = response.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy and "unsafe" not in policy
            assert "style=" not in text and "onclick" not in text and "<script>" not in text

    run(body)


def test_beyond_this_machine_a_code_holds_once_and_the_line_is_encrypted(tmp_path: Path) -> None:
    certificate = board_certificate(tmp_path, ["127.0.0.2", "board.local"])
    place = Place(0, "127.0.0.2", certificate, frozenset({"127.0.0.2", "localhost"}))

    async def body(board: Board) -> None:
        assert board.base.startswith("https://")
        code = board.code
        async with session_of(board, code, connector=aiohttp.TCPConnector(ssl=False)) as session:
            async with stream(board, session) as socket_:
                await socket_.receive()
            again = await session.post(board.base + "enter", data=code, headers=origin(board))
            assert again.status == 403
        for _ in range(2):
            own = board.page.own_invitation().partition("=")[2]
            async with session_of(board, own, connector=aiohttp.TCPConnector(ssl=False)):
                pass
        on_its_screen = board.page.standing_invitation()
        assert board.page.standing_invitation() == on_its_screen
        async with session_of(board, on_its_screen.partition("=")[2], connector=aiohttp.TCPConnector(ssl=False)):
            assert board.page.standing_invitation() != on_its_screen

    assert run(body, place).page.refusals.counts() == {Refusal.CODE: 1}


def test_nobody_beyond_this_machine_without_a_certificate() -> None:
    with pytest.raises(SettingError, match="without a certificate"):
        Board(Place(0, "0.0.0.0"))


def test_a_port_in_use_or_of_the_systems_own_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingError, match="choose another port"):
        Board(Place(taken.getsockname()[1]))

    def refused(*given: object, **named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(places.socket, "create_server", refused)
    with pytest.raises(SettingError, match="below 1024 are for the system's administrator"):
        Board(Place(80))


def test_it_ends_with_its_program_and_gives_the_port_back() -> None:
    with served() as board:
        port = board.page.port

        async def body() -> None:
            async with watcher(board) as one:
                await one.until(lambda one: one.last("hello"))
                await asyncio.to_thread(board.page.close)
                await one.until(lambda one: one.closed)

        asyncio.run(body())
    board.page.close()
    socket.create_server(("127.0.0.1", port)).close()


def test_a_cookie_holds_after_a_restart_of_the_program() -> None:
    async def both() -> None:
        with served() as before:
            async with session_of(before) as session:
                await asyncio.to_thread(before.page.close)
                again = PageServer(Place(before.page.port), before.desk, before.pictures, KEY, "sonoedge 0")
                try:
                    entered = await session.post(before.base + "enter", data="", headers=origin(before))
                    assert await entered.text() == "yes"
                finally:
                    await asyncio.to_thread(again.close)

    asyncio.run(both())
