"""The steps of a backfill one by one: what is read of a stretch, of which price before it, and what is said of it."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon import Coverage, Instrument, TradePage, Trades
from coinmon.collect.history import archive as archives
from coinmon.collect.history import request
from coinmon.collect.history.backfill import Backfill
from coinmon.collect.history.estimate import as_bytes, estimated
from coinmon.collect.history.plan import DownloadedFiles, Span
from coinmon.collect.history.rest import read_back
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.model.fold import fold
from coinmon.model.moment import DAY, HOUR, MINUTE
from coinmon.plugin.archives import Archive
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import sync_instruments

START = 1_768_435_200_000
CLOCK = SimpleNamespace(now=lambda: START + 10 * DAY)


def coin(kind="spot"):
    symbol = "BTC/USDT" if kind == "spot" else "BTC/USDT:USDT"
    return Instrument("acme", kind, "BTC", "USDT", "BTCUSDT", symbol, Decimal("0.5"), Decimal("0.25"))


def trades(*rows):
    """Rows of (minute after the start, ticks), a quarter bought in each."""
    minutes, ticks = (np.array(each, np.int64) for each in zip(*rows, strict=True))
    ids, times = np.arange(len(rows)), START + minutes * MINUTE
    return Trades(ids, times, ticks, np.full(len(rows), 0.25), np.ones(len(rows), np.int8))


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    yield opened
    opened.close()


@pytest.fixture
def fill(database, tmp_path):
    """A backfill from a venue that is these members; begun: the steps that were announced."""

    def made(**members):
        begun = []
        progress = SimpleNamespace(begin=lambda _, steps: begun.append(steps), step=lambda *_, **__: None)
        venue = Venue("acme", SimpleNamespace(requests=0, **members), CLOCK)
        return Backfill(database, venue, CLOCK, tmp_path, progress, 3, 1e9), begun

    return made


def days(monkeypatch, *pages, days=3):
    """What a file of so many days comes to, where each page is folded by itself."""
    monkeypatch.setattr(archives, "_FOLD_TRADES", 1)
    file = Archive("file", "trades", "BTCUSDT", "spot", START, START + days * DAY)
    return list(archives.bars_of_trades(iter(pages), file, coin(), None, 90, 1e9))


def test_the_price_of_a_quiet_day_is_the_last_one_before_it(monkeypatch):
    pages = [TradePage(trades(*rows), True) for rows in ([(0, 100), (5, 104)], [(2880, 110)], [(4319, 120)])]
    told = days(monkeypatch, *pages)
    assert [len(day.bars) for day in told] == [2 * 1440, 1440], "what is whole is given away before more is read"
    bars = [row for day in told for row in zip(day.bars.time, day.bars.close, strict=True)]
    close = {(time - START) // MINUTE: price for time, price in bars}
    assert sorted(close) == list(range(3 * 1440))
    assert [close[at] for at in (0, 4, 5, 6, 1440, 2879, 2880, 4318, 4319)] == [
        100, 100, 104, 104, 104, 104, 110, 110, 120,
    ]  # fmt: skip


def test_rows_that_come_after_their_minute_was_folded_are_in_its_one_bar(monkeypatch):
    pages = [
        TradePage(trades(*rows), True) for rows in ([(0, 100), (1, 100)], [(2, 101), (1, 99), (1, 99)], [(3, 100)])
    ]
    (day,) = days(monkeypatch, *pages, days=1)
    assert day.bars.time.tolist() == [START + minute * MINUTE for minute in range(1440)]
    assert day.bars.trades[:5].tolist() == [1, 3, 1, 1, 0]
    assert (day.bars.low[1], day.bars.volume[1]) == (99, 0.75)


@pytest.mark.parametrize(("minutes", "price"), [(1, 104), (60, 104), (61, 0)])
def test_the_price_before_a_file_is_looked_for_in_the_hour_before_it(database, fill, minutes, price):
    with database.write() as connection:
        number, stored = sync_instruments(connection, [coin()], START)["acme:BTC/USDT"]
        write_bars(connection, number, stored, fold(trades((0, 104)), stored))
    assert fill()[0]._price_before(number, stored, START + minutes * MINUTE) == price


def test_what_a_file_does_not_know_and_minutes_of_another_market_are_not_stored(database, fill, monkeypatch):
    monkeypatch.setattr(
        "coinmon.collect.history.backfill.span_of_name", lambda *_: (START + MINUTE, START + 4 * MINUTE)
    )
    with database.write() as connection:
        number, stored = sync_instruments(connection, [coin()], START)[coin().id]
    told = fold(trades((0, 100), (1, 101), (3, 103), (4, 104)), stored).dense(START, START + 5 * MINUTE)
    fill()[0]._store(number, stored, told)
    with database.read() as connection:
        found = read_bars(connection, number, stored, 0, 2**62)
    assert ((found.time - START) // MINUTE).tolist() == [1, 3]


@pytest.mark.parametrize("kind", ["spot", "perp"])
def test_open_interest_and_funding_are_asked_of_perpetuals_alone(database, fill, kind):
    asked = []

    async def past(*_):
        asked.append(kind)
        return []

    with database.write() as connection:
        number = sync_instruments(connection, [coin(kind)], START)[coin(kind).id][0]
    made, _ = fill(past_open_interest=past, past_funding=past)
    asyncio.run(made.run(number, coin(kind), START, START + DAY, "rest"))
    assert asked == ([] if kind == "spot" else ["perp", "perp"])
    assert made.problems == []


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [(0, 5, "before 2026-01-16T00:00:00Z"), (1, 6, "from 2026-01-20T00:00:00Z on"), (1, 5, None)],
)
def test_what_another_market_of_the_name_has_is_said_to_be_not_asked(database, fill, monkeypatch, start, end, said):
    monkeypatch.setattr("coinmon.collect.history.backfill.span_of_name", lambda *_: (START + DAY, START + 5 * DAY))
    with database.write() as connection:
        number = sync_instruments(connection, [coin()], START)[coin().id][0]
    made, _ = fill()
    asyncio.run(made.run(number, coin(), START + start * DAY, START + end * DAY, "rest"))
    assert made.absent == ([f"acme:BTC/USDT: {said} another market had this name"] if said else [])


def test_a_month_that_is_not_there_is_read_by_its_days_each_once_and_in_order(fill):
    def span(first, last, parts=()):
        return Span(START + first * DAY, START + last * DAY, parts=list(parts))

    month = span(1, 4, [span(1, 2), span(2, 3), span(3, 4)])
    spans, asked = [span(0, 1), month, span(4, 5)], []

    async def of_span(_, one):
        asked.append(tuple((each - START) // DAY for each in (one.start, one.end)))
        return DownloadedFiles(None, None)

    made, begun = fill()
    made._downloads = SimpleNamespace(of_span=of_span, refused=False)
    asyncio.run(made._archived(None, 1, coin(), spans, 2))
    assert asked == [(0, 1), (1, 4), (1, 2), (2, 3), (3, 4), (4, 5)]
    assert begun == [4 + 2], "three days of the month, the day after it, and two files of samples"


def test_a_stretch_of_rest_ends_where_it_was_to_end(database):
    rows = [(minute, 100 + minute) for minute in range(0, 300, 7)]

    async def told(_, cursor):
        every = trades(*rows)
        first = 0 if cursor.last_id is None else cursor.last_id + 1
        return TradePage(every[first : first + 10], True, first + 10 < len(rows))

    async def script():
        venue = Venue("acme", SimpleNamespace(requests=0, trades=told), CLOCK)
        track, end = Track(coin(), 1, START), START + 250 * MINUTE
        return [bars async for bars, _ in read_back(venue, CLOCK, track, end, trades=True, whale_threshold=1e9)]

    parts = asyncio.run(script())
    assert [len(each) for each in parts] == [120, 120, 10]
    bars = [(time, price) for each in parts for time, price in zip(each.time, each.close, strict=True)]
    for time, price in bars:
        before = [ticks for minute, ticks in rows if START + minute * MINUTE <= time]
        assert price == before[-1]


def test_what_it_came_to_is_said_by_the_minute(database):
    with database.write() as connection:
        number, stored = sync_instruments(connection, [coin()], START)[coin().id]
        for first, kind in ((0, Coverage.TRADES), (3, Coverage.KLINES), (5, Coverage.PARTIAL)):
            made = fold(trades(*((minute, 100) for minute in range(first, first + 2))), stored)
            write_bars(connection, number, stored, made.with_coverage(kind))
    spans = [(number, stored, START, START + 8 * MINUTE)]
    (line,) = request._summary(database, spans, [], 30, CLOCK)
    assert line == (
        "acme:BTC/USDT: 2026-01-15T00:00:00Z to 2026-01-15T00:08:00Z: minutes: 2 trades, 2 klines, 2 partial, "
        "2 missing; 50% can be judged by money flow"
    )
    _, missed, older = request._summary(database, spans, ["a", "a"], 9, CLOCK)
    assert missed == "not had: a"
    assert older.startswith("this is older than retention_days (9), and kept")
    assert len(request._summary(database, spans, [], 10, CLOCK)) == 1, "just as old as that is not older"


def test_what_it_will_come_to_is_said_before():
    assert estimated([coin()], START, START + 10 * DAY) == (
        "1 market of acme, 10 days each: 3 MB to 29 MB on disk and 1 s to 10 s of work at most, "
        "and the time that the downloads take"
    )
    assert estimated([coin(), coin("perp")], START, START + 6 * HOUR).startswith("2 markets of acme, 0.25 days each: ")
    assert [as_bytes(size) for size in (1, 1.6e6, 999.4e6, 1e9, 2.54e9)] == [
        "1 MB",
        "2 MB",
        "999 MB",
        "1.0 GB",
        "2.5 GB",
    ]
