"""Tapes: recorded Binance trades, books and mark prices as a market."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coinmon_emulator.market.ladder import Ladder
from coinmon_emulator.market.market import Column, Listed, MarkPrice, Prints, RestingOrders, Settlement
from coinmon_emulator.tape.book import BookReplay
from coinmon_emulator.tape.raw import payload, read_raw
from coinmon_emulator.tape.track import TapeTrack, decimals
from coinmon_emulator.tape.vision import is_vision, read_vision

QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD1", "USD", "EUR", "TRY", "BRL", "BTC", "ETH", "BNB")
AGGREGATE_MS = 100


class RecordedMarket:
    """A market that was recorded; several files of one instrument join."""

    def __init__(self, tracks: Iterable[TapeTrack]) -> None:
        self._trades: dict[Listed, Prints] = {}
        self._aggregates: dict[Listed, tuple[int, Column]] = {}
        self._books: dict[Listed, BookReplay] = {}
        self._marks: dict[Listed, list[tuple[int, float, float, float, int]]] = {}
        self._events: dict[Listed, dict[str, Sequence[tuple[int, bytes]]]] = {}
        for track in tracks:
            self._add(track)
        if not self._trades:
            raise ValueError("the tape holds no trades")
        self.opens_at = max(int(trades.time[-1]) for trades in self._trades.values())
        self.title = "tape of " + ", ".join(f"{one.native} {one.kind}" for one in self._trades)

    @classmethod
    def read(cls, paths: Sequence[Path]) -> RecordedMarket:
        """The tape in these files; OSError or ValueError tell which file and line is at fault."""
        tracks: dict[tuple[str, str], TapeTrack] = {}
        for path in paths:
            if not path.is_file():
                raise FileNotFoundError(f"there is no tape {path}")
            (read_vision if is_vision(path) else read_raw)(path, tracks)
        return cls(tracks.values())

    @property
    def instruments(self) -> Sequence[Listed]:
        return list(self._trades)

    def _add(self, track: TapeTrack) -> None:
        if not track.ids:
            return
        price, price_digits, price_text = decimals(track.prices, track.level_prices())
        size, size_digits, size_text = decimals(track.sizes, track.level_sizes())
        ids, order = np.unique(np.array(track.ids, np.int64), return_index=True)
        # A row stamped earlier than the one before it happened when it was seen: ids give the order, never the clock.
        time = np.maximum.accumulate(np.array(track.times, np.int64)[order])
        aggregated = bool(track.firsts)
        trades = Prints(
            ids,
            time,
            price[order],
            size[order],
            np.array(track.sides, np.int64)[order],
            np.array(track.firsts, np.int64)[order] if aggregated else None,
            np.array(track.lasts, np.int64)[order] if aggregated else None,
        )
        spot = track.kind == "spot"
        base, quote = split_symbol(track.symbol)
        one = Listed(
            venue="binance",
            kind="spot" if spot else "perp",
            base=base,
            quote=quote,
            native=track.symbol,
            price_digits=price_digits,
            size_digits=size_digits,
            tick=1,
            lot=1,
            price_text=8 if spot else max(price_text, price_digits),
            size_text=8 if spot else max(size_text, size_digits),
        )
        self._trades[one] = trades
        if not aggregated:
            starts = aggregate_starts(trades, one.kind)
            self._aggregates[one] = int(ids[0]), starts
        if track.snapshots:
            self._books[one] = BookReplay(one, track.snapshots, track.diffs)
        self._marks[one] = sorted(track.marks)
        diffs = [(time, payload(raw)) for time, raw in sorted(track.diffs, key=lambda diff: diff[0])]
        self._events[one] = {"depthUpdate": diffs, **track.events}

    def begins(self, instrument: Listed) -> int:
        return int(self._trades[instrument].time[0])

    def before(self, instrument: Listed, ms: int) -> int:
        return int(np.searchsorted(self._trades[instrument].time, ms, side="left"))

    def at_id(self, instrument: Listed, trade_id: int) -> int:
        return int(np.searchsorted(self._trades[instrument].id, min(trade_id, 1 << 62), side="left"))

    def rows(self, instrument: Listed, low: int, high: int) -> Prints:
        return self._trades[instrument].take(slice(low, high))

    def aggregates(self, instrument: Listed) -> tuple[int, Column] | None:
        return self._aggregates.get(instrument)

    def book(self, instrument: Listed, at: int, depth: int) -> RestingOrders | None:
        replay = self._books.get(instrument)
        return None if replay is None else replay.at(at, depth)

    def ladder(self, instrument: Listed, step: int) -> Ladder | None:
        return None

    def recorded(self, instrument: Listed, event: str) -> Sequence[tuple[int, bytes]] | None:
        """None only for trades of a tape that holds no stream of them: those can be told from the rows."""
        return self._events[instrument].get(event, None if event == "trade" else ())

    def liquidations(self, instrument: Listed, start: int, end: int) -> Prints:
        return Prints.join([])

    def mark(self, instrument: Listed, at: int) -> MarkPrice | None:
        marks = self._marks[instrument]
        low, high = 0, len(marks)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if marks[middle][0] <= at else (low, middle)
        if not low:
            return None
        time, mark, index, rate, following = marks[low - 1]
        return MarkPrice(time, mark, index, rate, following, settled=rate, hours=8)

    def open_interest(self, instrument: Listed, at: int) -> float | None:
        return None

    def settlements(self, instrument: Listed, start: int, end: int) -> list[Settlement] | None:
        return None

    def planted(self, until: int) -> list[dict[str, Any]]:
        return []


def split_symbol(symbol: str) -> tuple[str, str]:
    """Base and quote of a Binance symbol."""
    for quote in QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol[: -len(quote)], quote
    raise ValueError(f"the tape's symbol {symbol!r} has no known quote ({', '.join(QUOTES)})")


def aggregate_starts(trades: Prints, kind: str) -> Column:
    """Where each aggregate begins: one price and side, at one moment (spot) or within 100 ms (USD-M)."""
    fresh = (np.diff(trades.price, prepend=-1) != 0) | (np.diff(trades.side, prepend=0) != 0)
    if kind == "spot":
        return np.flatnonzero(fresh | (np.diff(trades.time, prepend=-1) != 0))
    starts = np.flatnonzero(fresh)
    ends = np.append(starts[1:], len(trades))
    long = trades.time[ends - 1] - trades.time[starts] >= AGGREGATE_MS
    found = starts.tolist()
    for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        times = trades.time[start:end]
        opened = 0
        while (opened := int(np.searchsorted(times, times[opened] + AGGREGATE_MS))) < len(times):
            found.append(start + opened)
    return np.array(sorted(found), np.int64)
