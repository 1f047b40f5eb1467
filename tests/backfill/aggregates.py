"""A day of made-up aggregated trades, as the lines of Binance's files."""

import random
from decimal import Decimal

DAY = 1_768_435_200_000  # 2026-01-15


DATE = "2026-01-15"


UM_HEADER = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"


def trades(count=3000, tick="0.10", lot="0.001", seed=5):
    """(time, price, quantity, side) in order, some minutes quiet."""
    rng = random.Random(seed)
    times = sorted(DAY + rng.randrange(0, 600) * 60_000 + rng.randrange(60_000) for _ in range(count))
    price = Decimal("95000.0")
    rows = []
    for at in times:
        price += rng.choice((-1, 0, 0, 1)) * Decimal(tick)
        rows.append((at, price, rng.choice((1, 5, 250, 100_000)) * Decimal(lot), rng.choice((1, -1))))
    return rows


def um_lines(rows, first_id=900):
    return [
        f"{number},{price.normalize():f},{size},{number},{number},{at},{str(side < 0).lower()}"
        for number, (at, price, size, side) in enumerate(rows, first_id)
    ]


def spot_lines(rows, scale=1000):
    return [
        f"{number},{price:.8f},{size:.8f},{number},{number},{at * scale + 7 * (scale > 1)},{side < 0},True"
        for number, (at, price, size, side) in enumerate(rows, 900)
    ]
