"""One scorecard from raw minutes, worked out again in plain decimals: no arrays, no running sums, nothing shared."""

import math
from dataclasses import replace
from decimal import Decimal, localcontext
from functools import cache
from statistics import median

import numpy as np
import pytest

from coinmon.model.moment import DAY, MINUTE, iso
from coinmon.run.records import card_of
from coinmon.run.scorecard import scorecard

from .test_scorecard import NOW, Settings, Stored

DAYS, BASE_DAYS, HORIZON = 6, 24, 60
COST = 0.13
HOUR_MINUTES, DAY_MINUTES = 60, 1440
FIRST = BASE_DAYS * DAY_MINUTES
"""The judged period's first minute, of those that are stored."""
T_975 = {1: 12.706204736, 2: 4.302652730, 3: 3.182446305, 4: 2.776445105, 5: 2.570581836, 6: 2.446911851}
"""Student's t, two-sided 95 %, by degrees of freedom: from a printed table."""


class TwoPrices(Stored):
    """Two markets with prices and volumes of their own, and minutes that nobody saw."""

    def __init__(self, signals, direction):
        random = np.random.default_rng(11)
        count = FIRST + DAYS * DAY_MINUTES
        super().__init__(random.standard_normal(count) * 0.05 + 0.0004, signals)
        self.direction = direction
        self.unseen = {FIRST + 3000, FIRST + 4061, FIRST + 2024}
        second = self.close + random.integers(-3, 4, count)
        self.rows = {
            "binance": (self.close, random.integers(1, 9, count)),
            "okx": (second, random.integers(0, 5, count)),
        }

    def bars(self, instrument, start, end, *, levels=False):
        whole = super().bars(instrument, start, end)
        minutes = (whole.time - self.start) // MINUTE
        close, volume = (each[minutes] for each in self.rows[instrument.venue])
        seen = ~np.isin(minutes, sorted(self.unseen))
        return replace(whole, close=close, volume=volume, coverage=np.where(seen, whole.coverage, 0))

    def signals(self, pair, start, end):
        return [{**each, "direction": self.direction} for each in super().signals(pair, start, end)]


SIGNALS = {
    "surge": np.array(
        [
            *(FIRST + each for each in (10, 12, 70, 1500, 1530, 2000, 4400, 4405, 4410, 7000, 7300)),
            FIRST - 1,  # told at the period's first moment, of a minute before it
            FIRST + 2999,  # nobody saw the entry's minute
            FIRST + 4000,  # nor the exit's of this one
            FIRST + DAYS * DAY_MINUTES - 30,  # its hour is not over
        ]
    )
}


@cache
def known_prices():
    """By minute: the volume-weighted close in decimals and its logarithm; absent where nobody saw it."""
    stored, found = TwoPrices(SIGNALS, "bullish"), {}
    for minute in range(len(stored.close)):
        if minute in stored.unseen:
            continue
        rows = [(Decimal(int(close[minute])) / 100, Decimal(int(size[minute]))) for close, size in stored.rows.values()]
        found[minute] = sum(price * size for price, size in rows) / sum(size for _, size in rows)
    with localcontext() as context:
        context.prec = 20
        return found, {minute: price.ln() for minute, price in found.items()}


def moved(prices, entry, minute):
    """Percent, 100 ln(later / entry); None where either is unknown."""
    if entry not in prices or minute not in prices:
        return None
    return 100 * (prices[minute] / prices[entry]).ln()


def mean(values):
    return sum(values) / len(values)


def worked_out(stored, sign, horizon):
    """The cases (minute, return, base) at a horizon, by the document's words."""
    with localcontext() as context:
        context.prec = 20
        prices, logs = known_prices()

        def outcome(minute):
            begin, stop = logs.get(minute + 1), logs.get(minute + 1 + horizon)
            if begin is None or stop is None:
                return None
            move = 100 * (stop - begin)
            return sign * move if sign else abs(move)

        cases = []
        for minute in sorted(SIGNALS["surge"].tolist()):
            seen = outcome(minute)
            if minute < FIRST or minute + 1 + horizon >= len(stored.close) or seen is None:
                continue
            # the epoch's days begin where the store's do: whole days that ended, outcomes and all, before the event's
            today, hour = minute // DAY_MINUTES, minute % DAY_MINUTES // HOUR_MINUTES
            last = today - math.ceil((horizon + 1) / DAY_MINUTES)
            usual = [
                outcome(day * DAY_MINUTES + hour * HOUR_MINUTES + each)
                for day in range(max(today - 90, -1), last)  # of the minute before the store's first one all is known
                for each in range(60)
            ]
            known = [each for each in usual if each is not None]
            if len(known) >= 20 * 60:
                cases.append((minute, seen, mean(known)))
        return prices, cases


def interval(excesses, clusters):
    """mean, low, high: errors summed by cluster, t with one degree less than clusters."""
    middle = mean(excesses)
    sums: dict[int, Decimal] = {}
    for value, cluster in zip(excesses, clusters, strict=True):
        sums[cluster] = sums.get(cluster, Decimal(0)) + value - middle
    groups = len(sums)
    variance = Decimal(groups) / (groups - 1) * sum(each * each for each in sums.values()) / len(excesses) ** 2
    half = Decimal(str(T_975[groups - 1])) * variance.sqrt()
    return [middle, middle - half, middle + half]


