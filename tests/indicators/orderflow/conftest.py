"""Candles, price rows and swings by plain loops over whole ticks and lots: what the indicators are held against."""

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest

from coinmon import MINUTE

TICK, LOT = Decimal("0.01"), Decimal("0.001")


def candle(minutes, start, before):
    """One candle of some minutes; `before`: the last price known earlier, ticks, None if none."""
    seen = [minute for minute in minutes if minute.kind != "missing"]
    trades = [trade for minute in seen for trade in minute.trades]
    prices = [ticks for ticks, _, _ in trades]
    if not prices and seen and before is not None:
        prices = [before]
    running = [0]
    for _, lots, side in trades:
        running.append(running[-1] + side * lots)
    flow = all(minute.kind in ("trades", "klines") for minute in minutes)
    buy = sum(lots for _, lots, side in trades if side > 0)
    sell = sum(lots for _, lots, side in trades if side < 0)
    leveled = [trade for minute in seen if minute.kind == "trades" for trade in minute.trades]
    return SimpleNamespace(
        time=start, open=prices[0] if prices else None, high=max(prices, default=None), low=min(prices, default=None),
        close=prices[-1] if prices else None, buy=buy, sell=sell, delta=buy - sell, volume=buy + sell,
        low_delta=min(running), high_delta=max(running), flow=flow, trades=leveled, count=len(trades),
        complete=flow and len(leveled) == len(trades),
    )  # fmt: skip


def candles(scene, minutes, per):
    """Every closed candle of `per` minutes."""
    made, last = [], None
    for at in range(0, len(minutes) - per + 1, per):
        made.append(candle(minutes[at : at + per], scene.start + at * MINUTE, last))
        last = made[-1].close if made[-1].close is not None else last
    return made


def rows(one, height):
    """{row: [buy lots, sell lots]} of a candle, dense."""
    if not one.trades:
        return {}
    numbers = [ticks // height for ticks, _, _ in one.trades]
    dense = {row: [0, 0] for row in range(min(numbers), max(numbers) + 1)}
    for ticks, lots, side in one.trades:
        dense[ticks // height][0 if side > 0 else 1] += lots
    return dense


def poc(dense):
    """Most volume; nearest to the middle; the side with more volume; the lower."""
    total = {row: sum(each) for row, each in dense.items()}
    top = [row for row, volume in total.items() if volume == max(total.values())]
    middle = Fraction(min(dense) + max(dense), 2)
    nearest = [row for row in top if abs(row - middle) == min(abs(each - middle) for each in top)]
    above = sum(volume for row, volume in total.items() if row > middle)
    below = sum(volume for row, volume in total.items() if row < middle)
    return max(nearest) if above > below else min(nearest)


def height(made):
    """The automatic row height, ticks: the median candle has at most 50 rows' worth of range."""
    ranges = sorted(one.high - one.low for one in made if one.close is not None)
    middle = ranges[(len(ranges) - 1) // 2] if ranges else 0
    sizes = [factor * 10**power for power in range(9) for factor in (1, 2, 5)]
    return next(size for size in sizes if middle // size < 50)


def pivots(made, left, right, high):
    """Candles that stand out, by looking at each neighbour."""
    sign = 1 if high else -1
    value = [None if one.close is None else sign * (one.high if high else one.low) for one in made]
    found = []
    for i in range(left, len(made) - right):
        around = value[i - left : i + right + 1]
        if None in around:
            continue
        if all(value[i] > each for each in around[:left]) and all(value[i] >= each for each in around[left + 1 :]):
            found.append(i)
    return found


def price(ticks):
    return None if ticks is None else float(ticks * TICK)


def amount(lots):
    return float(lots * LOT)


@pytest.fixture(scope="session")
def plain():
    return SimpleNamespace(
        candles=candles, rows=rows, poc=poc, height=height, pivots=pivots, price=price, amount=amount, ms=ms
    )


def ms(at):
    """A result's time, ms UTC."""
    return round(at.timestamp() * 1000)
