"""The candle intervals that Coinbase names."""

from coinmon_emulator.market.intervals import CandleInterval

INTERVALS = {str(seconds): CandleInterval(seconds * 1000) for seconds in (60, 300, 900, 3600, 21_600, 86_400)}
