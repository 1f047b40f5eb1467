"""What a server keeps of long windows has a bound in bytes, whoever asks for what."""

import itertools

from coinmon.clock import Clock
from coinmon.model.moment import DAY, floor
from coinmon.run.reader import _MAX_HELD_BYTES, MarketReader

QUARTER = 92 * DAY


def test_quarters_of_minutes_of_many_markets_are_not_kept(stored):
    """Each is 14 MB a view of bars alone; ten of them were kept with three pairs at a time."""
    config, database = stored
    desk, largest = MarketReader(config, Clock(), database), 0
    for symbol, timeframe in itertools.product(("BTCUSDT", "BTCUSDT.P"), ("1m", "1d")):
        market, until = desk.market(symbol), floor(desk.now())
        for view in [*market.views, *market.merged.values()]:
            view.between(until - QUARTER, until)
            desk.result("delta", view, {"timeframe": timeframe})
            assert desk.held.bytes <= _MAX_HELD_BYTES
            largest = max(largest, desk.held.bytes)
    assert largest > _MAX_HELD_BYTES / 4, "short windows are kept for who asks next"
