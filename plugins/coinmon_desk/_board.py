"""The board: a row for each pair, kept up to date by the scan's events and by looks at the store."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any

from loguru import logger

from coinmon.command import CoinmonError, MarketReader, our_stop, rough, verdict_words
from coinmon_desk._figures import Cell, cell, flow_cells, market_cells, price
from coinmon_desk._words import WORDS

BoardRow = dict[str, Cell]

_REST_TIMES = 3.0
"""Looks at the store are followed by a rest this many times as long, so that the scan keeps its core."""


class PairBoard:
    """Rows by pair. `changed` holds what readers have not been sent."""

    def __init__(self, reader: MarketReader) -> None:
        self._reader = reader
        self.venues = list(reader.config.exchanges)
        self.rows: dict[str, BoardRow] = {}
        self.changed: dict[str, BoardRow] = {}
        # of this process: one that was told by another says nothing here
        self._epoch = secrets.token_hex(4)
        self._count = 0
        self._counts: dict[str, int] = {}
        self._flowed: dict[str, int] = {}
        self._live: dict[str, float] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "flow":
            self._flowed[event["pair"]] = self._reader.now()
            self._put(event["pair"], flow_cells(event, self.venues))
        elif event["event"] in ("signal", "whale"):
            self._put(event["pair"], {"signal": signal_cell(event)})

    def _put(self, pair: str, cells: Mapping[str, Cell]) -> None:
        row = self.rows.setdefault(pair, {"pair": cell(pair, pair)})
        if "price" in cells and pair in self._live:
            # a closed minute's price is older than what the streams said
            live = self._live[pair]
            cells = {**cells, "price": cell(price(live), live)}
        new = {name: each for name, each in cells.items() if row.get(name) != each}
        if new or pair not in self.rows:
            row.update(new)
            self.changed.setdefault(pair, {}).update(new)
            self._count += 1
            self._counts[pair] = self._count

    def move(self, prices: Mapping[str, float], *, heard: bool) -> None:
        """Prices of minutes that are not over. heard: the streams are listened to now, and what they said stands."""
        if not heard:
            self._live.clear()
        self._live.update(prices)
        for pair, value in prices.items():
            if pair in self.rows:
                self._put(pair, {"price": cell(price(value), value)})

    @property
    def revision(self) -> str:
        """What the rows are now, to be named to `since`."""
        return f"{self._epoch}.{self._count}"

    def since(self, revision: str) -> dict[str, BoardRow]:
        """Rows that changed since then; all where it is not known what that was, none where it is `now`."""
        epoch, _, count = revision.partition(".")
        if revision == "now":
            return {}
        if epoch != self._epoch or not count.isdecimal():
            return self.rows
        return {pair: self.rows[pair] for pair, each in self._counts.items() if each > int(count)}

    def news(self) -> dict[str, BoardRow]:
        """What changed since it was asked for."""
        found, self.changed = self.changed, {}
        return found

    async def look(self, moment: int) -> None:
        """Bring every row to a moment, in turns; a pair that cannot be read keeps its row and says why."""
        try:
            pairs = await asyncio.to_thread(self._reader.pairs)
            told = await asyncio.to_thread(self._reader.signals, None, moment - 86_400_000, moment + 1)
        except CoinmonError:
            return
        for event in reversed(told):
            if event["event"] in ("signal", "whale"):
                self._put(event["pair"], {"signal": signal_cell(event)})
        for pair in map(str, pairs):
            begun = time.monotonic()
            try:
                self._put(pair, await asyncio.to_thread(self._cells, pair, moment))
            except CoinmonError as error:
                self._put(pair, {"seen": cell("-", None, "warn", str(error))})
            except BaseException as error:
                if our_stop(error):
                    raise
                # an indicator of somebody's, or a bug of ours: one row, not the board
                logger.error("desk: the row of {} failed: {}: {}", pair, type(error).__name__, error)
                self._put(pair, {"seen": cell("-", None, "warn", f"{type(error).__name__}: {error}")})
            if len(pairs) > 1:
                await asyncio.sleep((time.monotonic() - begun) * _REST_TIMES)

    def _cells(self, pair: str, moment: int) -> Mapping[str, Cell]:
        market = self._reader.market(pair, moment)
        made = market_cells(self._reader, market)
        if self._flowed.get(pair, 0) < moment - 60_000:
            # nobody told: another process scans
            made |= flow_cells(self._reader.flow(pair, moment), self.venues)
        return made

    def at(self, moment: int) -> dict[str, BoardRow]:
        """Every row as of a moment in the past, whatever is shown now."""
        made: dict[str, BoardRow] = {}
        latest = {each["pair"]: each for each in reversed(self._reader.signals(None, moment - 86_400_000, moment + 1))}
        for pair in map(str, self._reader.pairs()):
            try:
                market = self._reader.market(pair, moment)
                flow = flow_cells(self._reader.flow(pair, moment), self.venues)
                made[pair] = {"pair": cell(pair, pair), **flow, **market_cells(self._reader, market)}
            except CoinmonError as error:
                made[pair] = {"pair": cell(pair, pair), "seen": cell("-", None, "warn", str(error))}
            if pair in latest:
                made[pair]["signal"] = signal_cell(latest[pair])
        return made


def signal_cell(event: Mapping[str, Any]) -> Cell:
    """Grade, title and what signals like it were worth, in both languages; pages write its time before it."""
    if event["event"] == "whale":
        up = event.get("side") == "buy"
        amount = rough(event["quote"])
        words = {
            "zh": f"巨鲸{'买入' if up else '卖出'} {amount}",
            "en": f"whale {'buys' if up else 'sells'} {amount}",
        }
        return cell("", event["time"], "up" if up else "down") | words
    tone = {"bullish": "up", "bearish": "down"}.get(str(event.get("direction")), "")
    worth = verdict_words((event.get("record") or {}).get("verdict"))
    words = {
        lang: f"[{event['grade']}] {event['title'][lang]} · {WORDS[lang]['record']}: {worth.say(lang)}"
        for lang in ("zh", "en")
    }
    return cell("", event["time"], tone) | words
