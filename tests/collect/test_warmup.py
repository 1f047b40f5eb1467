"""The window's past: brought back page by page behind the live tracks, as far as it goes, the first ones first."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from loguru import logger

from coinmon import Bars, Coverage, TradePage, Trades
from coinmon.collect.history import warm_up as history_warm_up
from coinmon.collect.history.warm_up import WarmUp, progress
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import VenueBusy, VenueError
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.instruments import sync_instruments
from coinmon.store.samples import read_whales

WINDOW = 5
WHALE = 26.0
"""Only half a coin at 104 ticks of 0.5 and more."""


class Past:
    """A venue of which every instrument has a trade each 20 s, numbered from 1; pages of four."""

    requests = 0

    def __init__(self, plain, *, since=1, broken=(), limit=100):
        self.rows = [(at + 1, at * 20.0, 100 + at % 7, 0.25 if at % 3 else -0.5) for at in range(60)]
        self.asked = []
        self.used = 0
        self._plain, self._since, self._broken, self._limit = plain, since, broken, limit

    async def trades(self, *_):
        raise AssertionError("the live track's business")

    async def earlier_trades(self, instrument, before_id, since):
        self.asked.append(instrument.base)
        if instrument.base in self._broken:
            raise VenueError("it is broken")
        rows = [row for row in self.rows if self._since <= row[0] < before_id][-4:]
        if not rows:
            return TradePage(Trades.empty(), joined=False)
        return self._plain.page(*rows, more=self._plain.start + rows[0][1] * 1000 >= since)

    def usage(self):
        return {"requests": (self.used, self._limit)}


@pytest.fixture
def warmed(plain, database):
    """The stored bars of the window after a warm-up of live tracks at minute 10, by base.

    told: gets what the warm-up says of itself at the end of each of the cycles, which are `apart` minutes apart.
    """

    def run(exchange, *bases, stored=None, before=lambda _: None, cycles=1, apart=0, told=None):
        now = plain.start + 10 * plain.minute
        listed = [plain.instrument(f"{base}/USDT") for base in bases]
        with database.write() as connection:
            numbered = sync_instruments(connection, listed, now)
            for number, instrument in numbered.values():
                if stored is not None:
                    write_bars(connection, number, instrument, stored)
        # the last trade of minute 9 is number 30
        tracks = [Track(each, numbered[each.id][0], now, boundary_id=30) for each in listed]

        async def warm():
            moment = [now]
            clock = SimpleNamespace(now=lambda: moment[0])
            warm_up = WarmUp(Venue("acme", exchange, clock), clock, database, WINDOW * plain.minute, WHALE)
            before(exchange)
            for _ in range(cycles):
                warm_up.begin(tracks)
                warm_up.begin(tracks)
                if not warm_up._task.done():
                    await asyncio.wait({warm_up._task})
                if told is not None:
                    told.append(progress([warm_up]))
                moment[0] += apart * plain.minute
            await warm_up.close()

        plain.run(warm())
        with database.read() as connection:
            return {
                instrument.base: read_bars(connection, number, instrument, plain.start, now, levels=True) or None
                for number, instrument in numbered.values()
            }

    return run


def test_the_window_is_filled_as_it_was(plain, warmed):
    past = Past(plain)
    bars = warmed(past, "BTC")["BTC"]
    assert bars.coverage.tolist() == [Coverage.TRADES] * WINDOW
    expected = plain.volumes(past.rows)
    assert plain.seen(bars) == {minute: expected[minute] for minute in range(5, 10)}
    assert len(past.asked) == 4  # 15 trades by four, and the page that reaches beyond


def test_its_whales_are_stored_with_it(plain, warmed, database):
    past = Past(plain)
    warmed(past, "BTC")
    start, end = (plain.start + each * plain.minute for each in (5, 10))
    with database.read() as connection:
        found = read_whales(connection, 1, plain.instrument().id, start, end)
    expected = [
        (plain.start + round(at * 1000), ticks * 0.5) for _, at, ticks, qty in past.rows
        if 300 <= at < 600 and abs(qty) * ticks * 0.5 >= WHALE
    ]  # fmt: skip
    assert expected
    assert [(whale.time, whale.price) for whale in found] == expected


def test_a_venue_that_asks_to_wait_is_asked_in_every_cycle_until_it_tells(plain, warmed):
    """Beside another program at the same address its budget may be used up for long: that is no failure."""
    past, refusals = Past(plain), 2 * history_warm_up._MAX_TRIES
    tell = past.earlier_trades

    async def earlier_trades(*arguments):
        if len(past.asked) < refusals:
            past.asked.append("refused")
            raise VenueBusy("acme: HTTP 429; wait 10 s", 10)
        return await tell(*arguments)

    past.earlier_trades = earlier_trades
    assert len(warmed(past, "BTC", cycles=refusals + 1)["BTC"]) == WINDOW


def test_a_minute_whose_volume_is_not_the_venues_own_stays_the_venues(plain, warmed):
    """Ids prove that no trade is missing; in contracts of another size all amounts are wrong.

    The fourth minute was read whole before the size changed.
    """
    minutes = plain.start + np.arange(5, 10) * plain.minute
    volumes = plain.volumes(Past(plain).rows)
    ours = np.array([sum(volumes[minute][:2]) for minute in range(5, 10)])
    theirs = ours * [1, 10, 1, 10, np.nan]
    nothing, price = np.array([np.nan, np.nan, np.nan, 1.0, np.nan]), np.full(5, 100)
    kinds = np.array([Coverage.PARTIAL] * 3 + [Coverage.TRADES, Coverage.PARTIAL], np.uint8)
    stored = Bars(
        plain.instrument().tick_size, minutes, *[price] * 4, theirs, theirs * 50, np.full(5, -1), *[nothing] * 4,
        kinds,
    )  # fmt: skip
    bars = warmed(Past(plain), "BTC", stored=stored)["BTC"]
    assert bars.coverage.tolist() == [3, Coverage.PARTIAL, 3, 3, 3]
    assert bars.volume.tolist() == [ours[0], theirs[1], ours[2], theirs[3], ours[4]]


def test_what_the_venue_has_no_more_is_left_and_told_by_nothing(plain, warmed):
    bars = warmed(Past(plain, since=23), "BTC")["BTC"]
    assert ((bars.time - plain.start) // plain.minute).tolist() == [8, 9]


def test_an_instrument_that_cannot_be_had_harms_no_other_and_priority_is_kept(plain, warmed, monkeypatch):
    monkeypatch.setattr(history_warm_up, "_MAX_CONCURRENT_WARM_UPS", 1)
    past = Past(plain, broken=("BTC",))
    found = warmed(past, "BTC", "ETH", "SOL", "XRP", "ADA", "DOGE")
    assert found["BTC"] is None
    assert all(len(found[base]) == WINDOW for base in found if base != "BTC")
    assert list(dict.fromkeys(past.asked)) == ["BTC", "ETH", "SOL", "XRP", "ADA", "DOGE"]


def test_what_fails_is_asked_for_again_in_the_next_cycle(plain, warmed):
    class Ill(Past):
        async def earlier_trades(self, instrument, before_id, since):
            if instrument.base == "BTC" and self.asked.count("BTC") == 1:
                self._broken = ()
                self.asked.append("BTC")
                # not what the contract says, which is a plugin's bug and no reason to stop either
                return None
            return await super().earlier_trades(instrument, before_id, since)

    told = []
    found = warmed(Ill(plain, broken=("BTC",)), "BTC", "ETH", cycles=4, told=told)
    assert [len(found[base]) for base in ("BTC", "ETH")] == [WINDOW, WINDOW]
    id = "acme:BTC/USDT"
    assert told[0] == {"instruments": 1, "failed": {id: "it is broken"}}
    assert told[1]["instruments"] == 1
    assert told[1]["failed"][id].startswith("AttributeError: ")
    assert told[2:] == [{"instruments": 0, "failed": {}}] * 2


def test_what_always_fails_is_given_up_and_told(plain, warmed):
    told, logged = [], []
    # a command that ran in this process before may have put lines into its language
    logger.configure(patcher=lambda record: None)
    past = Past(plain, broken=("BTC",))
    sink = logger.add(logged.append, level="WARNING", format="{message}")
    warmed(past, "BTC", cycles=7, told=told)
    logger.remove(sink)
    assert [each["instruments"] for each in told] == [1, 1, 1, 1, 0, 0, 0]
    assert told[-1]["failed"] == {"acme:BTC/USDT": "it is broken"}
    assert past.asked == ["BTC"] * 5
    assert [str(line).strip() for line in logged] == [
        "the past of acme:BTC/USDT was not had in 5 tries, time will fill the window: it is broken"
    ]


def test_what_failed_is_told_as_long_as_the_window_lacks_it(plain, warmed):
    told = []
    warmed(Past(plain, broken=("BTC",)), "BTC", cycles=WINDOW + 1, apart=1, told=told)
    assert [len(each["failed"]) for each in told] == [1] * WINDOW + [0]


def test_a_window_that_is_there_is_not_asked_for_again(plain, warmed):
    past = Past(plain)
    times = plain.start + np.arange(10, dtype=np.int64) * plain.minute
    whole = Bars.missing(plain.instrument().tick_size, times).with_coverage(Coverage.TRADES)
    warmed(past, "BTC", stored=whole)
    assert past.asked == []


def test_live_requests_have_the_last_quarter_of_a_budget_to_themselves(plain, warmed):
    def filled(past):
        past.used = 80
        asyncio.get_running_loop().call_later(0.3, setattr, past, "used", 0)
        asyncio.get_running_loop().call_later(0.2, lambda: seen.append(len(past.asked)))

    seen = []
    assert len(warmed(Past(plain), "BTC", before=filled)["BTC"]) == WINDOW
    assert seen == [0]


def test_the_venues_split_stands_where_trades_disagree(plain, warmed):
    class Split(Past):
        split_in_bars = True

        async def bars(self, instrument, start, end):
            times = np.arange(start, end, plain.minute, dtype=np.int64)
            one, none = np.ones(len(times), np.int64), np.zeros(len(times))
            volume = np.full(len(times), 1.0)
            volume[0] = 7.0
            coverage = np.full(len(times), Coverage.KLINES, np.uint8)
            columns = (one, one, one, one, volume, volume, one * 9, volume / 4, volume, none, none, coverage)
            return Bars(instrument.tick_size, times, *columns)

    bars = warmed(Split(plain), "BTC")["BTC"]
    assert ((bars.time - plain.start) // plain.minute).tolist() == [6, 7, 8, 9]
    assert bars.trades.tolist() == [9] * 4
