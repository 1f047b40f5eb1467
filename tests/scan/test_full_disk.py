"""A disk that is full: one line, nothing half-written, no row lost that was kept, and it goes on once there is room."""

import asyncio

from sqlalchemy import event

from coinmon.errors import ConfigError
from coinmon.model.bars import Coverage
from coinmon_emulator.scenario.scenario import Scenario

LARGEST = 1_073_741_823
"""Pages of a SQLite database at most."""


def pages(connection):
    return connection.execute("PRAGMA page_count").fetchone()[0]


def test_a_full_disk_is_one_line_and_loses_nothing(watching):
    async def play():
        async with watching(Scenario("quiet", 1), symbols__names=["BTCUSDT", "ETHUSDT"]) as watched:
            await watched.cycle(0)
            engine, room = watched.database.engine, [0]

            @event.listens_for(engine, "checkout")
            def limit(connection, _record, _proxy):
                most = room[0] or pages(connection)
                connection.execute(f"PRAGMA max_page_count={most}")

            kept, told = bars_of(watched), []
            for _ in range(20):
                # the free end of the last page may take some minutes; a venue's are stored together or not at all
                try:
                    await watched.cycle(5)
                except ConfigError as error:
                    told.append(str(error))
                kept = grown(kept, bars_of(watched))
                if len(told) == 2:
                    break
            assert told == [f"db: {watched.database.name}: the disk is full"] * 2
            room[0] = LARGEST
            events = await watched.cycle()
            for rows in grown(kept, bars_of(watched)).values():
                times = [time for time, _, _ in rows]
                assert times == list(range(times[0], watched.hand.now() - watched.hand.now() % 60_000, 60_000))
            flows = [each for each in events if each["event"] == "flow"]
            assert {flow["coverage"] for flow in flows} == {1.0}

    def grown(before, after):
        for id, rows in before.items():
            assert after[id][: len(rows)] == rows
        return after

    def bars_of(watched):
        history = watched.history
        found = {each.id: history.bars(each, 0, 2**62) for each in history.with_bars()}
        return {
            id: [row for row in zip(*(x.tolist() for x in (bars.time, bars.volume, bars.coverage)), strict=True)
                 if row[2] > Coverage.PARTIAL]
            for id, bars in found.items()
        }  # fmt: skip

    asyncio.run(play())
