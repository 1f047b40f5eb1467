"""What is written behind the cycles is judged with as a whole, and says when it was known."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from coinmon.collect.history.between_cycles import BetweenCycles
from coinmon.supervise import gathered


def test_the_past_is_not_written_while_a_minute_is_judged_and_was_not_known_to_it(plain, database):
    now = plain.start + 5_000
    turns = BetweenCycles(SimpleNamespace(now=lambda: now))
    written = []

    async def run():
        nonlocal now
        await turns.write(database, written.append)
        await turns.hold()
        await turns.hold()
        waits = asyncio.create_task(turns.write(database, written.append))
        # it began, and the thread that writes was not given the work
        await asyncio.sleep(0)
        await database.in_writer(lambda: None)
        assert len(written) == 1
        turns.release()
        turns.release()
        await waits
        now += plain.minute
        await turns.write(database, written.append)

    plain.run(run())
    # before the minute was judged, after it by a clock that stood still, and later
    assert written == [plain.start + 5_000, plain.start + 5_001, plain.start + 5_000 + plain.minute]


def test_two_that_ask_while_the_past_is_written_both_have_it(plain, database):
    """A venue left over from a cycle whose database failed, and the next cycle: this one waited for ever."""
    turns, may = BetweenCycles(SimpleNamespace(now=lambda: plain.start)), threading.Event()

    async def fails():
        raise ValueError("no")

    async def run():
        writing = asyncio.create_task(turns.write(database, lambda _: may.wait(5)))
        await asyncio.sleep(0)
        both = asyncio.gather(turns.hold(), turns.hold())
        await asyncio.sleep(0.01)
        may.set()
        await asyncio.wait_for(both, 5)
        turns.release()
        await writing
        slow = asyncio.create_task(asyncio.sleep(0.05))
        with pytest.raises(ValueError, match="no"):
            await gathered(fails(), slow)
        assert slow.done()

    plain.run(run())


def test_a_write_that_failed_is_in_nobodys_way(plain, database):
    turns = BetweenCycles(SimpleNamespace(now=lambda: plain.start))

    def fails(_):
        raise ValueError("no")

    async def run():
        (failed,) = await asyncio.gather(turns.write(database, fails), return_exceptions=True)
        assert isinstance(failed, ValueError)
        await asyncio.wait_for(turns.hold(), 5)

    plain.run(run())
