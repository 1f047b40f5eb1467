"""What a connection brought in several messages, put together: each instrument's rows in the order they came."""

import numpy as np

from coinmon.model.streamed import StreamedMany
from coinmon.model.trades import Trades


def part(instruments, at, ids, firsts):
    count = len(ids)
    trades = Trades(
        np.array(ids, np.int64), np.arange(count, dtype=np.int64), np.full(count, 100, np.int64),
        np.ones(count), np.ones(count, np.int8),
    )  # fmt: skip
    return StreamedMany(instruments, np.array(at, np.int64), trades, None if firsts is None else np.array(firsts))


def test_rows_of_an_instrument_stay_in_order_and_keep_the_first_trade_that_each_covers(plain):
    instruments = [plain.instrument(), plain.instrument("0.1")]
    parts = [
        part(instruments, [0, 1, 1], [11, 50, 53], [10, 50, 52]),
        part(instruments, [0, 1], [15, 54], [12, 54]),
    ]
    whole = StreamedMany.concat(parts)
    assert whole.instruments is instruments
    assert whole.at.tolist() == [0, 0, 1, 1, 1]
    assert whole.trades.id.tolist() == [11, 15, 50, 53, 54]
    assert whole.first_ids.tolist() == [10, 12, 50, 52, 54]
    assert whole.starts.tolist() == [0, 2]
    assert whole.instruments_seen == instruments
    assert StreamedMany.concat(parts[:1]) is parts[0]


def test_ids_that_prove_nothing_stay_unknown(plain):
    instruments = [plain.instrument()]
    whole = StreamedMany.concat([part(instruments, [0], [1], None), part(instruments, [0], [2], None)])
    assert whole.first_ids is None
    assert whole.trades.id.tolist() == [1, 2]
