"""The flow of a pair where the consensus is switched off, by a plain loop over Decimals."""

import math
from decimal import Decimal

import pytest

from coinmon.errors import CoinmonError
from coinmon.notify.events import flow_event

WINDOW = 12


def switched_off(market):
    raise CoinmonError("consensus is switched off")


def money(scene, made):
    """Taker buy and sell, quote currency, of the minutes that tell them; how many minutes are whole."""
    told = [minute for minute in made if minute.kind not in ("missing", "no split", "no quote")]
    sides = {
        way: sum((ticks * scene.tick * lots * scene.lot for each in told for ticks, lots, side in each.trades
                  if side == way), Decimal(0))
        for way in (1, -1)
    }  # fmt: skip
    return sides[1], sides[-1], sum(minute.kind in ("trades", "klines") for minute in made)


@pytest.mark.parametrize("kinds", [("trades",), ("trades", "klines"), ("trades", "missing"), ("trades", "no split")])
@pytest.mark.parametrize("seed", range(4))
def test_each_venue_says_its_money_and_what_was_seen(scene, seed, kinds):
    venues = {
        name: scene.minutes(10 * seed + place, WINDOW, kinds) for place, name in enumerate(("binance", "coinbase"))
    }
    market = scene.market(venues)
    event = flow_event(market, WINDOW, switched_off)
    # of the first venue that knows one
    closes = [[each for each in view.bars(WINDOW).close if each > 0] for view in market.spot.values()]
    assert event.price == next(
        (
            float(view.instrument.price(int(each[-1])))
            for view, each in zip(market.spot.values(), closes, strict=True)
            if each
        ),
        None,
    )
    assert (event.consensus, event.consensus_reason) == (None, "consensus is switched off")
    whole = True
    for name, made in venues.items():
        buy, sell, seen = money(scene, made)
        told = event.venues[name]
        assert told.net_flow == pytest.approx(float(buy - sell), abs=1e-6)
        assert (told.complete, told.minutes) == (seen, WINDOW)
        assert told.coverage == pytest.approx(seen / WINDOW)
        if seen == WINDOW:
            assert told.ratio == pytest.approx(float(buy / sell))
            assert told.net_flow_pct == pytest.approx(float(100 * (buy - sell) / (buy + sell)))
        else:
            assert told.ratio is None, "a ratio of what was seen is no ratio of what was traded"
            whole = False
    flows = [each.net_flow for each in event.venues.values()]
    if whole:
        assert event.total == math.fsum(flows)
    assert event.coverage == min(each.coverage for each in event.venues.values())


def test_a_venue_that_does_not_list_the_pair_is_not_one_that_could_not_be_asked(scene):
    venues = {"binance": scene.minutes(1, WINDOW), "okx": None, "bybit": None}
    event = flow_event(scene.market(venues, down={"okx": "refused"}), WINDOW, switched_off)
    assert (event.venues["bybit"].listed, event.venues["okx"].listed) == (False, None)
    assert event.total is None, "okx may have traded"
