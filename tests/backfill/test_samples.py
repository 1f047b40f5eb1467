"""Open interest, funding and whales of the past: from files, and by REST where no file has them."""

from itertools import groupby

import pytest

from coinmon_emulator.scenario.scenario import Scenario

FROM, NOW = "2026-01-16T14:00:00Z", "2026-01-17T00:15:00Z"
START, END = 1_768_572_000_000, 1_768_608_900_000
HOUR = 3_600_000


@pytest.fixture(scope="module")
def market():
    return Scenario("quiet", 1)


def the_perp(bench, venue):
    history = bench.history()
    return history, next(each for each in history.instruments if each.id == f"{venue}:BTC/USDT:USDT")


@pytest.mark.parametrize("source", ["rest", "auto"])
@pytest.mark.parametrize("venue", ["binance", "okx", "bybit"])
def test_open_interest_and_funding_without_a_gap(other_bench, market, venue, source):
    with other_bench(NOW, market=market) as bench:
        words = ("BTCUSDT", "--exchange", venue, "--kind", "perp", "--from", FROM, "--source", source)
        done = bench.backfill(*words)
        assert (done.code, done.err) == (0, "")
        assert "not had" not in done.out or "is not published" in done.out
        history, perp = the_perp(bench, venue)
        interest = history.open_interest(perp, START, END)
        rates = [each for each in history.funding(perp, START, END) if each.next_time is None]
        times = [each.time for each in interest]
        assert times == list(range(START, END, 300_000))
        assert [each.time for each in rates] == list(range(START + 2 * HOUR, END, 8 * HOUR))
        assert {each.interval_ms for each in rates} == {8 * HOUR}
        asked = bench.backfill(*words)
        # what is there is not asked for again
        assert "of open_interest" not in asked.out


def test_the_venues_refusal_is_told_and_the_bars_are_there(other_bench, market):
    with other_bench(NOW, market=market, faults="binance:503/futures/data") as bench:
        words = (
            "BTCUSDT",
            "--exchange",
            "binance",
            "--kind",
            "perp",
            "--from",
            "2026-01-16T23:00:00Z",
            "--source",
            "rest",
        )
        done = bench.backfill(*words)
        assert done.code == 0
        assert "not had: binance:BTC/USDT:USDT: open_interest: 2026-01-16T23:00:00Z to" in done.out
        assert len(bench.bars("binance:BTC/USDT:USDT")) == 75


@pytest.mark.parametrize(
    ("venue", "kind"), [("binance", "spot"), ("okx", "perp"), ("bybit", "perp"), ("bybit", "spot")]
)
@pytest.mark.parametrize("source", ["vision", "rest"])
def test_whales_are_found_as_live_ones_are(other_bench, market, venue, kind, source):
    if (venue, source) == ("bybit", "rest"):
        pytest.skip("its REST has no trades of the past")
    start, end = START - 12 * HOUR, START - 10 * HOUR
    one = next(each for each in market.instruments if (each.venue, each.kind, each.base) == (venue, kind, "BTC"))
    rows = market.rows(one, market.before(one, start), market.before(one, end)).rows()
    orders = [list(run) for _, run in groupby(rows, lambda row: (row[1], row[4]))]
    scale = 10.0 ** -(one.price_digits + one.size_digits)
    sized = [(run[0][1], run[0][4], sum(row[2] * row[3] for row in run) * scale) for run in orders]
    least = int(sorted(each[2] for each in sized)[-8])
    at = "2026-01-18T20:00:00Z" if source == "vision" else "2026-01-16T04:00:01Z"
    with other_bench(at, market=market, more=f"whale_threshold: {least}\n") as bench:
        words = ("BTCUSDT", "--exchange", venue, "--kind", kind, "--from", "2026-01-16T02:00:00Z")
        assert bench.backfill(*words, "--to", "2026-01-16T04:00:00Z", "--source", source).code == 0
        history = bench.history()
        key = (venue, kind, one.native)
        (instrument,) = (each for each in history.instruments if (each.venue, each.kind, each.native_id) == key)
        found = history.whale_trades(instrument, start, end)
    expected = [each for each in sized if each[2] >= least]
    assert len(expected) >= 7
    assert [(each.time, each.side) for each in found] == [each[:2] for each in expected]
    assert [each.quote for each in found] == pytest.approx([each[2] for each in expected])
