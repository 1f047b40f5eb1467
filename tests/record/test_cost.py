"""What a recording says of its own cost in the end."""

from collections import Counter
from types import SimpleNamespace

from coinmon.commands.recording import cost


def test_bytes_a_trade_are_those_of_the_packed_frames_of_trades_alone():
    finished = Counter({("okx", "trades"): 600, ("okx", "rest"): 2_000_000, ("bybit", "trades"): 1000})
    recorder = SimpleNamespace(finished=finished)
    said = cost(recorder, {"okx": 100, "bybit": 100, "hyperliquid": 0}, 2.0, 40.0)
    assert said == (
        "bytes a trade, packed: okx 6.0 (100 trades), bybit 10.0 (100 trades), all 8.0 (200 trades); "
        "books, liquidations and answers 2.0 MB; 5.0 % of a core"
    )
    assert cost(recorder, {"okx": 0}, 1.0, 1.0).startswith("bytes a trade, packed: no trades;")
