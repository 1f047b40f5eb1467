"""Profiles of a recorded tape and of a day of the emulator's market, trade by trade in Decimals."""

import gzip
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from coinmon import DAY, MINUTE, Coverage, Market, Pair, Trades, View, to_ticks
from coinmon.model.fold import fold, with_quiet_minutes
from coinmon_emulator.market.view import WorldNow as Looked
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_indicators.profile.key_levels import key_levels
from coinmon_indicators.profile.session_profile import session_profile
from coinmon_indicators.profile.tpo import tpo
from coinmon_indicators.profile.volume_profile import volume_profile

TAPES = Path(__file__).parents[4] / "shared" / "real" / "binance"
MIDNIGHT = 1_723_161_600_000


@pytest.fixture(scope="module")
def tape():
    """(time, price, amount, side) of Binance BTC/USDT around 2024-08-09T00:00Z, as text until here."""
    if not TAPES.exists():
        pytest.skip(f"recorded data not at {TAPES}")
    rows = []
    for name in ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"):
        with gzip.open(TAPES / name, "rb") as lines:
            rows += [json.loads(text[text.index(b" ") + 1 :])["data"] for text in lines if b'"e":"trade"' in text]
    return [(row["T"], Decimal(row["p"]), Decimal(row["q"]), -1 if row["m"] else 1) for row in rows]


def view_of(scene, instrument, rows, now):
    trades = Trades(
        np.arange(len(rows)),
        np.array([time for time, *_ in rows]),
        to_ticks(np.array([float(price) for _, price, _, _ in rows]), instrument),
        np.array([float(amount) for _, _, amount, _ in rows]),
        np.array([side for *_, side in rows], np.int8),
    )
    return View(instrument, now, scene.Tape({instrument.id: fold(trades, instrument)}))


def traded(rows, start, end):
    return [(price, amount, side) for time, price, amount, side in rows if start <= time < end]


def matches(found, book, trades, step):
    poc, top, bottom, _ = book.area_of(book.rows_of(trades, step), 70)
    return (found.poc, found.vah, found.val) == (float(poc), float(top + step), float(bottom))


def test_profiles_of_recorded_minutes(scene, book, tape):
    now = MIDNIGHT + 5 * MINUTE
    view = view_of(scene, scene.instrument(), tape, now)
    trades = traded(tape, MIDNIGHT, now)
    for size in (None, 1.0, 5.0):
        step = Decimal(str(size)) if size else book.usual_bin(trades, scene.tick)
        assert matches(volume_profile(view, bin_size=size), book, trades, step)
        assert matches(key_levels(view, bin_size=size).day, book, trades, step)
        assert matches(session_profile(view, bin_size=size).sessions[0], book, trades, step)
    assert key_levels(view).day.high == float(max(price for price, _, _ in trades))
    quote = sum(price * amount for price, amount, _ in trades)
    assert key_levels(view).day.vwap == pytest.approx(float(quote / sum(a for _, a, _ in trades)), rel=1e-12)
    assert session_profile(view).sessions[0].quote_volume == pytest.approx(float(quote), rel=1e-12)
    letters = tpo(view, period_minutes=1, bin_size=5.0, include_levels=True)
    first = [price for price, _, _ in traded(tape, MIDNIGHT, MIDNIGHT + MINUTE)]
    printed = [each.low for each in letters.levels if "A" in each.letters]
    assert (min(printed), max(printed)) == (float(min(first) // 5 * 5), float(max(first) // 5 * 5))


@pytest.fixture(scope="module")
def scenario_day(scene):
    """The BTC spot markets of the emulator's market on the day it starts, up to its start, and their trades."""
    market = Scenario("default", seed=1)
    start, end = STARTS_AT - STARTS_AT % DAY, STARTS_AT - STARTS_AT % MINUTE
    tapes = {}
    for one in market.instruments:
        if (one.kind, one.base) == ("spot", "BTC"):
            found = Looked(market, STARTS_AT).between(one, start, end)
            prices = [Decimal(each).scaleb(-one.price_digits) for each in found.price.tolist()]
            sizes = [Decimal(each).scaleb(-one.size_digits) for each in found.size.tolist()]
            grid = Decimal(1).scaleb(-one.price_digits), Decimal(1).scaleb(-one.size_digits)
            tapes[one.venue] = (*grid, list(zip(found.time.tolist(), prices, sizes, found.side.tolist(), strict=True)))
    views = []
    for venue, (tick, lot, rows) in tapes.items():
        instrument = replace(scene.instrument(venue), tick_size=tick, lot_size=lot)
        view = view_of(scene, instrument, rows, STARTS_AT)
        bars = with_quiet_minutes(view.source.rows[instrument.id], start, end, Coverage.TRADES)
        views.append(View(instrument, STARTS_AT, scene.Tape({instrument.id: bars})))
    return Market(Pair("BTC", "USDT"), STARTS_AT, list(tapes), views), {
        venue: rows for venue, (*_, rows) in tapes.items()
    }


def test_a_scenario_day_and_the_pair_on_all_its_venues(book, scenario_day):
    """Merging venues is merging their trades: the pair's profile is that of all trades together."""
    market, tapes = scenario_day
    assert len(tapes) == 4
    everything = [row for rows in tapes.values() for row in rows]
    views = {**market.spot, "all": market.merged["spot"]}
    for venue, rows in {**tapes, "all": everything}.items():
        trades, step = traded(rows, 0, STARTS_AT), Decimal(10)
        assert matches(volume_profile(views[venue], bin_size=10), book, trades, step), venue
        assert matches(key_levels(views[venue], bin_size=10).day, book, trades, step), venue
        found = tpo(views[venue], bin_size=10, include_periods=False)
        vpoc, top, bottom, _ = book.area_of(book.rows_of(trades, step, "quote"), 70)
        assert (found.vpoc, found.vvah, found.vval) == (float(vpoc), float(top + step), float(bottom)), venue
        assert (found.high, found.low) == (float(max(p for p, _, _ in trades)), float(min(p for p, _, _ in trades)))
        early = traded(rows, 0, STARTS_AT - STARTS_AT % DAY + 360 * MINUTE)
        assert matches(session_profile(views[venue], bin_size=10).sessions[0], book, early, step), venue
