"""What holds of every bundled indicator, by its name in the catalogue: one that is new is tested without another line.

A pair on three venues, spot and perp, with bars seen in every way, samples of everything else, and later ones too.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon import (
    DAY,
    MINUTE,
    Book,
    Depth,
    Funding,
    Liquidation,
    Market,
    OpenInterest,
    Pair,
    Picture,
    View,
    WhaleTrade,
)
from coinmon.plugin.catalog import load_catalog

CATALOG = load_catalog()
OFFERS = {offer.name: offer for offer in CATALOG.of("indicator") if offer.distribution == "coinmon"}
PAIR = Pair("BTC", "USDT")
COUNT, CUT, WITHIN = 60, 41, 25_000
"""Minutes of the tape, and the moment in it that is asked about."""
QUICK = {"timeframe": "1m", "pivot_left": 2, "pivot_right": 2, "lookback": 40, "window": 20, "min_coverage": 0.01}
"""Settings with which an hour is enough, where an indicator has them."""


def run(name, subject, **settings):
    model = OFFERS[name].settings.model_fields
    quick = {key: value for key, value in QUICK.items() if key in model}
    return OFFERS[name].target(subject, **{key: each.default for key, each in model.items()} | quick | settings)


def book(time, number):
    steps = np.arange(1, 150) * 0.01
    sizes = 1 + np.sin(steps * (3 + number % 5))
    return Book(time, *(np.stack((100 + side * steps, sizes), axis=1) for side in (-1, 1)))


def market(scene, start, now, until):
    """As of `now`, on a tape that has everything before `until`, ms UTC."""
    views = []
    for number, venue in enumerate(("binance", "okx", "bybit")):
        for kind in ("spot", "perp"):
            one = scene.instrument(venue, kind)
            minutes = scene.minutes(7 * number + len(kind), COUNT, ("trades",) * 12 + scene.kinds, most=6)
            times = [start + i * MINUTE + 10_000 * number for i in range(COUNT)]
            books = [(time, book(time, i)) for i, time in enumerate(times)]
            samples = {
                "interest": [OpenInterest(t, 1000.0 + i * i % 7, None) for i, t in enumerate(times)],
                "fundings": [
                    Funding(t, 1e-5 * (i % 5 - 2), t - t % DAY + DAY // 3, DAY // 3, 100.1, 100.0)
                    for i, t in enumerate(times)
                ],
                "whales": [WhaleTrade(one.id, i, t, (-1) ** i, 100.0, 3e3, 3e5, 2) for i, t in enumerate(times)],
                "depths": [Depth.of(each, time, (0.5, 1.0)) for time, each in books],
                "pictures": [Picture.of(each, time, scene.tick) for time, each in books],
                "forced": [Liquidation(t, (-1) ** (i // 3), 100.0, 1.0 + i, str(i)) for i, t in enumerate(times)],
                "told": [{"event": "signal", "time": iso(time)} for time in (times[10], times[-1])],
            }  # fmt: skip
            known = {
                name: [each for each in rows if (ms(each["time"]) if name == "told" else each.time) < until]
                for name, rows in samples.items()
            }
            heard = [time for time in range(start, start + COUNT * MINUTE, MINUTE) if time + MINUTE <= until]
            whole = minutes[: min(COUNT, (until - start) // MINUTE)]
            tape = scene.Tape({one.id: scene.bars_of(whole, start)}, heard=heard, **known)
            views.append(View(one, now, tape, run, PAIR))
    return Market(PAIR, now, ["binance", "okx", "bybit"], views, run)


def iso(time):
    return f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def ms(text):
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def results(name, made, **settings):
    """Of every instrument it is of, and of the pair."""
    offer = OFFERS[name]
    if offer.scope == "pair":
        return {"pair": run(name, made, **settings)}
    found = {view.instrument.id: view for view in made.views if view.instrument.kind in offer.kinds}
    if offer.merges:
        found |= {f"all {kind}": view for kind, view in made.merged.items() if kind in offer.kinds}
    return {id: run(name, view, **settings) for id, view in found.items()}


def moved(text, days):
    """Every date in it, so many days later."""
    return re.sub(
        r"\d{4}-\d\d-\d\d", lambda each: f"{datetime.fromisoformat(each[0]) + timedelta(days=days):%Y-%m-%d}", text
    )


@pytest.fixture(scope="module")
def moment(scene):
    now = scene.start + CUT * MINUTE + WITHIN
    return SimpleNamespace(now=now, later=market(scene, scene.start, now, scene.start + 2 * DAY),
                           known=market(scene, scene.start, now, now + 1))  # fmt: skip


def test_the_catalogue_is_whole():
    assert not CATALOG.broken
    assert len(OFFERS) >= 26


@pytest.mark.parametrize("name", sorted(OFFERS))
def test_a_result_as_of_a_moment_does_not_change_when_later_data_is_added(moment, name):
    before, after = results(name, moment.known), results(name, moment.later)
    assert before == after
    assert any(each.model_dump(exclude={"as_of", "coverage"}) for each in after.values())


@pytest.mark.parametrize("name", sorted(OFFERS))
def test_a_shifted_clock_shifts_results(scene, moment, name):
    shifted = market(scene, scene.start + 7 * DAY, moment.now + 7 * DAY, moment.now + 7 * DAY + 1)
    for (id, one), other in zip(results(name, moment.known).items(), results(name, shifted).values(), strict=True):
        text = other.model_dump_json()
        assert moved(one.model_dump_json(), 7) == text, id
        assert "2024-08-16T00:4" in text


@pytest.mark.parametrize("name", sorted(OFFERS))
def test_empty_data_gives_nulls_and_a_reason(scene, name):
    for id, result in results(name, market(scene, scene.start, scene.start, 0)).items():
        assert result.reason, id
        assert result.coverage.complete == 0
        json.loads(result.model_dump_json(), parse_constant=pytest.fail)
        for lang in ("zh", "en"):
            assert not {"nan", "inf", "None"} & set(re.findall(r"\w+", result.line(lang)))


@pytest.mark.parametrize("name", sorted(OFFERS))
def test_every_figure_has_its_unit_or_meaning(moment, name):
    result = next(iter(results(name, moment.known).values()))
    assert result.convention
    schema = type(result).model_json_schema()
    for model in [schema, *schema.get("$defs", {}).values()]:
        for field, told in model.get("properties", {}).items():
            if "number" in [told.get("type"), *(each.get("type") for each in told.get("anyOf", []))]:
                assert told.get("description"), (model["title"], field)


@pytest.mark.parametrize("name", sorted(OFFERS))
def test_panels_are_drawn_of_much_and_of_nothing(scene, moment, name):
    for made in (moment.later, market(scene, scene.start, scene.start, 0)):
        subjects = {"pair": made, **{view.instrument.id: view for view in made.views}}
        subjects |= {f"all {kind}": view for kind, view in made.merged.items()}
        for id, result in results(name, made).items():
            panel = result.panel(subjects[id])
            assert panel is None or all(panel.title.say(lang) for lang in ("zh", "en"))


@pytest.mark.parametrize("anchor", ["week", "month", "session", "swing", "signal"])
def test_so_does_every_anchor_of_vwap(moment, anchor):
    settings = {"anchor": anchor}
    assert results("vwap", moment.known, **settings) == results("vwap", moment.later, **settings)
    assert any(each.vwap for each in results("vwap", moment.later, **settings).values())
