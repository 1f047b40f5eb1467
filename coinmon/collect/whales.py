"""Large taker orders in a stream of trades."""

import numpy as np

from coinmon.model.bars import scaled
from coinmon.model.derivatives import WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.trades import Trades


def find_whales(trades: Trades, instrument: Instrument, threshold: float) -> list[WhaleTrade]:
    """Taker orders of at least `threshold` in quote currency.

    One order that sweeps several prices arrives as several rows of the same millisecond and side: consecutive ones are
    one order (`merge=same_ms` of the definition).
    """
    if not len(trades):
        return []
    if float(trades.qty.sum()) * int(trades.ticks.max()) * float(instrument.tick_size) < 0.99 * threshold:
        # all of them together are no whale
        return []
    price = scaled(trades.ticks, instrument.tick_size)
    changed = (np.diff(trades.time) != 0) | (np.diff(trades.side) != 0)
    starts = np.concatenate(([0], np.flatnonzero(changed) + 1))
    base = np.add.reduceat(trades.qty, starts)
    quote = np.add.reduceat(price * trades.qty, starts)
    fills = np.diff(starts, append=len(trades))
    return [
        WhaleTrade(
            instrument=instrument.id,
            trade_id=int(trades.id[starts[i]]),
            time=int(trades.time[starts[i]]),
            side=int(trades.side[starts[i]]),
            price=float(quote[i] / base[i]),
            base=float(base[i]),
            quote=float(quote[i]),
            fills=int(fills[i]),
        )
        for i in np.flatnonzero(quote >= threshold)
    ]
