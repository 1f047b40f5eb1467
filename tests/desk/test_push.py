"""The stream of what changes: one payload for all, and a slow reader costs the server nothing."""

import asyncio

from coinmon_desk._push import _QUEUED_FRAMES, Broadcast, frame


def test_a_slow_reader_begins_again_and_a_fast_one_misses_nothing():
    async def run():
        broadcast = Broadcast(lambda: [frame("board", {"whole": True})])
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
