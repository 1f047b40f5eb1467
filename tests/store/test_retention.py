"""Levels go before bars do, and a bar without its levels does not say that it has them."""

from decimal import Decimal

import numpy as np

from coinmon import DAY, MINUTE, Coverage, Instrument, Trades
from coinmon.model.fold import fold
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import sync_instruments
from coinmon.store.retention import forget


def test_levels_are_dropped_before_bars(tmp_path):
    btc = Instrument("binance", "spot", "BTC", "USDT", "BTCUSDT", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))
    now = 1_768_435_200_000
    times = np.array([now - 9 * DAY, now - 8 * DAY + MINUTE, now - 2 * DAY, now - MINUTE])
    four = np.ones(4, np.int64)
    trades = Trades(np.arange(4), times, 100 * four, 0.5 * four, four.astype(np.int8))
    database = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    with database.write() as connection:
        number, btc = sync_instruments(connection, [btc], now)[btc.id]
        write_bars(connection, number, btc, fold(trades, btc))
    forget(database, now, days=9, levels_days=2)
    with database.read() as connection:
        bars = read_bars(connection, {number: btc}, 0, now, levels=True)[number]
    database.close()
    assert bars.time.tolist() == [time - time % MINUTE for time in times.tolist()]
    assert bars.volume.tolist() == [0.5] * 4
    assert bars.coverage.tolist() == [Coverage.KLINES] * 2 + [Coverage.TRADES] * 2
    assert np.diff(bars.levels.start).tolist() == [0, 0, 1, 1]
