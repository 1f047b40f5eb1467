"""Words of traders and of other tools, and how a rule says what they mean."""

from collections.abc import Mapping

_MEAN = "mean(price, 20m) is the mean of the last 20 minutes"
_TALLEST = "max(price, 20m) is the highest of the last 20 minutes, min(...) the lowest"
_CROSSED = "a > b and before(a, 1m) <= before(b, 1m) is a that has crossed above b"
_DEVIATIONS = "z(x, 4h) is how many deviations x is from its mean"
_FLOW = "net_flow(spot).net_flow is taker buys less taker sells"
SYNONYMS: Mapping[str, str] = {
    "oi": "open_interest(binance).open_interest, max(open_interest(each).change_pct)",
    "volume": "net_flow(spot).quote_volume is the money that was traded",
    "vol": "net_flow(spot).quote_volume is the money that was traded",
    "close": "price is the last one",
    "last": "price is the last one",
    "mark": "basis.venues[binance].mark",
    "index": "basis.venues[binance].index",
    "poc": "volume_profile(spot).poc, key_levels(spot).day.poc",
    "vah": "volume_profile(spot).vah, key_levels(spot).day.vah",
    "val": "volume_profile(spot).val, key_levels(spot).day.val",
    "profile": "volume_profile(spot).poc",
    "levels": 'key_levels(spot).levels["pd high"].price',
    "whales": "sum(whale_trades(each).buy_volume)",
    "liq": "sum(liquidations(each).long_quote)",
    "liquidation": "sum(liquidations(each).long_quote)",
    "book": "depth_delta(binance).imbalance",
    "orderbook": "depth_delta(binance).imbalance",
    "depth": "depth_delta(binance).imbalance",
    "netflow": _FLOW,
    "flow": _FLOW,
    "buy": _FLOW,
    "sell": _FLOW,
    "sma": _MEAN,
    "ma": _MEAN,
    "ema": _MEAN,
    "avg": _MEAN,
    "average": _MEAN,
    "highest": _TALLEST,
    "lowest": _TALLEST,
    "crossover": _CROSSED,
    "crossunder": _CROSSED,
    "cross": _CROSSED,
    "crosses": _CROSSED,
    "std": _DEVIATIONS,
    "stdev": _DEVIATIONS,
    "stddev": _DEVIATIONS,
    "zscore": _DEVIATIONS,
    "rank": "percentile(x, 1d) is the share of the day before that was below x",
    "roc": "change_pct(price, 15m)",
    "delta_pct": "change_pct(x, 15m)",
    "ago": "before(x, 15m)",
    "lag": "before(x, 15m)",
    "shift": "before(x, 15m)",
    "rsi": "change_pct(price, 15m), or percentile(price, 6h)",
    "macd": "mean(price, 12m) - mean(price, 26m)",
    "atr": "key_levels(spot).atr",
    "signal": "on(consensus)",
}
"""By the word in lower case."""


def synonym(word: str) -> str:
    """` (write ...)` where the word is known from elsewhere."""
    meant = SYNONYMS.get(word.lower())
    return f" (here: {meant})" if meant else ""
