"""Profiles by the book: plain loops over Decimals, written from the definitions and from nothing of ours."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

STEPS = [Decimal(d) * Decimal(10) ** p for p in range(9) for d in (1, 2, 5)]


def rows_of(trades, size, weight="base"):
    """trades: (price, amount, side), Decimals. Lower edge to volume, every row of the range, ascending."""
    edges = [price // size * size for price, _, _ in trades]
    rows, edge = {}, min(edges)
    while edge <= max(edges):
        rows[edge] = Decimal(0)
        edge += size
    for edge, (price, amount, _) in zip(edges, trades, strict=True):
        rows[edge] += amount * (price if weight == "quote" else 1)
    return rows


def usual_bin(trades, tick):
    """The least of 1-2-5-10.. ticks with at most 400 rows."""
    prices = [price for price, _, _ in trades]
    return next(step * tick for step in STEPS if max(prices) // (step * tick) - min(prices) // (step * tick) + 1 <= 400)


def poc_of(rows):
    """Most volume; then nearest to the middle; then the side with more volume; then the lower. A list index."""
    volume = list(rows.values())
    middle = Decimal(len(volume) - 1) / 2
    above = sum(each for j, each in enumerate(volume) if j > middle)
    below = sum(each for j, each in enumerate(volume) if j < middle)

    def rank(i):
        side = above if i > middle else below if i < middle else Decimal(0)
        return (-volume[i], abs(i - middle), -side, i)

    return min(range(len(volume)), key=rank)


def area_of(rows, percent, method="two_row"):
    """POC, VAH and VAL as prices."""
    edges, volume = list(rows), list(rows.values())
    size = edges[1] - edges[0] if len(edges) > 1 else None
    taken = [poc_of(rows)]
    many = 2 if method == "two_row" else 1
    while sum(volume[i] for i in taken) < sum(volume) * Decimal(str(percent)) / 100:
        above = [i for i in range(max(taken) + 1, max(taken) + 1 + many) if i < len(volume)]
        below = [i for i in range(min(taken) - many, min(taken)) if i >= 0]
        if not above and not below:
            break
        up, down = (sum((volume[i] for i in some), Decimal(0)) for some in (above, below))
        taken += above if above and (not below or up >= down) else below
    return edges[poc_of(rows)], edges[max(taken)], edges[min(taken)], size


def trades_of(scene, minutes, kinds=("trades",)):
    return [
        (ticks * scene.tick, lots * scene.lot, side)
        for minute in minutes
        if minute.kind in kinds
        for ticks, lots, side in minute.trades
    ]


@pytest.fixture(scope="session")
def book():
    return SimpleNamespace(rows_of=rows_of, usual_bin=usual_bin, poc_of=poc_of, area_of=area_of, trades_of=trades_of)
