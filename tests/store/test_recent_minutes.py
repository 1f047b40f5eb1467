"""The last minutes that a scan holds of all markets are those that are stored, whatever was written in between."""

from decimal import Decimal

import numpy as np
import pytest

from coinmon.market.kept.minutes import SHORT
from coinmon.market.kept.stretches import KeptStretches
from coinmon.model.bars import COLUMNS, Bars, Coverage
from coinmon.model.derivatives import OpenInterest
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE
from coinmon.model.multiples import in_coins
from coinmon.store.bars import write_bars
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments
from coinmon.store.samples import write_samples

START = 29_000_000 * MINUTE // DAY * DAY
FIRST = 1000
NAMES = ("BTC", "ETH", "1000PEPE", "SOL", "NEW", "SILENT")


def minutes(rng, first, count):
    """Minutes one after the other, of each coverage; some say nothing of their takers."""
    at = np.arange(first, first + count)
    coverage = rng.choice([1, 2, 3], count).astype(np.uint8)
    price = rng.integers(900, 1100, count)
    volume = np.round(rng.gamma(2, 3, count), 3)
    buy = np.where(coverage >= Coverage.KLINES, np.round(volume * rng.random(count), 3), np.nan)
    return Bars(
        Decimal("0.01"), START + at * MINUTE, price, price + 5, price - 5, price, volume, volume * price,
        rng.integers(1, 50, count), buy, buy * price, buy - volume, buy, coverage,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_they_are_what_is_stored(database, seed):
    rng, kept = np.random.default_rng(seed), KeptStretches()
    listed = [
        Instrument("okx", "spot", base, "USDT", base, f"{base}/USDT", Decimal("0.01"), Decimal("0.001"))
        for base in NAMES
    ]
    with database.write() as connection:
        stored = list(sync_instruments(connection, listed[:4], START).values())
        for number, own in stored:
            write_bars(connection, number, own, minutes(rng, 0, FIRST)[rng.random(FIRST) < 0.95])
    minute, reads = FIRST, 0
    for cycle in range(14):
        # mostly the next minute; at times it was late, was not there for hours, or its clock was set back
        minute += {3: 3, 6: 200, 9: -30}.get(cycle, 1)
        now = START + minute * MINUTE
        with database.write() as connection:
            if cycle == 5:
                stored += sync_instruments(connection, listed[4:], now).values()
            for number, own in stored:
                if rng.random() < 0.8 and own.base != "SILENT":
                    # a venue that was down brings some minutes at once, or leaves them out
                    rows = minutes(rng, minute - 4, 4)[rng.random(4) < 0.6]
                    write_bars(connection, number, own, rows, known_at=now)
                if rng.random() < 0.3:
                    back = int(rng.choice([2, 9, 15, 100, 900]))
                    write_bars(connection, number, own, minutes(rng, minute - back, 1), known_at=now, corrects=True)
                write_samples(connection, {number: OpenInterest(now - int(rng.integers(0, 9000)), rng.random())}, now)
        # one is delisted, and followed again; the order changes
        followed = [in_coins(own) for _, own in stored if not (own.base == "SOL" and 4 <= cycle < 8)]
        followed = followed[::-1] if cycle == 11 else followed
        with database.still() as still:
            history, plain = History(still), History(still)
            history.of_all_pairs(kept, now, [[each] for each in followed])
            recent = history.recent
            assert list(recent.instruments) == followed
            for row, each in enumerate(followed):
                whole = plain.bars(each, now - DAY, now).dense(now - DAY, now)
                for span in (SHORT, int(rng.integers(1, SHORT))):
                    held = recent.bars(each, now - span * MINUTE, now)
                    expected = whole[-span:]
                    for name in COLUMNS:
                        assert np.array_equal(
                            getattr(held, name), getattr(expected, name), equal_nan=name not in ("coverage",)
                        ), (cycle, each.id, name)
                for name in ("close", "volume", "quote_volume", "buy_quote", "coverage"):
                    day = recent.last(name, 1440)[row]
                    assert np.array_equal(day, getattr(whole, name), equal_nan=name != "coverage"), (cycle, name)
                reads += 1
            held = recent.sampled("open_interest", 1440)
            for first, last, each in zip(held.start, held.start[1:], followed, strict=False):
                told = plain.open_interest(each, now - DAY, now + 1)
                assert held.time[first:last].tolist() == [one.time for one in told], (cycle, each.id)
                assert held.columns["base"][first:last].tolist() == [one.base for one in told]
            with pytest.raises(ValueError, match="read-only"):
                recent.last("close", 10)[0, 0] = 1
            (mine,) = recent.of(followed[0], "lists", lambda many: [[1] for _ in many.instruments], now, False)
            with pytest.raises(TypeError):
                mine.append(2)
            # another moment of the same minute may have other samples
            assert not recent.of(followed[0], "lists", lambda many: [[1] for _ in many.instruments], now - 1, False)
    assert reads > 50
