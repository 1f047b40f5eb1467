"""Depth, heatmap and liquidations against plain Decimal sums; nothing known is null with the reason."""

import random
from decimal import Decimal

import numpy as np
import pytest

from coinmon import MINUTE, Book, Depth, Liquidation, Picture
from coinmon_indicators.book.depth_delta import depth_delta
from coinmon_indicators.book.heatmap import heatmap
from coinmon_indicators.derivatives.liquidations import liquidations

TICK = Decimal("0.01")
PERCENTS = (0.1, 0.5, 1.0)
START = 1_723_161_600_000


def made(seed, time, levels=300):
    """A book as decimals and as coinmon has it: the price wanders from book to book."""
    chance = random.Random(seed)
    mid = 100 + Decimal(chance.randint(-50, 50)) * TICK
    sides = []
    for direction in (-1, 1):
        price, side = mid, []
        for _ in range(levels):
            price += direction * TICK * chance.randint(1, 3)
            side.append((price, Decimal(chance.randint(1, 5000)) / 1000))
        sides.append(side)
    bids, asks = (np.array([(float(p), float(q)) for p, q in side]) for side in sides)
    return sides, Book(time, bids, asks)


def depths(count, step):
    return [Depth.of(made(i, START + i * step)[1], START + i * step, PERCENTS) for i in range(count)]


def pictures(minutes):
    """Of each minute the six books, and the mean of their pictures."""
    books = {i: [made(100 * i + k, START + i * MINUTE + k * 10_000) for k in range(6)] for i in range(minutes)}
    kept = []
    for i, several in books.items():
        taken = [Picture.of(book, book.time, TICK) for _, book in several]
        kept.append(Picture.mean_of(taken, START + (i + 1) * MINUTE))
    return books, kept


@pytest.mark.parametrize("seed", range(20))
def test_depth_is_the_sum_of_the_levels_within_the_percentage(seed):
    (bids, asks), book = made(seed, START)
    sample = Depth.of(book, START, PERCENTS)
    mid = (bids[0][0] + asks[0][0]) / 2
    for near in sample.near:
        share = Decimal(str(near.percent)) / 100
        bid = [(p, q) for p, q in bids if p >= mid * (1 - share)]
        ask = [(p, q) for p, q in asks if p <= mid * (1 + share)]
        assert near.bid_base == pytest.approx(float(sum(q for _, q in bid)), rel=1e-12)
        assert near.ask_base == pytest.approx(float(sum(q for _, q in ask)), rel=1e-12)
        assert near.bid_quote == pytest.approx(float(sum(p * q for p, q in bid)), rel=1e-12)
        assert near.ask_quote == pytest.approx(float(sum(p * q for p, q in ask)), rel=1e-12)
    assert sample.reach_bid == pytest.approx(float(100 * (mid - bids[-1][0]) / mid))


