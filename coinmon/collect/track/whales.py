"""Large taker orders in a stream of trades."""

from decimal import Decimal

import numpy as np

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
    value = trades.ticks * trades.qty
    changed = (trades.time[1:] != trades.time[:-1]) | (trades.side[1:] != trades.side[:-1])
    starts = np.concatenate(([0], np.flatnonzero(changed) + 1))
    about = np.add.reduceat(value, starts) * float(instrument.tick_size)
    ends = np.append(starts[1:], len(trades))
    runs = np.flatnonzero(about >= 0.99 * threshold)
    found = [_whale(trades[a:b], instrument) for a, b in zip(starts[runs].tolist(), ends[runs].tolist(), strict=True)]
    return [whale for whale in found if whale.quote >= threshold]


def _whale(order: Trades, instrument: Instrument) -> WhaleTrade:
    """One taker's order, as large as it is."""
    # in decimals: twenty fills that make 200,000 exactly are not a little less
    sizes = [Decimal(repr(each)) for each in order.qty.tolist()]
    base = sum(sizes, Decimal())
    quote = instrument.tick_size * sum(ticks * size for ticks, size in zip(order.ticks.tolist(), sizes, strict=True))
    return WhaleTrade(
        instrument=instrument.id,
        trade_id=int(order.id[0]),
        time=int(order.time[0]),
        side=int(order.side[0]),
        price=float(quote / base),
        base=float(base),
        quote=float(quote),
        fills=int(order.fill_counts.sum()),
    )
