"""OKX's channels. Sizes of swaps are contracts, and every number is a string."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from coinmon_emulator.market.decimals import plain
from coinmon_emulator.market.feeds import Booking, DueFeed, FeedMessage, FeedRow, Periodic, Trading
from coinmon_emulator.market.ladder import Ladder, changes, levels
from coinmon_emulator.market.market import Listed
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.server.socket import SocketPlace
from coinmon_emulator.venues.okx import market as okx_market
from coinmon_emulator.venues.okx import rest
from coinmon_emulator.venues.okx.query import amount

PUBLIC = (
    "trades", "books", "books5", "bbo-tbt", "tickers", "mark-price", "funding-rate", "open-interest",
    "liquidation-orders",
)  # fmt: skip
BUSINESS = ("trades-all",)
DEPTHS = {"books": 400, "books5": 5, "bbo-tbt": 1}
# Market time between two messages; what changes at random moments on the venue is regular here.
EVERY = {"tickers": 1000, "mark-price": 200, "funding-rate": 60_000, "open-interest": 3000, "liquidation-orders": 1000}


REPEATED = {"mark-price": 10_000, "open-interest": 1 << 62}
"""Channels that are pushed when there is something new, and after how long in any case (market time)."""


class OkxStreams:
    def __init__(self, place: SocketPlace) -> None:
        self._place = place

    def feed(self, argument: dict[str, Any]) -> Callable[[], DueFeed] | None:
        """How to make the feed of a subscription; None where the venue has none such."""
        channel, market = argument["channel"], self._place.market
        head = b'{"arg":' + orjson.dumps(argument) + b","

        def tell(data: Any) -> bytes:
            return head + b'"data":' + orjson.dumps(data) + b"}"

        if channel == "liquidation-orders":
            if argument.get("instType") != "SWAP":
                return None
            swaps = self._place.of_kind("perp")
            return lambda: Periodic(EVERY[channel], self._place.now(), lambda at: self._liquidations(swaps, at, tell))
        one = self._find(argument.get("instId"))
        if one is None or (one.kind == "spot" and channel in ("mark-price", "funding-rate", "open-interest")):
            return None
        if channel in ("trades", "trades-all"):
            each = channel == "trades-all"
            return lambda: Trading(market, one, self._place.now(), lambda rows: trades(one, rows, tell, each=each))
        if channel in DEPTHS:
            return lambda: self._book(one, channel, head, tell)
        return lambda: self._told(one, channel, tell)

    def _find(self, name: Any) -> Listed | None:
        return self._place.find("spot", str(name)) or self._place.find("perp", str(name))

    def _told(self, one: Listed, channel: str, tell: Callable[[Any], bytes]) -> DueFeed:
        """What REST tells too, every so often, and once at the start."""
        market = self._place.market
        query = {"instType": "SWAP", "instId": one.native}
        answers: dict[str, Callable[[WorldNow, Query], Reply]] = {
            "mark-price": rest.mark_price,
            "funding-rate": rest.funding_rate,
            "open-interest": rest.open_interest,
            "tickers": okx_market.ticker,
        }

        last: dict[str, Any] = {"at": 0, "figures": None}

        def render(at: int) -> Sequence[FeedMessage]:
            rows = answers[channel](WorldNow(market, at), query).body["data"]
            return [FeedMessage(at, tell(rows))] if rows else ()

        def changed(at: int) -> Sequence[FeedMessage]:
            """Only what is new, and what the venue repeats whether it is new or not (EXCHANGES C3)."""
            rows = answers[channel](WorldNow(market, at), query).body["data"]
            figures = [{name: value for name, value in row.items() if name != "ts"} for row in rows]
            if not rows or (figures == last["figures"] and at - last["at"] < REPEATED[channel]):
                return ()
            last.update(at=at, figures=figures)
            return [FeedMessage(at, tell(rows))]

        return Periodic(EVERY[channel], self._place.now(), changed if channel in REPEATED else render, render)

    def _book(self, one: Listed, channel: str, head: bytes, tell: Callable[[Any], bytes]) -> DueFeed:
        diffs = channel == "books"

        def whole(book: Ladder) -> dict[str, Any]:
            told: dict[str, Any] = {
                "asks": _side(one, levels(book.asks), book.time),
                "bids": _side(one, levels(book.bids), book.time),
            }
            return told | {"ts": str(book.time)}

        def snapshot(book: Ladder) -> FeedMessage:
            if not diffs:
                return FeedMessage(book.time, tell([_placed(whole(book), one, book)]))
            data = whole(book) | {"checksum": 0, "prevSeqId": -1, "seqId": book.update_id}
            return FeedMessage(book.time, head + b'"action":"snapshot","data":' + orjson.dumps([data]) + b"}")

        def update(states: Sequence[Ladder]) -> FeedMessage:
            old, new = states[0], states[-1]
            if not diffs:
                return snapshot(new)._replace(number=new.step)
            data = {
                "asks": _side(one, changes(states, "asks"), new.time),
                "bids": _side(one, changes(states, "bids"), new.time),
                "ts": str(new.time),
                "checksum": 0,
                "prevSeqId": old.update_id,
                "seqId": new.update_id,
            }
            return FeedMessage(new.time, head + b'"action":"update","data":' + orjson.dumps([data]) + b"}", new.step)

        return Booking(
            self._place.market,
            one,
            self._place.now(),
            every=100,
            depth=DEPTHS[channel],
            snapshot=snapshot,
            update=update,
        )

    def _liquidations(self, swaps: Sequence[Listed], at: int, tell: Callable[[Any], bytes]) -> Sequence[FeedMessage]:
        found = []
        for one in swaps:
            forced = self._place.market.liquidations(one, at - EVERY["liquidation-orders"], at)
            details = [
                {
                    "bkLoss": "0",
                    "bkPx": plain(price, one.price_digits),
                    "ccy": "",
                    "posSide": "long" if side < 0 else "short",
                    "side": "sell" if side < 0 else "buy",
                    "sz": amount(one, size, time),
                    "ts": str(time),
                }
                for _, time, price, size, side in forced.rows()
            ]
            if details:
                family = f"{one.base}-{one.quote}"
                names = {"instFamily": family, "instId": one.native, "instType": "SWAP", "uly": family}
                found.append(FeedMessage(at, tell([{"details": details, **names}]), at // 1000))
        return found


def trades(one: Listed, rows: list[FeedRow], tell: Callable[[Any], bytes], *, each: bool) -> list[FeedMessage]:
    """`trades` has one message for each taker order and price, named after its last fill; `trades-all` one a fill."""
    found = []
    place = 0
    while place < len(rows):
        end = place + 1
        if not each:
            while end < len(rows) and _order(rows[end]) == _order(rows[place]):
                end += 1
        trade_id, time, price, _, side = rows[end - 1]
        told: dict[str, Any] = {
            "instId": one.native,
            "tradeId": str(trade_id),
            "px": plain(price, one.price_digits),
            "sz": amount(one, sum(row[3] for row in rows[place:end]), time),
            "side": "buy" if side > 0 else "sell",
            "ts": str(time),
        }
        told |= {"source": "0"} if each else {"count": str(end - place), "source": "0", "seqId": 5 * trade_id}
        found.append(FeedMessage(time, tell([told]), trade_id))
        place = end
    return found


def _order(row: FeedRow) -> tuple[int, ...]:
    return row[1], row[2], row[4]


def _placed(told: dict[str, Any], one: Listed, book: Ladder) -> dict[str, Any]:
    return {**told, "instId": one.native, "seqId": book.update_id}


def _side(one: Listed, found: list[tuple[int, int]], at: int) -> list[list[str]]:
    return [
        [plain(price, one.price_digits), amount(one, lots, at), "0", str(1 + lots // one.lot % 9 if lots else 0)]
        for price, lots in found
    ]
