"""One very large order, the moment it is seen."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import (
    MINUTE,
    Bilingual,
    Codes,
    Coverage,
    Frame,
    Instrument,
    Market,
    Signal,
    Silent,
    Text,
    hookimpl,
    iso,
    significant,
)
from coinmon_signals._candle_columns import asked_where
from coinmon_signals._columns import rolling


def whale(
    market: Market,
    *,
    threshold: Annotated[
        float, Field(ge=0, description="smallest order told, quote currency; 0: all that `whale_threshold` keeps")
    ] = 0.0,
    max_age: Annotated[int, Field(gt=0, description="minutes after which an order is history and not told")] = 50,
) -> list[Signal] | Silent:
    """A whale trades: one taker order of at least the threshold, on any exchange, spot or perpetual.

    Each order is told once. Orders come from the `whale_trades` indicator, so neither its window nor its threshold can
    be exceeded; `notify.whale_threshold` says which are big enough for robots.
    """
    signals = []
    seen, largest = 0, 0.0
    for view in market.views:
        found = view.of("whale_trades")
        # known totals: single trades of some minutes were seen
        seen += found.buys is not None
        for trade in found.trades:
            largest = max(largest, trade.quote)
            at = round(trade.time.timestamp() * 1000)
            if trade.quote >= threshold and market.now - at <= max_age * MINUTE:
                signals.append((at, _signal(market, view.instrument, trade, at)))
    if not signals:
        if not seen:
            return Silent(
                Bilingual("没有任何市场的逐笔成交数据", "the single trades of no market were seen"), waits=True
            )
        return Silent(
            Bilingual(
                f"没有足够大且足够新的订单；{seen} 个市场中最大 {largest:,.0f}",
                f"no order large and young enough; the largest of {seen} markets: {largest:,.0f}",
            )
        )
    return [signal for _, signal in sorted(signals, key=lambda each: each[0])]


def columns(frame: Frame, *, threshold: float, max_age: int) -> Codes:
    """What `whale` says of each moment of the frame: asked where an order comes or goes."""
    own = frame.settings("whale_trades")
    window, least = own["window"], max(threshold, own["threshold"])
    ready, alive, moves = (np.zeros(frame.count, bool) for _ in range(3))
    kept = min(window, max_age)
    for each in frame.listed:
        ready |= rolling(frame.bars(each, window).coverage == Coverage.TRADES, window) > 0
        for trade in frame.whale_trades(each, window):
            # from the first moment at or after it to the last one that it is not too old at
            first = -((frame.start - trade.time) // MINUTE)
            last = (trade.time - frame.start) // MINUTE + kept
            known = (trade.time - frame.start) // MINUTE + window
            if trade.quote >= own["threshold"]:
                ready[max(0, first) : max(0, known + 1)] = True
            if trade.quote >= least and last >= max(0, first):
                alive[max(0, first) : last + 1] = True
                moves[max(0, first) : max(0, first) + 1] = True
                moves[last + 1 : last + 2] = True
    return asked_where(ready, alive, moves)


def quiet(market: Market, *, threshold: float, max_age: int) -> bool:
    """Whether there is surely no order."""
    window = market.settings("whale_trades")["window"]
    return not any(view.whale_trades(min(window, max_age)) for view in market.views)


@hookimpl
def register_signals(register: Any) -> None:
    register("whale", whale, columns=columns, quiet=quiet)


def _signal(market: Market, instrument: Instrument, trade: Any, at: int) -> Signal:
    amount, price = _amount(trade.quote, market.pair.quote), _price(trade.price)
    venue, bought = instrument.venue.upper(), trade.side == "buy"
    return Signal(
        name="whale",
        pair=str(market.pair),
        grade=None,
        direction="bullish" if bought else "bearish",
        title=Text("巨鲸买入", "Whale Buy") if bought else Text("巨鲸卖出", "Whale Sell"),
        reading=Text(
            f"{venue} {'买入' if bought else '卖出'} {amount} @ {price}",
            f"{venue} {'buys' if bought else 'sells'} {amount} @ {price}",
        ),
        evidence={
            "instrument": instrument.id,
            "venue": instrument.venue,
            "kind": instrument.kind,
            "side": trade.side,
            "price": trade.price,
            "base": trade.base,
            "quote": trade.quote,
            "time": iso(at),
            "trade_id": trade.trade_id,
            "fills": trade.fills,
        },
        key=f"{instrument.id}:{trade.trade_id}",
        once=True,
    )


def _amount(quote: float, currency: str) -> str:
    return f"${quote:,.0f}" if "USD" in currency or currency == "DAI" else f"{quote:,.0f} {currency}"


def _price(value: float) -> str:
    """At most eight significant digits, never in powers of ten."""
    return significant(value) if value > 0 else "-"
