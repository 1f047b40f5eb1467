"""The stream of what changes: one payload for all, one write a turn, and a slow reader costs the server nothing."""

import asyncio
from types import SimpleNamespace

import pytest

from coinmon_desk._board import PairBoard
from coinmon_desk._figures import cell
from coinmon_desk._push import MOST_WAITING, Broadcast, frame


async def begin(since, pairs):
    return b"whole;"


async def gone(*streams):
    for each in streams:
        await each.aclose()


def test_a_slow_reader_begins_again_and_a_fast_one_misses_nothing():
    async def run():
        broadcast = Broadcast(begin)
        slow, fast = broadcast.stream(), broadcast.stream()
        for each in (slow, fast):
            assert await anext(each) == b"retry: 1000\n\nwhole;"
        heard = []
        for number in range(3 * MOST_WAITING):
            broadcast.send(frame("board", {"n": number}))
            heard.append(await anext(fast))
            (reader,) = [each for each in broadcast._readers if each.waiting != []]
            assert reader.waiting is None or len(reader.waiting) <= MOST_WAITING
        assert heard == [frame("board", {"n": number}) for number in range(3 * MOST_WAITING)]
        # what the slow one missed is not kept: it is told everything anew, then what came after
        assert await anext(slow) == b"whole;"
        broadcast.send(b"next")
        assert await anext(slow) == b"next"
        await gone(slow, fast)
        assert len(broadcast) == 0

    asyncio.run(run())


def test_what_came_in_a_turn_is_one_write_for_each_reader():
    async def run():
        broadcast = Broadcast(begin)
        streams = [broadcast.stream() for _ in range(48)]
        for each in streams:
            await anext(each)
        for word in (b"a", b"b", b"c"):
            broadcast.send(word)
        assert [await anext(each) for each in streams] == [b"abc"] * 48
        # and nothing else is due
        waiting = [asyncio.ensure_future(anext(each)) for each in streams]
        await asyncio.sleep(0)
        assert not any(each.done() for each in waiting)
        broadcast.send(b"d")
        assert await asyncio.gather(*waiting) == [b"d"] * 48
        await gone(*streams)

    asyncio.run(run())


def test_who_shows_no_chart_is_told_of_none():
    async def run():
        broadcast = Broadcast(begin)
        board, chart = broadcast.stream(), broadcast.stream("", ["BTC/USDT", "ETH/USDT"])
        for each in (board, chart):
            await anext(each)
        assert broadcast.pairs == {"BTC/USDT", "ETH/USDT"}
        broadcast.send(b"btc ", "BTC/USDT")
        broadcast.send(b"sol ", "SOL/USDT")
        broadcast.send(b"all ")
        assert (await anext(board), await anext(chart)) == (b"all ", b"btc all ")
        await gone(chart)
        assert broadcast.pairs == set()
        await gone(board)

    asyncio.run(run())


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
    # only what changed of it goes on
    board.news()
    board._put("B/USDT", {"price": cell("3", 3.0)})
    assert board.news() == {"B/USDT": {"price": cell("3", 3.0)}}


@pytest.mark.parametrize("revision", ["", "x", "cafe.1", "é.²", "."])
def test_a_page_whose_rows_are_of_another_process_is_told_all(board, revision):
    assert board.since(revision) == board.rows
    assert len(board.rows) == 2