@pytest.mark.parametrize("seed", range(20))
def test_a_picture_has_each_level_in_its_row(seed):
    sides, book = made(seed, START)
    picture = Picture.of(book, START, TICK)
    for side, told in zip(sides, (picture.bids, picture.asks), strict=True):
        expected = {}
        for price, size in side:
            row = int(price // picture.row) - picture.first
            if 0 <= row < len(told):
                expected[row] = expected.get(row, Decimal(0)) + size
        assert {i: told[i] for i in np.flatnonzero(np.nan_to_num(told)).tolist()} == pytest.approx(
            {row: float(size) for row, size in expected.items()}
        )
    # beyond the known levels nothing is known
    known = Book(START, book.bids[:10], book.asks[:10])
    assert np.isnan(Picture.of(known, START, TICK).bids[0])
    assert np.isnan(Picture.of(known, START, TICK).asks[-1])


def test_a_row_is_known_exactly_as_far_as_the_book_is():
    # 998 * 0.1 is a little more than 99.8, and 1001 * 0.1 than 100.1
    book = Book(START, np.array([[100.0, 1.0], [99.8, 1.0]]), np.array([[100.1, 1.0]]))
    picture = Picture.of(book, START, Decimal("0.1"))
    bids = dict(enumerate(picture.bids.tolist(), picture.first))
    assert [bids[row] for row in (998, 999, 1000, 1001)] == [1.0, 0.0, 1.0, 0.0]
    assert np.isnan([bids[997], bids[1002]]).all()
    whole = Picture.of(Book(START, book.bids, book.asks, 0.0, float("inf")), START, Decimal("0.1"))
    assert not np.isnan([whole.bids, whole.asks]).any()


def test_depth_delta_tells_the_last_sample_of_each_step(scene):
    samples = depths(360, 10_000)
    now = START + 60 * MINUTE
    told = depth_delta(scene.view(now=now, depths=samples), percent=0.5, step=60, lookback=3600, max_points=60)
    assert told.reason is None
    assert told.coverage.share == 1.0
    assert told.step == 60
    by_time = {each.time: each for each in samples}
    before = None
    for point in told.points:
        end = round(point.time.timestamp() * 1000)
        sample = by_time[max(time for time in by_time if end - 60_000 < time <= end)]
        near = next(each for each in sample.near if each.percent == 0.5)
        delta = near.bid_base - near.ask_base
        assert (point.bid_base, point.ask_base, point.delta, point.mid) == (
            near.bid_base, near.ask_base, delta, sample.mid,
        )  # fmt: skip
        assert point.change == (None if before is None else delta - before)
        before = delta
    assert told.delta == pytest.approx(samples[-1].near[1].bid_base - samples[-1].near[1].ask_base)
    assert len(depth_delta(scene.view(now=now, depths=samples), percent=0.5, max_points=7).points) <= 7


def test_a_hole_in_the_samples_is_null_and_told(scene):
    samples = [each for each in depths(360, 10_000) if not START + 10 * MINUTE < each.time <= START + 20 * MINUTE]
    view = scene.view(now=START + 60 * MINUTE, depths=samples)
    told = depth_delta(view, percent=1.0, max_points=60)
    assert sum(point.delta is None for point in told.points) == 10
    assert told.coverage.kind == "partial"
    assert told.coverage.complete == 51
    assert "only 0.1, 0.5, 1: add it to books.percents" in depth_delta(view, percent=3.0).reason
    assert depth_delta(view, percent=3.0).delta is None


def test_nothing_sampled_says_what_to_switch_on(scene):
    view = scene.view(now=START + 60 * MINUTE, kind="perp")
    for result in (depth_delta(view), heatmap(view)):
        assert "switch `books` on" in result.reason
        assert result.coverage.kind == "missing"
    told = liquidations(view)
    assert "not listened to" in told.reason
    assert told.longs is None


def test_a_heatmap_is_the_mean_of_what_rested(scene):
    books, kept = pictures(5)
    told = heatmap(
        scene.view(now=START + 5 * MINUTE, pictures=kept, depths=depths(31, 10_000)), window=5, max_levels=200
    )
    assert told.coverage.share == 1.0
    row = kept[0].row
    # the rows that every picture reaches: two percent to either side of mids from 99.5 to 100.5
    totals = {}
    for sides, _ in (each for several in books.values() for each in several):
        for name, side in zip(("bid", "ask"), sides, strict=True):
            for price, size in side:
                if Decimal("98.6") <= price < Decimal("101.4"):
                    key = name, int(price // row)
                    totals[key] = totals.get(key, Decimal(0)) + size
    compared = 0
    for level in told.levels:
        key = level.side, round(level.low / float(row))
        if key in totals:
            assert level.base == pytest.approx(float(totals[key]) / 30)
            assert level.quote == pytest.approx(float(totals[key]) / 30 * (key[1] + 0.5) * float(row))
            compared += 1
    assert compared > 50
    assert [level.quote for level in told.levels] == sorted((level.quote for level in told.levels), reverse=True)
    matrix = told.matrix
    assert len(matrix.times) == len(matrix.bids) == 5
    assert all(len(column) == len(matrix.prices) for column in matrix.bids + matrix.asks)
    first = sum(size for size in matrix.bids[0] if size)
    assert first == pytest.approx(np.nansum(kept[0].bids), rel=1e-4)


def forced(seed, count):
    chance = random.Random(seed)
    times = sorted(chance.randrange(START, START + 60 * MINUTE) for _ in range(count))
    return [
        Liquidation(
            time, chance.choice((1, -1)), chance.randint(9000, 11000) / 100, chance.randint(1, 900) / 1000, str(i)
        )
        for i, time in enumerate(times)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_liquidations_are_summed_by_side_and_clustered(scene, seed):
    rows = forced(seed, 400)
    heard = list(range(START, START + 60 * MINUTE, MINUTE))
    view = scene.view(now=START + 60 * MINUTE, kind="perp", forced=rows, heard=heard)
    told = liquidations(view, gap=15.0, events=4, threshold=100.0, limit=10)
    assert told.reason is None
    for side, count, base, quote in (
        (1, told.longs, told.long_base, told.long_quote), (-1, told.shorts, told.short_base, told.short_quote),
    ):  # fmt: skip
        those = [(Decimal(str(each.price)), Decimal(str(each.base))) for each in rows if each.side == side]
        assert count == len(those)
        assert base == pytest.approx(float(sum(q for _, q in those)))
        assert quote == pytest.approx(float(sum(p * q for p, q in those)))
    assert [round(each.time.timestamp() * 1000) for each in told.latest] == [each.time for each in rows[:-11:-1]]
    runs, run = [], []
    for each in [*rows, None]:
        if each is None or (run and each.time - run[-1].time > 15_000):
            runs.append(run)
            run = []
        run.append(each)
    big = [run for run in runs if len(run) >= 4 and sum(each.price * each.base for each in run) >= 100]
    assert [cluster.events for cluster in told.clusters] == [len(run) for run in big]
    part = liquidations(scene.view(now=START + 60 * MINUTE, kind="perp", forced=rows, heard=heard[5:]))
    assert part.reason == "5 of 60 minutes were not listened to"


def test_what_comes_later_changes_nothing(scene):
    _, kept = pictures(30)
    later = {"depths": depths(180, 10_000), "pictures": kept, "forced": forced(1, 200),
             "heard": list(range(START, START + 60 * MINUTE, MINUTE))}  # fmt: skip
    for now in (START + 7 * MINUTE + 31_000, START + 12 * MINUTE):
        known = {name: [each for each in rows if getattr(each, "time", each) <= now] for name, rows in later.items()}
        for indicator in (depth_delta, heatmap, liquidations):
            results = [indicator(scene.view(now=now, kind="perp", **tape)) for tape in (later, known)]
            assert results[0] == results[1]
            assert results[0].reason is None or "minutes were not listened to" in results[0].reason
