"""The candle intervals that Bybit names."""

from coinmon_emulator.market.intervals import MONDAY, CandleInterval
from coinmon_emulator.market.market import DAY, MINUTE

INTERVALS = {
    **{str(n): CandleInterval(n * MINUTE) for n in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": CandleInterval(DAY),
    "W": CandleInterval(7 * DAY, MONDAY),
    "M": CandleInterval(0),
}
