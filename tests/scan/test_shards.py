"""Two scanners, each with its share of the pairs, on one database: together they store what one alone does."""

import asyncio

import numpy as np

from coinmon.config.load import load_config
from coinmon.model.bars import COLUMNS
from coinmon.model.moment import MINUTE
from coinmon.run.cycle import Scan
from coinmon.store.database import open_database
from coinmon.store.history import History

PAIRS = ["BTCUSDT", "ETHUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT"]


def rows(database, now):
    """Every stored bar by instrument, with its levels."""
    history, found = History(database), {}
    for instrument in history.with_bars():
        bars = history.bars(instrument, 0, now, levels=True)
        columns = [np.nan_to_num(getattr(bars, name).astype(float), nan=-7.0).tolist() for name in COLUMNS]
        levels = bars.levels
        parts = [getattr(levels, name).tolist() for name in ("start", "ticks", "buy", "sell")]
        found[instrument.id] = columns, parts
    return found


def test_two_shards_at_once_store_what_one_scanner_does(watching, url, tmp_path):
    async def run():
        async with watching(symbols__names=PAIRS) as watched:
            # the fixture's SQLite file is that of the scanner alone
            shared = url.replace("coinmon.db", "shared.db")
            databases, scans = [], []
            for shard in ("1/2", "2/2"):
                settings = {f"exchanges.{name}.feed": "poll" for name in ("binance", "okx", "bybit", "coinbase")}
                settings |= {"symbols.names": PAIRS, "db": shared, "shard": shard}
                config = load_config(tmp_path / "emulated.yaml", overrides=settings, environ={}, cwd=tmp_path)
                databases.append(open_database(config.db))
                scans.append(Scan(config, watched.hand, databases[-1], lambda event: None))
            try:
                await asyncio.gather(*(scan.cycle() for scan in scans))
                await watched.cycle(0)
                now = watched.hand.now() + MINUTE
                return (
                    rows(watched.database, now),
                    rows(databases[0], now),
                    [len(scan._listing._watchlist.pairs) for scan in scans],
                )
            finally:
                for scan, database in zip(scans, databases, strict=True):
                    await scan.close()
                    database.close()

    alone, together, shares = asyncio.run(run())
    assert min(shares) > 0
    assert sum(shares) == len(PAIRS)
    assert len(alone) > 20
    assert together == alone
