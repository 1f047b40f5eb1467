"""A source without a future, or with one that is nonsense: what may not be looked at changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from coinmon.market.source import Source
from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels
from coinmon.model.moment import MINUTE, floor

_NONSENSE = 7


class AuditSource:
    """What is known at `now`, ms UTC, is as the source has it. reach: minutes before now that were asked for, at most.

    nonsense: what is later is there, its prices and amounts times seven; else nothing is.
    """

    def __init__(self, source: Source, now: int, *, nonsense: bool) -> None:
        self._source, self._now, self._nonsense = source, now, nonsense
        self.reach = 0

    def _asked(self, start: int) -> None:
        self.reach = max(self.reach, -((start - self._now) // MINUTE))

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        self._asked(start)
        rows = self._source.bars(instrument, start, end, levels=levels)
        known = rows.time < floor(self._now)
        if known.all():
            return rows
        if not self._nonsense:
            return rows[known]
        times = {name: getattr(rows, name).copy() for name in ("open", "high", "low", "close", "volume", "buy")}
        for column in times.values():
            column[~known] *= _NONSENSE
        return replace(rows, **times)

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        self._asked(start)
        return self._source.profile(instrument, start, min(end, max(start, floor(self._now))))

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        found = self._source.open_interest(instrument, start, end)
        return self._samples(found, start, "base")

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        return self._samples(self._source.funding(instrument, start, end), start, "rate")

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]:
        return self._samples(self._source.whale_trades(instrument, start, end), start, "quote")

    def liquidations(self, instrument: Instrument, start: int, end: int) -> Sequence[Liquidation]:
        return self._samples(self._source.liquidations(instrument, start, end), start, "base")

    def depth(self, instrument: Instrument, start: int, end: int) -> Sequence[Depth]:
        self._asked(start)
        return [each for each in self._source.depth(instrument, start, end) if each.time <= self._now]

    def heatmap(self, instrument: Instrument, start: int, end: int) -> Sequence[Picture]:
        self._asked(start)
        return [each for each in self._source.heatmap(instrument, start, end) if each.time <= self._now]

    def liquidations_heard(self, instrument: Instrument, start: int, end: int) -> Sequence[int]:
        self._asked(start)
        heard = self._source.liquidations_heard(instrument, start, end)
        return [each for each in heard if each < floor(self._now)]

    def signals(self, pair: str, start: int, end: int) -> Sequence[Mapping[str, Any]]:
        return self._source.signals(pair, start, min(end, self._now + 1))

    def _samples(self, found: Sequence[Any], start: int, name: str) -> list[Any]:
        self._asked(start)
        made = []
        for each in found:
            if each.time <= self._now:
                made.append(each)
            elif self._nonsense:
                made.append(replace(each, **{name: _NONSENSE * getattr(each, name)}))
        return made
