"""Which minutes were judged is kept by the scanner that had the pair, and as long as the minutes themselves."""

from coinmon.model.instrument import Pair
from coinmon.model.moment import DAY, MINUTE
from coinmon.model.shard import WHOLE, Shard
from coinmon.store.judged import read_judged, write_judged
from coinmon.store.retention import forget

START = 29_000_000 * MINUTE
PAIR = Pair("BTC", "USDT")
OWN, OTHER = sorted((Shard(1, 2), Shard(2, 2)), key=lambda shard: not shard.has(PAIR))


def test_each_scanner_says_what_it_judged_and_the_last_time_counts(database):
    with database.write() as connection:
        assert read_judged(connection, PAIR, 0, START).since is None
        write_judged(connection, OTHER, START - MINUTE, START)
        for shard, minute, seconds in (
            (OWN, 0, 5),
            (OWN, 0, 40),
            (OTHER, 1, 5),
            (WHOLE, 2, 5),
            (OWN, 2, 3),
            (OWN, 3, 1),
        ):
            write_judged(connection, shard, START + minute * MINUTE, START + minute * MINUTE + seconds * 1000)
    with database.read() as connection:
        found = read_judged(connection, PAIR, START, START + 3 * MINUTE)
    assert found.since == START - MINUTE
    assert found.moments.tolist() == [START, START + 2 * MINUTE]
    assert (found.read_until - found.moments).tolist() == [40_000, 5_000]


def test_they_go_with_the_minutes(database):
    with database.write() as connection:
        for day in range(5):
            write_judged(connection, WHOLE, START + day * DAY, START + day * DAY)
    forget(database, START + 5 * DAY, 3, 3)
    with database.read() as connection:
        assert read_judged(connection, PAIR, 0, START + 9 * DAY).moments.tolist() == [
            START + d * DAY for d in (2, 3, 4)
        ]
