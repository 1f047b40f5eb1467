"""Minutes written beside a rule: `{binance: {price: 100x60 100+1x5, buy: 5x65, sell: 1x65}}`."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np

from coinmon.command import MINUTE, Bars, Coverage, Funding, GivenInstrument, Instrument, Levels, OpenInterest, Pair
from coinmon_rules._fields import near
from coinmon_rules._written.files import Entry

MAX_MINUTES = 10_080
"""Of one market: a week."""
_SERIES = ("price", "buy", "sell", "oi", "funding")
_NOTHING = Decimal(0)
_FUNDING_INTERVAL_MS = 8 * 60 * MINUTE
_LARGEST = 10**9
"""With eight decimals this is within 63 bits."""
_RUN = re.compile(r"(?:(_)|(-?\d{1,10}(?:\.\d{1,8})?)(?:([+-]\d{1,10}(?:\.\d{1,8})?)(?=x))?)(?:x(\d{1,5}))?")

_PAIR = re.compile(r"(\w+?)(?:[-/ ]?(USDT|USDC|USD|BTC|ETH|EUR))?", re.ASCII)

Fault = Callable[[Entry, str], None]
Minutes = Sequence[Decimal | None]
"""A figure each minute; None: that minute was not seen."""


@dataclass(frozen=True, slots=True)
class InlineMarket:
    """A market's minutes; the last one ends at the moment of the example, whenever that is."""

    venue: str
    kind: Literal["spot", "perp"]
    series: Mapping[str, Minutes]

    def given(self, pair: Pair, now: int) -> GivenInstrument:
        """As if it had been seen trade by trade: all of a minute at its price, the buyers' first."""
        minutes = len(self.series["price"])
        rows = [self.series.get(each, [_NOTHING] * minutes) for each in ("price", "buy", "sell")]
        known = [(price, buy, sell) for price, buy, sell in zip(*rows, strict=True) if None not in (price, buy, sell)]
        prices, buy, sell = (list(column) for column in zip(*known, strict=True)) if known else ([], [], [])
        tick, lot = _grid(prices), _grid([*buy, *sell])
        times = np.arange(now - minutes * MINUTE, now, MINUTE)
        seen = np.array([None not in each for each in zip(*rows, strict=True)])
        ticks = np.array([int(each / tick) for each in prices], np.int64)
        bought, sold = np.array(buy, np.float64), np.array(sell, np.float64)
        total = np.array([float(b + s) for b, s in zip(buy, sell, strict=True)])
        money = np.array([float(each * (b + s)) for each, b, s in zip(prices, buy, sell, strict=True)])
        money_bought = np.array([float(each * b) for each, b in zip(prices, buy, strict=True)])
        traded = total > 0
        bars = Bars(
            tick, times[seen], ticks, ticks, ticks, ticks, total, money,
            (bought > 0).astype(np.int64) + (sold > 0), bought, money_bought,
            np.minimum(0, bought - sold), bought, np.full(len(ticks), Coverage.TRADES, np.uint8),
            Levels(np.concatenate(([0], np.cumsum(traded))), ticks[traded], bought[traded], sold[traded]),
        )  # fmt: skip
        native = f"{pair.base}{pair.quote}"
        symbol = str(pair) if self.kind == "spot" else f"{pair}:{pair.quote}"
        instrument = Instrument(self.venue, self.kind, pair.base, pair.quote, native, symbol, tick, lot)
        return GivenInstrument(
            instrument, bars,
            [OpenInterest(time, figure, None) for time, figure in self._samples("oi", times)],
            [
                Funding(time, figure, time - time % _FUNDING_INTERVAL_MS + _FUNDING_INTERVAL_MS, _FUNDING_INTERVAL_MS)
                for time, figure in self._samples("funding", times)
            ],
        )  # fmt: skip

    def _samples(self, name: str, times: "np.typing.NDArray[np.int64]") -> Iterator[tuple[int, float]]:
        """One at the beginning of each minute of which it is known."""
        for time, each in zip(times.tolist(), self.series.get(name, ()), strict=False):
            if each is not None:
                yield time, float(each)


