"""The candle intervals that OKX names."""

from coinmon_emulator.market.intervals import MONDAY, CandleInterval
from coinmon_emulator.market.market import DAY, HOUR, MINUTE

# Without the utc suffix, OKX's bars of six hours and more open at UTC+8.
INTERVALS = {
    "1s": CandleInterval(1000),
    "1m": CandleInterval(MINUTE),
    "3m": CandleInterval(3 * MINUTE),
    "5m": CandleInterval(5 * MINUTE),
    "15m": CandleInterval(15 * MINUTE),
    "30m": CandleInterval(30 * MINUTE),
    "1H": CandleInterval(HOUR),
    "2H": CandleInterval(2 * HOUR),
    "4H": CandleInterval(4 * HOUR),
    "6H": CandleInterval(6 * HOUR, -8 * HOUR),
    "12H": CandleInterval(12 * HOUR, -8 * HOUR),
    "1D": CandleInterval(DAY, -8 * HOUR),
    "1W": CandleInterval(7 * DAY, MONDAY - 8 * HOUR),
    "6Hutc": CandleInterval(6 * HOUR),
    "12Hutc": CandleInterval(12 * HOUR),
    "1Dutc": CandleInterval(DAY),
    "1Wutc": CandleInterval(7 * DAY, MONDAY),
    "1Mutc": CandleInterval(0),
}
