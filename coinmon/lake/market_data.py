"""What a notebook reads of a database or a lake: Arrow tables."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from coinmon.config.load import Config
from coinmon.errors import ConfigError, NoDataError
from coinmon.evaluate.evaluator import Evaluator
from coinmon.lake.database import Tables
from coinmon.lake.event_table import signals_table
from coinmon.lake.tables import arrow, bars_of, bars_table, floats, levels_table
from coinmon.market.market import Market
from coinmon.market.view import View
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE, iso, parse_time
from coinmon.model.symbols import Universe
from coinmon.model.timeframe import candle_length, first_candle, whole_candles
from coinmon.plugin.signature import check_settings

When = str | int | date | None
"""A time: ISO 8601 or a datetime (without an offset it is UTC), a date, or ms UTC. None: as far as is stored."""


class MarketData:
    """Stored bars, samples and signals as Arrow tables; `.to_pandas()` makes a DataFrame, `polars.from_arrow` another.

    symbol: as people type it (`BTCUSDT`, `okx:BTC/USDT`, `BTCUSDT.P`); all markets of the pair are in one table, told
    apart by its first columns `venue` and `kind`, unless venue= or kind= choose. Ranges are [start, end). Times are
    UTC, amounts in base or quote currency, what is unknown is null. Raises ConfigError for what does not exist and
    NoDataError for what is not stored.
    """

    def __init__(self, tables: Tables, config: Config) -> None:
        self._tables = tables
        self._config = config
        self._universe = Universe(tables.instruments, config.quotes)
        self._venues = sorted({each.venue for each in tables.instruments})

    def symbols(self) -> Any:
        """What is stored: a row a market, with its pair and the first and last minute."""
        rows = []
        for each in sorted(self._tables.instruments, key=lambda one: one.id):
            first, last = self._tables.span(each) or (None, None)
            pair = str(self._universe.pair_of(each))
            rows.append({"venue": each.venue, "kind": each.kind, "pair": pair, "instrument": each.id,
                         "first": _when(first), "last": _when(None if last is None else last - MINUTE)})  # fmt: skip
        return arrow().Table.from_pylist(rows)

    def bars(
        self,
        symbol: str,
        start: When = None,
        end: When = None,
        *,
        venue: str | None = None,
        kind: str | None = None,
        timeframe: str = "1m",
        levels: bool = False,
    ) -> Any:
        """Candles with volumes, taker split and coverage; minutes that are not stored between others are rows too.

        levels: with list columns of the prices at which it traded, and taker buys and sells at each.
        """
        step = _step(timeframe)
        parts = []
        for each, first, last in self._ranges(symbol, start, end, venue, kind, step):
            found = self._tables.bars_table(each, first, last, levels=levels)
            if step != MINUTE or len(found) != (last - first) // MINUTE:
                dense = bars_of(found, each.tick_size, levels=levels).dense(first, last)
                made = dense if step == MINUTE else dense.resample(step, first_candle(step))
                found = bars_table(made, levels=levels)
            parts.append(_of(each, found))
        return arrow().concat_tables(parts)

    def levels(
        self, symbol: str, start: When = None, end: When = None, *, venue: str | None = None, kind: str | None = None
    ) -> Any:
        """Taker volumes at each price: a row a minute and price, of minutes of which every trade was seen."""
        parts = []
        for each, first, last in self._ranges(symbol, start, end, venue, kind):
            found = bars_of(self._tables.bars_table(each, first, last, levels=True), each.tick_size, levels=True)
            parts.append(_of(each, levels_table(found)))
        return arrow().concat_tables(parts)

    def flows(
        self,
        symbol: str,
        start: When = None,
        end: When = None,
        *,
        venue: str | None = None,
        kind: str | None = None,
        timeframe: str = "1m",
    ) -> Any:
        """Money by candle, in quote currency: what takers bought, sold, and the difference; null where not known."""
        found = self.bars(symbol, start, end, venue=venue, kind=kind, timeframe=timeframe)
        total, bought = floats(found["quote_volume"]), floats(found["taker_buy_quote_volume"])
        pa, made = arrow(), found.select(["venue", "kind", "time"])
        for name, column in (("buy", bought), ("sell", total - bought), ("net", 2 * bought - total)):
            made = made.append_column(name, pa.array(column, from_pandas=True))
        return made.append_column("coverage", found["coverage"])

    def open_interest(self, symbol: str, start: When = None, end: When = None, *, venue: str | None = None) -> Any:
        """Open interest of perpetuals, one-sided, in base units."""
        return self._samples("open_interest", symbol, start, end, venue, "perp")

    def funding(self, symbol: str, start: When = None, end: When = None, *, venue: str | None = None) -> Any:
        """Funding rates of perpetuals."""
        return self._samples("funding", symbol, start, end, venue, "perp")

    def whales(
        self, symbol: str, start: When = None, end: When = None, *, venue: str | None = None, kind: str | None = None
    ) -> Any:
        """Single large taker orders. side: 1 buys, -1 sells."""
        return self._samples("whale_trades", symbol, start, end, venue, kind)

    def signals(self, symbol: str | None = None, start: When = None, end: When = None) -> Any:
        """Signals and whale trades that were told, oldest first; `event` is all that was said, as JSON."""
        pair = None if symbol is None else str(self._universe.resolve(symbol).pair)
        first, last = (_ms(start) or 0), _ms(end)
        return signals_table(self._tables.signals(pair, first, _LAST_MS if last is None else last))

    def indicator(self, name: str, symbol: str, at: When = None, **settings: Any) -> Any:
        """An indicator's figures as of a moment (None: the last that is stored): a row a market, or one of the pair."""
        chosen = self._config.indicators.get(name)
        if chosen is None:
            raise ConfigError(f"no indicator {name!r} is on; there is {', '.join(self._config.indicators)}")
        check_settings(chosen.offer.settings, {**chosen.settings, **settings}, name)
        wanted = self._universe.resolve(symbol)
        meant = self._universe.meant(wanted)
        ends = [span[1] for span in map(self._tables.span, meant) if span]
        now = _ms(at) or max(ends)
        evaluator = Evaluator(self._config, self._venues)
        market = evaluator.market(wanted.pair, meant, self._tables.source, now)

        def computed(subject: Market | View) -> dict[str, Any]:
            return _figures(evaluator.compute(name, subject, **settings))

        if chosen.offer.scope == "pair":
            return arrow().Table.from_pylist([{"pair": str(wanted.pair), **computed(market)}])
        rows = [
            {"venue": view.instrument.venue, "kind": view.instrument.kind, **computed(view)}
            for view in (*market.spot.values(), *market.perp.values())
            if view.instrument.kind in chosen.offer.kinds
        ]  # fmt: skip
        if not rows:
            raise ConfigError(f"{name} is of {' and '.join(chosen.offer.kinds)} markets; {symbol} has none of them")
        return arrow().Table.from_pylist(rows)

    def _samples(self, table: str, symbol: str, start: When, end: When, venue: str | None, kind: str | None) -> Any:
        parts = [
            _of(each, self._tables.samples_table(table, each, first, last))
            for each, first, last in self._ranges(symbol, start, end, venue, kind)
        ]
        return arrow().concat_tables(parts)

    def _ranges(
        self, symbol: str, start: When, end: When, venue: str | None, kind: str | None, step: int = MINUTE
    ) -> Iterator[tuple[Instrument, int, int]]:
        """The markets that are meant, and what is stored of the range, in whole candles. Raises where there is none."""
        wanted = self._universe.resolve(symbol)
        meant = [
            each for each in self._universe.meant(wanted) if venue in (None, each.venue) and kind in (None, each.kind)
        ]
        there, some = [], False
        for each in meant:
            span = self._tables.span(each)
            if span is None:
                continue
            there.append(f"{each.id} {iso(span[0])} to {iso(span[1])}")
            first, last = max(span[0], _ms(start) or 0), span[1] if end is None else min(span[1], _ms(end) or 0)
            first, last = whole_candles(first, last, step)
            if first < last:
                some = True
                yield each, first, last
        if not some:
            known = "; ".join(there) or ", ".join(each.id for each in self._universe.by_pair[wanted.pair])
            raise NoDataError(f"nothing of {symbol} is stored there; stored are {known}")


_LAST_MS = parse_time("9998-01-01")


def _step(timeframe: str) -> int:
    try:
        return candle_length(timeframe)
    except ValueError as error:
        raise ConfigError(f"timeframe: {error}") from None


def _ms(moment: When) -> int | None:
    if isinstance(moment, str):
        try:
            return parse_time(moment)
        except ValueError as error:
            raise ConfigError(str(error)) from None
    if isinstance(moment, date):
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return moment


def _when(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _of(instrument: Instrument, table: Any) -> Any:
    """The table with the columns that say of what market it is."""
    pa = arrow()
    for place, name in enumerate(("venue", "kind")):
        zeros = pa.array(np.zeros(len(table), np.int8))
        column = pa.DictionaryArray.from_arrays(zeros, [getattr(instrument, name)])
        table = table.add_column(place, name, column)
    return table.drop_columns(["instrument"]) if "instrument" in table.column_names else table


def _figures(result: Any) -> dict[str, Any]:
    """A result's fields; of its coverage the share."""
    found = result.model_dump()
    reason = found.pop("reason", None)
    return {**found, "coverage": result.coverage.share, "reason": None if reason is None else str(reason)}