def independent(hits, clusters):
    """n over the design effect, which is never below 1: squared sums of days over squared single errors (Kish)."""
    n, share = len(hits), Decimal(sum(hits)) / len(hits)
    sums: dict[int, Decimal] = {}
    for hit, cluster in zip(hits, clusters, strict=True):
        sums[cluster] = sums.get(cluster, Decimal(0)) + hit - share
    effect = sum(each * each for each in sums.values()) / (n * share * (1 - share))
    return n / max(Decimal(1), effect)


@pytest.fixture(scope="module", params=[("bullish", 1), ("bearish", -1), ("neutral", 0)], ids=lambda each: each[0])
def both(request):
    """The row as the product makes it, and what it is made of."""
    direction, sign = request.param
    stored = TwoPrices(SIGNALS, direction)
    (row,) = card_of(scorecard(Settings, stored, NOW, DAYS, COST), None)["signals"]
    return row, stored, sign


def same(found, expected):
    assert found == pytest.approx([float(each) for each in expected], abs=1e-9)


def test_the_record(both):
    row, stored, sign = both
    _, cases = worked_out(stored, sign, HORIZON)
    days = [minute // DAY_MINUTES for minute, _, _ in cases]
    above = [seen - base for _, seen, base in cases]
    cost = Decimal(str(COST)) if sign else Decimal(0)
    assert (row["told"], row["judged"], row["clusters"]) == (15, 11, len(set(days)))
    assert (row["days"], row["pairs"]) == (len(set(days)), 1)
    same([row["median_pct"], row["base_pct"]], [median(seen for _, seen, _ in cases), mean([b for *_, b in cases])])
    same(row["excess_pct"], interval(above, days))
    same(row["after_costs_pct"], interval([each - cost for each in above], days))
    same([row["independent"]], [independent([each > 0 for each in above], days)])
    assert row["hit"][0] == pytest.approx(sum(each > 0 for each in above) / len(above))


def test_how_far_it_went_for_and_against(both):
    row, stored, sign = both
    with localcontext() as context:
        context.prec = 20
        prices, cases = worked_out(stored, sign, HORIZON)
        most, least = [], []
        for minute, _, _ in cases:
            path = [moved(prices, minute + 1, minute + 1 + each) for each in range(HORIZON + 1)]
            turned = [(-1 if sign < 0 else 1) * each for each in path if each is not None]
            most.append(max(turned))
            least.append(min(turned))
    same([row["mfe_pct"], row["mae_pct"]], [median(most), median(least)])
    assert row["mae_pct"] < 0 < row["mfe_pct"]


def test_decay(both):
    row, stored, sign = both
    assert [each["minutes"] for each in row["decay"]] == [5, 15, 60, 240, 1440]
    for each in row["decay"]:
        _, cases = worked_out(stored, sign, each["minutes"])
        length = 1 if each["minutes"] < DAY_MINUTES else 2
        epoch_day = stored.start // DAY
        blocks = [(epoch_day + minute // DAY_MINUTES) // length for minute, _, _ in cases]
        assert each["n"] == len(cases)
        same(each["excess_pct"], interval([seen - base for _, seen, base in cases], blocks))
    (own,) = [each for each in row["decay"] if each["minutes"] == HORIZON]
    assert (own["n"], own["excess_pct"]) == (row["judged"], row["excess_pct"])


def test_each_that_could_not_be_judged_has_its_reason(both):
    row, _, _ = both
    assert row["unjudged"] == {
        "before_period": 1, "no_market": 0, "not_over": 1, "no_entry_price": 1, "no_exit_price": 1, "no_base": 0,
    }  # fmt: skip
    assert row["judged"] + sum(row["unjudged"].values()) == row["told"]


def test_without_twenty_days_before_it_the_reason_is_the_base():
    stored = TwoPrices({"surge": np.array([FIRST - 8 * DAY_MINUTES, FIRST + 10])}, "bullish")
    (row,) = card_of(scorecard(Settings, stored, NOW, DAYS + 10, COST), None)["signals"]
    assert (row["told"], row["judged"], row["unjudged"]["no_base"]) == (2, 1, 1)


def test_a_pair_that_no_venue_lists_any_more_costs_its_own_events_only():
    stored = TwoPrices(SIGNALS, "bullish")
    gone = [
        {"event": "signal", "signal": name, "direction": "bullish", "pair": "GONE/USDT", "time": iso(NOW - DAY)}
        for name in ("surge", "lost")
    ]
    told = [*stored.signals(None, NOW - DAYS * DAY, NOW), *gone]
    rows = card_of(scorecard(Settings, stored, NOW, DAYS, COST, told=told), None)["signals"]
    by_name = {each["signal"]: each for each in rows}
    assert (by_name["surge"]["judged"], by_name["surge"]["unjudged"]["no_market"]) == (11, 1)
    lost = by_name["lost"]
    assert (lost["judged"], lost["unjudged"]["no_market"], lost["mfe_pct"], lost["decay"]) == (0, 1, None, [])
    of = {name: (row["told_pairs"], row["only_pair"]) for name, row in by_name.items()}
    assert of["surge"] == (2, None)
    assert of["lost"] == (1, "GONE/USDT")
