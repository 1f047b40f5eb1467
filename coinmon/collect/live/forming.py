"""The minutes that are not over: prices and amounts so far, kept while somebody looks at them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from coinmon.collect.track.track import Track
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE
from coinmon.model.streamed import StreamedMany
from coinmon.model.trades import Ints, Trades
from coinmon.plugin.stream_items import Streamed

_KEPT_MINUTES = 3
"""Minutes kept of each instrument: one that is over is shown until the scan has stored it."""


@dataclass(frozen=True, slots=True)
class FormingMinute:
    """What was heard of a minute so far. time: its beginning, ms UTC; prices in quote units, buy and sell in base.

    whole: it was listened to from its beginning, and nothing that the venue's ids tell of is missing.
    """

    id: str
    time: int
    open: float
    high: float
    low: float
    close: float
    buy: float
    sell: float
    whole: bool

    def then(self, later: "FormingMinute") -> "FormingMinute":
        """This minute with what came after it added."""
        # not `replace`, which takes ten times as long
        return FormingMinute(
            self.id, self.time, self.open, max(self.high, later.high), min(self.low, later.low), later.close,
            self.buy + later.buy, self.sell + later.sell, self.whole and later.whole,
        )  # fmt: skip


class FormingMinutes:
    """Fed by the streams of all venues; costs a look at a flag while nobody looks."""

    def __init__(self) -> None:
        self.on = False
        self._tell: Callable[[], None] | None = None
        self._news: list[Streamed | StreamedMany] = []
        self._minutes: dict[str, dict[int, FormingMinute]] = {}
        self._last_ids: dict[str, int] = {}
        self._since = 0
        self._whole: set[str] = set()
        self._changed: dict[tuple[str, int], FormingMinute] = {}

    def begin(
        self,
        known: Iterable[tuple[Instrument, Trades, bool]],
        now: int,
        tell: Callable[[], None] | None = None,
    ) -> None:
        """Somebody looks from now on, and is told as soon as something comes.

        known: what tracks have of the open minute, and whether that is all of it.
        """
        self.end()
        self.on, self._since, self._tell = True, now, tell
        for instrument, trades, whole in known:
            if whole:
                self._whole.add(instrument.id)
            if len(trades):
                self._last_ids[instrument.id] = int(trades.id[-1])
                self._changed |= self._add([instrument], np.zeros(len(trades), np.int64), trades, whole=whole)

    def end(self) -> None:
        self.on, self._tell = False, None
        self._news, self._minutes, self._last_ids, self._whole, self._changed = [], {}, {}, set(), {}

    def take(self, news: Streamed | StreamedMany) -> None:
        """Add what a stream brought."""
        if self.on:
            self._news.append(news)
            if self._tell:
                self._tell()

    def changed(self) -> list[FormingMinute]:
        """The minutes of which something new is known since it was asked before."""
        news, self._news = self._news, []
        many: dict[int, list[StreamedMany]] = {}
        found, self._changed = self._changed, {}
        for each in news:
            if isinstance(each, StreamedMany):
                many.setdefault(id(each.instruments), []).append(each)
                continue
            page, instrument = each.data, each.instrument
            trades = page.trades
            last = self._last_ids.get(instrument.id)
            if page.first_id is not None and last is not None:
                # a stream that begins anew may tell again what was heard
                trades = trades[trades.id > last]
            if len(trades):
                self._last_ids[instrument.id] = int(trades.id[-1])
                found |= self._add([instrument], np.zeros(len(trades), np.int64), trades, whole=page.joined)
        for parts in many.values():
            whole = StreamedMany.concat(parts)
            found |= self._add(whole.instruments, whole.at, whole.trades, whole=True)
        return list(found.values())

    def _add(
        self, instruments: Sequence[Instrument], at: Ints, trades: Trades, *, whole: bool
    ) -> dict[tuple[str, int], FormingMinute]:
        minute = trades.time // MINUTE
        key = at * (int(minute.max()) + 1) + minute
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        ends = np.append(starts[1:], len(order)) - 1
        ticks, bought = trades.ticks[order], trades.side[order] > 0
        qty = trades.qty[order]
        columns = zip(
            at[order][starts].tolist(), (minute[order][starts] * MINUTE).tolist(), ticks[starts].tolist(),
            np.maximum.reduceat(ticks, starts).tolist(), np.minimum.reduceat(ticks, starts).tolist(),
            ticks[ends].tolist(), np.add.reduceat(np.where(bought, qty, 0.0), starts).tolist(),
            np.add.reduceat(np.where(bought, 0.0, qty), starts).tolist(), strict=True,
        )  # fmt: skip
        found = {}
        for place, time, first, high, low, last, buy, sell in columns:
            instrument = instruments[place]
            first, high, low, last = (float(instrument.price(each)) for each in (first, high, low, last))
            kept = self._minutes.setdefault(instrument.id, {})
            # of the minute in which somebody began to look, what came before counts only where the tracks had it
            all_of_it = whole and (time >= self._since or instrument.id in self._whole)
            news = FormingMinute(instrument.id, time, first, high, low, last, buy, sell, all_of_it)
            kept[time] = kept[time].then(news) if time in kept else news
            while len(kept) > _KEPT_MINUTES:
                del kept[min(kept)]
            found[instrument.id, time] = kept[time]
        return found


def merged_minutes(parts: Sequence[FormingMinute], id: str) -> FormingMinute:
    """Several venues' minutes as one market's, as bars are merged: the first venue's open and close, all's extremes."""
    first = parts[0]
    return FormingMinute(
        id, first.time, first.open, max(each.high for each in parts), min(each.low for each in parts), first.close,
        sum(each.buy for each in parts), sum(each.sell for each in parts), all(each.whole for each in parts),
    )  # fmt: skip


def open_minute(track: Track, start: int) -> tuple[Instrument, Trades, bool]:
    """The trades at hand since `start`, and whether that is all of them."""
    trades = track.trades
    proven = track.streamed and track.proven_from is not None and track.proven_from <= start
    return track.instrument, trades[trades.time >= start], proven
