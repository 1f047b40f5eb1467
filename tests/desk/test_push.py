"""The stream of what changes: one payload for all, and a slow reader costs the server nothing."""

import asyncio
from types import SimpleNamespace

import pytest

from coinmon_desk._board import PairBoard
from coinmon_desk._figures import cell
from coinmon_desk._push import _QUEUED_FRAMES, Broadcast, frame


def test_a_slow_reader_begins_again_and_a_fast_one_misses_nothing():
    async def run():
        broadcast = Broadcast(lambda _: [frame("board", {"whole": True})])
        slow, fast = broadcast.stream(), broadcast.stream()
        for each in (slow, fast):
            assert await anext(each) == b"retry: 1000\n\n"
            assert b"whole" in await anext(each)
        heard = []
        for number in range(3 * _QUEUED_FRAMES):
            broadcast.send("board", {"n": number})
            heard.append(await anext(fast))
        assert heard[0] == frame("board", {"n": 0})
        assert len(heard) == 3 * _QUEUED_FRAMES
        # what the slow one missed is not kept: it is told everything anew, then what came after
        found = await anext(slow)
        while b"whole" not in found:
            found = await anext(slow)
        for each in (slow, fast):
            await each.aclose()
        assert len(broadcast) == 0

    asyncio.run(run())


def test_nobody_reads_nothing_is_made():
    class Explodes:
        """Cannot be written."""

    Broadcast(list).send("board", Explodes())


@pytest.fixture
def board():
    made = PairBoard(SimpleNamespace(config=SimpleNamespace(exchanges={})))
    for pair in ("A/USDT", "B/USDT"):
        made._put(pair, {"price": cell("1", 1.0)})
    return made


def test_a_page_that_has_rows_is_told_what_changed_since(board):
    had = board.revision
    assert board.since(had) == {}
    board._put("B/USDT", {"price": cell("2", 2.0)})
    assert list(board.since(had)) == ["B/USDT"]
    assert board.since("now") == {}


@pytest.mark.parametrize("revision", ["", "x", "cafe.1", "é.²", "."])
def test_a_page_whose_rows_are_of_another_process_is_told_all(board, revision):
    assert board.since(revision) == board.rows
    assert len(board.rows) == 2


def test_a_stream_begins_with_the_board_that_the_reader_lacks(board):
    async def run(since):
        broadcast = Broadcast(lambda since: [frame("board", board.since(since), board.revision)])
        stream = broadcast.stream(since)
        await anext(stream)
        found = await anext(stream)
        await stream.aclose()
        return found

    had = board.revision
    assert b"A/USDT" in asyncio.run(run(""))
    assert asyncio.run(run(had)) == f"event: board\nid: {had}\ndata: {{}}\n\n".encode()