def is_pair(text: str) -> bool:
    return _PAIR.fullmatch(text.upper()) is not None


def coin_names(pair: str) -> tuple[str, str]:
    """Base and quote of `BTCUSDT`, `btc/usdt` or `BTC`: there is no list of markets to look them up in."""
    match = _PAIR.fullmatch(pair.upper())
    assert match is not None
    return match[1], match[2] or "USDT"


def inline_markets(entry: Entry, venues: Collection[str], fault: Fault) -> list[InlineMarket]:
    """The markets below `bars:`; what is wrong with them is told to `fault`."""
    if not entry.is_mapping:
        fault(entry, "bars: expected markets, as in {binance: {price: 100x60 101, buy: 5x61, sell: 1x61}}")
        return []
    found = [_market(key, value, venues, fault) for key, value in entry.entries()]
    if not found:
        fault(entry, "bars: there is no market in it")
    return [each for each in found if each is not None]


def _market(key: Entry, entry: Entry, venues: Collection[str], fault: Fault) -> InlineMarket | None:
    venue, _, kind = str(key.value).partition(" ")
    if venue not in venues or kind not in ("", "spot", "perp"):
        said = f"{key.value} is no market{near(venue, venues)}: a venue, or a venue and perp, as in `binance perp`"
        fault(key, f"bars: {said}; there are {', '.join(venues)}")
        return None
    if not entry.is_mapping:
        fault(entry, f"bars: {key.value}: expected {', '.join(_SERIES)} by name, each a figure a minute")
        return None
    series: dict[str, Minutes] = {}
    right = True
    for name, value in entry.entries():
        if name.value not in _SERIES:
            fault(name, f"bars: there is no {name.value}{near(str(name.value), _SERIES)}: {', '.join(_SERIES)}")
            right = False
            continue
        minutes = _minutes(str(name.value), value, fault)
        right = right and bool(minutes)
        series[str(name.value)] = minutes
    if "price" not in series:
        fault(entry, f"bars: {key.value} has no price")
        return None
    if right and (odd := [name for name, each in series.items() if len(each) != len(series["price"])]):
        counts = ", ".join(f"{name} {len(series[name])}" for name in ("price", *odd))
        fault(entry, f"bars: {key.value}: not as many minutes in each: {counts}")
        return None
    return InlineMarket(venue, "perp" if kind == "perp" else "spot", series) if right else None


def _minutes(name: str, entry: Entry, fault: Fault) -> Minutes:
    """`100x60` is 60 minutes of 100, `100+2x5` five minutes that rise by 2 from 100, `_x3` three not seen.

    Empty where it is wrong.
    """
    text = str(getattr(entry.node, "value", "")) if not entry.is_mapping else ""
    minutes: list[Decimal | None] = []
    for word in text.split():
        match = _RUN.fullmatch(word)
        count = int(match[4] or 1) if match else 0
        if match is None or count < 1:
            fault(
                entry, f"bars: {word[:30]!r} is no run of minutes: 100, 100x60, 100+2x5 (rising by 2) or _x3 (unseen)"
            )
            return []
        if len(minutes) + count > MAX_MINUTES:
            fault(entry, f"bars: more than {MAX_MINUTES:,} minutes")
            return []
        if match[1]:
            minutes += [None] * count
        else:
            first, step = Decimal(match[2]), Decimal(match[3] or 0)
            minutes += [first + step * each for each in range(count)]
    if not minutes:
        fault(entry, "bars: expected a figure a minute, such as 100x60 101 102")
    figures = [each for each in minutes if each is not None]
    low = {"price": "above 0", "funding": ""}.get(name, "not below 0")
    if any(abs(each) > _LARGEST or (low and each < 0) or (each == 0 and name == "price") for each in figures):
        fault(entry, f"bars: {name}: each figure is {f'{low} and ' if low else ''}at most {_LARGEST:,}")
        return []
    return minutes


def _grid(figures: Sequence[Decimal]) -> Decimal:
    """The power of ten that all are multiples of."""
    exponents = (each.as_tuple().exponent for each in figures)
    return Decimal(1).scaleb(min((each for each in exponents if isinstance(each, int)), default=0))
