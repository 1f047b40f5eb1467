"""The consensus: thresholds, and what it waits for."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE
from coinmon_indicators.flow.consensus import consensus

VENUES = ("binance", "okx", "bybit", "coinbase")


def flowing(scene, money, count=20, kind="trades"):
    """Minutes whose net flow sums to `money` dollars, all in the last one; price 1."""
    quiet = [scene.Minute(kind, [(100, 10**6, 1), (100, 10**6, -1)]) for _ in range(count)]
    if money:
        quiet[-1].trades.append((100, round(abs(money) * 1000), 1 if money > 0 else -1))
    return quiet


def judged(scene, *money, **settings):
    venues = dict(zip(VENUES, (None if each is None else flowing(scene, each) for each in money), strict=False))
    return scene.market(venues, **settings).of("consensus")


@pytest.mark.parametrize(
    ("money", "verdict"),
    [
        ((1000.01, 2000, 5000, 1500), "strong_bull"),
        ((1000, 2000, 5000, 1500), "mixed"),
        ((-1000.01, -2000, -97_000, -1500), "strong_bear"),
        ((-1000, -2000, -97_000, -1500), "mixed"),
        ((100_000, -80_000, 50_000, -20_000), "mixed"),
        ((60e6, -5e6, -5e6 + 0.01, 0), "lean_bull"),
        ((60e6, -5e6, -5e6, 0), "mixed"),
        ((-60e6, 5e6, 5e6 - 0.01, 0), "lean_bear"),
        ((0, 0, 0, 0), "mixed"),
    ],
)
def test_verdicts_at_their_thresholds(scene, money, verdict):
    result = judged(scene, *money)
    assert result.verdict == verdict
    assert result.total == pytest.approx(sum(money))
    assert result.reason is None


@given(st.lists(st.integers(-70_000, 70_000), min_size=3, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_verdict_is_the_rule_of_the_book(scene, thousands):
    result = judged(scene, *(1000 * each for each in thousands))
    if all(each > 1 for each in thousands):
        expected = "strong_bull"
    elif all(each < -1 for each in thousands):
        expected = "strong_bear"
    else:
        total = sum(thousands)
        expected = "lean_bull" if total > 50_000 else "lean_bear" if total < -50_000 else "mixed"
    assert result.verdict == expected


def test_a_venue_short_of_coverage_is_waited_for_by_name(scene):
    venues = {name: flowing(scene, 5000) for name in VENUES}
    venues["bybit"] = [*flowing(scene, 0, 8, "missing"), *flowing(scene, 5000, 12)]
    result = scene.market(venues).of("consensus")
    assert (result.verdict, result.total, result.comparable) == (None, None, False)
    assert result.waits_for == ["bybit warming 12/20"]
    assert result.reason == "waits for bybit warming 12/20"
    assert (result.coverage.complete, result.coverage.minutes, result.coverage.kind) == (12, 20, "missing")
    bybit = result.venues[2]
    assert (bybit.net_flow, bybit.buy_sell_ratio, bybit.coverage) == (5000.0, None, 0.6)
    assert "BYB:12/20" in result.line("zh")


@pytest.mark.parametrize(("complete", "verdict"), [(19, "strong_bull"), (18, None)])
def test_95_percent_of_the_window_is_enough(scene, complete, verdict):
    venues = {name: flowing(scene, 5000) for name in VENUES}
    venues["okx"] = [*flowing(scene, 0, 20 - complete, "gap"), *flowing(scene, 5000, complete)]
    assert scene.market(venues).of("consensus").verdict == verdict


def test_klines_without_a_split_are_no_coverage(scene):
    venues = {name: flowing(scene, 5000) for name in VENUES}
    venues["coinbase"] = flowing(scene, -9e6, kind="no split")
    result = scene.market(venues).of("consensus")
    assert (result.verdict, result.reason) == (None, "waits for coinbase 0/20")
    assert result.venues[3].net_flow is None


def test_a_venue_without_the_pair_is_named_and_not_waited_for(scene):
    result = judged(scene, 5000, 5000, 5000, None)
    assert (result.verdict, result.not_listed, result.waits_for) == ("strong_bull", ["coinbase"], [])
    assert result.venues[3].listed is False
    assert "COI" not in result.line("en")


def test_a_venue_that_is_down_is_not_taken_for_one_without_the_pair(scene):
    result = judged(scene, 5000, 5000, 5000, None, down={"coinbase": "HTTP 451"})
    assert (result.verdict, result.not_listed) == (None, [])
    assert result.reason == "waits for coinbase down (HTTP 451)"
    assert result.venues[3].listed is None
    assert (result.coverage.complete, result.coverage.share) == (0, 0.0)
    assert result.line("zh").endswith("COI:-  (等待 coinbase 无法访问 (HTTP 451))")
    assert result.line("en").endswith("COI:-  (waits for coinbase down (HTTP 451))")
    assert result.model_dump(mode="json")["reason"] == "waits for coinbase down (HTTP 451)"


def test_a_venue_that_went_down_counts_while_its_window_is_covered(scene):
    assert judged(scene, 5000, 5000, 5000, 5000, down={"okx": "timeout"}).verdict == "strong_bull"


def test_two_venues_are_no_consensus(scene):
    result = judged(scene, 5000, 5000, None, None)
    assert (result.verdict, result.total) == (None, None)
    assert result.reason == "2 venues of 4 list the pair, a consensus needs 3"
    assert judged(scene, 5000, 5000, None, None, min_venues=2).verdict == "strong_bull"


def test_no_venue_with_the_pair_is_an_answer_too(scene):
    result = scene.market(dict.fromkeys(VENUES)).of("consensus")
    assert (result.verdict, result.coverage.minutes) == (None, 0)
    assert result.reason.startswith("no venue of 4")
    assert "NaN" not in result.model_dump_json()


def test_of_markets_that_were_asked_for_alone_it_is_not_said_that_no_venue_lists_the_pair(scene):
    market = replace(scene.market(dict.fromkeys(VENUES)), is_part=True)
    result = market.of("consensus")
    assert result.reason == "only some markets were asked for, a consensus needs the spot markets of 3 venues"
    assert (result.waits_for, result.not_listed) == ([], [])
    assert {each.note for each in result.venues} == {"not asked for"}
    assert result.line("zh") == "共识: 待定  (只问了部分市场，共识需要至少 3 个平台的现货)"


def test_a_perpetual_is_no_spot_market(scene):
    market = scene.market({name: flowing(scene, 5000) for name in VENUES[:3]})
    perp = scene.view(flowing(scene, -9e6), kind="perp")
    views = [*market.views, replace(perp, compute=market.compute)]
    assert consensus(replace(market, views=views)).verdict == "strong_bull"


def unusual(scene, last, seed):
    """Sixty minutes of small flows to and fro, then five with `last` thousand."""
    minutes = scene.minutes(seed, 60)
    return [*minutes, *flowing(scene, last * 1000, 5)]


@pytest.mark.parametrize(
    ("thousands", "verdict"),
    [((999, 999, 999), "strong_bull"), ((-999, -999, -999), "strong_bear"), ((999, 999, -1), "lean_bull"),
     ((-999, -999, 1), "lean_bear"), ((999, -999, 1), "mixed")],
)  # fmt: skip
def test_relative_mode_asks_each_venue_what_is_unusual_for_it(scene, thousands, verdict):
    venues = {name: unusual(scene, each, i) for i, (name, each) in enumerate(zip(VENUES, thousands, strict=False))}
    result = scene.market(venues, mode="relative", window=5, zscore_hours=1).of("consensus")
    assert result.verdict == verdict
    assert result.mode == "relative"


def test_relative_mode_waits_for_the_zscores(scene):
    venues = {name: flowing(scene, 9e6) for name in VENUES}
    result = scene.market(venues, mode="relative", zscore_hours=1).of("consensus")
    assert (result.verdict, result.comparable) == (None, True)
    assert result.reason == "no z-score yet for binance, okx, bybit, coinbase"


def test_the_scale_free_figures_are_always_there(scene):
    venues = {name: unusual(scene, 500, i) for i, name in enumerate(VENUES)}
    for each in scene.market(venues, window=5, zscore_hours=1).of("consensus").venues:
        assert each.zscore is not None
        assert each.net_flow_pct > 0


@pytest.mark.parametrize(
    ("verdict", "zh", "en"),
    [
        ("strong_bull", "强力看涨", "strong bullish"),
        ("strong_bear", "强力看跌", "strong bearish"),
        ("lean_bull", "倾向看涨", "leaning bullish"),
        ("lean_bear", "倾向看跌", "leaning bearish"),
        ("mixed", "震荡/分歧", "mixed"),
        (None, "待定", "unknown"),
    ],
)
def test_labels(scene, verdict, zh, en):
    result = judged(scene, 5000, 5000, 5000, 5000).model_copy(update={"verdict": verdict})
    assert (result.label("zh"), result.label("en")) == (zh, en)


def test_the_line_is_the_one_people_know(scene):
    result = judged(scene, 500_000, 200_000, 1_250_000, 50_000)
    assert result.line("zh") == "共识: 强力看涨 (合计 $2M) | BIN:+500k | OKX:+200k | BYB:+1.25M | COI:+50k"


@given(cut=st.integers(1, 19), within=st.integers(0, MINUTE - 1))
@settings(max_examples=20, deadline=None)
def test_nothing_later_than_the_moment_is_looked_at(scene, cut, within):
    now = scene.start + cut * MINUTE + within
    whole = {name: scene.minutes(i, 20) for i, name in enumerate(VENUES)}
    part = {name: made[:cut] for name, made in whole.items()}
    early, late = (scene.market(each, now=now, window=10).of("consensus") for each in (part, whole))
    assert early == late
