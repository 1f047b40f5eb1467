"""Behind a single scan nothing is fetched: what lacks of the last day is named with the command that brings it."""

from types import SimpleNamespace

from loguru import logger

from coinmon.collect.history.before import BeforeStart
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.model.fold import fold
from coinmon.model.instrument import Pair
from coinmon.store.bars import write_bars
from coinmon.store.instruments import sync_instruments
from coinmon.supervise import Supervisor


def test_a_single_scan_says_what_lacks_and_what_brings_it(plain, database):
    clock = SimpleNamespace(now=lambda: plain.start + plain.minute)
    config = SimpleNamespace(window=50, whale_threshold=1e9)
    listed = [plain.instrument(f"{base}/USDT") for base in ("BTC", "ETH")]
    # of a third the day is stored
    listed.append(plain.instrument("SOL/USDT"))
    with database.write() as connection:
        numbered = sync_instruments(connection, listed, plain.start)
        number, sol = numbered["acme:SOL/USDT"]
        minutes = range(-1439, 1)
        day = fold(plain.trades(*((1440 + each, each * 60.0, 100, 1.0) for each in minutes)), sol)
        write_bars(connection, number, sol, day)
    tracks = {"acme": [Track(each, numbered[each.id][0], plain.start) for each in listed]}
    before = BeforeStart(config, [Venue("acme", object(), clock)], clock, database, Supervisor(), goes_on=False)
    said = []
    sink = logger.add(said.append, level="INFO", format="{message}")
    plain.run(before.look([Pair("BTC", "USDT"), Pair("ETH", "USDT")], tracks))
    logger.remove(sink)
    command = "coinmon backfill BTCUSDT ETHUSDT --from 2023-03-27"
    assert [str(each).strip() for each in said] == [
        f"2 of 3 instruments lack minutes of the last 24 h: `{command}` brings them, as does a scan that goes on"
    ]
    assert before.as_json()["first_day"]["acme"] == {
        "instruments": 0, "whole_in_s": None, "without": 2, "failed": {},
        "backfill": "coinmon backfill BTCUSDT ETHUSDT --exchange acme --kind spot --from 2023-03-27",
    }  # fmt: skip
