"""A small market in memory: minutes of trades seen in different ways, and the source that views read it through."""

import random
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon import MINUTE, Bars, Coverage, Instrument, Market, Pair, Trades, View, parse_time
from coinmon.model.fold import fold, with_quiet_minutes
from coinmon_indicators.flow.consensus import consensus
from coinmon_indicators.flow.net_flow import net_flow

START = 1_723_161_600_000  # 2024-08-09T00:00:00Z, a Friday
TICK, LOT = Decimal("0.01"), Decimal("0.001")
KINDS = ("trades", "klines", "gap", "no split", "no quote", "missing")
"""How a minute was seen: `gap` lost trades; `no split`: a kline without taker split; `no quote`: without either."""


def instrument(venue="binance", kind="spot", quote="USDT"):
    symbol = f"BTC/{quote}" + (f":{quote}" if kind == "perp" else "")
    return Instrument(venue, kind, "BTC", quote, "BTC", symbol, TICK, LOT)


@dataclass
class Minute:
    """kind: one of KINDS. trades: (ticks, lots, side) in order."""

    kind: str
    trades: list


def minutes(seed, count, kinds=("trades",), most=3):
    """Made by a seed: prices walk, some minutes are quiet."""
    chance = random.Random(seed)
    price, made = 10_000, []
    for _ in range(count):
        rows = []
        for _ in range(chance.randint(0, most)):
            price = max(1, price + chance.randint(-30, 30))
            rows.append((price, chance.randint(1, 10**6), chance.choice((1, -1))))
        made.append(Minute(chance.choice(kinds), rows))
    return made


COLUMNS = (
    "time", "open", "high", "low", "close", "volume", "quote_volume", "trades", "buy", "buy_quote", "delta_min",
    "delta_max", "coverage",
)  # fmt: skip


COVERAGE = {"trades": Coverage.TRADES, "klines": Coverage.KLINES, "missing": Coverage.MISSING}


def bars_of(made, start=START):
    """All minutes in one fold, since most tests make hundreds; what a minute's kind did not tell is taken out of it."""
    if all(minute.kind == "missing" for minute in made):
        return Bars.empty(TICK)
    kinds = np.array([minute.kind for minute in made])
    rows = [
        (start + i * MINUTE, *row) for i, minute in enumerate(made) if minute.kind != "missing" for row in minute.trades
    ]
    time, ticks, lots, side = zip(*rows, strict=True) if rows else ((), (), (), ())
    trades = Trades(
        np.arange(len(rows), dtype=np.int64),
        np.array(time, np.int64),
        np.array(ticks, np.int64),
        np.array([float(each * LOT) for each in lots], np.float64),
        np.array(side, np.int8),
    )
    whole = with_quiet_minutes(
        fold(trades, instrument()), start, start + len(made) * MINUTE, Coverage.TRADES
    ).with_coverage(np.array([COVERAGE.get(kind, Coverage.PARTIAL) for kind in kinds], np.uint8))
    unsplit, unpriced = np.isin(kinds, ("no split", "no quote")), kinds == "no quote"
    columns = {name: np.array(getattr(whole, name)) for name in COLUMNS}
    for name in ("buy", "buy_quote", "delta_min", "delta_max"):
        columns[name][unsplit] = np.nan
    columns["quote_volume"][unpriced] = np.nan
    seen = kinds == "trades"
    levels = whole.levels.take(np.flatnonzero(seen)).spread(np.flatnonzero(seen), len(made))
    return Bars(TICK, **columns, levels=levels)[kinds != "missing"]


@dataclass
class Tape:
    """What the store would hold, by instrument id."""

    rows: dict = field(default_factory=dict)
    interest: list = field(default_factory=list)
    fundings: list = field(default_factory=list)
    whales: list = field(default_factory=list)
    depths: list = field(default_factory=list)
    pictures: list = field(default_factory=list)
    forced: list = field(default_factory=list)
    heard: list = field(default_factory=list)
    told: list = field(default_factory=list)

    def bars(self, instrument, start, end, *, levels=False):
        rows = self.rows.get(instrument.id, Bars.empty(TICK))
        rows = rows[(rows.time >= start) & (rows.time < end)]
        return rows if levels else Bars(TICK, *(getattr(rows, name) for name in COLUMNS))

    def profile(self, instrument, start, end):
        return self.bars(instrument, start, end, levels=True).profile()

    def open_interest(self, instrument, start, end):
        return [each for each in self.interest if start <= each.time < end]

    def funding(self, instrument, start, end):
        return [each for each in self.fundings if start <= each.time < end]

    def whale_trades(self, instrument, start, end):
        return [each for each in self.whales if start <= each.time < end]

    def depth(self, instrument, start, end):
        return [each for each in self.depths if start <= each.time < end]

    def heatmap(self, instrument, start, end):
        return [each for each in self.pictures if start <= each.time < end]

    def liquidations(self, instrument, start, end):
        return [each for each in self.forced if start <= each.time < end]

    def liquidations_heard(self, instrument, start, end):
        return [each for each in self.heard if start <= each < end]

    def signals(self, pair, start, end):
        # newest first, and those from before that last
        return [each for each in self.told[::-1] if parse_time(each["time"]) < end]


def view(made=(), now=None, kind="spot", start=START, **samples):
    """One market's minutes, as of the end of the last one unless another moment is given."""
    traded = instrument(kind=kind)
    end = start + len(made) * MINUTE if now is None else now
    return View(traded, end, Tape({traded.id: bars_of(list(made), start)}, **samples))


def market(venues, down=(), listed=None, now=None, **settings):
    """A pair on venues, each with its minutes; `settings` are those of the consensus."""
    longest = max((len(made) for made in venues.values() if made), default=0)
    moment = START + longest * MINUTE if now is None else now
    window = settings.pop("window", longest or 50)

    def compute(name, target):
        if name == "consensus":
            return consensus(target, **settings)
        return net_flow(target, window=window, zscore_hours=settings_z)

    settings_z = settings.pop("zscore_hours", 0)
    views = []
    for venue, made in venues.items():
        if made is not None:
            traded = instrument(venue, quote="USD" if venue == "coinbase" else "USDT")
            views.append(View(traded, moment, Tape({traded.id: bars_of(made)}), compute))
    return Market(Pair("BTC", "USDT"), moment, list(venues), views, compute, dict(down))


@pytest.fixture(scope="session")
def scene():
    return SimpleNamespace(
        start=START, tick=TICK, lot=LOT, kinds=KINDS, Minute=Minute, minutes=minutes, bars_of=bars_of, view=view,
        market=market, instrument=instrument, Tape=Tape, columns=COLUMNS,
    )  # fmt: skip
