"""Whether no candle that would be told breaks a swing, or sweeps one: looked up once a candle."""

from collections.abc import Callable

from coinmon.signal import Market
from coinmon_signals._quiet import LastCandles, may_break, once_a_candle
from coinmon_signals._swing_columns import breaks_and_sweeps
from coinmon_signals._views import minutes_of


def break_quiet(market: Market, *, venue: str | None, timeframe: str, bars: int, pivots: int, max_age: int) -> bool:
    """Whether no candle that would be told surely closes beyond a swing."""
    return _quiet(market, 0, venue, timeframe, bars, pivots, max_age)


def sweep_quiet(market: Market, *, venue: str | None, timeframe: str, bars: int, pivots: int, max_age: int) -> bool:
    """Whether no candle that would be told surely reaches beyond a swing and comes back."""
    return _quiet(market, 1, venue, timeframe, bars, pivots, max_age)


def _quiet(market: Market, which: int, venue: str | None, timeframe: str, bars: int, pivots: int, max_age: int) -> bool:
    if market.settings("structure")["broken_by"] != "close":
        return False
    told = max_age // minutes_of(timeframe) + 1

    def surely(candles: Callable[[int], LastCandles | None]) -> bool:
        last = candles(told + pivots)
        if last is None or not may_break(last, pivots)[which]:
            return last is not None
        found = candles(bars + told)
        return found is not None and bool((breaks_and_sweeps(found, pivots)[which][-found.told :] < 0).all())

    return once_a_candle(market, venue, timeframe, max_age, ("breaks", which, timeframe, bars, pivots), surely)
