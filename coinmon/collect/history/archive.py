"""A venue's file of trades to bars: whole minutes are folded as they come, so that memory holds no day of trades."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from coinmon.collect.track.reconcile import reconcile
from coinmon.collect.track.split_at_minute import split_at_minute
from coinmon.collect.track.whales import find_whales
from coinmon.model.bars import Bars, Coverage
from coinmon.model.derivatives import WhaleTrade
from coinmon.model.fold import fold, with_quiet_minutes
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE, floor
from coinmon.model.trades import Trades
from coinmon.plugin.archives import Archive
from coinmon.plugin.trade_page import TradePage

_FOLD_TRADES = 150_000
"""Trades that are folded together: fewer cost more calls, more leave the processor's cache."""


class DayTotals(NamedTuple):
    """What is stored together."""

    bars: Bars
    whales: list[WhaleTrade]


def bars_of_trades(
    pages: Iterator[TradePage],
    archive: Archive,
    instrument: Instrument,
    klines: Bars | None,
    last_price: int,
    whale_threshold: float,
) -> Iterator[DayTotals]:
    """Rows for every minute of the archive, a day at a time; nothing is yielded before its whole day was read.

    klines: the venue's own, which prove or correct them (see `reconcile`). last_price: ticks before the archive, 0:
    unknown.
    """
    parts: list[Bars] = []
    doubtful: list[tuple[int, int]] = []
    whales: list[WhaleTrade] = []
    carry = Trades.empty()
    begin = archive.start
    last: int | None = None
    for trades, holes in _batches(pages, archive.start):
        doubtful += holes
        if len(trades):
            if last is None and floor(int(trades.time.min())) > archive.start:
                # what is before the first row and after the last one is not known by this file: it may have been cut
                doubtful.append((archive.start, int(trades.time.min())))
            last = max(last or 0, int(trades.time.max()))
        # the parts at hand hold all that is before this batch, and a batch of a quiet market holds days of its own
        day = floor(int(trades.time.min()), DAY) if len(trades) else begin
        if day > begin and archive.end - archive.start > DAY and parts:
            rows = _day(parts, begin, day, doubtful, archive, instrument, klines, last_price)
            yield DayTotals(rows, whales)
            last_price, begin, whales = _last_price(rows, last_price), day, []
            parts = [part for part in (part[part.time >= day] for part in parts) if len(part)]
        whales += find_whales(trades, instrument, whale_threshold)
        if klines is not None and len(trades):
            trades = Trades.concat([carry, trades])
            minutes = klines.dense(floor(int(trades.time[0])), floor(int(trades.time[-1])) + MINUTE)
            trades, carry = split_at_minute(trades, minutes, instrument)
        parts.append(fold(trades, instrument))
    if last is None or floor(last) < archive.end - MINUTE:
        doubtful.append((archive.start if last is None else last, archive.end))
    yield DayTotals(_day(parts, begin, archive.end, doubtful, archive, instrument, klines, last_price), whales)


def _batches(pages: Iterator[TradePage], start: int) -> Iterator[tuple[Trades, list[tuple[int, int]]]]:
    """Trades of whole minutes (but for rows that come late), and the holes before and among them."""
    held: list[Trades] = []
    count, last = 0, start
    holes: list[tuple[int, int]] = []
    in_hole = False
    for page in pages:
        in_hole = in_hole or not page.joined
        if not len(page.trades):
            continue
        if in_hole:
            holes.append((last, int(page.trades.time[0])))
            in_hole = False
        last = int(page.trades.time[-1])
        held.append(page.trades)
        count += len(page.trades)
        if count >= _FOLD_TRADES:
            trades = Trades.concat(held)
            open_minute = floor(int(trades.time.max()))
            closed = trades.time < open_minute
            held = [trades[~closed]]
            count = len(held[0])
            yield trades[closed], holes
            holes = []
    yield Trades.concat(held), holes


def _day(
    parts: list[Bars],
    start: int,
    end: int,
    doubtful: list[tuple[int, int]],
    archive: Archive,
    instrument: Instrument,
    klines: Bars | None,
    last_price: int,
) -> Bars:
    bars = Bars.concat(parts) if parts else Bars.empty(instrument.tick_size)
    if (np.diff(bars.time) <= 0).any():
        # rows that came after their minute had been folded
        bars = bars[np.argsort(bars.time, kind="stable")]
        first = np.flatnonzero(np.diff(bars.time, prepend=-1))
        bars = bars.grouped(first, bars.time[first])
    bars = with_quiet_minutes(bars, start, end, Coverage.TRADES, last_price)
    coverage = bars.coverage.copy()
    if not archive.ids_run:
        coverage[:] = Coverage.PARTIAL
    for low, high in doubtful:
        coverage[(bars.time >= floor(low)) & (bars.time <= high)] = Coverage.PARTIAL
    bars = bars.with_coverage(coverage)
    return bars if klines is None else reconcile(bars, klines.dense(start, end))


def _last_price(bars: Bars, before: int) -> int:
    priced = np.flatnonzero(bars.close > 0)
    return int(bars.close[priced[-1]]) if len(priced) else before
